#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
#
# The shortcut takes what is plain, at the devices that it is told, unless somebody
# on the host may have a say; and everything gets through all the same.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/shortcut_lib.sh"

need_dstm
need_tool nft tcpdump
watch_shortcut
topology
map add ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map add"
# With the limit's option between the headers, the stack has to look at it.
n "$client" ip link set tun type ip6tnl encaplimit none || bail "encaplimit"
# Nobody else's packets among the counted ones.
gw_nl link set dstm0 icmp-rate 1000000

set_to()
{
	gw_nl link set dstm0 shortcut "$@"
}

shows()
{
	local said

	said=$(gw_nl link show dstm0)
	echo "$said"
	[[ $said =~ $1 ]]
}

shows_not()
{
	! shows "$1"
}

# took_now OUT IN: since the trace was emptied, at the underlay and at inet0.
took_now()
{
	local out in

	out=$(took down1)
	in=$(took inet0)
	echo "taken: $out out of the tunnel, $in into it"
	[ "$out" -eq "$1" ] && [ "$in" -eq "$2" ]
}

# takes OUT IN [PING...]: so many of three packets each way, which all arrive. After a
# change, of a carrier's state for one, a packet more may go the ordinary way; that none
# is taken has to be so at once.
takes()
{
	if [ "$1$2" = 00 ]; then
		takes_now "$@"
	else
		busywait 2000 takes_now "$@"
	fi
}

# The first pings make sure that neighbours and routes are known.
takes_now()
{
	local out=$1 in=$2

	shift 2
	busywait 2000 pings "$client" 198.51.100.2 "$@" > /dev/null || return 1
	echo > $tracing/trace
	pings "$client" 198.51.100.2 "$@" || return 1
	took_now "$out" "$in"
}

# loses OUT IN NS COMMAND...: a command in a namespace fails, and so many are taken.
loses()
{
	local out=$1 in=$2

	shift 2
	echo > $tracing/trace
	! n "$@" || return 1
	took_now "$out" "$in"
}

check "without it nothing is taken" takes 0 0
check "not shown" shows_not shortcut
check "on, at both devices" set_to on dev down1 dev inet0
check "shown" shows "shortcut on dev down1 dev inet0 up$"
check "shown as JSON" sh -c "ip netns exec $gw $nl -j link show dstm0 |
	grep -q '\"shortcut\":\[\"down1\",\"inet0\"\],\"obstacles\":\[\]'"
check "takes both ways" takes 3 3
check "packets are counted" counted tx-packets 3 pings "$inet" 192.0.2.7
check "both ways" counted rx-packets 3 pings "$inet" 192.0.2.7
used() { takes 3 3 && before=$(mapping_field tx-packets) && takes_now 3 3 &&
	[ "$(mapping_field tx-packets)" -eq $((before + 6)) ]; }
check "by mapping, too" used
check "a burst, every packet of it" burst 200
check "what is shown is understood" sh -c "
	ip netns exec $gw $nl link show dstm0 | sed 's/role gateway//' |
		xargs ip netns exec $gw $nl link set"
check "the underlay's device alone" set_to on dev down1
check "takes one way" takes 3 0
check "the Internet's alone" set_to on dev inet0
check "takes the other way" takes 0 3
check "off" set_to off
check "takes nothing" takes 0 0
check "no longer shown" shows_not shortcut
check "on again" set_to on dev inet0 dev down1
check "takes both ways again" takes 3 3
ip -n "$gw" link set dstm0 down
ip -n "$gw" link set dstm0 up
ip -n "$gw" route add 192.0.2.0/24 dev dstm0
check "down and up" takes 3 3

# Packets of a flow with ECN, and those of it that are without.
alternate()
{
	local i tos

	pings "$inet" 192.0.2.7 -Q 0 && pings "$inet" 192.0.2.7 -Q 2 || return 1
	echo > $tracing/trace
	for i in 1 2 3; do
		for tos in 0 2; do
			n "$inet" ping -4 -n -c 1 -W 2 -Q $tos 192.0.2.7 || return 1
		done
	done
	took_now 6 6
}
check "with a congestion mark or without" alternate

