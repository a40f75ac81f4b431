#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel alone ends a mapping's lifetime, to the second.

. "$(dirname "$0")/lib.sh"

need_dstm
topology
serve "$client" 192.0.2.7 5200

gw_nl -j monitor > "$work/events" 2>&1 &
sleep 0.3

# A process is slow to start in these kernels: have it before time counts.
traffic "$inet" udp 192.0.2.7 5200 --count 1 --timeout 0.1 > /dev/null

# ordered NAME VERB ARGUMENTS...: a change of a lifetime, between begin and end.
ordered()
{
	local name=$1

	shift
	begin=$EPOCHREALTIME
	check "$name" map "$@"
	end=$EPOCHREALTIME
}

# dies SECONDS: the last answer was SECONDS after the lifetime began.
dies()
{
	local last

	traffic "$inet" lifetime 192.0.2.7 5200 --since "$begin" --timeout 1.2 > "$work/last"
	read -r last < "$work/last"
	echo "ordered at $begin to $end, last answer $last s after that, lifetime $1 s"
	awk -v last="$last" -v want="$1" -v begin="$begin" -v end="$end" \
		'BEGIN { exit !(last > want - 1 && last < want + end - begin + 1) }'
}

gone()
{
	mapped 0 > /dev/null
}

expired()
{
	grep -q expire "$work/events"
}

ordered "map add with lifetime 2" add ipv4 192.0.2.7 remote 2001:db8:1::7 lifetime 2
left()
{
	local left

	left=$(mapping_field lifetime)
	echo "lifetime left: $left"
	[ "$left" -le 2 ] && [ "$left" -ge 1 ]
}
check "map show tells the time left" left
check "traffic stops after 2 s" dies 2
check "the mapping leaves the table" busywait 3000 gone
check "an expire event tells of it" busywait 3000 expired
check "then its packets have no mapping" counted tx-no-mapping 1 \
	fails n "$inet" ping -c 1 -W 0.3 192.0.2.7

# Renewing.
map add ipv4 192.0.2.7 remote 2001:db8:1::7 lifetime 600 || bail "map add"
check "traffic before the renewal" traffic "$inet" udp 192.0.2.7 5200 --count 5
before=$(mapping_field tx-packets)
ordered "replace gives a new lifetime" replace ipv4 192.0.2.7 remote 2001:db8:1::7 lifetime 2
kept()
{
	local now

	now=$(mapping_field tx-packets)
	echo "packets $before, then $now"
	[ "$before" -ge 5 ] && [ "$now" -ge "$before" ]
}
check "and keeps the counters" kept
check "traffic stops after the new lifetime" dies 2

map add ipv4 192.0.2.7 remote 2001:db8:1::7 lifetime 1 || bail "map add"
map replace ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map replace"
sleep 2
check "replace without a lifetime makes it last" traffic "$inet" udp 192.0.2.7 5200 --count 3
map replace ipv4 192.0.2.7 remote 2001:db8:1::7 lifetime 1 || bail "map replace"
check "and with one makes it end" busywait 4000 gone

# Many end in the same second.
"${python[@]}" -c '
import json
print(json.dumps([{"ipv4": f"192.0.{128 + i // 256}.{i % 256}", "remote": "2001:db8:1::7",
                   "lifetime": 2} for i in range(2000)]))' > "$work/many.json"
check "load 2000 mappings of 2 s" map load "$work/many.json"
check "all of them end" busywait 6000 gone

tap_done
