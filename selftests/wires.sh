# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# A device under test between two wires with packet sockets at their other ends,
# for packets/, where nothing but the device speaks. To be sourced after lib.sh.

need_scapy()
{
	has_package scapy || skip_all "needs python3-scapy"
}

# quiet NS: no address that was not given, nobody who asks for routers, no error
# that is not sent for lack of a token, or is sent late, about missing fragments.
quiet()
{
	# shellcheck disable=SC2016
	n "$1" sh -c 'cd /proc/sys/net
		echo 0 > ipv4/icmp_ratelimit
		echo 0 > ipv4/icmp_ratemask
		echo 0 > ipv6/icmp/ratelimit
		echo > ipv6/icmp/ratemask
		echo 3600 > ipv4/ipfrag_time
		echo 3600 > ipv6/ip6frag_time
		for i in all default; do
			echo 0 > ipv6/conf/$i/accept_ra
			echo 0 > ipv6/conf/$i/router_solicitations
			echo 1 > ipv6/conf/$i/addr_gen_mode
		done' 2> /dev/null
}

# wires DUT WIRE: both underlay and IPv4 side, with neighbours that are known.
wires()
{
	local feature

	ip link add under0 netns "$1" address 02:00:00:00:01:01 type veth \
		peer name under1 netns "$2" address 02:00:00:00:01:02 &&
	ip link add inet0 netns "$1" mtu 9000 address 02:00:00:00:02:01 type veth \
		peer name inet1 netns "$2" mtu 9000 address 02:00:00:00:02:02 || return 1
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
		addr add 2001:db8::1/128 dev lo nodad
		addr add 2001:db8::2/128 dev lo nodad
		addr add 2001:db8:1::1/64 dev under0 nodad
		addr add 198.51.100.1/24 dev inet0
		neigh replace 2001:db8:1::2 lladdr 02:00:00:00:01:02 dev under0 nud permanent
		neigh replace 198.51.100.2 lladdr 02:00:00:00:02:02 dev inet0 nud permanent
		route add 2001:db8:2::/48 via 2001:db8:1::2
	END
}

# device_between ROLE DUT WIRE: dstm0 with the mappings of packets/hosts.py. A
# gateway's clients are in the tunnel, and a client's Internet is.
device_between()
{
	local role=$1 dut=$2

	quiet "$dut"
	routers "$dut"
	wires "$dut" "$3" || return 1
	n "$dut" "$nl" link add dstm0 role "$role" local 2001:db8::1 icmp-rate 1000000 up ||
		return 1
	if [ "$role" = gateway ]; then
		ip -n "$dut" route add 192.0.2.0/24 dev dstm0
		ip -n "$dut" route add default via 198.51.100.2
	else
		ip -n "$dut" route add 192.0.2.0/24 via 198.51.100.2
		ip -n "$dut" route add default dev dstm0
	fi
	"${python[@]}" -m packets.hosts "$role" > "$work/$role.json" &&
		n "$dut" "$nl" map load dev dstm0 "$work/$role.json" > /dev/null
}
