// SPDX-License-Identifier: GPL-2.0
/*
 * The last steps of a packet: what the stack does between routing and the device,
 * where nobody in between wants to see it. All others go the stack's way.
 */
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include <net/neighbour.h>
#include <net/route.h>

#include "output.h"
#include "watch.h"

/**
 * dstm_output_is_seen - whether a forwarded packet is seen on its way out
 * @net: the namespace; the caller is in an RCU section
 * @skb: the packet, an IPv4 one
 */
bool dstm_output_is_seen(const struct net *net, const struct sk_buff *skb)
{
	return dstm_is_hooked_behind(net, skb) ||
	       dstm_has_policies(net, XFRM_POLICY_FWD) ||
	       dstm_has_policies(net, XFRM_POLICY_OUT);
}

/* Whether a packet that fits leaves as it is. */
static bool leaves_whole(const struct sk_buff *skb, const struct dst_entry *dst)
{
	return !dst->lwtstate && !netif_is_l3_slave(dst->dev) && !skb_is_gso(skb);
}

/* Whether ip_forward() and ip_output() would only pass it on. */
static bool passes4(struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);

	return rt->rt_type == RTN_UNICAST && ip_hdr(skb)->ttl > 1 &&
	       !(IPCB(skb)->flags & IPSKB_DOREDIRECT) &&
	       skb->len <= ip_dst_mtu_maybe_forward(&rt->dst, true) &&
	       leaves_whole(skb, &rt->dst) &&
	       !skb_cow_head(skb, LL_RESERVED_SPACE(rt->dst.dev) + rt->dst.header_len);
}

/**
 * dstm_output_forward - forward a packet that was routed
 * @net: the namespace; the caller is in an RCU section, bottom halves disabled
 * @skb: the packet, taken; an IPv4 one without options, and not seen on its way
 */
void dstm_output_forward(struct net *net, struct sk_buff *skb)
{
	struct rtable *rt = skb_rtable(skb);
	struct neighbour *neigh;
	bool is_v6gw = false;

	if (!passes4(skb)) {
		dst_input(skb);
		return;
	}
	neigh = ip_neigh_for_gw(rt, skb, &is_v6gw);
	if (IS_ERR(neigh)) {
		dst_input(skb);
		return;
	}
	dstm_output_hop(net, skb);
	skb->dev = rt->dst.dev;
	neigh_output(neigh, skb, is_v6gw);
}

/**
 * dstm_output_hop - do to a packet, and count, what ip_forward() and ip_output() do
 * @net: the namespace
 * @skb: the packet, an IPv4 one whose header may be written to
 */
void dstm_output_hop(struct net *net, struct sk_buff *skb)
{
	__IP_INC_STATS(net, IPSTATS_MIB_OUTFORWDATAGRAMS);
	__IP_UPD_PO_STATS(net, IPSTATS_MIB_OUT, skb->len);
	skb_forward_csum(skb);
	ip_decrease_ttl(ip_hdr(skb));
	if (READ_ONCE(net->ipv4.sysctl_ip_fwd_update_priority))
		skb->priority = rt_tos2priority(ip_hdr(skb)->tos);
	skb_clear_tstamp(skb);
}

/**
 * dstm_output_tunnel - send a packet that has its outer header
 * @net: the namespace; the caller is in an RCU section, bottom halves disabled
 * @skb: the packet, taken; network header at the IPv6 one, which lacks the length,
 *       with a route, and with room for a link-layer header in front
 *
 * Return: what ip6_local_out() returns.
 */
int dstm_output_tunnel(struct net *net, struct sk_buff *skb)
{
	const struct rt6_info *rt = (const struct rt6_info *)skb_dst(skb);
	struct ipv6hdr *ip6h = ipv6_hdr(skb);
	struct net_device *dev = rt->dst.dev;
	struct neighbour *neigh;

	if (dstm_is_hooked_behind6(net, skb) || dst_xfrm(&rt->dst) || !rt->rt6i_idev ||
	    READ_ONCE(rt->rt6i_idev->cnf.disable_ipv6) ||
	    (skb->len > IPV6_MIN_MTU && skb->len > dst_mtu(&rt->dst)) ||
	    !leaves_whole(skb, &rt->dst))
		return ip6_local_out(net, NULL, skb);
	neigh = __ipv6_neigh_lookup_noref(dev, rt6_nexthop(rt, &ip6h->daddr));
	if (!neigh)
		return ip6_local_out(net, NULL, skb);

	ip6h->payload_len = htons(skb->len - sizeof(*ip6h));
	skb->dev = dev;
	__IP6_UPD_PO_STATS(net, rt->rt6i_idev, IPSTATS_MIB_OUT, skb->len);
	return neigh_output(neigh, skb, false);
}
