#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# packets.sh [CASE...]: exact frames in, exact frames out, every counter. The
# cases are in packets/. Nothing but the device under test speaks here: at the
# other ends of the wires are packet sockets.

. "$(dirname "$0")/lib.sh"

need_dstm
"$python" -c 'import scapy' 2> /dev/null || skip_all "needs python3-scapy"

# quiet NS: no address that was not given, no error that is not sent for lack
# of a token, nobody who asks for a neighbour.
quiet()
{
	# shellcheck disable=SC2016
	n "$1" sh -c 'cd /proc/sys/net
		echo 0 > ipv4/icmp_ratelimit
		echo 0 > ipv4/icmp_ratemask
		echo 0 > ipv6/icmp/ratelimit
		echo > ipv6/icmp/ratemask
		for i in all default; do
			echo 0 > ipv6/conf/$i/accept_ra
			echo 0 > ipv6/conf/$i/router_solicitations
			echo 1 > ipv6/conf/$i/addr_gen_mode
		done' 2> /dev/null
}

# wires DUT WIRE: both underlay and Internet, with neighbours that are known.
wires()
{
	ip link add under0 netns "$1" address 02:00:00:00:01:01 type veth \
		peer name under1 netns "$2" address 02:00:00:00:01:02 || return 1
	ip link add inet0 netns "$1" mtu 9000 address 02:00:00:00:02:01 type veth \
		peer name inet1 netns "$2" mtu 9000 address 02:00:00:00:02:02
	n "$2" sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
	ip -n "$2" link set under1 up
	ip -n "$2" link set inet1 up
	# Frames leave as they would leave a real card.
	for feature in tso gso tx; do
		n "$1" ethtool -K under0 $feature off
		n "$1" ethtool -K inet0 $feature off
	done > /dev/null
	ip -n "$1" -batch - <<-END
		link set under0 up
		link set inet0 up
		addr add 2001:db8:1::1/64 dev under0 nodad
		addr add 198.51.100.1/24 dev inet0
		neigh replace 2001:db8:1::2 lladdr 02:00:00:00:01:02 dev under0 nud permanent
		neigh replace 198.51.100.2 lladdr 02:00:00:00:02:02 dev inet0 nud permanent
		route add 2001:db8:2::/48 via 2001:db8:1::2
		route add default via 198.51.100.2
	END
}

ns gw gww client clientw
for where in "$gw" "$client"; do
	quiet "$where"
	routers "$where"
done

wires "$gw" "$gww" || bail "no veth"
ip -n "$gw" addr add 2001:db8::1/128 dev lo nodad
ip -n "$gw" addr add 2001:db8::2/128 dev lo nodad
gateway_device "$gw" || bail "no dstm device"
PYTHONPATH=$SELFTESTS "$python" -m packets.build gateway > "$work/map" &&
	map load "$work/map" > /dev/null || bail "map load"

PYTHONPATH=$SELFTESTS "$python" -m packets --gateway "$gw:$gww" "$@"
exit $?
