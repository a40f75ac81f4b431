// SPDX-License-Identifier: GPL-2.0
/* The tunnel end points of a namespace, by address. */
#include <linux/log2.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/once.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "device.h"
#include "tep.h"

static DEFINE_MUTEX(tep_lock);

/* Whoever may choose addresses does not choose their buckets. */
static unsigned int bucket(const struct in6_addr *addr)
{
	static u64 keys[4] __read_mostly;

	net_get_random_once(keys, sizeof(keys));
	return (((__force u32)addr->s6_addr32[0] + keys[0]) *
		((__force u32)addr->s6_addr32[1] + keys[1]) +
		((__force u32)addr->s6_addr32[2] + keys[2]) *
		((__force u32)addr->s6_addr32[3] + keys[3])) >> (64 - ilog2(DSTM_TEP_BUCKETS));
}

/**
 * dstm_tep_find - whose packets those to an address are
 * @underlay: the namespace they arrive in
 * @addr: their outer destination
 *
 * Return: the end point, valid in the caller's RCU section, or NULL.
 */
struct dstm_tep *dstm_tep_find(const struct dstm_net *underlay,
			       const struct in6_addr *addr)
{
	struct dstm_tep *tep;

	hlist_for_each_entry_rcu(tep, &underlay->teps[bucket(addr)], node,
				 lockdep_is_held(&tep_lock)) {
		if (ipv6_addr_equal(&tep->addr, addr))
			return tep;
	}
	return NULL;
}

/**
 * dstm_tep_mtu - what the devices take that packets of all end points leave by
 * @underlay: the namespace of the end points
 *
 * Return: the greatest of their MTUs, or 0 where none is known.
 */
unsigned int dstm_tep_mtu(struct net *underlay)
{
	struct dstm_net *dn = dstm_net(underlay);
	struct dstm_tep *tep;
	unsigned int mtu = 0;
	int i;

	for (i = 0; i < DSTM_TEP_BUCKETS; i++) {
		rcu_read_lock();
		hlist_for_each_entry_rcu(tep, &dn->teps[i], node)
			mtu = max(mtu, dstm_path_mtu(tep));
		rcu_read_unlock();
		cond_resched();
	}
	return mtu;
}

/**
 * dstm_tep_any - whether a namespace has any end point
 * @underlay: the namespace
 */
bool dstm_tep_any(const struct net *underlay)
{
	return READ_ONCE(dstm_net(underlay)->count);
}

/*
 * Whoever has the device, but not the namespace of its underlay, is not to take up
 * addresses there.
 */
static bool may_make(const struct dstm_dev *dstm, const struct sk_buff *asker)
{
	struct user_namespace *owner = dstm->underlay->user_ns;

	return net_eq(dev_net(dstm->dev), dstm->underlay) ||
	       (asker ? netlink_ns_capable(asker, owner, CAP_NET_ADMIN) :
			ns_capable(owner, CAP_NET_ADMIN));
}

static struct dstm_tep *make(struct dstm_dev *dstm, const struct in6_addr *addr)
{
	struct dstm_tep *tep = kzalloc(sizeof(*tep), GFP_KERNEL_ACCOUNT);

	if (!tep)
		return NULL;
	tep->addr = *addr;
	tep->dstm = dstm;
	tep->users = 1;
	spin_lock_init(&tep->lock);
	tep->start.tep = tep;
	tep->end.tep = tep;
	RCU_INIT_POINTER(tep->input, &tep->start);
	return tep;
}

/**
 * dstm_tep_get - make an address an end point of a device, or use it again
 * @dstm: the device
 * @addr: the address
 * @asker: the netlink message that wants it, or NULL: the task that runs does
 * @extack: says why not
 *
 * Return: the end point, to be put by dstm_tep_put(), or an error pointer.
 */
struct dstm_tep *dstm_tep_get(struct dstm_dev *dstm, const struct in6_addr *addr,
			      const struct sk_buff *asker,
			      struct netlink_ext_ack *extack)
{
	struct dstm_net *underlay = dstm_net(dstm->underlay);
	struct dstm_tep *tep;

	mutex_lock(&tep_lock);
	tep = dstm_tep_find(underlay, addr);
	if (tep && tep->dstm != dstm) {
		NL_SET_ERR_MSG(extack, "the local address belongs to another dstm device");
		tep = ERR_PTR(-EADDRINUSE);
	} else if (tep) {
		tep->users++;
	} else if (!may_make(dstm, asker)) {
		NL_SET_ERR_MSG(extack,
			       "more local addresses are up to the administrator of the underlay");
		tep = ERR_PTR(-EPERM);
	} else {
		tep = make(dstm, addr);
		if (tep) {
			hlist_add_head_rcu(&tep->node,
					   &underlay->teps[bucket(addr)]);
			WRITE_ONCE(underlay->count, underlay->count + 1);
		} else {
			tep = ERR_PTR(-ENOMEM);
		}
	}
	mutex_unlock(&tep_lock);
	return tep;
}

/**
 * dstm_tep_put - give up one use of an end point
 * @tep: what dstm_tep_get() gave; readers may still see it in their section
 */
void dstm_tep_put(struct dstm_tep *tep)
{
	struct dstm_net *underlay = dstm_net(tep->dstm->underlay);

	mutex_lock(&tep_lock);
	if (!--tep->users) {
		WRITE_ONCE(underlay->count, underlay->count - 1);
		hlist_del_rcu(&tep->node);
		dstm_path_forget(&tep->input);
		kfree_rcu(tep, rcu);
	}
	mutex_unlock(&tep_lock);
}
