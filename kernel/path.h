/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_PATH_H
#define _DSTM_PATH_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <net/dst.h>
#include <net/flow.h>

struct dstm_tep;
struct net;
struct sk_buff;

/*
 * The way from a tunnel end point into the underlay: what a lookup of the IPv6
 * route said. Mappings share the few paths that there are, so that a mapping
 * needs no lookup, and no memory, of its own.
 */
struct dstm_path {
	struct dstm_tep *tep;
	struct dst_entry *dst;		/* NULL where none has been looked up */
	u32 cookie;			/* whether dst is still the answer */
	u32 users;			/* under the end point's lock */
	struct hlist_node node;
	struct rcu_head rcu;
};

/*
 * The marks of packets whose routes were looked up lately, by the other end. An
 * error about a packet does not tell its mark.
 */
#define DSTM_MARKS	4

struct dstm_marks {
	u32 sets[64][DSTM_MARKS];
};

void dstm_path_learn(struct dstm_path __rcu **place, struct dst_entry *dst);
void dstm_path_forget(struct dstm_path __rcu **place);
unsigned int dstm_path_mtu(struct dstm_tep *tep);

void dstm_marks_note(struct dstm_marks *marks, const struct in6_addr *remote,
		     u32 mark);
void dstm_path_update_mtu(struct net *underlay, const struct dstm_marks *marks,
			  struct sk_buff *skb, u32 mtu);

/* What the route of a tunnel's packets is looked up by. */
static inline struct flowi6 dstm_path_flow(const struct in6_addr *tep,
					   const struct in6_addr *remote,
					   u32 mark)
{
	return (struct flowi6) {
		.saddr = *tep,
		.daddr = *remote,
		.flowi6_proto = IPPROTO_IPIP,
		.flowi6_mark = mark,
	};
}

/* The route, valid in the caller's RCU section, or NULL: look it up. */
static inline struct dst_entry *dstm_path_dst(const struct dstm_path *path)
{
	return path->dst ? dst_check(path->dst, path->cookie) : NULL;
}

#endif
