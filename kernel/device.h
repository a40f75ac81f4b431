/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_DEVICE_H
#define _DSTM_DEVICE_H

#include <linux/mutex.h>
#include <linux/ratelimit_types.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <uapi/linux/dstm.h>

#include "counters.h"
#include "inner.h"
#include "mapping.h"
#include "tep.h"

/* Flow labels that are none (RFC 6437 has 20 bits of them). */
#define DSTM_FLOWLABEL_AUTO	-1
#define DSTM_FLOWLABEL_NONE	-2

struct dstm_dev {
	struct net_device *dev;
	struct net *underlay;		/* where the device was made */
	struct in6_addr local;		/* that tep is made of */
	struct dstm_tep *tep;
	u8 role;			/* enum dstm_role */
	u8 hoplimit;			/* 0: as inner */
	u8 frag;			/* enum dstm_frag */
	u8 dscp;			/* enum dstm_dscp */
	s16 encap_limit;		/* -1: none */
	s16 tclass;			/* -1: as inner */
	s32 flowlabel;			/* or DSTM_FLOWLABEL_* */
	bool hairpin;
	bool icmp_errors;
	bool mtu_by_hand;		/* under rtnl */
	struct dstm_table table;
	struct dstm_marks marks;
	struct dstm_counters __percpu *counters;
	struct dstm_batch __percpu *batches;
	struct dstm_routes __percpu *routes;	/* NULL: it was not up yet */
	struct dstm_known __rcu *known;	/* NULL: it is down */
	struct list_head shortcuts;	/* under rtnl */
	struct ratelimit_state unreachable_limit;
	struct ratelimit_state spoof_limit;
	struct ratelimit_state event_limit;
	struct ratelimit_state acquire_limit;

	struct mutex lock;		/* writers of the table */
	bool dead;			/* under lock: no more mappings */
	struct delayed_work expiry;
	struct list_head list;		/* in dstm_devices, under rtnl */
};

extern struct list_head dstm_devices;	/* under rtnl */
extern struct rtnl_link_ops dstm_link_ops;
extern struct pernet_operations dstm_net_ops;

/* Which end of a packet the mapping is about, by direction. */
static inline enum dstm_end dstm_receive_end(const struct dstm_dev *dstm)
{
	return dstm->role == DSTM_ROLE_GATEWAY ? DSTM_SOURCE : DSTM_DESTINATION;
}

static inline enum dstm_end dstm_transmit_end(const struct dstm_dev *dstm)
{
	return dstm->role == DSTM_ROLE_GATEWAY ? DSTM_DESTINATION : DSTM_SOURCE;
}

bool dstm_is_device(const struct net_device *dev);
void dstm_device_schedule_expiry(struct dstm_dev *dstm);
void dstm_device_free(struct dstm_mapping *m);
void dstm_device_free_list(struct hlist_head *mappings);

#endif
