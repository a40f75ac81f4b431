#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A dump has every mapping that is there all the time exactly once, in order,
# whatever else changes.

. "$(dirname "$0")/lib.sh"

need_dstm
total=$((100000 / ${DSTM_TEST_SCALE:-1}))
# An emulated CPU, or a kernel that watches itself, takes too long for the whole number.
[ -z "$slow" ] && [ "$DSTM_KERNEL" != uml-debug ] || total=$((total / 5))
ns gw
gateway_device "$gw" || bail "no dstm device"

"${python[@]}" - $total > "$work/base.json" <<-'END'
	import json, sys
	print(json.dumps([{"ipv4": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}",
	                   "remote": f"2001:db8:8::{i >> 16:x}:{i & 65535:x}"}
	                  for i in range(int(sys.argv[1]))]))
END
# The others lie between: port sets of other addresses, and whole ones.
"${python[@]}" > "$work/others.json" <<-'END'
	import json
	print(json.dumps([{"ipv4": f"10.{128 + (i & 1)}.{i >> 8}.{i & 255}", "remote": "2001:db8:9::1"}
	                  for i in range(2000)] +
	                 [{"ipv4": f"9.0.{i >> 6}.1", "psid": i & 63, "psid-len": 6,
	                   "remote": "2001:db8:9::2"} for i in range(2000)]))
END

# Text such as "dev dstm0 ipv4 9.0.0.1 psid 3 ...": each of the base once, and all in order.
complete()
{
	awk -v total="$total" '
		function wrong(what) { print what; failed = 1; exit 1 }
		$3 != "ipv4" { wrong("not a mapping: " $0) }
		{
			split($4, byte, ".")
			ip = ((byte[1] * 256 + byte[2]) * 256 + byte[3]) * 256 + byte[4]
			key = ip * 65536 + ($5 == "psid" ? $6 : 0)
			if (NR > 1 && key <= last) wrong("out of order or twice: " $0)
			last = key
			base = 10 * 2 ^ 24
			if (ip >= base && ip < base + total) seen++; else others++
		}
		END {
			if (!failed) print seen + 0 " of " total " seen, and " others + 0 " others"
			exit failed || seen != total
		}'
}

dump_complete()
{
	gw_nl map show dev dstm0 > "$work/dump" && complete < "$work/dump"
}

check "load $total mappings" map load "$work/base.json"
check "count says $total" sh -c "ip netns exec $gw $nl map count dev dstm0 | grep -qw $total"
check "dump of $total mappings is complete" dump_complete

changer()
{
	while :; do
		map load "$work/others.json" || echo "load failed"
		gw_nl -b "$work/del.batch" || echo "del failed"
		echo round >> "$work/rounds"
	done
}
cat > "$work/batch.py" <<-'END'
	import json, sys
	for m in json.load(open(sys.argv[1])):
	    p = " psid %d psid-len 6" % m["psid"] if "psid" in m else ""
	    print("map del dev dstm0 ipv4 %s%s" % (m["ipv4"], p))
END
"${python[@]}" "$work/batch.py" "$work/others.json" > "$work/del.batch"
changes()
{
	wc -l < "$work/rounds"
}
: > "$work/rounds"
changer > "$work/changer" 2>&1 &
pid=$!
round=0
rounds=6
[ -n "$slow" ] && rounds=3
# As often as it takes for the others to have changed meanwhile.
while [ $((++round)) -le "$rounds" ] || { [ "$(changes)" -lt 2 ] && [ $round -le 100 ]; }; do
	check "dump $round of $total mappings under change is complete" dump_complete
done
note "others were added and deleted $(changes) times"
check "the others did change meanwhile" [ "$(changes)" -ge 1 ]
check "the other process never failed" kill -0 $pid
check_not "nor complained" grep -q failed "$work/changer"
[ -s "$work/changer" ] && sed 's/^/# /' "$work/changer" | head -n 5
kill $pid 2> /dev/null
wait $pid 2> /dev/null

check "filter: a prefix of 256 addresses" mapped 256 ipv4 10.0.1.0/24
check "filter: one address" mapped 1 ipv4 10.0.1.77
check "filter: a remote prefix" mapped 16 remote 2001:db8:8::/124
check "filter: one remote" mapped 1 remote 2001:db8:8::4d
check "filter: nothing fits" mapped 0 ipv4 203.0.113.0/24
map add ipv4 9.9.9.9 psid 17 psid-len 6 remote 2001:db8:9::1
check "filter: psid" mapped 1 psid 17 ipv4 9.9.0.0/16
check "flush" map flush
check "nothing is left" mapped 0

tap_done
