#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tracepoints dstm:* and the kernel's drop reasons tell of each packet.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wires.sh"

need_dstm
trace_apart
topology
map add ipv4 192.0.2.7 remote 2001:db8:1::7 || bail "map add"

echo 1 > $tracing/events/dstm/enable
echo 1 > $tracing/events/skb/kfree_skb/enable
pings "$client" 198.51.100.2 > /dev/null
inject "$client" --inner-source 192.0.2.66
inject "$client" --inner-source 127.0.0.1
n "$inet" ping -4 -n -c 1 -W 0.3 192.0.2.99 > /dev/null
echo 0 > $tracing/events/enable
cat $tracing/trace > "$work/trace"

traced()
{
	grep -c "$@" "$work/trace"
	grep -q "$@" "$work/trace"
}

# dropped OURS KERNELS: the kernel's event is about the same packet.
dropped()
{
	local skb

	skb=$(sed -n "s/.*dstm_drop: .*reason=$1 skbaddr=\([^ ]*\) .*/\1/p" "$work/trace" | head -n 1)
	echo "skb $skb"
	grep kfree_skb "$work/trace"
	[ -n "$skb" ] && grep -q "kfree_skb: skbaddr=$skb .*reason: $2" "$work/trace"
}

check "decap: device, addresses and mapping" traced -E \
	"dstm_decap: dev=dstm0 remote=2001:db8:1::7 source=192.0.2.7 destination=198.51.100.2 protocol=1 len=84"
check "encap: the other way" traced -E \
	"dstm_encap: dev=dstm0 remote=2001:db8:1::7 source=198.51.100.2 destination=192.0.2.7 protocol=1 len=84"
check "drop: the counter's name" traced "dstm_drop: dev=dstm0 reason=rx-inner-address "
check "drop: a source that fails the check, in the kernel's words" \
	dropped rx-inner-address IP_RPFILTER
check "drop: a loopback address" dropped rx-loopback IP_INADDRERRORS
check "drop: no mapping" dropped tx-no-mapping IP_OUTNOROUTES

# Whoever frees it: reassembly, IPv6 output, we.
drop_packets()
{
	local cases='*-fragment* *-nested-* encap-refused-by-output device-* hairpin-off *-one-more-df'

	set -f
	echo > $tracing/trace
	echo 1 > $tracing/events/dstm/dstm_drop/enable
	# shellcheck disable=SC2086 # one word per case is meant
	"${python[@]}" -m packets --gateway "$wired:$wires" $cases || return 1
	echo 0 > $tracing/events/enable
	cat $tracing/trace > "$work/trace"
	set +f
	counters "$wired"
}
as_counted()
{
	local name traced status=0 moved=0

	for name in "${!counter[@]}"; do
		case $name in
		*-packets | *-bytes) continue ;;
		rx-* | tx-*) ;;
		*) continue ;;
		esac
		traced=$(grep -c "reason=$name " "$work/trace")
		echo "$name: counted ${counter[$name]}, traced $traced"
		[ "$traced" -eq "${counter[$name]}" ] || status=1
		[ "$traced" -eq 0 ] || moved=$((moved + 1))
	done
	[ $status -eq 0 ] && [ $moved -gt 10 ]
}
if has_package scapy; then
	ns wired wires
	device_between gateway "$wired" "$wires" || bail "no gateway"
	check "packets are dropped in many ways" drop_packets
	check "drop: as often as any counter says" as_counted
else
	skip "drop: as often as any counter says" "needs python3-scapy"
fi

tap_done
