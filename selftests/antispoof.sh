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

in_receives()
{
	n "$inet" awk '/^Ip: [0-9]/ { print $4 }' /proc/net/snmp
}

# The sum of all drops, and what passed.
drops()
{
	gw_nl -j stats dev dstm0 | "$python" -c '
import json, sys
s = json.load(sys.stdin)[0]["stats"]
print(sum(s[k] for k in s if k not in ("rx-packets", "rx-bytes", "tx-packets", "tx-bytes")))'
}

# dropped COUNTER ARGUMENTS-OF-SEND: one packet, one count, nothing else.
dropped()
{
	local counter=$1 out all passed

	shift
	out=$(in_receives)
	all=$(drops)
	passed=$(stat rx-packets)
	counted "$counter" 1 inject "$client" "$@" || { gw_nl stats dev dstm0; return 1; }
	echo "out $out $(in_receives), drops $all $(drops), passed $passed $(stat rx-packets)"
	[ "$(drops)" -eq $((all + 1)) ] && [ "$(stat rx-packets)" -eq "$passed" ] &&
		[ "$(in_receives)" -eq "$out" ]
}

passes()
{
	local out all

	out=$(in_receives)
	all=$(drops)
	counted rx-packets 1 inject "$client" "$@" || { gw_nl stats dev dstm0; return 1; }
	# shellcheck disable=SC2317
	arrived() { [ "$(in_receives)" -eq $((out + 1)) ]; }
	busywait 1000 arrived && [ "$(drops)" -eq "$all" ]
}

# Nothing else on the way: no neighbour to be found, no port unreachable.
n "$inet" "$python" -c '
import socket, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("198.51.100.2", 9))
time.sleep(3600)' &
busywait 10000 n "$inet" grep -q ':0009 ' /proc/net/udp
n "$inet" ping -n -c 1 -W 2 198.51.100.1 > /dev/null
check "the mapping's own packet passes" passes
check "the port set's own packet passes" passes --inner-source 192.0.2.8 --sport 5200
check "the other TEP's own packet passes" passes --source 2001:db8:1::9 \
	--destination 2001:db8::2 --inner-source 192.0.2.9

check "outer source wrong" dropped rx-outer-source --source 2001:db8:1::8
check "outer source another client's" dropped rx-outer-source --source 2001:db8:1::9
check "outer source wrong, port set" dropped rx-outer-source --source 2001:db8:1::8 \
	--inner-source 192.0.2.8
check "outer destination another TEP" dropped rx-outer-destination --destination 2001:db8::2
check "outer destination another TEP, port set" dropped rx-outer-destination \
	--destination 2001:db8::2 --inner-source 192.0.2.8
check "inner source unknown" dropped rx-inner-address --inner-source 192.0.2.66
check "inner source the gateway's" dropped rx-inner-address --inner-source 198.51.100.1
check "inner source loopback" dropped rx-loopback --inner-source 127.0.0.1
for proto in udp tcp icmp; do
	check "inner $proto port outside the set" dropped rx-inner-port \
		--inner-source 192.0.2.8 --proto $proto --sport 7000
done
check "a protocol without ports from a shared address" dropped rx-no-ports \
	--inner-source 192.0.2.8 --proto gre
check "a protocol without ports from a whole address passes" passes --proto gre
# Less than an IPv4 header is dropped by tunnel6 before it comes to us.
while read -r what counter; do
	check "inner header garbled: $what" dropped "rx-$counter" --garble "$what"
done <<-END
	version version
	ihl header
	long-ihl header
	length truncated
	short-length header
	checksum checksum
END
check "inner transport header cut off, shared address" dropped rx-no-ports \
	--inner-source 192.0.2.8 --garble no-transport

no_leak()
{
	gw_nl -j stats dev dstm0
	[ "$(gw_nl -j map show dev dstm0 | "$python" -c '
import json, sys
print(len(json.load(sys.stdin)))')" -eq 3 ]
}
check "the table is what it was" no_leak
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
