#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every case that Documentation/conformance.rst names is there.

. "$(dirname "$0")/lib.sh"

document=$SELFTESTS/../Documentation/conformance.rst
has_package scapy || skip_all "needs python3-scapy"
"${python[@]}" -m packets --list | sed 's/:.*//' > "$work/cases"

# A name of a case, a pattern of names, or a test.
exists()
{
	local case

	case $1 in
	selftests/*)
		# A test, and perhaps what it is called with.
		[ -x "$SELFTESTS/../${1%% *}" ]
		return ;;
	esac
	while read -r case; do
		# shellcheck disable=SC2254
		case $case in
		$1) return 0 ;;
		esac
	done < "$work/cases"
	return 1
}

while read -r name; do
	check "$name" exists "$name"
done < <(grep -o '``[^`]*``' "$document" | tr -d '`' | sort -u)
tap_done
