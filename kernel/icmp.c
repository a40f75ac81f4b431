// SPDX-License-Identifier: GPL-2.0
/*
 * Errors that we answer with. The kernel's own senders see to it that none is
 * sent because of an error, a multicast or a later fragment, as far as they see
 * the packet in question.
 */
#include <linux/icmpv6.h>
#include <linux/ratelimit.h>
#include <net/icmp.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "device.h"
#include "icmp.h"
#include "inner.h"

static bool may_answer(struct dstm_dev *dstm, struct ratelimit_state *limit)
{
	return READ_ONCE(dstm->icmp_errors) && __ratelimit(limit);
}

/*
 * Whether there may be an error because of a packet (RFC 1122 section 3.2.2, RFC
 * 4443 section 2.4). What there is none for must not use the limit up.
 */
static bool is_answerable(const struct sk_buff *skb)
{
	const struct iphdr *iph = dstm_inner_header(skb, 0);

	return skb->pkt_type == PACKET_HOST &&
	       !(iph->frag_off & htons(IP_OFFSET)) &&
	       !dstm_inner_is_icmp_error(skb, 0, iph);
}

/* The same of what was routed here: not if it was for more than one host. */
static bool is_for_one(const struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);

	return rt && !(rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST));
}

/**
 * dstm_icmp_unreachable - tell an IPv4 sender that its destination is not lent, or that
 *	no route leads to who has it
 * @dstm: the device
 * @skb: its packet, on the way into the tunnel; stays the caller's
 *
 * RFC 7596 section 6.2, RFC 2473 section 8: ICMPv4 destination unreachable, host
 * unreachable.
 */
void dstm_icmp_unreachable(struct dstm_dev *dstm, struct sk_buff *skb)
{
	if (is_for_one(skb) && is_answerable(skb) &&
	    may_answer(dstm, &dstm->unreachable_limit))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
}

/**
 * dstm_icmp_too_big - tell an IPv4 sender what fits through the tunnel
 * @skb: its packet, on the way into the tunnel; stays the caller's
 * @mtu: the length that fits
 *
 * Path MTU discovery depends on it (RFC 2473 section 7.2), so it is not
 * switched off, and only the kernel's own limits for ICMP hold.
 */
void dstm_icmp_too_big(struct sk_buff *skb, unsigned int mtu)
{
	icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
}

/**
 * dstm_icmp_spoof - tell a tunnel's other end that its source is refused
 * @dstm: the device
 * @skb: the tunnelled packet, data at the inner header, network header at the
 *       outer one
 *
 * RFC 7596 section 6.2: ICMPv6 type 1 code 5, source address failed
 * ingress/egress policy.
 */
void dstm_icmp_spoof(struct dstm_dev *dstm, struct sk_buff *skb)
{
	struct net_device *from;

	from = dev_get_by_index_rcu(dstm->underlay, IP6CB(skb)->iif);
	if (!from || !is_answerable(skb) ||
	    !(ipv6_addr_type(&ipv6_hdr(skb)->saddr) & IPV6_ADDR_UNICAST) ||
	    !may_answer(dstm, &dstm->spoof_limit))
		return;
	skb->dev = from;
	icmpv6_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_POLICY_FAIL, 0);
	skb->dev = dstm->dev;
}
