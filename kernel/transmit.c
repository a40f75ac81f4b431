// SPDX-License-Identifier: GPL-2.0
/* An IPv4 packet's way into the tunnel. */
#include <net/dst.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip6_route.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/xfrm.h>
#include <uapi/linux/ip6_tunnel.h>

#include "device.h"
#include "events.h"
#include "icmp.h"
#include "inner.h"
#include "transmit.h"

/* RFC 2473 section 4.1.1: a Destination Options header of eight bytes. */
struct dstm_encap_limit {
	u8 nexthdr;
	u8 hdrlen;
	u8 type;
	u8 length;
	u8 limit;
	u8 pad_type;
	u8 pad_length;
	u8 pad;
};

static const u8 miss_counter[DSTM_MISSES] = {
	[DSTM_MISS_ADDRESS] = DSTM_A_STATS_TX_NO_MAPPING,
	[DSTM_MISS_PORT] = DSTM_A_STATS_TX_NO_PORT_SET,
	[DSTM_MISS_NO_PORTS] = DSTM_A_STATS_TX_NO_PORTS,
	[DSTM_MISS_FRAGMENT] = DSTM_A_STATS_TX_FRAGMENT,
};

static void on_miss(struct dstm_dev *dstm, struct sk_buff *skb, int offset,
		    enum dstm_miss miss)
{
	if (dstm->role == DSTM_ROLE_CLIENT)
		dstm_event_acquire(dstm, skb, offset);
	if (miss == DSTM_MISS_ADDRESS || miss == DSTM_MISS_PORT)
		dstm_icmp_no_mapping(dstm, skb);
}

/* The IPv6 route to the other end; the reference is the caller's. */
static struct dst_entry *route(struct dstm_dev *dstm,
			       const struct dstm_mapping *m,
			       struct sk_buff *skb, struct flowi6 *fl6,
			       int *reason)
{
	struct dst_entry *dst;

	*fl6 = (struct flowi6) {
		.daddr = m->remote,
		.saddr = m->tep->addr,
		.flowi6_proto = IPPROTO_IPIP,
		.flowi6_mark = skb->mark,
	};
	*reason = DSTM_A_STATS_TX_NO_ROUTE;
	dst = ip6_route_output(dstm->underlay, NULL, fl6);
	if (dst->error)
		goto release;
	dst = xfrm_lookup(dstm->underlay, dst, flowi6_to_flowi(fl6), NULL, 0);
	if (IS_ERR(dst))
		return NULL;
	if (dst->dev == dstm->dev) {
		*reason = DSTM_A_STATS_TX_LOOP;
		goto release;
	}
	return dst;

release:
	dst_release(dst);
	return NULL;
}

static void push_encap_limit(struct sk_buff *skb, u8 limit)
{
	struct dstm_encap_limit *opt = skb_push(skb, sizeof(*opt));

	*opt = (struct dstm_encap_limit) {
		.nexthdr = IPPROTO_IPIP,
		.type = IPV6_TLV_TNL_ENCAP_LIMIT,
		.length = 1,
		.limit = limit,
		.pad_type = IPV6_TLV_PADN,
		.pad_length = 1,
	};
}

static void push_ipv6(struct sk_buff *skb, const struct flowi6 *fl6,
		      u8 nexthdr, u8 tclass, __be32 flowlabel, u8 hoplimit)
{
	struct ipv6hdr *ipv6h;

	skb_push(skb, sizeof(*ipv6h));
	skb_reset_network_header(skb);
	ipv6h = ipv6_hdr(skb);
	ip6_flow_hdr(ipv6h, tclass, flowlabel);
	ipv6h->payload_len = 0;		/* set by ip6_local_out() */
	ipv6h->nexthdr = nexthdr;
	ipv6h->hop_limit = hoplimit;
	ipv6h->saddr = fl6->saddr;
	ipv6h->daddr = fl6->daddr;
}

/* Put the outer header on and send; takes the packet and the route. */
static int encapsulate(struct dstm_dev *dstm, struct sk_buff *skb,
		       struct dst_entry *dst, const struct flowi6 *fl6)
{
	const struct iphdr *iph = ip_hdr(skb);
	int encap_limit = READ_ONCE(dstm->encap_limit);
	u8 hoplimit = READ_ONCE(dstm->hoplimit) ?: iph->ttl;
	u8 tclass = INET_ECN_encapsulate(ipv4_get_dsfield(iph),
					 ipv4_get_dsfield(iph));
	u8 nexthdr = IPPROTO_IPIP;
	__be32 flowlabel;
	struct flowi6 flow = *fl6;
	int err;

