#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
#
# packets_hooked.sh [CASE...]: the cases of packets.sh where netfilter wants to see
# every packet, so that none is taken early; on emulated CPUs every eighth of them.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wires.sh"

# A rule in each hook that an early packet would pass by.
watch()
{
	local hook

	for hook in prerouting input forward postrouting; do
		echo "add chain inet watch $hook { type filter hook $hook priority 0; policy accept; }"
		echo "add rule inet watch $hook counter"
	done | cat <(echo "add table inet watch") - | n "$1" nft -f -
}

# seen NS CHAIN: packets went by.
seen()
{
	n "$1" nft list chain inet watch "$2" | grep -q 'counter packets [1-9]'
}

need_dstm
need_scapy
need_tool nft
ns gw gw_wire client client_wire
device_between gateway "$gw" "$gw_wire" || bail "no gateway"
device_between client "$client" "$client_wire" || bail "no client"
watch "$gw" && watch "$client" || bail "no netfilter"

# That queue is of packets that are taken early.
"${python[@]}" -m packets ${slow:+--every 8} --but encap-queue-full --gateway "$gw:$gw_wire" \
	--client "$client:$client_wire" "$@" || exit 1
for hook in forward input postrouting; do
	seen "$gw" $hook || { echo "# nothing went by $hook"; exit 1; }
done
