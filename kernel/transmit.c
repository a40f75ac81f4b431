// SPDX-License-Identifier: GPL-2.0
/* An IPv4 packet's way into the tunnel. */
#include <linux/once.h>
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
#include "output.h"
#include "path.h"
#include "tally.h"
#include "trace.h"
#include "transmit.h"
#include "watch.h"

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
				dstm_transmit_end(dstm), m);
	if (flaw == DSTM_NO_ADDRESS || flaw == DSTM_NO_PORT) {
		if (dstm->role == DSTM_ROLE_CLIENT)
			dstm_event_acquire(dstm, skb);
		dstm_icmp_unreachable(dstm, skb);
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
	tep = dstm_tep_find(dstm_net(dstm->underlay), &m->remote);
	return !tep || tep->dstm == dstm;
}

/*
 * Look the IPv6 route to the other end up; the reference is the caller's. What
 * may be used again is kept.
 */
static struct dst_entry *look_up_route(struct dstm_dev *dstm,
				       struct dstm_mapping *m,
				       const struct sk_buff *skb, int *counter)
{
	struct flowi6 fl6;
	struct dst_entry *dst;
	u32 mark;

	/* Of another namespace's marks the underlay's rules know nothing. */
	mark = net_eq(dstm->underlay, dev_net(dstm->dev)) ? skb->mark : 0;
	dstm_marks_note(&dstm->marks, &m->remote, mark);
	fl6 = dstm_path_flow(&dstm_mapping_tep_rcu(m)->addr, &m->remote, mark);

	*counter = DSTM_A_STATS_TX_NO_ROUTE;
	dst = ip6_route_output(dstm->underlay, NULL, &fl6);
	if (dst->error)
		goto release;
	if (is_loop(dstm, m, dst)) {
		*counter = DSTM_A_STATS_TX_LOOP;
		goto release;
	}
	if (dstm_is_routed_by_addresses6(dstm->underlay)) {
		if (!(dst->dev->flags & IFF_LOOPBACK))
			dstm_path_learn(&m->path, dst);
		return dst;
	}
	dst = xfrm_lookup(dstm->underlay, dst, flowi6_to_flowi(&fl6), NULL, 0);
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

static void push_ipv6(struct sk_buff *skb, const struct dstm_mapping *m,
		      u8 nexthdr, u8 tclass, __be32 flowlabel, u8 hoplimit)
{
	struct ipv6hdr *ipv6h;

	skb_push(skb, sizeof(*ipv6h));
	skb_reset_network_header(skb);
	ipv6h = ipv6_hdr(skb);
	ip6_flow_hdr(ipv6h, tclass, flowlabel);
	ipv6h->payload_len = 0;		/* set by dstm_output_tunnel() */
	ipv6h->nexthdr = nexthdr;
	ipv6h->hop_limit = hoplimit;
	ipv6h->saddr = dstm_mapping_tep_rcu(m)->addr;
	ipv6h->daddr = m->remote;
}

static u8 traffic_class(const struct dstm_dev *dstm, const struct iphdr *iph)
{
	int tclass = READ_ONCE(dstm->tclass);
	u8 inner = ipv4_get_dsfield(iph);

	/* The congestion field is copied in any case (RFC 6040 section 4.1). */
	return tclass < 0 ? inner : (tclass & ~INET_ECN_MASK) |
				    (inner & INET_ECN_MASK);
}

/*
 * Pairs of words, each with a random key, multiplied: that the upper half is alike for
 * two flows is about as likely as for two numbers at random.
 */
static u32 hash_words(const struct iphdr *iph, __be32 ports)
{
	static u64 keys[4] __read_mostly;

	net_get_random_once(keys, sizeof(keys));
	return (((__force u32)iph->saddr + keys[0]) *
		((__force u32)iph->daddr + keys[1]) +
		((__force u32)ports + keys[2]) * (iph->protocol + keys[3])) >> 32;
}

/*
 * The hash of the inner flow (RFC 6438), if the network card has not told it.
 * Dissecting would find the same ports, only later.
 */
static void hash_flow(struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const __be32 *ports;

	if (skb->l4_hash || skb->sw_hash)
		return;
	if (ip_is_fragment(iph) || skb_headlen(skb) < iph->ihl * 4 + sizeof(*ports) ||
	    (iph->protocol != IPPROTO_TCP && iph->protocol != IPPROTO_UDP)) {
		skb_get_hash(skb);
		return;
	}
	ports = (const __be32 *)((const u8 *)iph + iph->ihl * 4);
	__skb_set_sw_hash(skb, hash_words(iph, *ports), true);
}

static __be32 flow_label(const struct dstm_dev *dstm, struct sk_buff *skb)
{
	s32 label = READ_ONCE(dstm->flowlabel);

	/* The packet has its hash, so that there is no flow to be looked at. */
	if (label == DSTM_FLOWLABEL_AUTO)
		return ip6_make_flowlabel(dstm->underlay, skb, 0, true, NULL);
	return label < 0 ? 0 : htonl(label);
}

/* Leave segments and checksums to the device that sends. */
static int keep_offloads(struct sk_buff *skb)
{
	if (skb_is_gso(skb) || skb->ip_summed == CHECKSUM_PARTIAL ||
	    skb->encapsulation)
		return iptunnel_handle_offloads(skb, SKB_GSO_IPXIP6);
	skb->ip_summed = CHECKSUM_NONE;
	return 0;
}

/*
 * Make room in front of a packet, which may be written to afterwards. It may be that
 * the limit is only just switched on.
 */
static int make_room(const struct dstm_dev *dstm, struct sk_buff *skb,
		     const struct dst_entry *dst)
{
	return skb_cow_head(skb, LL_RESERVED_SPACE(dst->dev) + dst->header_len +
			    sizeof(struct ipv6hdr) + sizeof(struct dstm_encap_limit));
}

/* Put the outer header on and send; takes the packet, which has room, not the route. */
static int encapsulate(struct dstm_dev *dstm, struct dstm_mapping *m,
		       struct sk_buff *skb, struct dst_entry *dst)
{
	const struct iphdr *iph = ip_hdr(skb);
	int encap_limit = READ_ONCE(dstm->encap_limit);
	u8 hoplimit = READ_ONCE(dstm->hoplimit) ?: iph->ttl;
	u8 tclass = traffic_class(dstm, iph);
	u8 nexthdr = IPPROTO_IPIP;
	__be32 flowlabel;
	int err;

	hash_flow(skb);
	if (keep_offloads(skb)) {
		kfree_skb(skb);
		return -ENOMEM;
	}
	skb_set_inner_ipproto(skb, IPPROTO_IPIP);
	flowlabel = flow_label(dstm, skb);
	skb_scrub_packet(skb, !net_eq(dstm->underlay, dev_net(dstm->dev)));
	skb_dst_set_noref(skb, dst);

	if (encap_limit >= 0) {
		push_encap_limit(skb, encap_limit);
		nexthdr = NEXTHDR_DEST;
	}
	push_ipv6(skb, m, nexthdr, tclass, flowlabel, hoplimit);
	skb->protocol = htons(ETH_P_IPV6);
	/* What is too big for the path is fragmented outside (RFC 6333 5.3). */
	skb->ignore_df = 1;
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	err = dstm_output_tunnel(dstm->underlay, skb);
	return net_xmit_eval(err);
}

/* Send one packet, which has room, by its mapping and route; takes it, not the route. */
static void send_roomy(struct dstm_dev *dstm, struct dstm_mapping *m,
		       struct sk_buff *skb, struct dst_entry *dst,
		       struct dstm_tally *tally)
{
	unsigned int len = skb->len;

	trace_dstm_encap(dstm, m, ip_hdr(skb), len);
	if (encapsulate(dstm, m, skb, dst))
		dstm_lost(dstm, skb, len, DSTM_A_STATS_TX_ERROR);
	else
		dstm_tally_add(tally, dstm, m, len);
}

/* The same of any packet. */
static void send(struct dstm_dev *dstm, struct dstm_mapping *m,
		 struct sk_buff *skb, struct dst_entry *dst,
		 struct dstm_tally *tally)
{
	if (make_room(dstm, skb, dst))
		dstm_drop(dstm, skb, DSTM_A_STATS_TX_ERROR);
	else
		send_roomy(dstm, m, skb, dst, tally);
}

/* What the path has room for (RFC 2473 section 7.1 and 7.2). */
static unsigned int inner_mtu(const struct dstm_dev *dstm, struct dst_entry *dst)
{
	return max_t(unsigned int, dst_mtu(dst), IPV6_MIN_MTU) -
	       dstm_overhead(dstm);
}

/* Whether it may arrive in pieces, and there is a packet that they are of. */
static bool can_be_cut(const struct dstm_dev *dstm, const struct sk_buff *skb)
{
	return !(ip_hdr(skb)->frag_off & htons(IP_DF)) &&
	       (skb_is_gso(skb) || skb->len + dstm_overhead(dstm) <=
		IPV6_MAXPLEN + sizeof(struct ipv6hdr));
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
				 struct dstm_tally *tally)
{
	struct sk_buff *frag, *next;
	unsigned int len = skb->len;

	/* The label of the whole packet's flow: no fragment tells its ports. */
	hash_flow(skb);
	frag = dstm_cut(skb, mtu, dstm->dev->needed_headroom);
	if (!frag)
		dstm_lost(dstm, skb, len, DSTM_A_STATS_TX_ERROR);
	for (; frag; frag = next) {
		next = frag->next;
		skb_mark_not_on_list(frag);
		send(dstm, m, frag, dst, tally);
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
		     struct dst_entry *dst, struct dstm_tally *tally)
{
	unsigned int len = skb->len;
	struct sk_buff *one, *next;

	if (READ_ONCE(dstm->frag) == DSTM_FRAG_OUTER) {
		send(dstm, m, skb, dst, tally);
		return;
	}
	one = segment(skb);
	if (!one)
		dstm_lost(dstm, skb, len, DSTM_A_STATS_TX_ERROR);
	for (; one; one = next) {
		next = one->next;
		skb_mark_not_on_list(one);
		skb_reset_network_header(one);
		send_inner_fragments(dstm, m, one, mtu, dst, tally);
	}
}

/* Returns a counter if the packet is to be dropped, or 0: it is taken. */
static int forward_by(struct dstm_dev *dstm, struct dstm_mapping *m,
		      struct sk_buff *skb, struct dst_entry *dst)
{
	unsigned int mtu = inner_mtu(dstm, dst);
	struct dstm_tally tally = { .id = DSTM_A_STATS_TX_PACKETS };

	if (fits(skb, mtu)) {
		send(dstm, m, skb, dst, &tally);
	} else if (can_be_cut(dstm, skb)) {
		send_big(dstm, m, skb, mtu, dst, &tally);
	} else {
		dstm_icmp_too_big(skb, mtu);
		return DSTM_A_STATS_TX_TOO_BIG;
	}
	dstm_tally_end(&tally, dstm);
	return 0;
}

/* The same, by the path that is known, or by a new one. */
static int forward(struct dstm_dev *dstm, struct dstm_mapping *m,
		   struct sk_buff *skb)
{
	struct dst_entry *dst = NULL;
	int counter;

	if (dstm_is_routed_by_addresses6(dstm->underlay))
		dst = dstm_path_dst(rcu_dereference(m->path));
	if (dst)
		return forward_by(dstm, m, skb, dst);

	dst = look_up_route(dstm, m, skb, &counter);
	if (!dst)
		return counter;
	counter = forward_by(dstm, m, skb, dst);
	dst_release(dst);
	return counter;
}

/* By a switch that has the route itself. */
static bool is_forwarded_already(const struct sk_buff *skb)
{
#ifdef CONFIG_NET_SWITCHDEV
	return skb->offload_l3_fwd_mark;
#else
	return false;
#endif
}

/*
 * Whether it came out of the tunnel and goes back into it: then its other end is
 * lent here, too. Inside a VRF it seems to come from the VRF.
 */
static bool is_hairpin(struct dstm_dev *dstm, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	__be32 other = dstm_receive_end(dstm) == DSTM_SOURCE ? iph->saddr :
							       iph->daddr;

	return skb->skb_iif == dstm->dev->ifindex ||
	       (dstm_table_spans(&dstm->table, other) &&
		dstm_table_address(&dstm->table, other));
}

/**
 * dstm_transmit_way - how to forward a packet if nothing about it is special
 * @dstm: the device; the caller is in an RCU section
 * @skb: the packet; its IPv4 header is checked, and its route is the device
 * @way: gets its mapping and the route to the other end, valid in that section
 *
 * Return: whether there is such a way.
 */
bool dstm_transmit_way(struct dstm_dev *dstm, const struct sk_buff *skb,
		       struct dstm_way *way)
{
	const struct iphdr *iph = ip_hdr(skb);

	if (iph->ttl <= 1 || ip_is_fragment(iph) || skb->encapsulation ||
	    skb_warn_if_lro(skb) || is_forwarded_already(skb) ||
	    !fits(skb, READ_ONCE(dstm->dev->mtu)) ||
	    dstm_inner_check_addresses(iph) ||
	    dstm_inner_check_nesting(skb, 0, iph) ||
	    (!READ_ONCE(dstm->hairpin) && is_hairpin(dstm, skb)) ||
	    dstm_inner_owner(&dstm->table, skb, 0, iph, dstm_transmit_end(dstm), &way->m) ||
	    !dstm_is_routed_by_addresses6(dstm->underlay))
		return false;
	way->dst = dstm_path_dst(rcu_dereference(way->m->path));
	/* Every path takes as much as IPv6 asks of it, which is cheap to compare. */
	return way->dst && (fits(skb, IPV6_MIN_MTU - dstm_overhead(dstm)) ||
			    fits(skb, inner_mtu(dstm, way->dst)));
}

/**
 * dstm_transmit_by - forward a packet into the tunnel
 * @dstm: the device; the caller is in an RCU section
 * @skb: the packet, taken
 * @way: what dstm_transmit_way() found for it
 * @tally: counts it
 */
void dstm_transmit_by(struct dstm_dev *dstm, struct sk_buff *skb,
		      const struct dstm_way *way, struct dstm_tally *tally)
{
	struct dst_entry *dst = way->dst;

	if (make_room(dstm, skb, dst)) {
		dstm_drop(dstm, skb, DSTM_A_STATS_TX_ERROR);
		return;
	}
	dstm_output_hop(dev_net(dstm->dev), skb);
	send_roomy(dstm, way->m, skb, dst, tally);
}

/* What ip_rcv_finish() and ip_forward() would do. */
static void forward_the_long_way(struct dstm_dev *dstm, struct sk_buff *skb)
{
	struct net_device *from = dev_get_by_index_rcu(dev_net(dstm->dev),
						       skb->skb_iif);

	if (!from) {
		dstm_drop(dstm, skb, DSTM_A_STATS_TX_ERROR);
		return;
	}
	skb->dev = from;
	if (dstm_compat_route_input(skb, ip_hdr(skb), from))
		kfree_skb(skb);
	else
		dst_input(skb);
}

/**
 * dstm_transmit_forwarded - forward an IPv4 packet into the tunnel
 * @dstm: the device; the caller is in an RCU section
 * @skb: the packet, taken; ip_rcv() has checked it, its route is the device
 * @tally: counts it
 */
void dstm_transmit_forwarded(struct dstm_dev *dstm, struct sk_buff *skb,
			     struct dstm_tally *tally)
{
	struct dstm_way way;

	if (dstm_transmit_way(dstm, skb, &way))
		dstm_transmit_by(dstm, skb, &way, tally);
	else
		forward_the_long_way(dstm, skb);
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
	unsigned int len;
	int counter, err;

	rcu_read_lock();
	counter = DSTM_A_STATS_TX_PROTOCOL;
	if (skb->protocol != htons(ETH_P_IP))
		goto drop;

	counter = dstm_tx_counter(dstm_inner_check(skb));
	if (counter)
		goto drop;
	skb_reset_network_header(skb);

	counter = DSTM_A_STATS_TX_HAIRPIN;
	if (!READ_ONCE(dstm->hairpin) && is_hairpin(dstm, skb))
		goto drop;

	counter = match(dstm, skb, &m);
	if (counter == DSTM_A_STATS_TX_FRAGMENT) {
		len = skb->len;
		if (!dstm_reassemble(dev_net(dev), skb,
				     dstm_reassembly_out(dev->ifindex), &err)) {
			if (err)
				dstm_lost(dstm, skb, len, counter);
			goto out;
		}
		counter = match(dstm, skb, &m);
	}
	if (!counter)
		counter = forward(dstm, m, skb);
	if (!counter)
		goto out;
	if (counter == DSTM_A_STATS_TX_NO_ROUTE)
		dstm_icmp_unreachable(dstm, skb);
drop:
	dstm_drop(dstm, skb, counter);
out:
	rcu_read_unlock();
	return NETDEV_TX_OK;
}
