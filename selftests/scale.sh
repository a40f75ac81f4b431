#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A million mappings: time and memory. The limits are for User Mode Linux on a
# quiet machine; elsewhere only with DSTM_SCALE=1.

. "$(dirname "$0")/lib.sh"

[ -n "$uml" ] || [ -n "$DSTM_SCALE" ] || skip_all "not in User Mode Linux, and DSTM_SCALE is not set"
need_dstm
debug=
zgrep -qs '^CONFIG_\(KASAN\|PROVE_LOCKING\)=y' /proc/config.gz && debug=1
[ -e /proc/lockdep ] && debug=1
[ -n "$debug" ] && skip_all "a debugging kernel is neither quick nor small"

total=${DSTM_SCALE_TOTAL:-1000000}
[ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt $((total / 2 + 100000)) ] ||
	skip_all "needs $(((total / 2 + 100000) / 1024)) MB of memory"
ns gw
gateway_device "$gw" || bail "no dstm device"

"${python[@]}" - "$total" > "$work/million.json" <<-'END'
	import sys
	n = int(sys.argv[1])
	w = sys.stdout.write
	w("[\n")
	for i in range(n):
	    w('{"ipv4":"%d.%d.%d.%d","remote":"2001:db8:%x:%x::7"}%s\n' % (
	        10 + (i >> 24), i >> 16 & 255, i >> 8 & 255, i & 255, i >> 16, i & 65535,
	        "," if i < n - 1 else ""))
	w("]\n")
END

used()
{
	# What the table may be made of: slabs, and pages the kernel took itself.
	awk '/^(Slab|VmallocUsed):/ { kb += $2 } END { print kb }' /proc/meminfo
}

free_memory()
{
	sync
	echo 3 > /proc/sys/vm/drop_caches 2> /dev/null
	awk '/^MemFree:/ { print $2 }' /proc/meminfo
}

timed()
{
	local begin end

	begin=$(date +%s%N)
	"$@" || return 1
	end=$(date +%s%N)
	took=$(((end - begin) / 1000000))
}

within()
{
	echo "$took ms, limit $1 ms"
	[ "$took" -lt "$1" ]
}

# The first load after the boot: the memory it takes is new to the machine, too.
used_before=$(used)
free_before=$(free_memory)
took=0
check "load $total mappings" timed map load "$work/million.json"
note "load: $took ms"
check "in under 10 s, the first time" within 10000
free_after=$(free_memory)
used_after=$(used)
note "slab and vmalloc: $(((used_after - used_before) * 1024 / total)) bytes a mapping"
note "free memory: $(((free_before - free_after) * 1024 / total)) bytes a mapping"
grep -s '^dstm' /proc/slabinfo | sed 's/^/# slabinfo: /'
small()
{
	local each=$(((used_after - used_before) * 1024 / total))

	echo "$each bytes a mapping"
	[ "$each" -gt 0 ] && [ "$each" -le 192 ]
}
check "at most 192 bytes of slab and table each" small
object()
{
	local size

	# The kernel puts what is as large as something else beside it, under that name.
	size=$(cat /sys/kernel/slab/dstm_mapping/object_size)
	echo "object size $size"
	[ "$size" -le 192 ]
}
check "an object is at most 192 bytes" object
show()
{
	map show > "$work/shown"
}
took=0
check "show all" timed show
note "show: $took ms"
check "in under 10 s, all of them" within 10000
all()
{
	echo "$(wc -l < "$work/shown") lines"
	[ "$(wc -l < "$work/shown")" -eq "$total" ]
}
check "all are shown" all
took=0
check "sync to the same" timed map sync "$work/million.json"
note "sync: $took ms"
check "flush" timed map flush
note "flush: $took ms"
check "nothing is left" mapped 0

tap_done
