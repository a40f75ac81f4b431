#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A packet from the tunnel passes only when outer source, outer destination,
# inner source and inner port are one mapping's. Each is wrong once here, and is
# counted once, under its own reason, and nothing of it gets out.

. "$(dirname "$0")/lib.sh"

need_dstm
topology

map add ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map add"
map add ipv4 192.0.2.8 psid 5 psid-len 6 remote 2001:db8:1::7 || bail "map add"
map add ipv4 192.0.2.9 remote 2001:db8:1::9 local 2001:db8::2 || bail "map add"

# Nothing else on the way: no neighbour to be found, no answer, no port unreachable.
ip netns exec "$inet" "${python[@]}" "$SELFTESTS/traffic.py" discard --ready "$work/discard" \
	198.51.100.2 9 &
server=$!
busywait 60000 listening "$work/discard" || bail "no server"
n "$inet" ping -n -c 1 -W 2 198.51.100.1 > /dev/null

# received: says in arrived how many IPv4 packets came to the Internet.
received()
{
	local words

	while read -ra words; do
		[[ ${words[0]} = Ip: && ${words[3]} != InReceives ]] &&
			arrived=${words[3]}
	done < "/proc/$server/net/snmp"
	[ -n "$arrived" ]
}

# changed: which counters of drops and of packets did so, and by how much.
declare -A before
changed()
{
	local name

	changes=
	for name in "${!counter[@]}"; do
		case $name in
		*-bytes | tx-packets) continue ;;
		esac
		[ "${counter[$name]}" -eq "${before[$name]}" ] ||
			changes+=" $name+$((counter[$name] - before[$name]))"
	done
	changes=${changes# }
}

# one COUNTER ARGUMENTS-OF-SEND: one packet, one count, nothing else.
one()
{
	local name=$1 key

	shift
	for key in "${!counter[@]}"; do
		before[$key]=${counter[$key]}
	done
	inject "$client" "$@"
	# shellcheck disable=SC2317
	counted_now() { counters && [ "${counter[$name]}" -gt "${before[$name]}" ]; }
	busywait 1000 counted_now
	changed
	echo "expected: $name+1, and got: $changes"
	[ "$changes" = "$name+1" ]
}

passes()
{
	local out

	received
	out=$arrived
	one rx-packets "$@" || return 1
	# shellcheck disable=SC2317
	came() { received && [ "$arrived" -gt "$out" ]; }
	busywait 1000 came
	echo "arrived: $((arrived - out)), expected 1"
	[ "$arrived" -eq $((out + 1)) ]
}

dropped()
{
	local out

	received
	out=$arrived
	one "$@" || return 1
	received
	echo "arrived: $((arrived - out)), expected none"
	[ "$arrived" -eq "$out" ]
}

counters || bail "no counters"
# VERDICT | WHAT IS SENT | ARGUMENTS OF send.py, where they differ from a packet of
# 192.0.2.7's mapping. VERDICT is "passes", or the counter of its drop.
while IFS='|' read -r verdict what arguments; do
	what=${what# }
	what=${what% }
	# shellcheck disable=SC2086
	case ${verdict// /} in
	'') ;;
	passes)	check "passes: $what" passes $arguments ;;
	*)	check "dropped: $what" dropped ${verdict// /} $arguments ;;
	esac
done <<'END'
passes               | the mapping's own packet |
passes               | the port set's own packet | --inner-source 192.0.2.8 --sport 5200
passes               | the other TEP's own packet | --source 2001:db8:1::9 --destination 2001:db8::2 --inner-source 192.0.2.9
passes               | a protocol without ports, whole address | --proto gre

rx-outer-source      | outer source unknown | --source 2001:db8:1::8
rx-outer-source      | outer source another client's | --source 2001:db8:1::9
rx-outer-source      | outer source unknown, port set | --source 2001:db8:1::8 --inner-source 192.0.2.8
rx-outer-destination | outer destination another TEP | --destination 2001:db8::2
rx-outer-destination | outer destination another TEP, port set | --destination 2001:db8::2 --inner-source 192.0.2.8
rx-inner-address     | inner source unknown | --inner-source 192.0.2.66
rx-inner-address     | inner source the gateway's | --inner-source 198.51.100.1
rx-loopback          | inner source loopback | --inner-source 127.0.0.1
rx-inner-port        | inner UDP port outside the set | --inner-source 192.0.2.8 --proto udp --sport 7000
rx-inner-port        | inner TCP port outside the set | --inner-source 192.0.2.8 --proto tcp --sport 7000
rx-inner-port        | inner echo identifier outside the set | --inner-source 192.0.2.8 --proto icmp --sport 7000

rx-no-ports          | a protocol without ports, shared address | --inner-source 192.0.2.8 --proto gre
rx-version           | version not 4 | --garble version
rx-header            | header length too small | --garble ihl
rx-header            | header longer than the packet | --garble long-ihl
rx-truncated         | total length beyond the packet | --garble length
rx-header            | total length within the header | --garble short-length
rx-checksum          | header checksum wrong | --garble checksum
rx-no-ports          | transport header cut off, shared address | --inner-source 192.0.2.8 --garble no-transport
END

check "the table is what it was" mapped 3
down()
{
	ip -n "$gw" link set dstm0 down
	inject "$client"
	inject "$client" --inner-source 192.0.2.66
	ip -n "$gw" link set dstm0 up
	ip -n "$gw" route replace 192.0.2.0/24 dev dstm0
}
check "device down: dropped and counted" counted rx-down 2 down
check "device up again: passes" passes

tap_done
