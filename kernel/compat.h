/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_COMPAT_H
#define _DSTM_COMPAT_H

/* What differs between kernel 6.1 and the newest, and nothing else. */

#include <linux/netdevice.h>
#include <linux/version.h>
#include <net/genetlink.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/rtnetlink.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#endif

/* Only who may administrate the network may join a multicast group. */
#ifdef GENL_MCAST_CAP_NET_ADMIN
#define DSTM_COMPAT_MCAST_CAP_NET_ADMIN	GENL_MCAST_CAP_NET_ADMIN
#else
#define DSTM_COMPAT_MCAST_CAP_NET_ADMIN	GENL_UNS_ADMIN_PERM
#endif

static inline void dstm_compat_set_lltx(struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

static inline struct nlattr **dstm_compat_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* Route a received packet by its header; 0, or it has none and is left as it was. */
static inline int dstm_compat_route_input(struct sk_buff *skb,
					  const struct iphdr *iph,
					  struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	return ip_route_input_noref(skb, iph->daddr, iph->saddr,
				    ip4h_dscp(iph), dev);
#else
	return ip_route_input_noref(skb, iph->daddr, iph->saddr, iph->tos, dev);
#endif
}

static inline bool dstm_compat_has_secmark(const struct sk_buff *skb)
{
#ifdef CONFIG_NETWORK_SECMARK
	return skb->secmark;
#else
	return false;
#endif
}

/* Whether tc or netfilter look at what comes in by a device itself. */
static inline bool dstm_compat_has_ingress(const struct net_device *dev)
{
	bool has = false;

#ifdef CONFIG_NETFILTER_INGRESS
	has = has || rcu_access_pointer(dev->nf_hooks_ingress);
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#ifdef CONFIG_NET_XGRESS
	has = has || rcu_access_pointer(dev->tcx_ingress);
#endif
#elif defined(CONFIG_NET_CLS_ACT)
	has = has || rcu_access_pointer(dev->miniq_ingress);
#endif
	return has;
}

/* The same for what goes out. */
static inline bool dstm_compat_has_egress(const struct net_device *dev)
{
	bool has = false;

#ifdef CONFIG_NETFILTER_EGRESS
	has = has || rcu_access_pointer(dev->nf_hooks_egress);
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#ifdef CONFIG_NET_XGRESS
	has = has || rcu_access_pointer(dev->tcx_egress);
#endif
#elif defined(CONFIG_NET_CLS_ACT)
	has = has || rcu_access_pointer(dev->miniq_egress);
#endif
	return has;
}

/* rtnl_link_ops.newlink, calling func(underlay, dev, tb, data, extack). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#define DSTM_COMPAT_NEWLINK(name, func)					\
static int name(struct net_device *dev,					\
		struct rtnl_newlink_params *params,			\
		struct netlink_ext_ack *extack)				\
{									\
	return func(rtnl_newlink_link_net(params), dev, params->tb,	\
		    params->data, extack);				\
}
#else
#define DSTM_COMPAT_NEWLINK(name, func)					\
static int name(struct net *src_net, struct net_device *dev,		\
		struct nlattr *tb[], struct nlattr *data[],		\
		struct netlink_ext_ack *extack)				\
{									\
	return func(src_net, dev, tb, data, extack);			\
}
#endif

#endif
