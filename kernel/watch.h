/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_WATCH_H
#define _DSTM_WATCH_H

/*
 * Who may want to see a packet, or to have a say in its way, where parts of the
 * stack are passed by. All for callers in an RCU section.
 */

#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ip.h>
#include <net/sch_generic.h>
#include <net/xfrm.h>

#include "compat.h"

#ifdef CONFIG_NETFILTER
/* Whether there is a hook beside our own, which early.c has. */
static inline bool dstm_is_hooked_before(const struct nf_hook_entries __rcu *place)
{
	const struct nf_hook_entries *e = rcu_dereference(place);

	return e && e->num_hook_entries > 1;
}

/*
 * AppArmor has a hook in every namespace, which looks at nothing but the security
 * mark of a packet.
 */
static inline bool dstm_is_more_than_apparmor(const struct nf_hook_entries __rcu *place,
					      const struct sk_buff *skb)
{
	const struct nf_hook_entries *e = rcu_dereference(place);
	const struct nf_hook_ops *ops;

	if (!e)
		return false;
	ops = nf_hook_entries_get_hook_ops(e)[0];
	/* A table of nftables and a BPF program say what they are. */
	return e->num_hook_entries > 1 ||
	       (skb && dstm_compat_has_secmark(skb)) ||
	       ops->priority != NF_IP_PRI_SELINUX_FIRST ||
	       ops->hook_ops_type != NF_HOOK_OP_UNDEFINED;
}

/* Whether there is a hook between the route of a forwarded packet and the device. */
static inline bool dstm_is_hooked_behind(const struct net *net,
					 const struct sk_buff *skb)
{
	return rcu_access_pointer(net->nf.hooks_ipv4[NF_INET_FORWARD]) ||
	       dstm_is_more_than_apparmor(net->nf.hooks_ipv4[NF_INET_POST_ROUTING],
					  skb);
}

/* The same for an IPv6 packet of this host's own. */
static inline bool dstm_is_hooked_behind6(const struct net *net,
					  const struct sk_buff *skb)
{
	return rcu_access_pointer(net->nf.hooks_ipv6[NF_INET_LOCAL_OUT]) ||
	       dstm_is_more_than_apparmor(net->nf.hooks_ipv6[NF_INET_POST_ROUTING],
					  skb);
}
#else
static inline bool dstm_is_hooked_behind(const struct net *net,
					 const struct sk_buff *skb)
{
	return false;
}

static inline bool dstm_is_hooked_behind6(const struct net *net,
					  const struct sk_buff *skb)
{
	return false;
}
#endif

/* Whether somebody wants to see what goes out by a device. */
static inline bool dstm_is_watched_out(struct net_device *dev)
{
	return dev_nit_active(dev) || dstm_compat_has_egress(dev) ||
	       rcu_dereference(netdev_get_tx_queue(dev, 0)->qdisc)->enqueue;
}

/* Whether a packet does not stay with the device that it came by. */
static inline bool dstm_is_port(const struct net_device *dev)
{
	return rcu_access_pointer(dev->rx_handler) || netif_is_l3_slave(dev) ||
	       netif_is_l3_master(dev) || !list_empty(&dev->ptype_specific);
}

/* The same of what comes in, by those that see nothing of what goes out. */
static inline bool dstm_is_hooked_in(const struct net_device *dev)
{
	return dstm_compat_has_ingress(dev) || !list_empty(&dev->ptype_specific) ||
	       rcu_access_pointer(dev->rx_handler) ||
	       rcu_access_pointer(dev->xdp_prog);
}

/* Whether somebody wants to see what comes in by a device. */
static inline bool dstm_is_watched_in(struct net_device *dev)
{
	return dev_nit_active(dev) || dstm_is_hooked_in(dev);
}

/* Whether an IPv4 route depends on more than addresses. */
static inline bool dstm_has_rules(const struct net *net)
{
#ifdef CONFIG_IP_MULTIPLE_TABLES
	return net->ipv4.fib_has_custom_rules;
#else
	return false;
#endif
}

static inline bool dstm_has_rules6(const struct net *net)
{
#ifdef CONFIG_IPV6_MULTIPLE_TABLES
	return READ_ONCE(net->ipv6.fib6_has_custom_rules);
#else
	return false;
#endif
}

/* Whether IPsec may want a packet of some direction, or refuse it. */
static inline bool dstm_has_policies(const struct net *net, int dir)
{
#ifdef CONFIG_XFRM
	return READ_ONCE(net->xfrm.policy_count[dir]) ||
	       READ_ONCE(net->xfrm.policy_default[dir]) != XFRM_USERPOLICY_ACCEPT;
#else
	return false;
#endif
}

/*
 * Whether the IPv6 route of a packet depends on its addresses alone: rules may look
 * at more of it, and IPsec at all of it.
 */
static inline bool dstm_is_routed_by_addresses6(const struct net *net)
{
	return !dstm_has_rules6(net) && !dstm_has_policies(net, XFRM_POLICY_OUT);
}

#endif
