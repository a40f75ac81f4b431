// SPDX-License-Identifier: GPL-2.0
/* The commands of the generic netlink family; its spec says what they do. */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "compat.h"
#include "device.h"
#include "events.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "parse.h"

static const struct genl_multicast_group dstm_mcgrps[] = {
	[DSTM_NLGRP_EVENTS] = {
		.name = DSTM_MCGRP_EVENTS,
		.flags = DSTM_COMPAT_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family dstm_nl_family __ro_after_init = {
	.name = DSTM_FAMILY_NAME,
	.version = DSTM_FAMILY_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = dstm_nl_ops,
	.n_ops = ARRAY_SIZE(dstm_nl_ops),
	.resv_start_op = __DSTM_CMD_MAX,
	.mcgrps = dstm_mcgrps,
	.n_mcgrps = ARRAY_SIZE(dstm_mcgrps),
};

/* The device that a command names, held until dev_put(). */
static struct dstm_dev *device_get(struct genl_info *info)
{
	struct net_device *dev;

	if (!info->attrs[DSTM_A_IFINDEX]) {
		NL_SET_ERR_MSG(info->extack, "ifindex, the device, is required");
		return ERR_PTR(-EINVAL);
	}
	dev = dev_get_by_index(genl_info_net(info),
			       nla_get_u32(info->attrs[DSTM_A_IFINDEX]));
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[DSTM_A_IFINDEX],
				    "there is no such device");
		return ERR_PTR(-ENODEV);
	}
	if (!dstm_is_device(dev)) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[DSTM_A_IFINDEX],
				    "the device is not of kind dstm");
		dev_put(dev);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return netdev_priv(dev);
}

/* As device_get(), and locked; undone by put_locked(). */
static struct dstm_dev *get_locked(struct genl_info *info)
{
	struct dstm_dev *dstm = device_get(info);

	if (IS_ERR(dstm))
		return dstm;
	mutex_lock(&dstm->lock);
	if (dstm->dead) {
		mutex_unlock(&dstm->lock);
		dev_put(dstm->dev);
		NL_SET_ERR_MSG(info->extack, "the device is being deleted");
		return ERR_PTR(-ENODEV);
	}
	return dstm;
}

static void put_locked(struct dstm_dev *dstm)
{
	mutex_unlock(&dstm->lock);
	dev_put(dstm->dev);
}

static int attrs_len(const struct genl_info *info)
{
	return genlmsg_len(info->genlhdr);
}

static unsigned int count_mappings(const struct genl_info *info)
{
	struct nlattr *attr;
	unsigned int n = 0;
	int rem;

	nla_for_each_attr(attr, genlmsg_data(info->genlhdr), attrs_len(info),
			  rem)
		n += nla_type(attr) == DSTM_A_MAPPING;
	if (!n)
		NL_SET_ERR_MSG(info->extack, "mapping is required");
	return n;
}

static enum dstm_set_mode set_mode(const struct genl_info *info)
{
	u16 flags = info->nlhdr->nlmsg_flags;

	if (flags & NLM_F_REPLACE)
		return flags & NLM_F_CREATE ? DSTM_SET_PUT : DSTM_SET_REPLACE;
	return flags & NLM_F_CREATE ? DSTM_SET_ADD : DSTM_SET_EXTEND;
}

static int set_one(struct dstm_dev *dstm, struct nlattr *attr,
		   const struct dstm_set *how, struct dstm_change *change,
		   struct hlist_head *evicted, struct netlink_ext_ack *extack)
{
	struct dstm_mapping *m = dstm_parse_mapping(dstm, attr, how, extack);
	int err;

	if (IS_ERR(m)) {
		err = PTR_ERR(m);
	} else {
		err = dstm_table_set(&dstm->table, m, how, change, evicted,
				     extack);
		if (err || change->new != m)
			dstm_device_free(m);
	}
	if (err)
		NL_SET_BAD_ATTR(extack, attr);
	return err;
}

/* By a command, unless its lifetime was over before. */
static void tell_gone(struct dstm_dev *dstm, const struct dstm_mapping *m)
{
	dstm_event_mapping(dstm, dstm_mapping_expired(m, dstm_now()) ?
			   DSTM_CMD_MAP_EXPIRE_NTF : DSTM_CMD_MAP_DEL_NTF, m);
}

static void commit(struct dstm_dev *dstm, struct dstm_change *changes,
		   unsigned int n, struct hlist_head *evicted)
{
	struct dstm_mapping *m;
	unsigned int i;

	hlist_for_each_entry(m, evicted, wheel)
		tell_gone(dstm, m);
	for (i = 0; i < n; i++)
		dstm_event_mapping(dstm, DSTM_CMD_MAP_NEW_NTF, changes[i].new);
	/* One message may have set a mapping twice: only now nobody looks. */
	for (i = 0; i < n; i++)
		if (changes[i].old && changes[i].old != changes[i].new)
			dstm_device_free(changes[i].old);
}

