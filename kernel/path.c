// SPDX-License-Identifier: GPL-2.0
/* Routes of the underlay that were looked up, to be used again. */
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>

#include "mtu.h"
#include "path.h"
#include "tep.h"

static void put(struct dstm_path *path)
{
	if (path == &path->tep->start || --path->users)
		return;
	hlist_del(&path->node);
	dst_release(path->dst);
	kfree_rcu(path, rcu);
}

/*
 * The newest are at the front, and those are the valid ones; behind them there may
 * be as many as there are mappings that have been idle since some change of routes.
 */
static unsigned int look_at_most(void)
{
	return 4 * nr_cpu_ids + 16;
}

static struct dstm_path *find(struct dstm_tep *tep, const struct dst_entry *dst,
			      u32 cookie)
{
	unsigned int left = look_at_most();
	struct dstm_path *path;

	hlist_for_each_entry(path, &tep->paths, node) {
		if (path->dst == dst && path->cookie == cookie)
			return path;
		if (!--left)
			break;
	}
	return NULL;
}

static struct dstm_path *add(struct dstm_tep *tep, struct dst_entry *dst,
			     u32 cookie)
{
	struct dstm_path *path;

	path = kmalloc(sizeof(*path), GFP_ATOMIC | __GFP_NOWARN);
	if (!path)
		return NULL;
	*path = (struct dstm_path) {
		.tep = tep,
		.dst = dst_clone(dst),
		.cookie = cookie,
	};
	hlist_add_head(&path->node, &tep->paths);
	dstm_mtu_follow();
	return path;
}

/**
 * dstm_path_learn - keep what a lookup said
 * @place: where, with a path of the same end point in it; the caller is in an
 *         RCU section
 * @dst: the route, the caller's
 *
 * Routes that are one destination's alone, for its path MTU, are not kept: there
 * may be very many.
 */
void dstm_path_learn(struct dstm_path __rcu **place, struct dst_entry *dst)
{
	const struct rt6_info *rt = (const struct rt6_info *)dst;
	struct dstm_tep *tep = rcu_dereference(*place)->tep;
	u32 cookie = rt6_get_cookie(rt);
	struct dstm_path *old, *path;

	if (rt->rt6i_flags & RTF_CACHE)
		return;
	spin_lock_bh(&tep->lock);
	old = rcu_dereference_protected(*place, lockdep_is_held(&tep->lock));
	if (old != &tep->end) {
		path = find(tep, dst, cookie) ?: add(tep, dst, cookie);
		if (path && path != old) {
			path->users++;
			rcu_assign_pointer(*place, path);
			put(old);
		}
	}
	spin_unlock_bh(&tep->lock);
}

/* The MTU of the device that a path leads out by, or 0. */
static unsigned int device_mtu(const struct dstm_path *path)
{
	const struct dst_entry *dst = dstm_path_dst(path);
	const struct inet6_dev *idev;

	if (!dst || dst->dev->flags & IFF_LOOPBACK)
		return 0;
	idev = __in6_dev_get(dst->dev);
	return idev ? READ_ONCE(idev->cnf.mtu6) : 0;
}

/**
 * dstm_path_mtu - what the devices take that packets of an end point leave by
 * @tep: the end point; the caller is in an RCU section
 *
 * Return: the greatest of their MTUs, or 0 where none is known.
 */
unsigned int dstm_path_mtu(struct dstm_tep *tep)
{
	unsigned int left = look_at_most(), mtu = 0;
	const struct dstm_path *path;

	spin_lock_bh(&tep->lock);
	hlist_for_each_entry(path, &tep->paths, node) {
		mtu = max(mtu, device_mtu(path));
		if (!--left)
			break;
	}
	spin_unlock_bh(&tep->lock);
	return mtu;
}

/**
 * dstm_path_forget - learn nothing more, whoever still reads
 * @place: where the path is
 */
void dstm_path_forget(struct dstm_path __rcu **place)
{
	struct dstm_path *old;
	struct dstm_tep *tep;

	rcu_read_lock();
	tep = rcu_dereference(*place)->tep;
	spin_lock_bh(&tep->lock);
	old = rcu_dereference_protected(*place, lockdep_is_held(&tep->lock));
	rcu_assign_pointer(*place, &tep->end);
	put(old);
	spin_unlock_bh(&tep->lock);
	rcu_read_unlock();
}

static unsigned int mark_set(const struct dstm_marks *marks,
			     const struct in6_addr *remote)
{
	return ipv6_addr_hash(remote) % ARRAY_SIZE(marks->sets);
}

/**
 * dstm_marks_note - remember by which mark a route is looked up
 * @marks: of the device
 * @remote: the other end of the tunnel
 * @mark: the mark; the one that was noted first makes way
 */
void dstm_marks_note(struct dstm_marks *marks, const struct in6_addr *remote,
		     u32 mark)
{
	u32 *set = marks->sets[mark_set(marks, remote)];
	int i;

	for (i = 0; i < DSTM_MARKS; i++)
		if (READ_ONCE(set[i]) == mark)
			return;
	for (i = DSTM_MARKS - 1; i > 0; i--)
		WRITE_ONCE(set[i], READ_ONCE(set[i - 1]));
	WRITE_ONCE(set[0], mark);
}

/**
 * dstm_path_update_mtu - a path is smaller than its route says
 * @underlay: the namespace
 * @marks: of the device
 * @skb: a packet that went there, data and network header at its IPv6 header
 * @mtu: that of the path
 *
 * The routes are those by which the packets to come are sent: of these addresses,
 * of each mark that there was lately, and of no flow label.
 */
void dstm_path_update_mtu(struct net *underlay, const struct dstm_marks *marks,
			  struct sk_buff *skb, u32 mtu)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	const u32 *set = marks->sets[mark_set(marks, &ip6h->daddr)];
	struct dst_entry *dst;
	struct flowi6 fl6;
	int i;

	for (i = 0; i < DSTM_MARKS; i++) {
		/* Where there were fewer, the rest of the set is alike. */
		if (i && READ_ONCE(set[i]) == READ_ONCE(set[i - 1]))
			break;
		fl6 = dstm_path_flow(&ip6h->saddr, &ip6h->daddr,
				     READ_ONCE(set[i]));
		dst = ip6_route_output(underlay, NULL, &fl6);
		if (!dst->error)
			dst->ops->update_pmtu(dst, NULL, skb, mtu, false);
		dst_release(dst);
	}
}
