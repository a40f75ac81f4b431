// SPDX-License-Identifier: GPL-2.0
/* The end of a packet that does not pass: counted, traced, and freed. */
#include <linux/skbuff.h>

#include "device.h"
#include "drop.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * A module can not add names to the kernel's list of drop reasons: these are the
 * nearest ones that are there. Our own names are in the tracepoint.
 */
#define BOTH(name, reason)			\
	[DSTM_A_STATS_RX_##name] = reason,	\
	[DSTM_A_STATS_TX_##name] = reason

static const enum skb_drop_reason core_reason[DSTM_COUNTER_LAST + 1] = {
	BOTH(TRUNCATED, SKB_DROP_REASON_HDR_TRUNC),
	BOTH(VERSION, SKB_DROP_REASON_IP_INHDR),
	BOTH(HEADER, SKB_DROP_REASON_IP_INHDR),
	BOTH(CHECKSUM, SKB_DROP_REASON_IP_CSUM),
	BOTH(MULTICAST, SKB_DROP_REASON_IP_INADDRERRORS),
	BOTH(LOOPBACK, SKB_DROP_REASON_IP_INADDRERRORS),
	BOTH(LINK_LOCAL, SKB_DROP_REASON_IP_INADDRERRORS),
	BOTH(ZERO_NET, SKB_DROP_REASON_IP_INADDRERRORS),
	BOTH(CLASS_E, SKB_DROP_REASON_IP_INADDRERRORS),
	BOTH(SAME_ADDRESS, SKB_DROP_REASON_IP_INADDRERRORS),
	BOTH(NO_PORTS, SKB_DROP_REASON_IP_NOPROTO),
	BOTH(ICMP_ERROR, SKB_DROP_REASON_INVALID_PROTO),
	BOTH(ICMP_CHECKSUM, SKB_DROP_REASON_ICMP_CSUM),
	[DSTM_A_STATS_RX_DOWN] = SKB_DROP_REASON_DEV_READY,
	[DSTM_A_STATS_RX_POLICY] = SKB_DROP_REASON_XFRM_POLICY,
	[DSTM_A_STATS_RX_INNER_ADDRESS] = SKB_DROP_REASON_IP_RPFILTER,
	[DSTM_A_STATS_RX_INNER_PORT] = SKB_DROP_REASON_IP_RPFILTER,
	[DSTM_A_STATS_RX_OUTER_DESTINATION] = SKB_DROP_REASON_IP_RPFILTER,
	[DSTM_A_STATS_RX_OUTER_SOURCE] = SKB_DROP_REASON_IP_RPFILTER,
	[DSTM_A_STATS_RX_ECN] = SKB_DROP_REASON_IP_INHDR,
	[DSTM_A_STATS_TX_NO_MAPPING] = SKB_DROP_REASON_IP_OUTNOROUTES,
	[DSTM_A_STATS_TX_NO_PORT_SET] = SKB_DROP_REASON_IP_OUTNOROUTES,
	[DSTM_A_STATS_TX_PROTOCOL] = SKB_DROP_REASON_UNHANDLED_PROTO,
	[DSTM_A_STATS_TX_TOO_BIG] = SKB_DROP_REASON_PKT_TOO_BIG,
	[DSTM_A_STATS_TX_NO_ROUTE] = SKB_DROP_REASON_IP_OUTNOROUTES,
	[DSTM_A_STATS_TX_ERROR] = SKB_DROP_REASON_NOMEM,
};

/**
 * dstm_drop - drop a packet
 * @dstm: the device
 * @skb: the packet, freed
 * @counter: what counts it, DSTM_A_STATS_*
 */
void dstm_drop(struct dstm_dev *dstm, struct sk_buff *skb, int counter)
{
	enum skb_drop_reason reason = core_reason[counter];

	dstm_count(dstm->counters, counter);
	trace_dstm_drop(dstm, skb, counter);
	kfree_skb_reason(skb, reason ?: SKB_DROP_REASON_NOT_SPECIFIED);
}
