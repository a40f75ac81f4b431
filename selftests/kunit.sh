#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own unit tests of the mapping table, as one TAP stream.
echo "TAP version 13"
if ! modprobe -n dstm_test 2>/dev/null; then
	echo "1..0 # SKIP this kernel has no KUnit"
	exit 4
fi
modprobe -r dstm_test 2>/dev/null
dmesg -C
modprobe dstm_test || { echo "not ok 1 dstm_test loads"; echo "1..1"; exit 1; }
modprobe -r dstm_test
said=$(dmesg | sed 's/^\[[^]]*\] //')
log=$(grep -E '^ +(not )?ok ' <<<"$said" | sed 's/^ *//')
n=$(echo "$log" | grep -c .)
echo "1..$n"
echo "$log" | awk '{ ok = $1; sub(/^(not )?ok [0-9]+ /, ""); print (ok == "not" ? "not ok " : "ok ") NR " " $0 }'
# Module and suites have said how many there will be.
planned=$(awk -F. '/^ *1\.\.[0-9]+$/ { n += $3 } END { print n + 0 }' <<<"$said")
[ "$n" -gt 0 ] && [ "$(grep -cE '^ *(not )?ok ' <<<"$said")" -eq "$planned" ] &&
	! echo "$log" | grep -q '^not ok'
