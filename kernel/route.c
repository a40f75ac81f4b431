// SPDX-License-Identifier: GPL-2.0
/* The IPv4 routes of what comes out of the tunnel, kept by each CPU. */
#include <linux/hash.h>
#include <linux/percpu.h>
#include <net/ip.h>
#include <net/route.h>

#include "compat.h"
#include "device.h"
#include "known.h"
#include "route.h"

#define OUT_BITS	9

/* The way of packets that came out of the tunnel. */
struct known_out {
	struct dst_entry *dst;	/* NULL: none; holds a reference */
	__be32 daddr;
	u8 service;
};

struct dstm_routes {
	struct known_out out[1 << OUT_BITS];
};

/* Whether the next packet with these addresses goes the same way. */
static bool is_reusable(const struct dstm_dev *dstm, const struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);

	/* Back into the tunnel, it may be that a redirect is due. */
	return rt->rt_type == RTN_UNICAST && !rt->dst.lwtstate &&
	       rt->dst.dev != dstm->dev && !(IPCB(skb)->flags & IPSKB_MULTIPATH);
}

/* Ask the stack, and keep what it says. */
static struct dst_entry *look_up(struct dstm_dev *dstm, struct dstm_known *known,
				 struct sk_buff *skb, const struct iphdr *iph,
				 struct known_out *slot,
				 const struct dstm_known_state *state)
{
	struct dst_entry *dst = NULL;

	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	if (dstm_compat_route_input(skb, iph, dstm->dev))
		return NULL;
	if (is_reusable(dstm, skb) && dst_hold_safe(skb_dst(skb)))
		dst = skb_dst(skb);
	skb_dst_drop(skb);
	if (!dst)
		return NULL;
	if (slot->dst)
		dst_release(slot->dst);
	*slot = (struct known_out) {
		.dst = dst,
		.daddr = iph->daddr,
		.service = dstm_known_service(iph),
	};
	if (state->rp_filter)
		dstm_known_keep_source(known, iph, dstm->dev, state);
	return dst;
}

/**
 * dstm_route_out - the way of a packet that is to come out of the tunnel
 * @dstm: the device, up or on its way to be; the caller is in an RCU section, bottom
 *        halves disabled
 * @skb: the packet, not taken out yet
 * @iph: its inner header; a mapping vouches for the source
 *
 * Return: the route, valid in that section, or NULL: it has to be looked up for this
 * packet alone.
 */
struct dst_entry *dstm_route_out(struct dstm_dev *dstm, struct sk_buff *skb,
				 const struct iphdr *iph)
{
	struct dstm_known_state state = dstm_known_state(dstm->dev);
	struct dstm_known *known = rcu_dereference(dstm->known);
	struct dstm_routes __percpu *routes = READ_ONCE(dstm->routes);
	u8 service = dstm_known_service(iph);
	struct known_out *slot;

	/*
	 * It may only just be opened, without tables yet. And nobody vouches for a
	 * source that a client receives from.
	 */
	if (!known || !routes || dstm->role != DSTM_ROLE_GATEWAY ||
	    !dstm_known_is_enough(dev_net(dstm->dev)))
		return NULL;
	slot = &this_cpu_ptr(routes)->out[hash_32((__force u32)iph->daddr + service, OUT_BITS)];
	if (slot->dst && slot->daddr == iph->daddr && slot->service == service &&
	    dst_check(slot->dst, 0) &&
	    (!state.rp_filter || dstm_known_source(known, iph, dstm->dev, &state)))
		return slot->dst;
	return look_up(dstm, known, skb, iph, slot, &state);
}

/**
 * dstm_route_init - make a device's tables, unless they are there
 * @dstm: the device; the caller holds rtnl
 *
 * Return: 0 or -ENOMEM.
 */
int dstm_route_init(struct dstm_dev *dstm)
{
	struct dstm_routes __percpu *routes;

	BUILD_BUG_ON(sizeof(struct dstm_routes) > PCPU_MIN_UNIT_SIZE);
	if (dstm->routes)
		return 0;
	routes = alloc_percpu_gfp(struct dstm_routes, GFP_KERNEL_ACCOUNT);
	if (!routes)
		return -ENOMEM;
	/* Who finds the tables finds them empty. */
	smp_store_release(&dstm->routes, routes);
	return 0;
}

/**
 * dstm_route_flush - forget everything
 * @dstm: the device, which is down and has no packets on their way
 */
void dstm_route_flush(struct dstm_dev *dstm)
{
	struct dstm_routes *r;
	int cpu, i;

	if (!dstm->routes)
		return;
	for_each_possible_cpu(cpu) {
		r = per_cpu_ptr(dstm->routes, cpu);
		for (i = 0; i < ARRAY_SIZE(r->out); i++)
			if (r->out[i].dst)
				dst_release(r->out[i].dst);
		memset(r, 0, sizeof(*r));
	}
}

/**
 * dstm_route_exit - free the tables, which are empty
 * @dstm: the device, which no packet finds any more
 */
void dstm_route_exit(struct dstm_dev *dstm)
{
	free_percpu(dstm->routes);
}