	/* The hash of the inner flow, while it can be seen (RFC 6438). */
	skb_get_hash(skb);

	if (skb_cow_head(skb, LL_RESERVED_SPACE(dst->dev) + dst->header_len +
			 sizeof(struct ipv6hdr) +
			 sizeof(struct dstm_encap_limit)) ||
	    iptunnel_handle_offloads(skb, SKB_GSO_IPXIP6)) {
		dst_release(dst);
		kfree_skb(skb);
		return -ENOMEM;
	}
	skb_set_inner_ipproto(skb, IPPROTO_IPIP);
	flowlabel = ip6_make_flowlabel(dstm->underlay, skb, 0, true, &flow);
	skb_scrub_packet(skb, !net_eq(dstm->underlay, dev_net(dstm->dev)));
	skb_dst_set(skb, dst);

	if (encap_limit >= 0) {
		push_encap_limit(skb, encap_limit);
		nexthdr = NEXTHDR_DEST;
	}
	push_ipv6(skb, fl6, nexthdr, tclass, flowlabel, hoplimit);
	skb->protocol = htons(ETH_P_IPV6);
	/* What is too big for the path is fragmented outside (RFC 6333 5.3). */
	skb->ignore_df = 1;
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	err = ip6_local_out(dstm->underlay, NULL, skb);
	return net_xmit_eval(err);
}

static void account(struct dstm_dev *dstm, struct dstm_mapping *m,
		    unsigned int len)
{
	u32 now = ktime_get_boottime_seconds();

	atomic64_inc(&m->tx_packets);
	atomic64_add(len, &m->tx_bytes);
	if (READ_ONCE(m->last_use) != now)
		WRITE_ONCE(m->last_use, now);
	dstm_count_packet(dstm->counters, DSTM_A_STATS_TX_PACKETS, len);
}

/**
 * dstm_transmit - send an IPv4 packet to its client, or a client's to the TEP
 * @skb: the packet, taken
 * @dev: the dstm device
 *
 * Return: NETDEV_TX_OK always; what can not be sent is dropped and counted.
 */
netdev_tx_t dstm_transmit(struct sk_buff *skb, struct net_device *dev)
{
	struct dstm_dev *dstm = netdev_priv(dev);
	unsigned int len = skb->len;
	const struct iphdr *iph;
	struct dstm_mapping *m;
	struct dst_entry *dst;
	enum dstm_miss miss;
	struct flowi6 fl6;
	int reason;

	rcu_read_lock();
	reason = DSTM_A_STATS_TX_PROTOCOL;
	if (skb->protocol != htons(ETH_P_IP))
		goto drop;

	reason = DSTM_A_STATS_TX_MALFORMED;
	iph = dstm_inner_header(skb, 0);
	if (!iph)
		goto drop;
	skb_reset_network_header(skb);

	/* It came out of the tunnel and goes back into it. */
	reason = DSTM_A_STATS_TX_HAIRPIN;
	if (!READ_ONCE(dstm->hairpin) && skb->skb_iif == dev->ifindex)
		goto drop;

	miss = dstm_inner_owner(&dstm->table, skb, 0, iph,
				dstm->role == DSTM_ROLE_GATEWAY ?
				DSTM_DESTINATION : DSTM_SOURCE, &m);
	if (miss) {
		reason = miss_counter[miss];
		on_miss(dstm, skb, 0, miss);
		goto drop;
	}

	dst = route(dstm, m, skb, &fl6, &reason);
	if (!dst)
		goto drop;

	if (encapsulate(dstm, skb, dst, &fl6))
		dstm_count(dstm->counters, DSTM_A_STATS_TX_ERROR);
	else
		account(dstm, m, len);
	rcu_read_unlock();
	return NETDEV_TX_OK;

drop:
	dstm_count(dstm->counters, reason);
	rcu_read_unlock();
	kfree_skb(skb);
	return NETDEV_TX_OK;
}
