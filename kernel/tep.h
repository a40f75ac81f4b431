/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_TEP_H
#define _DSTM_TEP_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "path.h"

struct dstm_dev;
struct dstm_known;
struct netlink_ext_ack;
struct sk_buff;

/*
 * A tunnel end point: an IPv6 address of the underlay at which one device
 * takes packets. Every device has one of its own; mappings may add more.
 */
struct dstm_tep {
	struct hlist_node node;
	struct in6_addr addr;
	struct dstm_dev *dstm;
	u32 users;
	spinlock_t lock;		/* of the paths */
	struct hlist_head paths;
	struct dstm_path start;		/* of mappings whose route is not known */
	struct dstm_path end;		/* of mappings that are no more */
	struct dstm_path __rcu *input;	/* the route to the address itself */
	struct rcu_head rcu;
};

#define DSTM_TEP_BUCKETS	256

#ifdef CONFIG_NETFILTER
/* A hook of a namespace, for those devices that are up. */
struct dstm_hook {
	struct nf_hook_ops ops;
	u32 users;			/* under rtnl */
};
#endif

/* The end points of all devices that were made in a namespace. */
struct dstm_net {
	struct hlist_head teps[DSTM_TEP_BUCKETS];
	u32 count;			/* of them */
	struct dstm_known __rcu *known;	/* NULL: no device is up in it */
#ifdef CONFIG_NETFILTER
	struct dstm_hook ipv4;		/* of devices that are up in it */
	struct dstm_hook ipv6;		/* of those that it is the underlay of */
#endif
};

extern unsigned int dstm_net_id;

static inline struct dstm_net *dstm_net(const struct net *net)
{
	return net_generic(net, dstm_net_id);
}

struct dstm_tep *dstm_tep_find(const struct dstm_net *underlay,
			       const struct in6_addr *addr);
unsigned int dstm_tep_mtu(struct net *underlay);
bool dstm_tep_any(const struct net *underlay);
struct dstm_tep *dstm_tep_get(struct dstm_dev *dstm, const struct in6_addr *addr,
			      const struct sk_buff *asker,
			      struct netlink_ext_ack *extack);
void dstm_tep_put(struct dstm_tep *tep);

#endif
