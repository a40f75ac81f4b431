// SPDX-License-Identifier: GPL-2.0
/* A packet's way out of the tunnel. */
#include <linux/if_vlan.h>
#include <linux/netfilter.h>
#include <net/dst_metadata.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/xfrm.h>

#include "batch.h"
#include "device.h"
#include "drop.h"
#include "early.h"
#include "events.h"
#include "fragment.h"
#include "icmp.h"
#include "inner.h"
#include "receive.h"
#include "relay.h"
#include "tally.h"
#include "trace.h"

/* Ahead of ip6_vti (0) and ip6_tnl (1), which get what is not ours. */
#define DSTM_TUNNEL_PRIORITY	-1

/*
 * Outer source, outer destination and inner address and port must be one
 * mapping (RFC 7596 section 6.2). Returns the counter of what does not fit. A
 * fragment that could be of no packet that fits is not kept until there is one.
 */
static int match(struct dstm_dev *dstm, const struct ipv6hdr *outer,
		 const struct sk_buff *skb, int offset, struct dstm_mapping **m)
{
	enum dstm_end end = dstm_receive_end(dstm);
	const struct iphdr *iph = dstm_inner_header(skb, offset);
	enum dstm_flaw flaw;

	flaw = dstm_inner_owner(&dstm->table, skb, offset, iph, end, m);
	if (flaw == DSTM_FRAGMENT &&
	    !dstm_table_may_serve(&dstm->table, end == DSTM_SOURCE ? iph->saddr :
				  iph->daddr, &outer->saddr))
		return DSTM_A_STATS_RX_OUTER_SOURCE;
	if (flaw)
		return dstm_rx_counter(flaw);
	if (!ipv6_addr_equal(&dstm_mapping_tep_rcu(*m)->addr, &outer->daddr))
		return DSTM_A_STATS_RX_OUTER_DESTINATION;
	if (!ipv6_addr_equal(&(*m)->remote, &outer->saddr))
		return DSTM_A_STATS_RX_OUTER_SOURCE;
	return 0;
}

static bool is_spoof(int counter)
{
	return counter == DSTM_A_STATS_RX_INNER_ADDRESS ||
	       counter == DSTM_A_STATS_RX_INNER_PORT ||
	       counter == DSTM_A_STATS_RX_OUTER_SOURCE ||
	       counter == DSTM_A_STATS_RX_OUTER_DESTINATION;
}

/* What iptunnel_pull_header() does beside pulling. Returns 0 or -ENOMEM. */
static int leave_tunnel(const struct dstm_dev *dstm, struct sk_buff *skb)
{
	skb->protocol = htons(ETH_P_IP);
	skb_clear_hash_if_not_l4(skb);
	__vlan_hwaccel_clear_tag(skb);
	skb_set_queue_mapping(skb, 0);
	skb_scrub_packet(skb, !net_eq(dstm->underlay, dev_net(dstm->dev)));
	return iptunnel_pull_offloads(skb);
}

/* Make a packet, whose outer header is pulled, one of the device. Returns a counter, or 0. */
static int decapsulate(struct dstm_dev *dstm, struct sk_buff *skb)
{
	int outer = skb_network_header(skb) - skb->head;
	const struct ipv6hdr *ipv6h = ipv6_hdr(skb);
	bool copy_dscp = READ_ONCE(dstm->dscp) == DSTM_DSCP_OUTER;

	/* Congestion marks may go into the inner header (RFC 6040 4.2). */
	if ((copy_dscp || ipv6_get_dsfield(ipv6h) & INET_ECN_MASK) &&
	    skb_ensure_writable(skb, sizeof(struct iphdr)))
		return DSTM_A_STATS_RX_TRUNCATED;
	if (leave_tunnel(dstm, skb))
		return DSTM_A_STATS_RX_TRUNCATED;

	skb->dev = dstm->dev;
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	memset(skb->cb, 0, sizeof(struct inet6_skb_parm));

	ipv6h = (const struct ipv6hdr *)(skb->head + outer);
	if (copy_dscp)
		ipv4_copy_dscp(ipv6_get_dsfield(ipv6h), ip_hdr(skb));
	if (IP6_ECN_decapsulate(ipv6h, skb) > 1)
		return DSTM_A_STATS_RX_ECN;
	return 0;
}

/* TCP gains from being put together, the others only from being quick. */
static void deliver(struct dstm_dev *dstm, struct dstm_mapping *m,
		    struct sk_buff *skb, struct napi_struct *napi,
		    struct dstm_tally *tally)
{
	unsigned int len = skb->len;

	trace_dstm_decap(dstm, m, ip_hdr(skb), len);
	dstm_tally_add(tally, dstm, m, len);
	if (ip_hdr(skb)->protocol != IPPROTO_TCP && dstm_early_input(dstm, skb))
		return;
	/* GRO takes apart what a sender or a packet socket may still share. */
	if (napi && !skb_unclone(skb, GFP_ATOMIC))
		napi_gro_receive(napi, skb);
	else
		netif_rx(skb);
}

/*
 * A fragment whose owner only the whole packet tells. Each gets its congestion
 * mark before they are put together (RFC 3168 section 5.3). Returns a counter
 * if it is to be dropped, or 0: it is taken.
 */
