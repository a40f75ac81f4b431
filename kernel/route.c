// SPDX-License-Identifier: GPL-2.0
/*
 * What the IPv4 stack said of addresses, kept by each CPU for the shortcut. It
 * is forgotten when any route, address or setting of forwarding changes.
 */
#include <linux/hash.h>
#include <linux/inetdevice.h>
#include <linux/percpu.h>
#include <net/ip.h>
#include <net/route.h>

#include "compat.h"
#include "device.h"
#include "route.h"
#include "watch.h"

/* Both tables have to be below what alloc_percpu() gives. */
#define ADDRESS_BITS	9
#define OUT_BITS	9

/* Of a source, @how has this bit and rp_filter; of both, the type of service. */
#define IS_SOURCE	BIT(31)

/* An address that packets by some device may have, at one end. */
struct known_address {
	__be32 addr;
	int ifindex;		/* 0: nothing is known */
	u32 how;
	int generation;
};

/* The way of packets that came out of the tunnel. */
struct known_out {
	struct dst_entry *dst;	/* NULL: none; holds a reference */
	__be32 daddr;
	u8 tos;
};

struct dstm_routes {
	struct known_address addresses[1 << ADDRESS_BITS];
	struct known_out out[1 << OUT_BITS];
};

static struct known_address *address_slot(struct dstm_routes *r, __be32 addr,
					  u32 how)
{
	return &r->addresses[hash_32((__force u32)addr + how, ADDRESS_BITS)];
}

static bool is_known(struct dstm_routes *r, __be32 addr, u32 how,
		     const struct net_device *from, int generation)
{
	const struct known_address *known = address_slot(r, addr, how);

	return known->addr == addr && known->how == how &&
	       known->ifindex == from->ifindex &&
	       known->generation == generation;
}

static void keep_address(struct dstm_routes *r, __be32 addr, u32 how,
			 const struct net_device *from, int generation)
{
	*address_slot(r, addr, how) = (struct known_address) {
		.addr = addr,
		.ifindex = from->ifindex,
		.how = how,
		.generation = generation,
	};
}

static u32 source_how(const struct iphdr *iph, u8 rp_filter)
{
	return IS_SOURCE | rp_filter << 8 | iph->tos;
}

/**
 * dstm_route_state - what answers about a device's packets depend on, now
 * @from: the device; the caller is in an RCU section
 */
struct dstm_route_state dstm_route_state(const struct net_device *from)
{
	struct in_device *in = __in_dev_get_rcu(from);

	return (struct dstm_route_state) {
		.generation = rt_genid_ipv4(dev_net(from)),
		.rp_filter = in ? IN_DEV_RPFILTER(in) : 0,
	};
}

/**
 * dstm_route_is_cacheable - whether an IPv4 route depends on the addresses alone
 * @net: the namespace
 *
 * Rules may look at more of a packet, and path MTUs come and go.
 */
bool dstm_route_is_cacheable(const struct net *net)
{
	return !dstm_has_rules(net) &&
	       !READ_ONCE(net->ipv4.sysctl_ip_fwd_use_pmtu);
}

/**
 * dstm_route_learn_in - keep that a packet is to be forwarded into the tunnel
 * @dstm: the device; the caller is in an RCU section, bottom halves disabled
 * @iph: the packet's header
 * @from: the device that it came by
 * @state: what dstm_route_state() said before the stack was asked
 */
void dstm_route_learn_in(struct dstm_dev *dstm, const struct iphdr *iph,
			 const struct net_device *from,
			 const struct dstm_route_state *state)
{
	/* Pairs with the release in dstm_route_init(). */
	struct dstm_routes __percpu *routes = smp_load_acquire(&dstm->routes);
	struct dstm_routes *r;

	if (!routes || !dstm_route_is_cacheable(dev_net(from)))
		return;
	r = this_cpu_ptr(routes);
	keep_address(r, iph->daddr, iph->tos, from, state->generation);
	keep_address(r, iph->saddr, source_how(iph, state->rp_filter), from,
		     state->generation);
}

/**
 * dstm_route_leads_in - whether a packet is known to be for the tunnel
 * @dstm: the device, which has a shortcut; the caller is in an RCU section, bottom
 *        halves disabled
 * @iph: the packet's header
 * @from: the device that it came by
 *
 * Return: whether the stack said so of both its addresses, and would still.
 */
bool dstm_route_leads_in(struct dstm_dev *dstm, const struct iphdr *iph,
			 const struct net_device *from)
{
	struct dstm_routes *r = this_cpu_ptr(dstm->routes);
	struct dstm_route_state state = dstm_route_state(from);

	return dstm_route_is_cacheable(dev_net(from)) &&
	       is_known(r, iph->daddr, iph->tos, from, state.generation) &&
	       is_known(r, iph->saddr, source_how(iph, state.rp_filter), from,
			state.generation);
}

/* Whether the next packet with these addresses goes the same way. */
static bool is_reusable(const struct dstm_dev *dstm, const struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);

	/* Back into the tunnel, it may be that a redirect is due. */
	return rt->rt_type == RTN_UNICAST && !rt->dst.lwtstate &&
	       rt->dst.dev != dstm->dev && !(IPCB(skb)->flags & IPSKB_MULTIPATH);
}

/* Ask the stack, and keep what it says. */
static struct dst_entry *look_up(struct dstm_dev *dstm, struct sk_buff *skb,
				 const struct iphdr *iph,
				 struct known_out *slot,
				 const struct dstm_route_state *state)
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
		.tos = iph->tos,
	};
	if (state->rp_filter)
		keep_address(this_cpu_ptr(dstm->routes), iph->saddr,
			     source_how(iph, state->rp_filter), dstm->dev,
			     state->generation);
	return dst;
}

/**
 * dstm_route_out - the way of a packet that is to come out of the tunnel
 * @dstm: the device, which has a shortcut; the caller is in an RCU section, bottom
 *        halves disabled
 * @skb: the packet, not taken out yet
 * @iph: its inner header; a mapping vouches for the source
 *
 * Return: the route, valid in that section, or NULL: it has to go the whole way.
 */
struct dst_entry *dstm_route_out(struct dstm_dev *dstm, struct sk_buff *skb,
				 const struct iphdr *iph)
{
	struct dstm_routes *r = this_cpu_ptr(dstm->routes);
	struct dstm_route_state state = dstm_route_state(dstm->dev);
	struct known_out *slot;

	if (!dstm_route_is_cacheable(dev_net(dstm->dev)))
		return NULL;
	slot = &r->out[hash_32((__force u32)iph->daddr + iph->tos, OUT_BITS)];
	if (slot->dst && slot->daddr == iph->daddr && slot->tos == iph->tos &&
	    dst_check(slot->dst, 0) &&
	    (!state.rp_filter ||
	     is_known(r, iph->saddr, source_how(iph, state.rp_filter), dstm->dev,
		      state.generation)))
		return slot->dst;
	return look_up(dstm, skb, iph, slot, &state);
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
	routes = alloc_percpu(struct dstm_routes);
	if (!routes)
		return -ENOMEM;
	/* Pairs with dstm_route_learn_in(); the tables are zeroed by then. */
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