static void roll_back(struct dstm_dev *dstm, struct dstm_change *changes,
		      unsigned int n, struct hlist_head *evicted)
{
	struct dstm_mapping *m;

	while (n--) {
		dstm_table_undo(&dstm->table, &changes[n]);
		if (changes[n].new != changes[n].old)
			dstm_device_free(changes[n].new);
	}
	dstm_table_restore(&dstm->table, evicted);
	/* Hardly ever: memory did not suffice to put these back. */
	hlist_for_each_entry(m, evicted, wheel)
		tell_gone(dstm, m);
}

int dstm_nl_map_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct dstm_set how = { .mode = set_mode(info) };
	struct dstm_change *changes;
	unsigned int n, done = 0;
	struct dstm_dev *dstm;
	struct nlattr *attr;
	HLIST_HEAD(evicted);
	int rem, err = 0;
	u32 sync = 0;

	n = count_mappings(info);
	if (!n)
		return -EINVAL;
	dstm = get_locked(info);
	if (IS_ERR(dstm))
		return PTR_ERR(dstm);
	if (info->attrs[DSTM_A_SYNC]) {
		sync = nla_get_u32(info->attrs[DSTM_A_SYNC]);
		if (!dstm->table.syncing || sync != dstm->table.sync) {
			NL_SET_ERR_MSG_ATTR(info->extack,
					    info->attrs[DSTM_A_SYNC],
					    "this sync has ended, or another has begun");
			err = -ESTALE;
			goto unlock;
		}
		how.sync = sync;
	}
	how.now = ktime_get_boottime_ns();
	how.asker = skb;
	changes = kvcalloc(n, sizeof(*changes), GFP_KERNEL);
	if (!changes) {
		err = -ENOMEM;
		goto unlock;
	}

	nla_for_each_attr(attr, genlmsg_data(info->genlhdr), attrs_len(info),
			  rem) {
		if (nla_type(attr) != DSTM_A_MAPPING)
			continue;
		err = set_one(dstm, attr, &how, &changes[done], &evicted,
			      info->extack);
		if (err)
			break;
		done++;
	}
	if (err)
		roll_back(dstm, changes, done, &evicted);
	else
		commit(dstm, changes, done, &evicted);
	dstm_device_free_list(&evicted);
	dstm_device_schedule_expiry(dstm);
	kvfree(changes);
unlock:
	put_locked(dstm);
	return err;
}

static void delete_list(struct dstm_dev *dstm, struct hlist_head *removed)
{
	struct dstm_mapping *m;

	hlist_for_each_entry(m, removed, wheel) {
		tell_gone(dstm, m);
		cond_resched();
	}
	dstm_device_free_list(removed);
}

/* The mappings that a message names. All of them are there, or it is an error. */
static int find_mappings(struct dstm_dev *dstm, struct genl_info *info,
			 struct dstm_mapping **found)
{
	struct nlattr *attr;
	int rem;

	nla_for_each_attr(attr, genlmsg_data(info->genlhdr), attrs_len(info),
			  rem) {
		if (nla_type(attr) != DSTM_A_MAPPING)
			continue;
		*found = dstm_parse_existing(dstm, attr, info->extack);
		if (IS_ERR(*found)) {
			NL_SET_BAD_ATTR(info->extack, attr);
			return PTR_ERR(*found);
		}
		found++;
	}
	return 0;
}

int dstm_nl_map_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	unsigned int i, n = count_mappings(info);
	struct dstm_mapping **found;
	struct dstm_dev *dstm;
	HLIST_HEAD(removed);
	int err;

	if (!n)
		return -EINVAL;
	found = kvcalloc(n, sizeof(*found), GFP_KERNEL);
	if (!found)
		return -ENOMEM;
	dstm = get_locked(info);
	if (IS_ERR(dstm)) {
		kvfree(found);
		return PTR_ERR(dstm);
	}
	err = find_mappings(dstm, info, found);
	for (i = 0; !err && i < n; i++) {
		/* One that is named twice is taken out once. */
		if (!dstm_table_has(found[i]))
			continue;
		dstm_table_remove(&dstm->table, found[i]);
		hlist_add_head(&found[i]->wheel, &removed);
	}
	delete_list(dstm, &removed);
	put_locked(dstm);
	kvfree(found);
	return err;
}

static void *reply_new(struct genl_info *info, struct sk_buff **reply, u8 cmd)
{
	void *hdr;

	*reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!*reply)
		return NULL;
	hdr = genlmsg_put_reply(*reply, info, &dstm_nl_family, 0, cmd);
	if (!hdr)
		nlmsg_free(*reply);
	return hdr;
}

