#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
#
# The device beside what else there is in a network stack: packet filters and their
# state, VRFs, policy routing, XDP, tc, reverse path filters.

. "$(dirname "$0")/lib.sh"

need_dstm
need_tool nft tc
inside=192.0.2.7
outside=198.51.100.2

topology
map add ipv4 $inside remote 2001:db8:1::7 || bail "map add"

outward()
{
	pings "$client" $outside
}

inward()
{
	pings "$inet" $inside
}

both()
{
	outward && inward
}

check "both directions to begin with" both

rules()
{
	n "$gw" nft flush ruleset
	n "$gw" nft -f -
}

# counts COUNTER N: packets of a named counter.
counts()
{
	local said

	said=$(n "$gw" nft list counter inet t "$1")
	echo "$said, expected $2"
	[[ $said = *"packets $2 "* ]]
}

# Inner packets on the device, outer ones on the underlay, and not the other way.
rules <<-END
	table inet t {
		counter inner_in { }
		counter inner_out { }
		counter outer_in { }
		counter outer_out { }
		counter wrong { }
		chain pre {
			type filter hook prerouting priority 0;
			iifname dstm0 ip saddr $inside counter name inner_in
			iifname down1 meta l4proto 4 counter name outer_in
			iifname down1 ip saddr $inside counter name wrong
			iifname dstm0 meta nfproto ipv6 counter name wrong
		}
		chain post {
			type filter hook postrouting priority 0;
			oifname dstm0 ip daddr $inside counter name inner_out
			oifname down1 meta l4proto 4 counter name outer_out
			oifname down1 meta nfproto ipv4 counter name wrong
			oifname dstm0 meta nfproto ipv6 counter name wrong
		}
	}
END
check "traffic with rules" outward
for counter in inner_in inner_out outer_in outer_out; do
	check "nftables: $counter" counts $counter 3
done
check "nftables: nothing on the wrong device" counts wrong 0

# The outer flow is an old one when the inner one is new, and the other way round
# for what the filter does not track.
rules <<-END
	table inet t {
		counter outer_new { }
		counter outer_old { }
		counter inner_new { }
		counter inner_old { }
		counter wrong { }
		chain input {
			type filter hook input priority 0;
			iifname down1 meta l4proto 4 ct state new counter name outer_new
			iifname down1 meta l4proto 4 ct state established counter name outer_old
		}
		chain forward {
			type filter hook forward priority 0;
			iifname dstm0 ct state new counter name inner_new
			iifname dstm0 ct state established counter name inner_old
			ct state invalid,untracked counter name wrong
		}
	}
END
check "traffic with state" inward
check "conntrack: the outer flow is known by its first answer" counts outer_old 3
check "conntrack: the inner flow is known, too" counts inner_old 3
check "more traffic with state" n "$client" ping -n -c 1 -W 2 $outside
check "conntrack: another inner flow is new" counts inner_new 1
check "conntrack: in the same outer flow" counts outer_old 4
check "conntrack: nothing is invalid or untracked" counts wrong 0

rules <<-END
	table inet t {
		counter inner_new { }
		counter inner_untracked { }
		chain raw {
			type filter hook prerouting priority raw;
			iifname down1 meta l4proto 4 notrack
		}
		chain forward {
			type filter hook forward priority 0;
			iifname dstm0 ct state new counter name inner_new
			iifname dstm0 ct state untracked counter name inner_untracked
		}
	}
END
check "traffic whose outer packets are not tracked" n "$client" ping -n -c 1 -W 2 $outside
check "conntrack: the inner flow is tracked" counts inner_new 1
check "conntrack: what is not tracked outside is inside" counts inner_untracked 0

# Marks and priorities go with the packet.
rules <<-END
	table inet t {
		counter mark_in { }
		counter mark_out { }
		counter priority_out { }
		chain pre {
			type filter hook prerouting priority 0;
			iifname down1 meta l4proto 4 meta mark set 5
		}
		chain forward {
			type filter hook forward priority 0;
			iifname dstm0 meta mark 5 counter name mark_in
			oifname dstm0 meta mark set 6 meta priority set 1:6
		}
		chain post {
			type filter hook postrouting priority 0;
			oifname down1 meta l4proto 4 meta mark 6 counter name mark_out
			oifname down1 meta l4proto 4 meta priority 1:6 counter name priority_out
		}
	}
END
check "traffic with marks" outward
check "the mark goes out of the tunnel" counts mark_in 3
check "the mark goes into the tunnel" counts mark_out 3
check "the priority goes into the tunnel" counts priority_out 3