# What is not plain.
check "options" takes 0 0 -R
check "fragments" takes 0 0 -s 3000
check "as long as fits" takes 3 3 -M "do" -s 1432
check "TTL of 1 into the tunnel" loses 0 0 "$inet" ping -4 -c 1 -W 1 -t 1 192.0.2.7
check "TTL of 1 out of it is answered" loses 1 0 "$client" ping -4 -c 1 -W 1 -t 1 198.51.100.2
too_long() { n "$inet" ping -4 -c 1 -W 1 -M "do" -s 1472 192.0.2.7 2>&1 |
	grep -i "needed\|too long" && took_now 0 0; }
ip -n "$inet" route flush cache
echo > $tracing/trace
check "too long for the path" too_long
ip -n "$inet" route flush cache
check "no mapping" loses 0 0 "$inet" ping -4 -c 1 -W 1 192.0.2.99
echo > $tracing/trace
check "another's address" counted rx-inner-address 1 inject "$client" --inner-source 192.0.2.66
check "is not taken" took_now 0 0
unknown()
{
	ip -n "$gw" neigh flush dev down1 && ip -n "$gw" neigh flush dev inet0
	pings "$client" 198.51.100.2
}
check "a neighbour that is not known yet" unknown

# With very many mappings packets are taken before they have been looked at so closely,
# and are in the stack's hands again if they are not plain.
answered()
{
	n "$inet" ping -4 -c 1 -W 1 "$@" 192.0.2.7 | grep "$why"
}
check "very many mappings" load_many
check "takes both ways with them" takes 3 3
check "a burst with them" burst 200
check "fragments with them" pings "$client" 198.51.100.2 -s 3000
check "options with them" pings "$client" 198.51.100.2 -R
why="Time to live exceeded" check "TTL of 1 with them" answered -t 1
ip -n "$inet" route flush cache
why="needed\|too long" check "too long with them" answered -M "do" -s 1472
ip -n "$inet" route flush cache
check "no mapping with them" loses 0 1 "$inet" ping -4 -c 1 -W 1 192.0.2.99
check "another's address with them" counted rx-inner-address 1 \
	inject "$client" --inner-source 192.0.2.66
check "unload them" gw_nl map flush dev dstm0
map add ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map add"
check "takes both ways without them" takes 3 3

# Routing.
ip -n "$gw" route add blackhole 192.0.2.7
check "a route elsewhere" loses 0 0 "$inet" ping -4 -c 1 -W 0.3 192.0.2.7
ip -n "$gw" route del blackhole 192.0.2.7
check "no more" takes 3 3
sysctl_gw()
{
	n "$gw" sysctl -q -w "$@"
}
sysctl_gw net.ipv4.conf.inet0.forwarding=0
check "no forwarding at the device" loses 3 0 "$client" ping -4 -c 3 -i 0.01 -W 0.3 198.51.100.2
sysctl_gw net.ipv4.conf.inet0.forwarding=1
check "forwarding again" takes 3 3
sysctl_gw net.ipv4.ip_forward_use_pmtu=1
check "path MTUs of IPv4 are believed" takes 0 0
sysctl_gw net.ipv4.ip_forward_use_pmtu=0
ip -n "$gw" route add 203.0.113.0/24 dev dstm0
ip -n "$inet" addr add 203.0.113.9/32 dev lo
from_elsewhere() { n "$inet" ping -4 -c 3 -i 0.01 -W 0.3 -I 203.0.113.9 192.0.2.7; }
from_elsewhere > /dev/null
echo > $tracing/trace
from_elsewhere > /dev/null
check "a source that belongs elsewhere" took_now 0 3
sysctl_gw net.ipv4.conf.inet0.rp_filter=1
echo > $tracing/trace
from_elsewhere > /dev/null
check "where rp_filter looks at it" took_now 0 0
check "and the others" takes 3 3
sysctl_gw net.ipv4.conf.inet0.rp_filter=0 net.ipv4.conf.dstm0.rp_filter=1
check "rp_filter at the tunnel" takes 3 3
sysctl_gw net.ipv4.conf.dstm0.rp_filter=0
ip -n "$gw" route del 203.0.113.0/24 dev dstm0

