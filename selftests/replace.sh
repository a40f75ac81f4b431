#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A mapping is replaced while traffic runs.

. "$(dirname "$0")/lib.sh"

need_dstm
topology
ns other
link_underlay "$other" "$gw" 2 8
tunnel_client "$other" 2 8 192.0.2.7
serve "$client" 192.0.2.7 5200
serve "$inet" 198.51.100.2 8000

map add ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map add"
busywait 2000 traffic "$inet" udp 192.0.2.7 5200 --count 1 --timeout 0.3 > /dev/null

replacer()
{
	while :; do
		map replace ipv4 192.0.2.7 remote 2001:db8:1::7 || exit 1
		map replace ipv4 192.0.2.7 remote 2001:db8:1::7 lifetime 3600 || exit 1
		echo >> "$work/rounds"
	done
}

replacer > "$work/replacer" 2>&1 &
pid=$!
check "no packet lost to the client" traffic "$inet" udp 192.0.2.7 5200 --count 300 \
	--interval 0.005 --timeout 5
check "no packet lost from the client" traffic "$client" udp 198.51.100.2 8000 --count 300 \
	--interval 0.005 --timeout 5
check "TCP in the meantime" traffic "$client" tcp 198.51.100.2 8000 --bytes 1000000 --timeout 30
check "replace never failed" kill -0 $pid
kill $pid 2> /dev/null
wait $pid 2> /dev/null
rounds=$(wc -l < "$work/rounds")
note "$rounds rounds of two replaces"
check "there were rounds during all of it" [ "$rounds" -ge 3 ]
check "and nothing was dropped" [ "$(stat tx-no-mapping)$(stat rx-inner-address)" = 00 ]

# answers NS: pings from the Internet come to this client.
answers()
{
	local before after

	before=$(n "$1" awk '/^Icmp: [0-9]/ { print $10 }' /proc/net/snmp)
	pings "$inet" 192.0.2.7 || return 1
	after=$(n "$1" awk '/^Icmp: [0-9]/ { print $10 }' /proc/net/snmp)
	echo "echoes $before, then $after"
	[ "$after" -ge $((before + 3)) ]
}

for round in 1 2; do
	check "round $round: the first client has the address" answers "$client"
	check "round $round: replace to the other" \
		map replace ipv4 192.0.2.7 remote 2001:db8:2::8
	check "round $round: the other has it" answers "$other"
	check "round $round: the first may not use it" counted rx-outer-source 1 \
		fails n "$client" ping -4 -c 1 -W 0.3 198.51.100.2
	check "round $round: and back" map replace ipv4 192.0.2.7 remote 2001:db8:1::7
done
check "the first has it again" answers "$client"

# Back and forth under a flood: nothing worse than a lost packet.
n "$inet" ping -4 -n -q -f -w 3 192.0.2.7 > "$work/flood" 2>&1 &
flood=$!
swaps=0
while kill -0 $flood 2> /dev/null; do
	map replace ipv4 192.0.2.7 remote 2001:db8:2::8 &&
		map replace ipv4 192.0.2.7 remote 2001:db8:1::7 || break
	swaps=$((swaps + 1))
done
wait $flood
note "$swaps swaps; $(grep received "$work/flood")"
check "swapped more than once" [ $swaps -ge 2 ]
check "under a flood, most of which came back" awk '/received/ { ok = $4 > $1 / 2 }
	END { exit !ok }' "$work/flood"
check "one mapping is left" mapped 1
check "and it works" answers "$client"

tap_done
