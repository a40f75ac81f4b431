#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets are taken early, unless somebody in between wants to see them.

. "$(dirname "$0")/lib.sh"

need_dstm
need_tool nft tcpdump
trace_apart
probes=/sys/kernel/tracing/kprobe_events
[ -e $probes ] || skip_all "this kernel has no probes of functions"
topology
map add ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map add"
# With the limit's option between the headers, the stack has to look at it.
n "$client" ip link set tun type ip6tnl encaplimit none || bail "encaplimit"

cat >> $probes <<-END || bail "no probes"
	p:dstm_test/in dstm:dstm_batch_transmit
	p:dstm_test/late dstm:dstm_receive
	p:dstm_test/forward ip_forward
	p:dstm_test/local ip6_local_out
END
no_probes()
{
	echo 0 > $tracing/events/dstm_test/enable
	printf -- '-:dstm_test/%s\n' in late forward local >> $probes
}
trap 'status=$?; no_probes; cleanup; exit $status' EXIT
echo 1 > $tracing/events/dstm_test/enable

# early IN OUT: of three pings, so many packets are taken early into the tunnel, and
# so many out of it. The first pings make sure that neighbours and paths are known.
early()
{
	local into late

	pings "$inet" 192.0.2.7 > /dev/null || return 1
	echo > $tracing/trace
	n "$inet" ping -4 -n -c 3 -i 0.02 192.0.2.7 || return 1
	into=$(grep -c ' in: ' $tracing/trace)
	# The client's own tunnel is asked for three, too, before ip6_tnl gets them.
	late=$(($(grep -c ' late: ' $tracing/trace) - 3))
	echo "early: $into packets into the tunnel, $((3 - late)) out of it"
	[ "$into" -eq "$1" ] && [ $((3 - late)) -eq "$2" ]
}

# Without the stack's steps between the route and the device.
in_one_step()
{
	local forward local

	early 3 3 || return 1
	forward=$(grep -c ' forward: ' $tracing/trace)
	# The client's own tunnel takes this step three times.
	local=$(($(grep -c ' local: ' $tracing/trace) - 3))
	echo "$forward by ip_forward(), $local by ip6_local_out()"
	[ "$forward" -eq 0 ] && [ $local -eq 0 ]
}

check "both ways" early 3 3
# After a change, such as of a carrier's state a second ago, one may go the long way.
check "they leave in one step" busywait 2000 in_one_step
check "a packet socket on the device sees all" watched dstm0 early 0 3
check "netfilter: forward" counted_at ip forward early 0 3
check "netfilter: postrouting" counted_at ip postrouting early 0 3
check "netfilter: prerouting comes before" counted_at ip prerouting early 3 3
check "netfilter: input of the underlay" counted_at ip6 input early 3 0
check "netfilter: output of the underlay" counted_at ip6 output early 3 3
check "netfilter: postrouting of the underlay" counted_at ip6 postrouting early 3 3
check "both ways again" in_one_step

tap_done
