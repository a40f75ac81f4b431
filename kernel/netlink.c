// SPDX-License-Identifier: GPL-2.0
/* The commands of the generic netlink family; its spec says what they do. */
#include <linux/inet.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "compat.h"
#include "device.h"
#include "events.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "portset.h"

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

static int parse_ipv4(struct nlattr *attr, __be32 *ipv4,
		      struct netlink_ext_ack *extack)
{
	if (!attr) {
		NL_SET_ERR_MSG(extack, "ipv4 is required");
		return -EINVAL;
	}
	*ipv4 = nla_get_in_addr(attr);
	if (ipv4_is_zeronet(*ipv4))
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is unspecified");
	else if (ntohl(*ipv4) >> 24 == 0)
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is in 0.0.0.0/8");
	else if (ipv4_is_linklocal_169(*ipv4))
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is a link-local address");
	else if (ipv4_is_loopback(*ipv4))
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is a loopback address");
	else if (ipv4_is_multicast(*ipv4))
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is a multicast address");
	else if (ipv4_is_lbcast(*ipv4) || ntohl(*ipv4) >= 0xf0000000)
		NL_SET_ERR_MSG_ATTR(extack, attr, "ipv4 is a broadcast or reserved address");
	else
		return 0;
	return -EINVAL;
}

/* Packets for an address of the gateway's own never come to the device. */
static int check_lendable(struct dstm_dev *dstm, struct nlattr *attr,
			  struct netlink_ext_ack *extack)
{
	if (dstm->role != DSTM_ROLE_GATEWAY ||
	    inet_addr_type_dev_table(dev_net(dstm->dev), dstm->dev,
				     nla_get_in_addr(attr)) != RTN_LOCAL)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "ipv4 is an address of the gateway itself");
	return -EADDRINUSE;
}

/* What no tunnel leads to, by the kernel's type of address. */
static const struct {
	int type;
	const char *remote;
	const char *local;
} ipv6_refusals[] = {
	{ IPV6_ADDR_ANY,
	  "remote is the unspecified address", "local is the unspecified address" },
	{ IPV6_ADDR_LOOPBACK,
	  "remote is a loopback address", "local is a loopback address" },
	{ IPV6_ADDR_MULTICAST,
	  "remote is a multicast address", "local is a multicast address" },
	{ IPV6_ADDR_LINKLOCAL,
	  "remote is a link-local address", "local is a link-local address" },
	{ IPV6_ADDR_MAPPED,
	  "remote is an IPv4-mapped address", "local is an IPv4-mapped address" },
};

static int parse_ipv6(struct nlattr *attr, struct in6_addr *addr,
		      struct netlink_ext_ack *extack)
{
	bool is_remote = nla_type(attr) == DSTM_A_MAPPING_REMOTE;
	int type, i;

	*addr = nla_get_in6_addr(attr);
	type = ipv6_addr_type(addr);
	for (i = 0; i < ARRAY_SIZE(ipv6_refusals); i++) {
		if (!(type & ipv6_refusals[i].type) &&
		    type != ipv6_refusals[i].type)
			continue;
		NL_SET_BAD_ATTR(extack, attr);
		extack->_msg = is_remote ? ipv6_refusals[i].remote :
					   ipv6_refusals[i].local;
		return -EINVAL;
	}
	return 0;
}

static int parse_portset(struct nlattr **tb, struct dstm_node *node,
			 struct netlink_ext_ack *extack)
{
	u8 len = 0, offset = 0;
	u16 psid = 0;

	if (tb[DSTM_A_MAPPING_PSID_LEN])
		len = nla_get_u8(tb[DSTM_A_MAPPING_PSID_LEN]);
	if (tb[DSTM_A_MAPPING_PSID_OFFSET])
		offset = nla_get_u8(tb[DSTM_A_MAPPING_PSID_OFFSET]);
	if (tb[DSTM_A_MAPPING_PSID])
		psid = nla_get_u16(tb[DSTM_A_MAPPING_PSID]);

	if (len && !tb[DSTM_A_MAPPING_PSID]) {
		NL_SET_ERR_MSG(extack, "psid-len without psid");
		return -EINVAL;
	}
	if (tb[DSTM_A_MAPPING_PSID] && !tb[DSTM_A_MAPPING_PSID_LEN]) {
		NL_SET_ERR_MSG(extack, "psid without psid-len");
		return -EINVAL;
	}
	if (tb[DSTM_A_MAPPING_PSID_OFFSET] && !tb[DSTM_A_MAPPING_PSID_LEN]) {
		NL_SET_ERR_MSG(extack, "psid-offset without psid-len");
		return -EINVAL;
	}
	if (len > 16 || offset > 15 || len + offset > 16) {
		NL_SET_ERR_MSG(extack,
			       "psid-offset and psid-len are more than the 16 bits of a port");
		return -EINVAL;
	}
	if (!dstm_portset_valid(psid, len, offset)) {
		NL_SET_ERR_MSG(extack, "psid is out of range, it does not fit into psid-len bits");
		return -EINVAL;
	}
	node->psid_len = len;
	node->psid_offset = len ? offset : 0;
	node->key.slot = len ? psid + 1 : 0;
	return 0;
}

