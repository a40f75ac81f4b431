#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# IPv4 in both directions: ping, TCP and UDP, through a whole address and
# through port sets, with a plain ip6tnl client and with a dstm client.

. "$(dirname "$0")/lib.sh"

need_dstm
need_tool ping
topology
inside=192.0.2.7
outside=198.51.100.2

both_directions()
{
	local what=$1

	check "$what: ping from the client" pings "$client" $outside
	check "$what: ping to the client" pings "$inet" $inside
	check "$what: ping of 1400 bytes" pings "$client" $outside -s 1372
	check "$what: TCP from the client" traffic "$client" tcp $outside 8000 --timeout 20
	check "$what: TCP to the client" traffic "$inet" tcp $inside 5200 --timeout 20
	check "$what: UDP from the client" traffic "$client" udp $outside 8000
	check "$what: UDP to the client" traffic "$inet" udp $inside 5200
}

# port_set WHAT INSIDE-THE-SET OUTSIDE: the next port of each is the client's own.
port_set()
{
	local what=$1 in=$2 out=$3 own=$(($2 + 1)) other=$(($3 + 1))

	check "$what: TCP from a port of the set" \
		traffic "$client" tcp $outside 8000 --source $inside --sport "$own" --timeout 20
	check "$what: UDP from a port of the set" \
		traffic "$client" udp $outside 8000 --source $inside --sport "$own"
	check "$what: TCP to a port of the set" traffic "$inet" tcp $inside "$in" --timeout 20
	check "$what: UDP to a port of the set" traffic "$inet" udp $inside "$in"
	check "$what: ICMP echo with an identifier of the set" \
		traffic "$client" ping $outside --source $inside --sport "$in"
	check "$what: ICMP echo to an identifier of the set" \
		traffic "$inet" ping $inside --sport "$in"
	# shellcheck disable=SC2317
	refused() { ! traffic "$@" --count 1 --timeout 0.2; }
	check "$what: UDP from another port is dropped and counted" \
		counted rx-inner-port 1 refused "$client" udp $outside 8000 \
			--source $inside --sport "$other"
	check "$what: UDP to another port is dropped and counted" \
		counted tx-no-port-set 1 refused "$inet" udp $inside "$out"
	check "$what: echo with another identifier is dropped and counted" \
		counted rx-inner-port 1 refused "$client" ping $outside \
			--source $inside --sport "$out"
	check "$what: echo to another identifier is dropped and counted" \
		counted tx-no-port-set 1 refused "$inet" ping $inside --sport "$out"
}

serve "$inet" $outside 8000
serve "$client" $inside 5120 5200 6143 7000 5119 6144 4928 4943 4944 4927 62287

redirects()
{
	n "$gw" grep -h . /proc/sys/net/ipv4/conf/{all,dstm0}/send_redirects | tee "$work/redirects"
	[ "$(sort -u "$work/redirects")" = 1 ]
}
check "the device leaves the settings of redirects alone" redirects
check_not "no mapping: nothing passes" \
	n "$client" ping -4 -n -c 1 -W 0.3 $outside
check "whole address: add" map add ipv4 $inside remote 2001:db8:1::7
both_directions "whole address, ip6tnl client"

both_counted()
{
	local rx tx

	rx=$(mapping_field rx-packets) && tx=$(mapping_field tx-packets)
	echo "rx $rx tx $tx"
	[ "$rx" -gt 0 ] && [ "$rx" -eq "$(stat rx-packets)" ] &&
		[ "$tx" -gt 0 ] && [ "$tx" -eq "$(stat tx-packets)" ]
}
check "the mapping's counters are the device's" both_counted
check "a burst is counted, every packet of it" burst 200
n "$inet" ping -4 -n -q -c 1 -W 0.2 192.0.2.99 > /dev/null
# drops rx|tx: the sum of all reasons.
drops()
{
	local name sum=0

	for name in "${!counter[@]}"; do
		case $name in
		*-packets|*-bytes)	;;
		"$1"-*)			sum=$((sum + counter[$name])) ;;
		esac
	done
	echo $sum
}
agree()
{
	local link stats

	link=$(n "$gw" ip -s -j link show dev dstm0 | "${python[@]}" -c '
import json, sys
s = json.load(sys.stdin)[0]["stats64"]
print(s["rx"]["packets"], s["tx"]["packets"], s["rx"]["dropped"], s["tx"]["dropped"])')
	counters
	stats="${counter[rx-packets]} ${counter[tx-packets]} $(drops rx) $(drops tx)"
	echo "ip -s link: $link; stats: $stats"
	[ "$link" = "$stats" ] && [ "${counter[tx-no-mapping]}" -gt 0 ]
}
check "ip -s link agrees with the counters" agree
if command -v ethtool > /dev/null; then
	check "ethtool -i names the driver" \
		sh -c "ip netns exec $gw ethtool -i dstm0 | grep -q '^driver: dstm'"
	ethtool_agrees()
	{
		[ "$(n "$gw" ethtool -S dstm0 |
			sed -n 's/^ *rx[-_]packets: *//p')" = "$(stat rx-packets)" ]
	}
	check "ethtool -S agrees with the counters" ethtool_agrees
else
	skip "ethtool -i and -S" "needs ethtool"
fi

# A dstm device at the client's end too.
ip -n "$client" link del tun
check "role client: link add" n "$client" "$nl" link add dstm0 role client local 2001:db8:1::7
ip -n "$client" link set dstm0 up
ip -n "$client" addr add $inside/32 dev dstm0
ip -n "$client" route add default dev dstm0
check_not "role client: nothing passes without a mapping" \
	n "$client" ping -4 -n -c 1 -W 0.3 $outside
check "role client: map add" \
	n "$client" "$nl" map add dev dstm0 ipv4 $inside remote 2001:db8::1
both_directions "whole address, role client"

# Port sets: a = 0 has ports 5120 to 6143.
n "$client" "$nl" link del dstm0
tunnel_client "$client" 1 7 $inside
map flush > /dev/null
check "psid 5 of 64, a = 0: add" map add ipv4 $inside psid 5 psid-len 6 remote 2001:db8:1::7
port_set "psid 5 of 64, a = 0" 5200 7000
for port in 5120 6143; do
	check "psid 5 of 64, a = 0: port $port is in" traffic "$inet" udp $inside $port --count 1
done
for port in 5119 6144; do
	check "psid 5 of 64, a = 0: port $port is out" \
		counted tx-no-port-set 1 refused "$inet" udp $inside $port
done

# a = 4, k = 8: 4928 to 4943, and sixteen ports of every further 4096.
map flush > /dev/null
check "psid 0x34 of 256, a = 4: add" \
	map add ipv4 $inside psid 52 psid-len 8 psid-offset 4 remote 2001:db8:1::7
port_set "psid 0x34 of 256, a = 4" 4928 7000
for port in 4943 62287; do
	check "psid 0x34 of 256, a = 4: port $port is in" \
		traffic "$inet" udp $inside $port --count 1
done
for port in 4927 4944; do
	check "psid 0x34 of 256, a = 4: port $port is out" \
		counted tx-no-port-set 1 refused "$inet" udp $inside $port
done

tap_done
