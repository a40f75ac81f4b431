#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
#
# Every allocation of every command that changes something fails once. The command
# then has no effect, and nothing leaks: the kernel would say so afterwards.

. "$(dirname "$0")/lib.sh"

need_dstm
slab=/sys/kernel/debug/failslab
[ -d $slab ] && [ -e /proc/self/fail-nth ] || skip_all "the kernel has no fault injection"
was=$(cat $slab/ignore-gfp-wait $slab/verbose)
put_back()
{
	# shellcheck disable=SC2086 # both words are meant
	set -- $was
	echo "$1" > $slab/ignore-gfp-wait
	echo "$2" > $slab/verbose
}
trap 'status=$?; put_back; cleanup; exit $status' EXIT
echo N > $slab/ignore-gfp-wait
echo 0 > $slab/verbose

ns gw
n "$gw" "$nl" link add dstm0 local 2001:db8::1 up || bail "no dstm device"
for what in "map add" "map replace" "map del" "map flush" "map add of a sync" \
		"the end of a sync" "link add"; do
	check "$what is all or nothing" n "$gw" "${python[@]}" "$SELFTESTS/faults.py" "$what" dstm0
	grep 'allocations' "$work/check.log" | sed 's/^/# /'
done
check "the device still takes mappings" map replace ipv4 192.0.2.200 remote 2001:db8::200
tap_done
