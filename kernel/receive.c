// SPDX-License-Identifier: GPL-2.0
/* A packet's way out of the tunnel. */
#include <linux/netfilter.h>
#include <net/dst_metadata.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/xfrm.h>

#include "device.h"
#include "events.h"
#include "icmp.h"
#include "inner.h"
#include "receive.h"

/* Ahead of ip6_vti (0) and ip6_tnl (1), which get what is not ours. */
#define DSTM_TUNNEL_PRIORITY	-1

static const u8 miss_counter[DSTM_MISSES] = {
	[DSTM_MISS_ADDRESS] = DSTM_A_STATS_RX_INNER_ADDRESS,
	[DSTM_MISS_PORT] = DSTM_A_STATS_RX_INNER_PORT,
	[DSTM_MISS_NO_PORTS] = DSTM_A_STATS_RX_NO_PORTS,
	[DSTM_MISS_FRAGMENT] = DSTM_A_STATS_RX_FRAGMENT,
};

/*
 * Outer source, outer destination and inner address and port must be one
 * mapping (RFC 7596 section 6.2). Returns the counter of what does not fit.
 */
static int match(struct dstm_dev *dstm, const struct dstm_tep *tep,
		 struct sk_buff *skb, const struct iphdr *iph,
		 struct dstm_mapping **m)
{
	enum dstm_miss miss;

	miss = dstm_inner_owner(&dstm->table, skb, 0, iph,
				dstm->role == DSTM_ROLE_GATEWAY ?
				DSTM_SOURCE : DSTM_DESTINATION, m);
	if (miss)
		return miss_counter[miss];
	if ((*m)->tep != tep)
		return DSTM_A_STATS_RX_OUTER_DESTINATION;
	if (!ipv6_addr_equal(&(*m)->remote, &ipv6_hdr(skb)->saddr))
		return DSTM_A_STATS_RX_OUTER_SOURCE;
	return 0;
}

static bool is_spoof(int reason)
{
	return reason == DSTM_A_STATS_RX_INNER_ADDRESS ||
	       reason == DSTM_A_STATS_RX_INNER_PORT ||
	       reason == DSTM_A_STATS_RX_OUTER_SOURCE ||
	       reason == DSTM_A_STATS_RX_OUTER_DESTINATION;
}

/* Take the outer header off. Returns a counter, or 0. */
static int decapsulate(struct dstm_dev *dstm, struct sk_buff *skb)
{
	int outer = skb_network_header(skb) - skb->head;
	const struct ipv6hdr *ipv6h = ipv6_hdr(skb);

	/* The congestion mark may go into the inner header (RFC 6040). */
	if (INET_ECN_is_ce(ipv6_get_dsfield(ipv6h)) &&
	    skb_ensure_writable(skb, sizeof(struct iphdr)))
		return DSTM_A_STATS_RX_MALFORMED;
	if (iptunnel_pull_header(skb, 0, htons(ETH_P_IP), false))
		return DSTM_A_STATS_RX_MALFORMED;

	skb->dev = dstm->dev;
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	memset(skb->cb, 0, sizeof(struct inet6_skb_parm));
	__skb_tunnel_rx(skb, dstm->dev, dstm->underlay);

	ipv6h = (const struct ipv6hdr *)(skb->head + outer);
	if (IP6_ECN_decapsulate(ipv6h, skb) > 1)
		return DSTM_A_STATS_RX_ECN;
	return 0;
}

static void deliver(struct dstm_dev *dstm, struct dstm_mapping *m,
		    struct sk_buff *skb)
{
	u32 now = ktime_get_boottime_seconds();
	unsigned int len = skb->len;

	atomic64_inc(&m->rx_packets);
	atomic64_add(len, &m->rx_bytes);
	if (READ_ONCE(m->last_use) != now)
		WRITE_ONCE(m->last_use, now);

	if (gro_cells_receive(&dstm->gro_cells, skb) == NET_RX_SUCCESS)
		dstm_count_packet(dstm->counters, DSTM_A_STATS_RX_PACKETS, len);
	else
		dstm_count(dstm->counters, DSTM_A_STATS_RX_BACKLOG);
}

/*
 * Called by the IPv6 stack with skb->data at the inner header and the network
 * header at the outer one. Returns 0 when the packet was ours, and is taken.
 */
static int dstm_receive(struct sk_buff *skb)
{
	const struct iphdr *iph;
	struct dstm_mapping *m;
	struct dstm_tep *tep;
	struct dstm_dev *dstm;
	int reason;

	rcu_read_lock();
	tep = dstm_tep_find(dev_net(skb->dev), &ipv6_hdr(skb)->daddr);
	if (!tep) {
		rcu_read_unlock();
		return -ENOENT;
	}
	dstm = tep->dstm;

	reason = DSTM_A_STATS_RX_DOWN;
	if (!(dstm->dev->flags & IFF_UP))
		goto drop;

	reason = DSTM_A_STATS_RX_MALFORMED;
	if (!xfrm6_policy_check(NULL, XFRM_POLICY_IN, skb))
		goto drop;
	iph = dstm_inner_header(skb, 0);
	if (!iph)
		goto drop;

	reason = match(dstm, tep, skb, iph, &m);
	if (reason) {
		if (is_spoof(reason)) {
			dstm_event_spoof(dstm, skb, reason);
			dstm_icmp_spoof(dstm, skb);
		}
		goto drop;
	}

	reason = decapsulate(dstm, skb);
	if (reason)
		goto drop;
	skb_scrub_packet(skb, !net_eq(dstm->underlay, dev_net(dstm->dev)));
	deliver(dstm, m, skb);
	rcu_read_unlock();
	return 0;

drop:
	dstm_count(dstm->counters, reason);
	rcu_read_unlock();
	kfree_skb(skb);
	return 0;
}

/* Errors about tunnel packets are left to the other handlers. */
static int dstm_receive_error(struct sk_buff *skb, struct inet6_skb_parm *opt,
			      u8 type, u8 code, int offset, __be32 info)
{
	return -ENOENT;
}

static struct xfrm6_tunnel dstm_tunnel __read_mostly = {
	.handler = dstm_receive,
	.err_handler = dstm_receive_error,
	.priority = DSTM_TUNNEL_PRIORITY,
};

/**
 * dstm_receive_init - begin to take IPv4-in-IPv6 packets
 *
 * Return: 0 or a negative error.
 */
int dstm_receive_init(void)
{
	return xfrm6_tunnel_register(&dstm_tunnel, AF_INET);
}

/** dstm_receive_exit - take no more packets */
void dstm_receive_exit(void)
{
	xfrm6_tunnel_deregister(&dstm_tunnel, AF_INET);
}
