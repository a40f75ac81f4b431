// SPDX-License-Identifier: GPL-2.0
/*
 * Ways past parts of the stack that would do nothing with a packet. Where there
 * is anything that might (a netfilter hook, a packet socket, tc, XDP, IPsec,
 * policy routing of the underlay), a packet goes the whole way.
 */
#include <linux/inetdevice.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/xfrm.h>

#include "batch.h"
#include "compat.h"
#include "device.h"
#include "early.h"
#include "known.h"
#include "output.h"
#include "route.h"
#include "watch.h"

/*
 * A VRF asks these hooks, too, about what its ports have received, and a bridge about
 * frames that may be for another host. What came by IPsec has its policy to pass. Both
 * mark their packets by extensions. A verdict of user space comes back with bottom halves
 * enabled, and the queues are for those who have not.
 */
static bool is_for_us(struct sk_buff *skb)
{
	return in_softirq() && !netif_is_l3_slave(skb->dev) &&
	       !netif_is_l3_master(skb->dev) && !skb_has_extensions(skb) &&
	       skb->pkt_type == PACKET_HOST;
}

/* Whether the route of a packet depends on more than its addresses. */
static bool is_routed_by_more(const struct net *net, const struct sk_buff *skb)
{
	return dstm_has_rules(net) || IPCB(skb)->flags & IPSKB_MULTIPATH;
}

/* The device that a packet is to be forwarded into, if it is one of ours. */
static struct dstm_dev *find_device(struct dstm_known *known, struct sk_buff *skb,
				    const struct iphdr *iph, const struct net *net)
{
	struct dstm_dev *dstm = dstm_known_way_in(known, iph, skb->dev);
	struct dstm_known_state state;
	struct rtable *rt;

	if (dstm)
		return netif_running(dstm->dev) ? dstm : NULL;
	state = dstm_known_state(skb->dev);
	if (dstm_compat_route_input(skb, iph, skb->dev))
		return NULL;
	rt = skb_rtable(skb);
	if (rt->rt_type != RTN_UNICAST || rt->dst.lwtstate ||
	    !dstm_is_device(rt->dst.dev) || rt->dst.dev == skb->dev ||
	    !netif_running(rt->dst.dev) || IPCB(skb)->flags & IPSKB_DOREDIRECT ||
	    ip_dst_mtu_maybe_forward(&rt->dst, true) < READ_ONCE(rt->dst.dev->mtu))
		return NULL;
	dstm = netdev_priv(rt->dst.dev);
	if (!is_routed_by_more(net, skb))
		dstm_known_keep_way_in(known, dstm, iph, skb->dev, &state);
	return dstm;
}

/*
 * Between the ends of a device's tunnels is no way but by the device, so none of
 * them is told of a shorter one. The lookup of the route says that this is due, and
 * the stack does it right after, so the lookup is here. A VRF has one of its own,
 * by which no packet goes back to where it came from.
 */
static void route_without_redirect(struct sk_buff *skb)
{
	if (skb_dst(skb) || netif_is_l3_slave(skb->dev) ||
	    dstm_compat_route_input(skb, ip_hdr(skb), skb->dev))
		return;
	IPCB(skb)->flags &= ~IPSKB_DOREDIRECT;
}

/*
 * An IPv4 packet that the stack would forward into the tunnel is taken before
 * it is. What its route says stays with the packets that go on.
 */
static unsigned int on_ipv4(void *priv, struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct dstm_net *dn = priv;
	struct net *net = state->net;
	struct dstm_dev *dstm;

	if (dstm_is_device(skb->dev)) {
		route_without_redirect(skb);
		return NF_ACCEPT;
	}
	if (dstm_output_is_seen(net, skb) || !is_for_us(skb) ||
	    skb->sk || skb_dst(skb) || iph->ihl > 5)
		return NF_ACCEPT;
	dstm = find_device(rcu_dereference(dn->known), skb, iph, net);
	if (!dstm || dstm_is_watched_out(dstm->dev))
		return NF_ACCEPT;
	dstm_batch_transmit(dstm, skb);
	return NF_STOLEN;
}

/**
 * dstm_early_find_local - ask the stack whether packets to an end point are for this host
 * @tep: the end point, which keeps the route if they are; the caller is in an RCU section
 * @net: the namespace
 */
bool dstm_early_find_local(struct dstm_tep *tep, struct net *net)
{
	struct flowi6 fl6 = { .daddr = tep->addr };
	struct dst_entry *dst;
	bool local;

	dst = ip6_route_output(net, NULL, &fl6);
	local = !dst->error && ((struct rt6_info *)dst)->rt6i_flags & RTF_LOCAL;
	if (local)
		dstm_path_learn(&tep->input, dst);
	dst_release(dst);
	return local;
}