static int receive_fragment(struct dstm_dev *dstm, struct sk_buff *skb,
			    struct napi_struct *napi, struct dstm_tally *tally)
{
	struct ipv6hdr outer = *ipv6_hdr(skb);
	struct dstm_mapping *m;
	unsigned int len;
	int counter, err;

	counter = decapsulate(dstm, skb);
	if (counter)
		return counter;
	len = skb->len;
	if (!dstm_reassemble(dev_net(dstm->dev), skb,
			     dstm_reassembly_in(dstm->dev->ifindex, &outer),
			     &err)) {
		if (err)
			dstm_lost(dstm, skb, len, DSTM_A_STATS_RX_FRAGMENT);
		return 0;
	}
	counter = match(dstm, &outer, skb, 0, &m);
	if (is_spoof(counter))
		dstm_event_spoof(dstm, skb, &outer, counter);
	if (!counter)
		deliver(dstm, m, skb, napi, tally);
	return counter;
}

/* The same for a packet that comes in one piece. */
static int receive(struct dstm_dev *dstm, struct sk_buff *skb,
		   struct napi_struct *napi, struct dstm_tally *tally)
{
	struct dstm_mapping *m;
	int counter;

	counter = dstm_rx_counter(dstm_inner_check(skb));
	if (counter)
		return counter;
	counter = match(dstm, ipv6_hdr(skb), skb, 0, &m);
	if (counter == DSTM_A_STATS_RX_FRAGMENT)
		return receive_fragment(dstm, skb, napi, tally);
	if (is_spoof(counter)) {
		dstm_event_spoof(dstm, skb, ipv6_hdr(skb), counter);
		dstm_icmp_spoof(dstm, skb);
	}
	if (counter)
		return counter;
	counter = decapsulate(dstm, skb);
	if (!counter)
		deliver(dstm, m, skb, napi, tally);
	return counter;
}

/**
 * dstm_receive_one - take a packet out of the tunnel
 * @dstm: the device; the caller is in an RCU section
 * @skb: the packet, taken; data at the inner header, network header at the outer
 * @napi: whose poll this is, or NULL: it is none's
 * @tally: counts it
 */
void dstm_receive_one(struct dstm_dev *dstm, struct sk_buff *skb,
		      struct napi_struct *napi, struct dstm_tally *tally)
{
	int counter = receive(dstm, skb, napi, tally);

	if (counter)
		dstm_drop(dstm, skb, counter);
}

/**
 * dstm_receive_plain - whose a packet is if nothing about it is special
 * @dstm: the device; the caller is in an RCU section
 * @skb: the packet, data at its outer header, which is checked, and as long as
 *       that says; both headers are in the linear part
 * @m: gets the mapping
 *
 * Return: whether it is sound, and belongs to a mapping.
 */
bool dstm_receive_plain(struct dstm_dev *dstm, const struct sk_buff *skb,
			struct dstm_mapping **m)
{
	const struct ipv6hdr *outer = ipv6_hdr(skb);
	const struct iphdr *iph = dstm_inner_header(skb, sizeof(*outer));

	return iph->version == 4 && iph->ihl == 5 &&
	       ntohs(iph->tot_len) == skb->len - sizeof(*outer) &&
	       !ip_fast_csum(iph, iph->ihl) && !ip_is_fragment(iph) &&
	       !dstm_inner_check_addresses(iph) &&
	       !dstm_inner_check_nesting(skb, sizeof(*outer), iph) &&
	       !match(dstm, outer, skb, sizeof(*outer), m);
}

/**
 * dstm_receive_by - take a packet out of the tunnel
 * @dstm: the device; the caller is in an RCU section
 * @skb: the packet; data at the inner header, network header at the outer
 * @m: what dstm_receive_plain() found
 * @tally: counts it
 *
 * Return: whether it is the caller's still; otherwise it is dropped.
 */
bool dstm_receive_by(struct dstm_dev *dstm, struct sk_buff *skb,
		     struct dstm_mapping *m, struct dstm_tally *tally)
{
	int counter = decapsulate(dstm, skb);

	if (counter) {
		dstm_drop(dstm, skb, counter);
		return false;
	}
	trace_dstm_decap(dstm, m, ip_hdr(skb), skb->len);
	dstm_tally_add(tally, dstm, m, skb->len);
	return true;
}

/*
 * Called by the IPv6 stack with skb->data at the inner header and the network
 * header at the outer one. Returns 0 when the packet was ours, and is taken.
 */
static int dstm_receive(struct sk_buff *skb)
{
	struct dstm_tep *tep;

	rcu_read_lock();
	tep = dstm_tep_find(dstm_net(dev_net(skb->dev)), &ipv6_hdr(skb)->daddr);
	if (!tep) {
		rcu_read_unlock();
		return -ENOENT;
	}
	if (!xfrm6_policy_check(NULL, XFRM_POLICY_IN, skb))
		dstm_drop(tep->dstm, skb, DSTM_A_STATS_RX_POLICY);
	else
		dstm_batch_receive(tep->dstm, skb);
	rcu_read_unlock();
	return 0;
}

static struct xfrm6_tunnel dstm_tunnel __read_mostly = {
	.handler = dstm_receive,
	.err_handler = dstm_relay_error,
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