# told TEXT: by dstm-nl check.
told()
{
	local said

	said=$(gw_nl check)
	echo "$said"
	[[ $said = *"$1"* ]]
}

# obstructed NAME: nothing is taken, everything arrives, and we are told why.
obstructed()
{
	takes 0 0 && shows "stands aside:.* $1" &&
		told "stands aside ($1)"
}
# hooked FAMILY HOOK OBSTACLE [PRIORITY]
hooked()
{
	n "$gw" nft -f - <<-END
		table $1 watch {
			chain $2 { type filter hook $2 priority ${4:-0}; policy accept; counter; }
		}
	END
	obstructed "$3" || return 1
	n "$gw" nft delete table "$1" watch
	takes 3 3
}
for hook in prerouting forward postrouting; do
	check "netfilter: IPv4 at $hook" hooked ip $hook netfilter
done
check "netfilter: IPv4 at postrouting, where AppArmor has its hook" \
	hooked ip postrouting netfilter -225
for hook in prerouting input; do
	check "netfilter: IPv6 at $hook" hooked ip6 $hook netfilter-underlay
done
for hook in output postrouting; do
	check "netfilter: IPv6 at $hook is asked" counted_at ip6 $hook takes 3 3
done
tracked()
{
	n "$gw" nft -f - <<-END
		table inet watch {
			chain forward { type filter hook forward priority 0; policy accept; ct state new counter; }
		}
	END
	obstructed netfilter || return 1
	n "$gw" nft delete table inet watch
	takes 3 3
}
check "connection tracking" tracked
in_front()
{
	n "$gw" nft -f - <<-END || return 1
		table netdev watch {
			chain in { type filter hook ingress device inet0 priority 0; policy accept; ip saddr 198.51.100.2 counter; }
		}
	END
	takes 3 3 && n "$gw" nft list table netdev watch | grep 'packets [1-9]' || return 1
	n "$gw" nft add rule netdev watch in ip daddr 192.0.2.7 drop
	loses 3 0 "$client" ping -4 -c 3 -i 0.01 -W 0.3 198.51.100.2 || return 1
	n "$gw" nft delete table netdev watch
	takes 3 3
}
check "netfilter: a chain of the device comes first" in_front
check "tcpdump on the device" watched dstm0 obstructed watched
check "no more" takes 3 3
check "tcpdump on the way" watched inet0 takes 3 3
qdisc()
{
	n "$gw" tc qdisc add dev dstm0 root pfifo || return 1
	obstructed watched || return 1
	n "$gw" tc qdisc del dev dstm0 root
	takes 3 3
}
check "a queueing discipline" qdisc
port()
{
	# The address is the bridge's while the device is its port.
	in_batch "$gw" <<-END || return 1
		link add br0 type bridge
		link set br0 up
		link set inet0 master br0
	END
	shows "stands aside: port" || return 1
	ip -n "$gw" link set inet0 nomaster && ip -n "$gw" link del br0
	shows_not aside
}
if ip -n "$gw" link add br1 type bridge 2> /dev/null; then
	check "a port of a bridge" port
	check "no more" takes 3 3
else
	skip "a port of a bridge" "no bridges"
fi
policy()
{
	ip -n "$gw" xfrm policy add src 203.0.113.77 dst 203.0.113.78 dir "$1" action block || return 1
	obstructed ipsec || return 1
	ip -n "$gw" xfrm policy flush
	takes 3 3
}
refused_by_default()
{
	ip -n "$gw" xfrm policy setdefault fwd block || return 1
	loses 0 0 "$inet" ping -4 -c 1 -W 0.3 192.0.2.7 && shows "stands aside: ipsec" || return 1
	ip -n "$gw" xfrm policy setdefault fwd accept
	takes 3 3
}
if ip -n "$gw" xfrm policy show > /dev/null 2>&1; then
	for direction in fwd out in; do
		check "an IPsec policy, $direction" policy $direction
	done
	check "IPsec: nothing by default" refused_by_default
else
	skip "IPsec policies" "this kernel has none"
fi

# Who comes and goes.
check "on from the beginning" gw_nl link add dstm1 local 2001:db8::2 \
	shortcut on dev inet0 dev down1 up
