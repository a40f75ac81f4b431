#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Writers, readers and traffic at once, on several CPUs, with the shortcut on and off,
# and with so many mappings, at times, that packets wait for theirs in queues.

. "$(dirname "$0")/lib.sh"

[ "$(nproc)" -ge 2 ] || skip_all "needs two CPUs"
need_dstm
seconds=${DSTM_SMP_SECONDS:-30}
topology
serve "$inet" 198.51.100.2 8000
map add ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map add"

# From 8,192 on packets are queued: the loader's come on top of these, and go.
lasting=7800
"${python[@]}" -c "
import json
print(json.dumps([{'ipv4': f'192.0.{64 + i // 256}.{i % 256}', 'remote': '2001:db8:9::9'}
                  for i in range($lasting)]))" > "$work/lasting.json"
gw_nl map load dev dstm0 "$work/lasting.json" || bail "map load"
"${python[@]}" > "$work/many.json" <<-'END'
	import json
	print(json.dumps([{"ipv4": f"192.0.{8 + i // 256}.{i % 256}", "remote": f"2001:db8:8::{i:x}",
	                   "lifetime": 1 + i % 3} for i in range(2000)]))
END
"${python[@]}" > "$work/batch" <<-'END'
	for i in range(300):
	    print("map replace dev dstm0 ipv4 198.18.%d.1 psid %d psid-len 6 remote 2001:db8:7::%x"
	          % (i >> 6, i & 63, i))
	for i in range(300):
	    print("map del dev dstm0 ipv4 198.18.%d.1 psid %d psid-len 6" % (i >> 6, i & 63))
END

end=$(($(date +%s) + seconds))
running()
{
	[ "$(date +%s)" -lt $end ]
}

# worker NAME COMMAND...: again and again; a failure is written down.
worker()
{
	local name=$1 rounds=0

	shift
	while running; do
		"$@" > /dev/null 2> "$work/$name.err" || {
			{ echo "$name failed after $rounds rounds"; cat "$work/$name.err"; } >> "$work/failed"
			return 1
		}
		rounds=$((rounds + 1))
	done
	echo "$name: $rounds rounds" >> "$work/rounds"
}

many()
{
	gw_nl -j map show dev dstm0 > /dev/null
}
renew()
{
	map replace ipv4 192.0.2.7 remote 2001:db8:1::7 lifetime 60
}
loader()
{
	"${python[@]}" -c '
import json, sys
for m in json.load(open(sys.argv[1])):
    print("map replace dev dstm0 ipv4 %s remote %s lifetime %d" %
          (m["ipv4"], m["remote"], m["lifetime"]))' "$work/many.json" > "$work/loader.batch"
	gw_nl -b "$work/loader.batch"
}
stats()
{
	gw_nl stats dev dstm0 && ip -n "$gw" -s link show dev dstm0
}
other_device()
{
	n "$gw" "$nl" link add dstm1 role gateway local 2001:db8::2 up && sleep 0.1 &&
		gw_nl link set dstm1 down && gw_nl link set dstm1 up &&
		ip -n "$gw" link del dstm1
}
settings()
{
	sleep 0.2
	gw_nl link set dstm0 hairpin off && gw_nl link set dstm0 hairpin on &&
		gw_nl link set dstm0 shortcut on dev down1 dev inet0 && sleep 0.5 &&
		gw_nl link set dstm0 shortcut off
}

pids=()
for job in "batch gw_nl -b $work/batch" "loader loader" "renew renew" "reader1 many" \
	   "reader2 many" "stats stats" "device other_device" "set settings" \
	   "udp traffic $client udp 198.51.100.2 8000 --count 200 --interval 0.002 --timeout 20" \
	   "tcp traffic $client tcp 198.51.100.2 8000 --timeout 60"; do
	# shellcheck disable=SC2086
	worker $job &
	pids+=($!)
done
n "$inet" ping -4 -n -q -f -w "$seconds" 192.0.2.7 > "$work/flood" 2>&1 &
pids+=($!)
while running; do
	inject "$client" --inner-source 192.0.2.66 --count 1000
	inject "$client" --source 2001:db8:1::66 --count 1000
done > /dev/null 2>&1 &
pids+=($!)

wait "${pids[@]}"
note "$(grep received "$work/flood")"
[ -s "$work/rounds" ] && sed 's/^/# /' "$work/rounds"
[ -s "$work/failed" ] && sed 's/^/# /' "$work/failed"
check "$seconds s of writers, readers and traffic: no command failed" [ ! -s "$work/failed" ]
# Each of the ten more than once, and the flood.
check "every one of them had its turn" [ "$(grep -Ec ' ([2-9]|[1-9][0-9]+) rounds' "$work/rounds")" -eq 10 ]
check "the flood came back" grep -E ' [1-9][0-9]* received' "$work/flood"
check "traffic still passes" busywait 3000 pings "$client" 198.51.100.2
only_ours()
{
	[ "$(gw_nl -j map show dev dstm0 | "${python[@]}" -c '
import json, sys
print(len(json.load(sys.stdin)))')" -eq $((lasting + 1)) ]
}
check "what had a lifetime is gone" busywait 10000 only_ours

tap_done
