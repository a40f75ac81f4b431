/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_INNER_H
#define _DSTM_INNER_H

#include <linux/ip.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <uapi/linux/dstm.h>

#include "mapping.h"

/* Which end of the inner packet the mapping is about. */
enum dstm_end {
	DSTM_SOURCE,
	DSTM_DESTINATION,
};

/*
 * What is wrong with an inner packet. Each direction has a counter for each of
 * them, in this order.
 */
enum dstm_flaw {
	DSTM_SOUND,
	DSTM_TRUNCATED,
	DSTM_VERSION,
	DSTM_HEADER,
	DSTM_CHECKSUM,
	DSTM_MULTICAST,
	DSTM_LOOPBACK,
	DSTM_LINK_LOCAL,
	DSTM_ZERO_NET,
	DSTM_CLASS_E,
	DSTM_SAME_ADDRESS,
	DSTM_NESTED,
	DSTM_NO_PORTS,
	DSTM_ICMP_ERROR,
	DSTM_ICMP_CHECKSUM,
	DSTM_FRAGMENT,
	DSTM_NO_ADDRESS,
	DSTM_NO_PORT,
};

static inline int dstm_rx_counter(enum dstm_flaw flaw)
{
	BUILD_BUG_ON(DSTM_A_STATS_RX_INNER_PORT - DSTM_A_STATS_RX_TRUNCATED !=
		     DSTM_NO_PORT - DSTM_TRUNCATED);
	return flaw ? DSTM_A_STATS_RX_TRUNCATED - DSTM_TRUNCATED + flaw : 0;
}

static inline int dstm_tx_counter(enum dstm_flaw flaw)
{
	BUILD_BUG_ON(DSTM_A_STATS_TX_NO_PORT_SET - DSTM_A_STATS_TX_TRUNCATED !=
		     DSTM_NO_PORT - DSTM_TRUNCATED);
	return flaw ? DSTM_A_STATS_TX_TRUNCATED - DSTM_TRUNCATED + flaw : 0;
}

/* Valid until the packet's headers are moved. */
static inline const struct iphdr *dstm_inner_header(const struct sk_buff *skb,
						    int offset)
{
	return (const struct iphdr *)(skb->data + offset);
}

enum dstm_flaw dstm_inner_address_flaw(const struct iphdr *iph);
enum dstm_flaw dstm_inner_count_nesting(const struct sk_buff *skb, int offset,
					const struct iphdr *iph);

/* Whether an address is in none of the networks in which one can be wrong. */
static inline bool dstm_inner_is_ordinary(__be32 addr)
{
	u8 net = ntohl(addr) >> 24;

	return net && net < 224 && net != 127 && net != 169;
}

/* dstm_inner_address_flaw(), sooner for most. */
static inline enum dstm_flaw dstm_inner_check_addresses(const struct iphdr *iph)
{
	if (likely(dstm_inner_is_ordinary(iph->saddr) &&
		   dstm_inner_is_ordinary(iph->daddr) && iph->saddr != iph->daddr))
		return DSTM_SOUND;
	return dstm_inner_address_flaw(iph);
}

/* dstm_inner_count_nesting(), sooner for most, which are in no other. */
static inline enum dstm_flaw
dstm_inner_check_nesting(const struct sk_buff *skb, int offset, const struct iphdr *iph)
{
	switch (iph->protocol) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
		return dstm_inner_count_nesting(skb, offset, iph);
	default:
		return DSTM_SOUND;
	}
}

enum dstm_flaw dstm_inner_check(struct sk_buff *skb);
bool dstm_inner_is_icmp_error(const struct sk_buff *skb, int offset,
			      const struct iphdr *iph);
enum dstm_flaw dstm_inner_port(const struct sk_buff *skb, int offset,
			       const struct iphdr *iph, enum dstm_end end,
			       u16 *port);
enum dstm_flaw dstm_inner_find_owner(struct dstm_table *t, const struct sk_buff *skb,
				     int offset, const struct iphdr *iph,
				     enum dstm_end end, struct dstm_mapping **m);

/* dstm_inner_find_owner(), sooner for most of those whose address is lent whole. */
static inline enum dstm_flaw
dstm_inner_owner(struct dstm_table *t, const struct sk_buff *skb, int offset,
		 const struct iphdr *iph, enum dstm_end end, struct dstm_mapping **m)
{
	const struct dstm_node *address;

	if (READ_ONCE(t->usual.psid_len) || ip_is_fragment(iph) ||
	    iph->protocol == IPPROTO_ICMP)
		return dstm_inner_find_owner(t, skb, offset, iph, end, m);
	address = dstm_table_address(t, end == DSTM_SOURCE ? iph->saddr : iph->daddr);
	if (!address)
		return DSTM_NO_ADDRESS;
	if (address->psid_len)
		return dstm_inner_find_owner(t, skb, offset, iph, end, m);
	*m = dstm_mapping_unless_expired(dstm_to_mapping(address));
	return *m ? DSTM_SOUND : DSTM_NO_ADDRESS;
}

void dstm_inner_seek(struct dstm_table *t, const struct sk_buff *skb,
		     enum dstm_end end, struct dstm_seek *seek);

#endif