static int parse_nest(struct nlattr *attr, struct nlattr **tb,
		      struct netlink_ext_ack *extack)
{
	int err, i;

	err = nla_parse_nested(tb, DSTM_A_MAPPING_MAX, attr,
			       dstm_mapping_nl_policy, extack);
	if (err)
		return err;
	for (i = DSTM_A_MAPPING_RX_PACKETS; i <= DSTM_A_MAPPING_IDLE; i++) {
		if (tb[i]) {
			NL_SET_ERR_MSG_ATTR(extack, tb[i],
					    "counters can only be read");
			return -EINVAL;
		}
	}
	return 0;
}

/* Addresses and lifetime; the tunnel end point is held then. */
static int parse_values(struct dstm_dev *dstm, struct nlattr **tb, u64 now,
			struct dstm_mapping *m, struct netlink_ext_ack *extack)
{
	struct in6_addr local = dstm->tep->addr;
	struct dstm_tep *tep;
	u32 lifetime;
	int err;

	if (!tb[DSTM_A_MAPPING_REMOTE]) {
		NL_SET_ERR_MSG(extack, "remote is required");
		return -EINVAL;
	}
	err = parse_ipv6(tb[DSTM_A_MAPPING_REMOTE], &m->remote, extack);
	if (err)
		return err;
	if (tb[DSTM_A_MAPPING_LOCAL]) {
		err = parse_ipv6(tb[DSTM_A_MAPPING_LOCAL], &local, extack);
		if (err)
			return err;
	}
	if (ipv6_addr_equal(&local, &m->remote)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[DSTM_A_MAPPING_REMOTE],
				    "remote is equal to local");
		return -EINVAL;
	}
	if (tb[DSTM_A_MAPPING_LIFETIME]) {
		lifetime = nla_get_u32(tb[DSTM_A_MAPPING_LIFETIME]);
		if (!lifetime) {
			NL_SET_ERR_MSG_ATTR(extack, tb[DSTM_A_MAPPING_LIFETIME],
					    "lifetime is 0; leave it out for a mapping without end");
			return -EINVAL;
		}
		m->expires = now + (u64)lifetime * NSEC_PER_SEC;
	}
	tep = dstm_tep_get(dstm, &local, extack);
	if (IS_ERR(tep))
		return PTR_ERR(tep);
	RCU_INIT_POINTER(m->path, &tep->start);
	return 0;
}

/* A mapping that is in no table yet. */
static struct dstm_mapping *parse_mapping(struct dstm_dev *dstm,
					  struct nlattr *attr, u64 now,
					  struct netlink_ext_ack *extack)
{
	struct nlattr *tb[DSTM_A_MAPPING_MAX + 1];
	struct dstm_mapping *m;
	int err;

	err = parse_nest(attr, tb, extack);
	if (err)
		return ERR_PTR(err);
	m = dstm_mapping_alloc();
	if (!m)
		return ERR_PTR(-ENOMEM);
	err = parse_ipv4(tb[DSTM_A_MAPPING_IPV4], &m->node.key.ipv4, extack);
	if (!err)
		err = check_lendable(dstm, tb[DSTM_A_MAPPING_IPV4], extack);
	if (!err)
		err = parse_portset(tb, &m->node, extack);
	if (!err)
		err = parse_values(dstm, tb, now, m, extack);
	if (err) {
		dstm_mapping_free(m);
		return ERR_PTR(err);
	}
	return m;
}

/* The existing mapping that a nested attribute names. */
static struct dstm_mapping *find_mapping(struct dstm_dev *dstm,
					 struct nlattr *attr,
					 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[DSTM_A_MAPPING_MAX + 1];
	struct dstm_node node = {};
	struct dstm_mapping *m;
	struct in6_addr remote;
	int err;

	err = parse_nest(attr, tb, extack);
	if (!err)
		err = parse_ipv4(tb[DSTM_A_MAPPING_IPV4], &node.key.ipv4,
				 extack);
	if (!err)
		err = parse_portset(tb, &node, extack);
	if (err)
		return ERR_PTR(err);

	m = dstm_table_get(&dstm->table, node.key.ipv4, node.key.slot,
			   node.psid_len, node.psid_offset);
	if (!m) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "there is no such mapping");
		return ERR_PTR(-ENOENT);
	}
	if (tb[DSTM_A_MAPPING_REMOTE]) {
		remote = nla_get_in6_addr(tb[DSTM_A_MAPPING_REMOTE]);
		if (!ipv6_addr_equal(&remote, &m->remote)) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "the mapping has another remote");
			return ERR_PTR(-EADDRNOTAVAIL);
		}
	}
	return m;
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
	struct dstm_mapping *m = parse_mapping(dstm, attr, how->now, extack);
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

