#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
#
# Programs that people use, through a client's ip6tnl device, a router of the IPv6
# network with a narrow link, the gateway, and to a host of the Internet.

. "$(dirname "$0")/lib.sh"

need_dstm
inside=192.0.2.7
outside=198.51.100.2

# client --(1400)-- router -- gw -- inet
ns client router gw inet
routers "$router" "$gw"
link_underlay "$client" "$router" 1 7 || bail "no veth"
link_underlay "$router" "$gw" 2 7 || bail "no veth"
link_inet "$inet" "$gw"
ip -n "$gw" addr add 2001:db8::1/128 dev lo nodad
ip -n "$gw" route add 2001:db8:1::/64 via 2001:db8:2::7
ip -n "$client" link set up1 mtu 1400
ip -n "$router" link set down1 mtu 1400
tunnel_client "$client" 1 7 $inside || bail "no ip6tnl"
gateway_device "$gw" || bail "no dstm device"
busywait 5000 n "$client" ping -6 -c 1 -W 1 2001:db8::1 > /dev/null || bail "no underlay"

whole()
{
	map flush > /dev/null
	map add ipv4 $inside remote 2001:db8:1::7
}

port_set()
{
	map flush > /dev/null
	map add ipv4 $inside psid 5 psid-len 6 remote 2001:db8:1::7
}

# with TOOL NAME COMMAND...: a case, where there is such a program.
with()
{
	local tool=$1 name=$2

	shift 2
	if command -v "$tool" > /dev/null; then
		check "$name" "$@"
	else
		skip "$name" "no $tool"
	fi
}

# hops NS DESTINATION HOP...: just these, in this order.
hops()
{
	local where=$1 destination=$2

	shift 2
	n "$where" traceroute -n -q 1 -w 3 -m 6 "$destination" | tee "$work/hops"
	[ "$(awk 'NR > 1 { print $2 }' "$work/hops" | tr '\n' ' ')" = "$* " ]
}

# finds NS DESTINATION MTU
finds()
{
	n "$1" tracepath -n -m 6 "$2" | tee "$work/path"
	grep -q "Resume: pmtu $3 " "$work/path"
}

# in_background COMMAND... --ready FILE: until it may begin.
start()
{
	local where=$1 ready

	shift
	ready=$(mktemp -u "$work/ready.XXXXXX")
	n "$where" "${python[@]}" "$SELFTESTS/programs.py" "$@" --ready "$ready" \
		> "$ready.log" 2>&1 &
	started=$!
	started_log=$ready.log
	busywait 60000 listening "$ready" || { cat "$ready.log"; return 1; }
}

big_answer()
{
	n "$client" dig -b "$1" +ignore +bufsize=4096 +tries=3 +timeout=3 TXT big.example \
		@$outside > "$work/dig"
	grep -E 'status:|MSG SIZE|flags:' "$work/dig"
	# The size also tells that it came by UDP.
	grep -q 'status: NOERROR' "$work/dig" && grep -q 'MSG SIZE  rcvd: 39[0-9][0-9]' "$work/dig"
}

iperf()
{
	n "$client" iperf3 -c $outside -B $inside -t 1 -J "$@" > "$work/iperf" ||
		{ cat "$work/iperf"; return 1; }
	"${python[@]}" -c '
import json, sys
got = json.load(open(sys.argv[1]))["end"]["sum_received"]["bytes"]
print(got, "bytes")
sys.exit(got < 100000)' "$work/iperf"
}

# The link gets narrower while the data flow, and nothing has to time out for that.
shrinking()
{
	start "$client" download $outside || return 1
	sleep 0.7
	ip -n "$router" link set down1 mtu 1300
	ip -n "$client" link set up1 mtu 1300
	wait $started
	cat "$started_log"
	grep -q '^4000000 bytes' "$started_log" &&
		awk -v most="${slow:+1}2" '{ exit $5 >= most }' "$started_log"
}

widened()
{
	ip -n "$router" link set down1 mtu 1400
	ip -n "$client" link set up1 mtu 1400
}

whole || bail "map add"
with traceroute "traceroute out: the gateway is one hop" \
	hops "$client" $outside 198.51.100.1 $outside
with traceroute "traceroute in: the gateway is one hop" \
	hops "$inet" $inside 198.51.100.1 $inside
with tracepath "tracepath in finds the 1400-byte link" finds "$inet" $inside 1360
# The client's ip6tnl device sends an encapsulation limit.
with tracepath "tracepath out finds it, too" finds "$client" $outside 1352

start "$inet" dns $outside || bail "no DNS server"
with dig "an answer of 4 kB by UDP, whole address" big_answer $inside
port_set || bail "map add"
with dig "an answer of 4 kB by UDP, port set" big_answer "$inside#5300"
whole

if command -v iperf3 > /dev/null; then
	n "$inet" iperf3 -s -D -I "$work/iperf.pid" > /dev/null
	busywait 60000 n "$inet" grep -qi ':1451 ' /proc/net/tcp /proc/net/tcp6
fi
with iperf3 "iperf3 out" iperf
with iperf3 "iperf3 in" iperf -R

start "$inet" serve $outside || bail "no server"
check "a download goes on when the path's MTU shrinks" shrinking
widened
port_set
ip -n "$client" route change default dev tun src $inside
n "$client" sh -c 'echo 5120 6143 > /proc/sys/net/ipv4/ip_local_port_range'
check "a download to a port set, too" shrinking
tap_done
