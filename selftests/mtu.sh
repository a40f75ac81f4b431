#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The MTU of a device follows its underlay until it is set by hand.

. "$(dirname "$0")/lib.sh"

need_dstm
ns client gw
ip -n "$gw" addr add 203.0.113.1/32 dev lo
link_underlay "$client" "$gw" 1 7 || bail "no veth"

# mtu DEVICE N: the device has it, at once or soon.
has_mtu()
{
	link=$(ip -n "$gw" -o link show dev "$1")
	[[ $link =~ \ mtu\ ([0-9]+)\  ]] && [ "${BASH_REMATCH[1]}" -eq "$2" ]
}
mtu()
{
	busywait 3000 has_mtu "$1" "$2" && return
	echo "$link"
	return 1
}

# underlay MTU: of both ends, since the lower one would count.
underlay()
{
	ip -n "$client" link set up1 mtu "$1" && ip -n "$gw" link set down1 mtu "$1"
}

check "a gateway" gw_nl link add gw0 local 2001:db8:1::1
check "takes in whole what the underlay carries" mtu gw0 1500
check "a client" gw_nl link add cl0 role client local 2001:db8:1::2
check "leaves room for the IPv6 header" mtu cl0 1460
check "a gateway that fragments inside" gw_nl link add in0 local 2001:db8:1::3 frag inner
check "does, too" mtu in0 1460
check "and with an encapsulation limit" gw_nl link set in0 encaplimit 4
check "for that header" mtu in0 1452
check "one with an MTU by hand" gw_nl link add hand0 role client local 2001:db8:1::4 mtu 1300
check "has it" mtu hand0 1300

check "what it is already, set by hand, is no change" ip -n "$gw" link set gw0 mtu 1500
check "the underlay becomes jumbo" underlay 9000
check "the gateway follows" mtu gw0 9000
check "the client follows" mtu cl0 8960
check "by hand stays by hand" mtu hand0 1300
check "the client's is set by hand" gw_nl link set cl0 mtu 1400
check "the underlay is small" underlay 1400
check "the gateway follows again" mtu gw0 1400
check "inside, too" mtu in0 1352
check "the client's stays" mtu cl0 1400
check "what it is already, set by us, is by hand" gw_nl link set in0 mtu 1352
check_not "what is refused is not" gw_nl link set gw0 hairpin on mtu 100
check "the underlay is what it was" underlay 1500
check "the gateway follows" mtu gw0 1500
check "what was set stays" mtu in0 1352
gw_nl link del in0
check "a gateway that fragments inside" gw_nl link add in0 local 2001:db8:1::3 frag inner encaplimit 4
check "the underlay is small again" underlay 1400
check "the gateway follows once more" mtu gw0 1400
check "inside" mtu in0 1352

ip -n "$gw" link add other type dummy
ip -n "$gw" link set other mtu 4000 up
sleep 0.2
check "an interface without a routable address does not count" mtu gw0 1400
ip -n "$gw" addr add 2001:db8:2::1/64 dev other nodad
check "with one it does" mtu gw0 4000
ip -n "$gw" link set other down
check "down it does not" mtu gw0 1400
# Behind it is a network, but it has no address of its own.
in_batch "$gw" <<-END
	link add bare type veth peer name bare1 netns $client
	link set bare mtu 3000 up
	addr add 2001:db8::9/128 dev lo nodad
	route add 2001:db8:9::/64 dev bare
	neigh add 2001:db8:9::7 lladdr 02:00:00:00:09:07 dev bare
END
ip -n "$client" link set bare1 mtu 3000 up
gw_nl link set gw0 up
gw_nl map add dev gw0 ipv4 192.0.2.9 local 2001:db8::9 remote 2001:db8:9::7
ip -n "$gw" route add 192.0.2.9/32 dev gw0
sleep 0.2
check "an unnumbered one does not count before it is used" mtu gw0 1400
n "$gw" ping -n -c 1 -W 0.1 -I 203.0.113.1 192.0.2.9 > /dev/null
check "then it does" mtu gw0 3000
check "another client's, too" mtu in0 2952
ip -n "$gw" link set bare mtu 2000
check "its MTU is followed" mtu gw0 2000
ip -n "$gw" link set bare down
check "down it counts no more" mtu gw0 1400
ip -n "$gw" link set down1 down
check "with no underlay it is that of Ethernet" mtu gw0 1500

check_not "less than IPv6 needs is refused" gw_nl link set gw0 mtu 1231
check "the least there is" gw_nl link set gw0 mtu 1232

tap_done
