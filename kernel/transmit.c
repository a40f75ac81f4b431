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

#include "compat.h"
#include "device.h"
#include "drop.h"
#include "events.h"
#include "fragment.h"
#include "icmp.h"
#include "inner.h"
#include "trace.h"
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

/**
 * dstm_overhead - what encapsulation adds to a packet
 * @dstm: the device
 *
 * Return: the bytes.
 */
unsigned int dstm_overhead(const struct dstm_dev *dstm)
{
	return sizeof(struct ipv6hdr) +
	       (READ_ONCE(dstm->encap_limit) >= 0 ?
		sizeof(struct dstm_encap_limit) : 0);
}

/* The mapping that a packet goes by. Returns a counter, or 0. */
static int match(struct dstm_dev *dstm, struct sk_buff *skb,
		 struct dstm_mapping **m)
{
	enum dstm_flaw flaw;

	flaw = dstm_inner_owner(&dstm->table, skb, 0, dstm_inner_header(skb, 0),
				dstm->role == DSTM_ROLE_GATEWAY ?
				DSTM_DESTINATION : DSTM_SOURCE, m);
	if (flaw == DSTM_NO_ADDRESS || flaw == DSTM_NO_PORT) {
		if (dstm->role == DSTM_ROLE_CLIENT)
			dstm_event_acquire(dstm, skb, 0);
		dstm_icmp_no_mapping(dstm, skb);
	}
	return dstm_tx_counter(flaw);
}

/* Whether the way leads back to where we are. */
static bool is_loop(const struct dstm_dev *dstm, const struct dstm_mapping *m,
		    struct dst_entry *dst)
{
	const struct dstm_tep *tep;

	if (dst->dev == dstm->dev)
		return true;
	if (!(dst->dev->flags & IFF_LOOPBACK))
		return false;
	/* Both ends may be on one host, but not on one device. */
	tep = dstm_tep_find(dstm->underlay, &m->remote);
	return !tep || tep->dstm == dstm;
}

