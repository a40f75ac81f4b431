#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
#
# What is known of addresses is forgotten in time: whatever changes about routes,
# the next packet goes by it, with the shortcut and without.

. "$(dirname "$0")/lib.sh"

need_dstm
topology
map add ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map add"
n "$client" ip link set tun type ip6tnl encaplimit none || bail "encaplimit"

# Another host that has the client's address, too.
ns other
in_batch "$gw" <<-END
	link add other0 type veth peer name gw0 netns $other
	link set other0 up
	addr add 10.9.0.1/24 dev other0
END
in_batch "$other" <<-END
	link set gw0 up
	addr add 10.9.0.2/24 dev gw0
	addr add 192.0.2.7/32 dev lo
	route add default via 10.9.0.1
END
busywait 3000 n "$gw" ping -4 -c 1 -W 1 10.9.0.2 > /dev/null || bail "no other host"

to_client()
{
	counted tx-packets 3 pings "$inet" 192.0.2.7 "$@"
}

# Answered, but not by the client.
to_another()
{
	counted tx-packets 0 pings "$inet" 192.0.2.7 "$@"
}

lost()
{
	! n "$inet" ping -4 -n -c 2 -i 0.01 -W 0.3 192.0.2.7
}

# while_there OBJECT ARGUMENT... -- CHECK...: with a route, an address or a rule, and
# again without.
while_there()
{
	local what=()

	while [ "$1" != -- ]; do
		what+=("$1")
		shift
	done
	shift
	to_client || return 1
	ip -n "$gw" "${what[0]}" add "${what[@]:1}" || return 1
	"$@"
	set -- $?
	ip -n "$gw" "${what[0]}" del "${what[@]:1}" && [ "$1" -eq 0 ] && to_client
}

# set_while KEY VALUE NORMAL CHECK...
set_while()
{
	local key=$1 value=$2 normal=$3 status

	shift 3
	to_client || return 1
	n "$gw" sysctl -q -w "net.ipv4.conf.$key=$value"
	"$@"
	status=$?
	n "$gw" sysctl -q -w "net.ipv4.conf.$key=$normal"
	[ $status -eq 0 ] && to_client
}

by_type_of_service()
{
	to_another -Q 0x10 && to_client -Q 0x08
}

from_elsewhere()
{
	counted tx-packets "$1" fails n "$inet" ping -4 -n -c 2 -i 0.01 -W 0.3 \
		-I 203.0.113.9 192.0.2.7
}

# Its answer finds no mapping; that the question is sent is enough.
source_elsewhere()
{
	from_elsewhere 2 && to_client &&
		set_while inet0.rp_filter 1 0 from_elsewhere 0 &&
		from_elsewhere 2
}

down_and_up()
{
	to_client || return 1
	ip -n "$gw" link set dstm0 down
	lost || return 1
	in_batch "$gw" <<-END
		link set dstm0 up
		route add 192.0.2.0/24 dev dstm0
		route add 203.0.113.0/24 dev dstm0
	END
	to_client
}

second_device()
{
	gw_nl link add dstm1 local 2001:db8::2 || return 1
	ip -n "$gw" link set dstm1 up
	gw_nl map add dev dstm1 ipv4 192.0.2.7 remote 2001:db8:1::7
	to_client || return 1
	ip -n "$gw" route add 192.0.2.7/32 dev dstm1
	counted tx-packets 0 fails n "$inet" ping -4 -n -c 3 -i 0.01 -W 0.3 192.0.2.7 &&
		gw_nl -j stats dev dstm1 | grep -q '"tx-packets":3' || return 1
	gw_nl link del dstm1
	to_client
}

ip -n "$inet" addr add 203.0.113.9/32 dev lo
in_batch "$gw" <<-END
	route add 203.0.113.0/24 dev dstm0
	route add 192.0.2.0/24 via 10.9.0.2 table 100
END
# Nothing but what is sent from here is to be counted.
gw_nl link set dstm0 icmp-errors off

for shortcut in off "on dev down1 dev inet0"; do
	# shellcheck disable=SC2086 # one word per device is meant
	check "shortcut $shortcut" gw_nl link set dstm0 shortcut $shortcut
	check "a longer prefix" while_there route 192.0.2.0/28 via 10.9.0.2 -- to_another
	check "a single address" while_there route 192.0.2.7/32 via 10.9.0.2 -- to_another
	check "none there" while_there route unreachable 192.0.2.7/32 -- lost
	check "an address of the gateway's" while_there addr 192.0.2.7/32 dev lo -- to_another
	check "a type of service" while_there route 192.0.2.0/24 tos 0x10 via 10.9.0.2 -- \
		by_type_of_service
	check "a rule" while_there rule to 192.0.2.7 table 100 -- to_another
	check "no forwarding" set_while inet0.forwarding 0 1 lost
	check "a source that belongs elsewhere" source_elsewhere
	check "down and up" down_and_up
	check "a second device" second_device
done

# A client's host is told by its router of a shorter way to the tunnel's other end.
ns borrower router border
in_batch "$router" <<-END
	link add lan type bridge
	link set lan up
	addr add 2001:db8:5::1/64 dev lan nodad
	link add port1 type veth peer name lan netns $borrower
	link add port2 type veth peer name lan netns $border
	link set port1 master lan up
	link set port2 master lan up
END
for name in "$borrower" "$border"; do
	ip -n "$name" link set lan up
done
link_local() { ip -n "$1" -6 -o addr show dev lan scope link | sed 's/.*inet6 \([^/]*\).*/\1/'; }
in_batch "$border" <<-END
	addr add 2001:db8:5::2/64 dev lan nodad
	addr add 2001:db8::1/128 dev lo nodad
	addr add 198.51.100.9/32 dev lo
END
routers "$router" "$border"
gateway_device "$border" || bail "no device at the border"
n "$border" "$nl" map add dev dstm0 ipv4 192.0.2.7 remote 2001:db8:5::7
ip -n "$router" -6 route add 2001:db8::1 via "$(link_local "$border")" dev lan
ip -n "$borrower" addr add 2001:db8:5::7/64 dev lan nodad
ip -n "$borrower" -6 route add default via "$(link_local "$router")" dev lan
n "$borrower" sysctl -q -w net.ipv6.conf.lan.accept_redirects=1
n "$borrower" "$nl" link add dstm0 role client local 2001:db8:5::7
n "$borrower" "$nl" map add dev dstm0 ipv4 192.0.2.7 remote 2001:db8::1
in_batch "$borrower" <<-END
	link set dstm0 up
	addr add 192.0.2.7/32 dev dstm0
	route add default dev dstm0
END
check "a client that has to ask its router for the way" \
	busywait 5000 pings "$borrower" 198.51.100.9
shorter()
{
	ip -n "$borrower" -6 route get 2001:db8::1 | tee /dev/stderr |
		grep -q "via $(link_local "$border") "
}
check "is told of a shorter one, and takes it" busywait 5000 shorter
check "by which it goes on" pings "$borrower" 198.51.100.9
tap_done