static void commit(struct dstm_dev *dstm, struct dstm_change *changes,
		   unsigned int n, struct hlist_head *evicted)
{
	struct dstm_mapping *m;
	unsigned int i;

	hlist_for_each_entry(m, evicted, wheel)
		dstm_event_mapping(dstm, DSTM_CMD_MAP_DEL_NTF, m);
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
		dstm_event_mapping(dstm, DSTM_CMD_MAP_DEL_NTF, m);
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

	hlist_for_each_entry(m, removed, wheel)
		dstm_event_mapping(dstm, DSTM_CMD_MAP_DEL_NTF, m);
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
		*found = find_mapping(dstm, attr, info->extack);
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
	m = find_mapping(dstm, info->attrs[DSTM_A_MAPPING], info->extack);
	if (IS_ERR(m)) {
		err = PTR_ERR(m);
		goto unlock;
	}
	hdr = reply_new(info, &reply, DSTM_CMD_MAP_GET);
	if (!hdr)
		goto unlock;
	if (nla_put_u32(reply, DSTM_A_IFINDEX, dstm->dev->ifindex) ||
	    dstm_put_mapping(reply, m)) {
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

struct dump_filter {
	u32 first, last;	/* of IPv4 addresses, host byte order */
	struct in6_addr remote;
	u8 remote_len;
	bool has_psid;
	u16 psid;
};

static int parse_filter(struct nlattr *attr, struct dump_filter *f,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[DSTM_A_FILTER_MAX + 1];
	u8 len = 32;
	u32 mask;
	int err;

	*f = (struct dump_filter) { .last = U32_MAX };
	if (!attr)
		return 0;
	err = nla_parse_nested(tb, DSTM_A_FILTER_MAX, attr,
			       dstm_filter_nl_policy, extack);
	if (err)
		return err;
	if ((tb[DSTM_A_FILTER_IPV4_PREFIX_LEN] && !tb[DSTM_A_FILTER_IPV4]) ||
	    (tb[DSTM_A_FILTER_REMOTE_PREFIX_LEN] && !tb[DSTM_A_FILTER_REMOTE])) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "prefix length without its address");
		return -EINVAL;
	}
	if (tb[DSTM_A_FILTER_IPV4]) {
		if (tb[DSTM_A_FILTER_IPV4_PREFIX_LEN])
			len = nla_get_u8(tb[DSTM_A_FILTER_IPV4_PREFIX_LEN]);
		if (len > 32)
			goto bad_len;
		mask = ntohl(inet_make_mask(len));
		f->first = ntohl(nla_get_in_addr(tb[DSTM_A_FILTER_IPV4])) & mask;
		f->last = f->first | ~mask;
	}
	if (tb[DSTM_A_FILTER_REMOTE]) {
		f->remote = nla_get_in6_addr(tb[DSTM_A_FILTER_REMOTE]);
		f->remote_len = 128;
		if (tb[DSTM_A_FILTER_REMOTE_PREFIX_LEN])
			f->remote_len =
				nla_get_u8(tb[DSTM_A_FILTER_REMOTE_PREFIX_LEN]);
		if (f->remote_len > 128)
			goto bad_len;
	}
	if (tb[DSTM_A_FILTER_PSID]) {
		f->has_psid = true;
		f->psid = nla_get_u16(tb[DSTM_A_FILTER_PSID]);
	}
	return 0;

bad_len:
	NL_SET_ERR_MSG_ATTR(extack, attr, "prefix length is out of range");
	return -EINVAL;
}

static bool fits(const struct dump_filter *f, const struct dstm_mapping *m,
		 u64 now)
{
	if (dstm_mapping_expired(m, now))
		return false;
	if (f->has_psid && (!m->node.psid_len || m->node.key.slot - 1 != f->psid))
		return false;
	return ipv6_prefix_equal(&m->remote, &f->remote, f->remote_len);
}

/* Where a dump goes on: at a key of the first device from an ifindex on. */
struct dump_ctx {
	int ifindex;
	__be32 ipv4;
	u32 slot;
};

/* The dstm device with the lowest ifindex from @from on, held. */
static struct net_device *next_device(struct net *net, int from, int only)
{
	struct net_device *dev, *best = NULL;