/* The IPv6 route to the other end; the reference is the caller's. */
static struct dst_entry *route(struct dstm_dev *dstm,
			       const struct dstm_mapping *m,
			       struct sk_buff *skb, struct flowi6 *fl6,
			       int *counter)
{
	struct dst_entry *dst;

	*fl6 = (struct flowi6) {
		.daddr = m->remote,
		.saddr = m->tep->addr,
		.flowi6_proto = IPPROTO_IPIP,
		.flowi6_mark = skb->mark,
	};
	*counter = DSTM_A_STATS_TX_NO_ROUTE;
	dst = ip6_route_output(dstm->underlay, NULL, fl6);
	if (dst->error)
		goto release;
	if (is_loop(dstm, m, dst)) {
		*counter = DSTM_A_STATS_TX_LOOP;
		goto release;
	}
	dst = xfrm_lookup(dstm->underlay, dst, flowi6_to_flowi(fl6), NULL, 0);
	return IS_ERR(dst) ? NULL : dst;

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

static u8 traffic_class(const struct dstm_dev *dstm, const struct iphdr *iph)
{
	int tclass = READ_ONCE(dstm->tclass);
	u8 inner = ipv4_get_dsfield(iph);

	/* The congestion field is copied in any case (RFC 6040 section 4.1). */
	return tclass < 0 ? inner : (tclass & ~INET_ECN_MASK) |
				    (inner & INET_ECN_MASK);
}

static __be32 flow_label(const struct dstm_dev *dstm, struct sk_buff *skb,
			 const struct flowi6 *fl6)
{
	s32 label = READ_ONCE(dstm->flowlabel);
	struct flowi6 flow = *fl6;

	if (label == DSTM_FLOWLABEL_AUTO)
		return ip6_make_flowlabel(dstm->underlay, skb, 0, true, &flow);
	return label < 0 ? 0 : htonl(label);
}

/* Put the outer header on and send; takes the packet and the route. */
static int encapsulate(struct dstm_dev *dstm, struct sk_buff *skb,
		       struct dst_entry *dst, const struct flowi6 *fl6)
{
	const struct iphdr *iph = ip_hdr(skb);
	int encap_limit = READ_ONCE(dstm->encap_limit);
	u8 hoplimit = READ_ONCE(dstm->hoplimit) ?: iph->ttl;
	u8 tclass = traffic_class(dstm, iph);
	u8 nexthdr = IPPROTO_IPIP;
	__be32 flowlabel;
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
	flowlabel = flow_label(dstm, skb, fl6);
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

/* Send one packet, whose owner and route are known; takes it, not the route. */
static void send(struct dstm_dev *dstm, struct dstm_mapping *m,
		 struct sk_buff *skb, struct dst_entry *dst,
		 const struct flowi6 *fl6)
{
	unsigned int len = skb->len;

	trace_dstm_encap(dstm, m, ip_hdr(skb), len);
	dst_hold(dst);
	if (encapsulate(dstm, skb, dst, fl6))
		dstm_count(dstm->counters, DSTM_A_STATS_TX_ERROR);
	else
		account(dstm, m, len);
}

static bool fits(const struct sk_buff *skb, unsigned int mtu)
{
	if (skb_is_gso(skb))
		return skb_gso_validate_network_len(skb, mtu);
	return skb->len <= mtu;
}

/* Send in pieces that fit; takes the packet. */
static void send_inner_fragments(struct dstm_dev *dstm, struct dstm_mapping *m,
				 struct sk_buff *skb, unsigned int mtu,
				 struct dst_entry *dst,
				 const struct flowi6 *fl6)
{
	struct sk_buff *next;

	skb = dstm_cut(skb, mtu, dstm->dev->needed_headroom);
	if (!skb)
		dstm_count(dstm->counters, DSTM_A_STATS_TX_ERROR);
	for (; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		send(dstm, m, skb, dst, fl6);
	}
}

/* The segments of a packet that is too big even in segments. */
static struct sk_buff *segment(struct sk_buff *skb)
{
	struct sk_buff *segments;

	if (!skb_is_gso(skb))
		return skb;
	segments = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM);
	if (IS_ERR_OR_NULL(segments)) {
		kfree_skb(skb);
		return NULL;
	}
	consume_skb(skb);
	return segments;
}

/*
 * Too big for the path to the other end, and DF is not set: leave it to the
 * IPv6 stack, or fragment it here.
 */
static void send_big(struct dstm_dev *dstm, struct dstm_mapping *m,
		     struct sk_buff *skb, unsigned int mtu,
		     struct dst_entry *dst, const struct flowi6 *fl6)
{
	struct sk_buff *next;

	if (READ_ONCE(dstm->frag) == DSTM_FRAG_OUTER) {
		send(dstm, m, skb, dst, fl6);
		return;
	}
	skb = segment(skb);
	if (!skb)
		dstm_count(dstm->counters, DSTM_A_STATS_TX_ERROR);
	for (; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		skb_reset_network_header(skb);
		send_inner_fragments(dstm, m, skb, mtu, dst, fl6);
	}
}

/* Returns a counter if the packet is to be dropped, or 0: it is taken. */
static int forward(struct dstm_dev *dstm, struct dstm_mapping *m,
		   struct sk_buff *skb)
{
	struct dst_entry *dst;
	struct flowi6 fl6;
	unsigned int mtu;
	int counter;

	dst = route(dstm, m, skb, &fl6, &counter);
	if (!dst)
		return counter;
	/* RFC 2473 section 7.1 and 7.2. */
	mtu = max_t(unsigned int, dst_mtu(dst), IPV6_MIN_MTU) -
	      dstm_overhead(dstm);

	counter = 0;
	if (fits(skb, mtu)) {
		send(dstm, m, skb, dst, &fl6);
	} else if (ip_hdr(skb)->frag_off & htons(IP_DF) ||
		   (!skb_is_gso(skb) &&
		    skb->len + dstm_overhead(dstm) >
		    IPV6_MAXPLEN + sizeof(struct ipv6hdr))) {
		dstm_icmp_too_big(skb, mtu);
		counter = DSTM_A_STATS_TX_TOO_BIG;
	} else {
		send_big(dstm, m, skb, mtu, dst, &fl6);
	}
	dst_release(dst);
	return counter;
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
	struct dstm_mapping *m;
	int counter, err;

	rcu_read_lock();
	counter = DSTM_A_STATS_TX_PROTOCOL;
	if (skb->protocol != htons(ETH_P_IP))
		goto drop;

	counter = dstm_tx_counter(dstm_inner_check(skb));
	if (counter)
		goto drop;
	skb_reset_network_header(skb);

	/* It came out of the tunnel and goes back into it. */
	counter = DSTM_A_STATS_TX_HAIRPIN;
	if (!READ_ONCE(dstm->hairpin) && skb->skb_iif == dev->ifindex)
		goto drop;

	counter = match(dstm, skb, &m);
	if (counter == DSTM_A_STATS_TX_FRAGMENT) {
		if (!dstm_reassemble(dev_net(dev), skb,
				     dstm_reassembly_out(dev->ifindex), &err)) {
			if (err)
				dstm_count(dstm->counters, counter);
			goto out;
		}
		counter = match(dstm, skb, &m);
	}
	if (!counter)
		counter = forward(dstm, m, skb);
	if (!counter)
		goto out;
drop:
	dstm_drop(dstm, skb, counter);
out:
	rcu_read_unlock();
	return NETDEV_TX_OK;
}