int dstm_nl_map_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct dstm_dev *dstm;
	struct dstm_mapping *m;
	struct sk_buff *reply;
	int err = -ENOMEM;
	unsigned int n;
	void *hdr;

	n = count_mappings(info);
	if (n > 1)
		NL_SET_ERR_MSG(info->extack, "one mapping at a time can be asked for");
	if (n != 1)
		return -EINVAL;
	dstm = get_locked(info);
	if (IS_ERR(dstm))
		return PTR_ERR(dstm);
	m = dstm_parse_existing(dstm, info->attrs[DSTM_A_MAPPING], info->extack);
	if (IS_ERR(m)) {
		err = PTR_ERR(m);
		goto unlock;
	}
	hdr = reply_new(info, &reply, DSTM_CMD_MAP_GET);
	if (!hdr)
		goto unlock;
	if (nla_put_u32(reply, DSTM_A_IFINDEX, dstm->dev->ifindex) ||
	    dstm_put_mapping(reply, m, dstm_now())) {
		nlmsg_free(reply);
		err = -EMSGSIZE;
		goto unlock;
	}
	genlmsg_end(reply, hdr);
	put_locked(dstm);
	return genlmsg_reply(reply, info);

unlock:
	put_locked(dstm);
	return err;
}

/* What reply_new() began; there is room for it. */
static int reply_u32(struct genl_info *info, struct sk_buff *reply, void *hdr,
		     int attr, u32 value)
{
	if (nla_put_u32(reply, attr, value)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

/* Take out what a sync did not want, or everything. Returns how many. */
static u32 sweep(struct dstm_dev *dstm, bool all)
{
	struct dstm_mapping *m, *next;
	HLIST_HEAD(removed);
	u32 n = 0;

	for (m = dstm_table_first(&dstm->table, 0, 0); m; m = next) {
		cond_resched();
		next = dstm_table_next(m);
		if (!all && m->node.sync == dstm->table.sync)
			continue;
		dstm_table_remove(&dstm->table, m);
		hlist_add_head(&m->wheel, &removed);
		n++;
	}
	delete_list(dstm, &removed);
	return n;
}

/* The answer comes first: without memory for it nothing is done. */
int dstm_nl_map_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct dstm_dev *dstm = get_locked(info);
	struct sk_buff *reply;
	void *hdr;
	u32 n;

	if (IS_ERR(dstm))
		return PTR_ERR(dstm);
	hdr = reply_new(info, &reply, DSTM_CMD_MAP_FLUSH);
	if (!hdr) {
		put_locked(dstm);
		return -ENOMEM;
	}
	n = sweep(dstm, true);
	put_locked(dstm);
	return reply_u32(info, reply, hdr, DSTM_A_COUNT, n);
}

int dstm_nl_sync_begin_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct dstm_dev *dstm = get_locked(info);
	struct sk_buff *reply;
	void *hdr;
	u32 sync;

	if (IS_ERR(dstm))
		return PTR_ERR(dstm);
	hdr = reply_new(info, &reply, DSTM_CMD_SYNC_BEGIN);
	if (!hdr) {
		put_locked(dstm);
		return -ENOMEM;
	}
	sync = ++dstm->table.sync ?: ++dstm->table.sync;
	dstm->table.syncing = true;
	put_locked(dstm);
	return reply_u32(info, reply, hdr, DSTM_A_SYNC, sync);
}

int dstm_nl_sync_end_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct dstm_dev *dstm;
	struct sk_buff *reply;
	int err = -ESTALE;
	void *hdr;
	u32 n;

	if (!info->attrs[DSTM_A_SYNC]) {
		NL_SET_ERR_MSG(info->extack, "sync is required");
		return -EINVAL;
	}
	dstm = get_locked(info);
	if (IS_ERR(dstm))
		return PTR_ERR(dstm);
	if (!dstm->table.syncing ||
	    nla_get_u32(info->attrs[DSTM_A_SYNC]) != dstm->table.sync) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[DSTM_A_SYNC],
				    "this sync has ended, or another has begun");
		goto unlock;
	}
	err = -ENOMEM;
	hdr = reply_new(info, &reply, DSTM_CMD_SYNC_END);
	if (!hdr)
		goto unlock;
	dstm->table.syncing = false;
	n = sweep(dstm, false);
	put_locked(dstm);
	return reply_u32(info, reply, hdr, DSTM_A_COUNT, n);

unlock:
	put_locked(dstm);
	return err;
}

int dstm_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct dstm_dev *dstm = device_get(info);
	struct sk_buff *reply;
	int err = -ENOMEM;
	void *hdr;

	if (IS_ERR(dstm))
		return PTR_ERR(dstm);
	hdr = reply_new(info, &reply, DSTM_CMD_STATS_GET);
	if (hdr) {
		err = dstm_put_stats(reply, dstm);
		if (err)
			nlmsg_free(reply);
	}
	dev_put(dstm->dev);
	if (err)
		return err;
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}