# Policy routing of the outer packet, by that mark.
ip -n "$gw" -6 rule add fwmark 6 table 66
ip -n "$gw" -6 route add unreachable default table 66
check "fwmark: the rule's table has no route" counted tx-no-route 1 \
	fails n "$inet" ping -n -c 1 -W 0.2 $inside
ip -n "$gw" -6 route replace 2001:db8:1::/64 dev down1 table 66
check "fwmark: the rule's table has one" inward
ip -n "$gw" -6 rule del fwmark 6 table 66
n "$gw" nft flush ruleset

# Reverse path filter.
for where in all default dstm0 inet0; do
	n "$gw" sh -c "echo 1 > /proc/sys/net/ipv4/conf/$where/rp_filter"
done
check "rp_filter=1" both

# tc
n "$gw" tc qdisc add dev dstm0 clsact
n "$gw" tc filter add dev dstm0 ingress matchall action ok
n "$gw" tc filter add dev dstm0 egress matchall action ok
tc_saw()
{
	n "$gw" tc -s filter show dev dstm0 "$1" | tee "$work/tc"
	grep -q 'Sent [0-9]* bytes 3 pkt' "$work/tc"
}
check "traffic with tc" outward
check "tc sees what comes out of the tunnel" tc_saw ingress
check "tc sees what goes into the tunnel" tc_saw egress
n "$gw" tc filter del dev dstm0 egress
n "$gw" tc filter add dev dstm0 egress matchall action drop
check_not "tc can drop" pings "$inet" $inside -W 0.3
n "$gw" tc qdisc del dev dstm0 clsact
check "traffic without tc" both

# XDP, generic. ip hides what is pinned below /sys when it changes the namespace.
xdp()
{
	"${python[@]}" "$SELFTESTS/xdp.py" "$1" "$work/bpf/$1" &&
		ip -n "$gw" link set dstm0 xdpgeneric pinned "$work/bpf/$1"
}
mkdir "$work/bpf"
if mount -t bpf bpf "$work/bpf" && xdp pass; then
	check "XDP_PASS" both
	ip -n "$gw" link set dstm0 xdpgeneric off
	check "XDP_DROP is loaded" xdp drop
	check_not "XDP_DROP" pings "$client" $outside -W 0.3
	ip -n "$gw" link set dstm0 xdpgeneric off
	check "without XDP again" both
else
	skip "XDP" "no program can be loaded here"
fi
umount "$work/bpf" 2> /dev/null

# IPsec. (User-mode Linux's kernel has no policies.)
if ip -n "$gw" xfrm policy add src ::/0 dst 2001:db8::1/128 dir in action block \
		2> "$work/xfrm"; then
	check "IPsec: what a policy blocks is dropped and counted" counted rx-policy 1 \
		fails n "$client" ping -n -c 1 -W 0.2 $outside
	ip -n "$gw" xfrm policy flush
	check "IPsec: without the policy" both
else
	skip "IPsec" "no policies here: $(tail -n 1 "$work/xfrm")"
fi

# Down is down.
ip -n "$gw" link set dstm0 down
check "down: nothing comes out" counted rx-down 1 \
	fails n "$client" ping -n -c 1 -W 0.2 $outside
check_not "down: nothing goes in" pings "$inet" $inside -W 0.3
ip -n "$gw" link set dstm0 up
ip -n "$gw" route replace 192.0.2.0/24 dev dstm0
check "up again" both

# A VRF is the IPv4 side, and the underlay is not in it.
in_vrf()
{
	modprobe -q vrf
	ip -n "$gw" link add red type vrf table 100 &&
		ip -n "$gw" link set red up &&
		ip -n "$gw" link set inet0 master red &&
		ip -n "$gw" link set dstm0 master red &&
		ip -n "$gw" route replace 192.0.2.0/24 dev dstm0 vrf red
}
told()
{
	n "$inet" ping -n -c 1 -W 2 192.0.2.66 | grep "From 198.51.100.1.*Unreachable"
}
if in_vrf 2> "$work/vrf"; then
	check "VRF: both directions" both
	check "VRF: an error about no mapping" told
	map add ipv4 192.0.2.8 remote 2001:db8:1::8
	gw_nl link set dstm0 hairpin off
	check "VRF: hairpin off holds there" counted tx-hairpin 1 \
		fails n "$client" ping -n -c 1 -W 0.2 192.0.2.8
	gw_nl link set dstm0 hairpin on
	check "VRF: the gateway can be pinged by a client" n "$client" ping -n -c 1 -W 2 198.51.100.1
else
	skip "VRF" "no VRF here: $(tail -n 1 "$work/vrf")"
fi
tap_done
