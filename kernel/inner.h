/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_INNER_H
#define _DSTM_INNER_H

#include <linux/ip.h>
#include <linux/skbuff.h>

struct dstm_mapping;
struct dstm_table;

/* Which end of the inner packet the mapping is about. */
enum dstm_end {
	DSTM_SOURCE,
	DSTM_DESTINATION,
};

/* Why an inner packet has no owner; each direction has its counters for them. */
enum dstm_miss {
	DSTM_FOUND,
	DSTM_MISS_ADDRESS,	/* the address has no mapping */
	DSTM_MISS_PORT,		/* it is shared, and the port in no mapped set */
	DSTM_MISS_NO_PORTS,	/* it is shared, the protocol has no ports */
	DSTM_MISS_FRAGMENT,	/* it is shared, a fragment does not tell */
	DSTM_MISSES
};

const struct iphdr *dstm_inner_header(struct sk_buff *skb, int offset);
bool dstm_inner_port(const struct sk_buff *skb, int offset,
		     const struct iphdr *iph, enum dstm_end end, u16 *port);
enum dstm_miss dstm_inner_owner(struct dstm_table *t, const struct sk_buff *skb,
				int offset, const struct iphdr *iph,
				enum dstm_end end, struct dstm_mapping **m);

#endif