/* A packet for an end point is taken before its IPv6 route is looked up. */
static unsigned int on_ipv6(void *priv, struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	struct net *net = state->net;
	struct dstm_tep *tep;

	if (ip6h->nexthdr != IPPROTO_IPIP ||
	    rcu_access_pointer(net->nf.hooks_ipv6[NF_INET_LOCAL_IN]) ||
	    !is_for_us(skb) || skb_dst(skb) || !dstm_is_routed_by_addresses6(net) ||
	    dstm_has_policies(net, XFRM_POLICY_IN))
		return NF_ACCEPT;
	tep = dstm_tep_find(priv, &ip6h->daddr);
	if (!tep || !dstm_early_is_local(tep, net) ||
	    !pskb_may_pull(skb, sizeof(*ip6h) + sizeof(struct iphdr)))
		return NF_ACCEPT;
	ip6h = ipv6_hdr(skb);

	__IP6_INC_STATS(net, __in6_dev_get(skb->dev), IPSTATS_MIB_INDELIVERS);
	__skb_pull(skb, sizeof(*ip6h));
	skb_postpull_rcsum(skb, ip6h, sizeof(*ip6h));
	dstm_batch_receive(tep->dstm, skb);
	return NF_STOLEN;
}

/*
 * Route a packet whose source is its client's, as its mapping says. Returns 0 or
 * a negative error.
 */
static int route(struct dstm_dev *dstm, struct sk_buff *skb)
{
	struct dst_entry *dst;
	int err;

	dst = dstm_route_out(dstm, skb, ip_hdr(skb));
	if (dst) {
		skb_dst_set_noref(skb, dst);
		return 0;
	}
	err = dstm_compat_route_input(skb, ip_hdr(skb), dstm->dev);
	if (err)
		return err;
	if (skb_rtable(skb)->rt_type != RTN_UNICAST) {
		skb_dst_drop(skb);
		return -EINVAL;
	}
	return 0;
}

/**
 * dstm_early_input - give the stack a packet that came out of a tunnel
 * @dstm: the device
 * @skb: the packet, which dstm_inner_check() found sound
 *
 * Return: whether it is taken; otherwise it has to go the whole way.
 */
bool dstm_early_input(struct dstm_dev *dstm, struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	struct net_device *dev = dstm->dev;
	const struct nf_hook_entries *hooks;
	struct net *net = dev_net(dev);

	/* The only hook there is ours; or it is not, when the device is being closed. */
	hooks = rcu_dereference(net->nf.hooks_ipv4[NF_INET_PRE_ROUTING]);
	if (!hooks || hooks->num_hook_entries > 1 ||
	    hooks->hooks[0].hook != on_ipv4 || iph->ihl > 5 ||
	    netif_is_l3_slave(dev) || dstm_is_watched_in(dev))
		return false;

	if (route(dstm, skb))
		return false;
	/* Also takes back a redirect that the route says is due. */
	dstm_early_prepare(dstm, skb);
	dstm_early_count(net, skb);
	if (dstm_output_is_seen(net, skb))
		dst_input(skb);
	else
		dstm_output_forward(net, skb);
	return true;
}

static const struct nf_hook_ops ipv4_hook = {
	.hook = on_ipv4,
	.pf = NFPROTO_IPV4,
	.hooknum = NF_INET_PRE_ROUTING,
	.priority = NF_IP_PRI_LAST,
};

static const struct nf_hook_ops ipv6_hook = {
	.hook = on_ipv6,
	.pf = NFPROTO_IPV6,
	.hooknum = NF_INET_PRE_ROUTING,
	.priority = NF_IP6_PRI_LAST,
};

static int hook(struct net *net, struct dstm_hook *place, const struct nf_hook_ops *ops)
{
	int err;

	if (place->users == 0) {
		place->ops = *ops;
		place->ops.priv = dstm_net(net);
		err = nf_register_net_hook(net, &place->ops);
		if (err)
			return err;
	}
	place->users++;
	return 0;
}

static void unhook(struct net *net, struct dstm_hook *place)
{
	if (--place->users == 0)
		nf_unregister_net_hook(net, &place->ops);
}

/**
 * dstm_early_open - look at the packets of both sides of a device
 * @dstm: the device, which goes up; the caller holds rtnl
 *
 * Return: 0 or a negative error.
 */
int dstm_early_open(struct dstm_dev *dstm)
{
	struct net *inner = dev_net(dstm->dev), *outer = dstm->underlay;
	int err;

	err = dstm_route_init(dstm) ?: dstm_known_open(dstm);
	if (err)
		return err;
	err = hook(inner, &dstm_net(inner)->ipv4, &ipv4_hook);
	if (err)
		goto known;
	err = hook(outer, &dstm_net(outer)->ipv6, &ipv6_hook);
	if (err)
		goto ipv4;
	return 0;

ipv4:
	unhook(inner, &dstm_net(inner)->ipv4);
known:
	dstm_known_close(dstm);
	return err;
}

/**
 * dstm_early_close - look no more
 * @dstm: the device, which goes down; the caller holds rtnl
 */
void dstm_early_close(struct dstm_dev *dstm)
{
	struct net *inner = dev_net(dstm->dev), *outer = dstm->underlay;

	unhook(inner, &dstm_net(inner)->ipv4);
	unhook(outer, &dstm_net(outer)->ipv6);
	dstm_known_close(dstm);
}

/**
 * dstm_early_forget - keep no route into a device, or out of it
 * @dstm: the device, which is down and has no packets on their way
 */
void dstm_early_forget(struct dstm_dev *dstm)
{
	dstm_known_forget(dstm);
	dstm_route_flush(dstm);
}

/**
 * dstm_early_free - free what taking packets early needed
 * @dstm: the device, which no packet finds any more
 */
void dstm_early_free(struct dstm_dev *dstm)
{
	dstm_route_exit(dstm);
}