	rcu_read_lock();
	for_each_netdev_rcu(net, dev) {
		if (!dstm_is_device(dev) || dev->ifindex < from ||
		    (only && dev->ifindex != only))
			continue;
		if (!best || dev->ifindex < best->ifindex)
			best = dev;
	}
	dev_hold(best);
	rcu_read_unlock();
	return best;
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    struct dstm_dev *dstm, const struct dstm_mapping *m)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &dstm_nl_family,
				NLM_F_MULTI, DSTM_CMD_MAP_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, DSTM_A_IFINDEX, dstm->dev->ifindex) ||
	    dstm_put_mapping(skb, m)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int dump_device(struct sk_buff *skb, struct netlink_callback *cb,
		       struct dstm_dev *dstm, const struct dump_filter *f,
		       struct dump_ctx *ctx)
{
	struct dstm_mapping *m;
	u64 now = dstm_now();
	int err = 0;

	if (ntohl(ctx->ipv4) < f->first)
		ctx->ipv4 = htonl(f->first);

	mutex_lock(&dstm->lock);
	if (dstm->dead)
		err = -ENODEV;
	for (m = dstm_table_first(&dstm->table, ctx->ipv4, ctx->slot); m;
	     m = dstm_table_next(m)) {
		if (ntohl(m->node.key.ipv4) > f->last)
			break;
		if (!fits(f, m, now))
			continue;
		err = dump_one(skb, cb, dstm, m);
		if (err) {
			ctx->ipv4 = m->node.key.ipv4;
			ctx->slot = m->node.key.slot;
			break;
		}
	}
	mutex_unlock(&dstm->lock);
	return err;
}

int dstm_nl_map_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_ctx *ctx = (struct dump_ctx *)cb->ctx;
	struct nlattr **attrs = dstm_compat_dump_attrs(cb);
	struct net *net = sock_net(skb->sk);
	struct net_device *dev;
	struct dump_filter f;
	int only = 0, err;

	BUILD_BUG_ON(sizeof(*ctx) > sizeof(cb->ctx));
	err = parse_filter(attrs[DSTM_A_FILTER], &f, cb->extack);
	if (err)
		return err;
	if (attrs[DSTM_A_IFINDEX])
		only = nla_get_u32(attrs[DSTM_A_IFINDEX]);

	while ((dev = next_device(net, ctx->ifindex, only))) {
		if (ctx->ifindex != dev->ifindex)
			*ctx = (struct dump_ctx) { .ifindex = dev->ifindex };
		err = dump_device(skb, cb, netdev_priv(dev), &f, ctx);
		dev_put(dev);
		if (err == -EMSGSIZE)
			return skb->len;
		if (err && only)
			break;
		*ctx = (struct dump_ctx) { .ifindex = ctx->ifindex + 1 };
	}
	/* Half a dump of a device that went meanwhile is not to pass for a whole one. */
	if (only && ctx->ifindex <= only) {
		NL_SET_ERR_MSG(cb->extack, "there is no such device of kind dstm");
		return -ENODEV;
	}
	return skb->len;
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

static int put_stats(struct sk_buff *skb, struct dstm_dev *dstm)
{
	u64 sum[DSTM_COUNTER_LAST + 1];
	struct nlattr *nest;
	int i;

	if (nla_put_u32(skb, DSTM_A_IFINDEX, dstm->dev->ifindex) ||
	    nla_put_u32(skb, DSTM_A_COUNT, READ_ONCE(dstm->table.count)))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, DSTM_A_STATS);
	if (!nest)
		return -EMSGSIZE;
	dstm_counters_sum(dstm->counters, sum);
	for (i = DSTM_COUNTER_FIRST; i <= DSTM_COUNTER_LAST; i++)
		if (nla_put(skb, i, sizeof(sum[i]), &sum[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
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
		err = put_stats(reply, dstm);
		if (err)
			nlmsg_free(reply);
	}
	dev_put(dstm->dev);
	if (err)
		return err;
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

int dstm_nl_stats_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_ctx *ctx = (struct dump_ctx *)cb->ctx;
	struct net *net = sock_net(skb->sk);
	struct net_device *dev;
	void *hdr;
	int err;

	while ((dev = next_device(net, ctx->ifindex, 0))) {
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &dstm_nl_family,
				  NLM_F_MULTI, DSTM_CMD_STATS_GET);
		err = hdr ? put_stats(skb, netdev_priv(dev)) : -EMSGSIZE;
		if (!err)
			genlmsg_end(skb, hdr);
		else if (hdr)
			genlmsg_cancel(skb, hdr);
		ctx->ifindex = dev->ifindex + !err;
		dev_put(dev);
		if (err)
			break;
	}
	return skb->len;
}