check "beside another" takes 3 3
check "and gone" gw_nl link del dstm1
check "the other stays" takes 3 3
in_batch "$gw" <<-END
	link add spare0 type veth peer name spare1
	link add spare2 type veth peer name spare3
END
check "devices to lose" set_to on dev spare0 dev down1 dev spare2 dev inet0
ip -n "$gw" link del spare0
check "a device that is gone leaves" shows "shortcut on dev down1 dev spare2 dev inet0"
ip -n "$gw" link set spare2 netns "$inet"
check "one that moves, too" shows "shortcut on dev down1 dev inet0"
check "the others stay" takes 3 3

# refuses TEXT WORDS...: dstm-nl, and whatever there was stays.
refuses()
{
	local text=$1

	shift
	gw_nl "$@" > "$work/refused" 2>&1 && return 1
	cat "$work/refused"
	grep -q -e "$text" "$work/refused"
}
check "no such device" refuses "no device\|no such device" link set dstm0 shortcut on dev nobody
check "nor for a new one" refuses "no device\|no such device" \
	link add dstm2 local 2001:db8::2 shortcut on dev nobody
check "the loopback" refuses "been through the stack" link set dstm0 shortcut on dev lo
check "itself" refuses "been through the stack" link set dstm0 shortcut on dev dstm0
check "twice" refuses "named twice" link set dstm0 shortcut on dev inet0 dev inet0
check "one good, one not" refuses "been through the stack" \
	link set dstm0 shortcut on dev inet0 dev lo
check "a client" refuses "only a gateway" \
	link add dstm2 role client local 2001:db8::2 shortcut on dev inet0
check "a client without one" gw_nl link add dstm2 role client local 2001:db8::2
check "is not changed by half" refuses "only a gateway" \
	link set dstm2 local 2001:db8::3 shortcut on dev inet0
local_of_dstm2() { gw_nl link show dstm2 | grep "local 2001:db8::2 "; }
check "at all" local_of_dstm2
gw_nl link del dstm2
check "is not there then" refuses "no such device" link show dstm2
check "no devices" refuses "dev NAME is missing" link set dstm0 shortcut on
check "another word" refuses "expected off or on" link set dstm0 shortcut maybe
check "given twice" refuses "given twice" link set dstm0 shortcut off shortcut off
check "nothing has changed" shows "shortcut on dev down1 dev inet0"
check "and it takes packets" takes 3 3

# Everything at once.
flood()
{
	n "$client" ping -4 -n -q -f -w 60 198.51.100.2 > /dev/null 2>&1 &
	n "$inet" ping -4 -n -q -f -w 60 192.0.2.7 > /dev/null 2>&1 &
}
echo 0 > $tracing/events/dstm/dstm_shortcut/enable
flood
storm()
{
	local i

	for i in 1 2 3 4 5 6 7 8 9 10; do
		set_to off && set_to on dev down1 dev inet0 || return 1
		ip -n "$gw" route add 203.0.113.0/24 via 198.51.100.2 || return 1
		ip -n "$gw" route del 203.0.113.0/24 || return 1
	done
}
check "on and off under load" storm
echo 1 > $tracing/events/dstm/dstm_shortcut/enable
# The kernel remembers rules for as long as the namespace lives.
ruled()
{
	ip -n "$gw" "$1" rule add from "$2" lookup 100 || return 1
	busywait 2000 pings "$client" 198.51.100.2 > /dev/null
	shows "stands aside: rules" && told "stands aside (rules)" || return 1
	ip -n "$gw" "$1" rule del from "$2" lookup 100
}
check "routing rules" ruled -4 203.0.113.77
check "the device moves" ip -n "$gw" link set dstm0 netns "$inet"
check "and has no shortcut there" sh -c "! ip netns exec $inet $nl link show dstm0 | grep shortcut"
ip -n "$inet" link set dstm0 netns "$gw"
check "nor when it is back" shows_not shortcut
ip -n "$gw" link set dstm0 up
check "on once more" set_to on dev down1 dev inet0
check "the namespace goes, with all that is in it" ip netns del "$gw"

tap_done
