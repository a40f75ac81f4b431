# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# TAP for the tests that are scripts. To be sourced.

n=0
failed=0

# result STATUS NAME [FILE]: one verdict; FILE has what was said about a failure.
result()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
		return
	fi
	echo "not ok $n - $2"
	[ $# -lt 3 ] || sed 's/^/# /' "$3"
	failed=1
}

# Without a verdict nothing has been tested.
tap_done()
{
	echo "1..$n"
	[ "$n" -gt 0 ] && [ $failed -eq 0 ]
	exit
}
