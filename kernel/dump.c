// SPDX-License-Identifier: GPL-2.0
/* The dumps of the generic netlink family: all mappings, all devices' counters. */
#include <linux/inetdevice.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "compat.h"
#include "device.h"
#include "events.h"
#include "netlink.h"
#include "netlink_gen.h"

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
		    struct dstm_dev *dstm, const struct dstm_mapping *m,
		    u64 now)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, &dstm_nl_family,
				NLM_F_MULTI, DSTM_CMD_MAP_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, DSTM_A_IFINDEX, dstm->dev->ifindex) ||
	    dstm_put_mapping(skb, m, now)) {
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
	int err = 0;
	u64 now;

	if (ntohl(ctx->ipv4) < f->first)
		ctx->ipv4 = htonl(f->first);

	mutex_lock(&dstm->lock);
	now = dstm_now();
	if (dstm->dead)
		err = -ENODEV;
	for (m = dstm_table_first(&dstm->table, ctx->ipv4, ctx->slot); m;
	     m = dstm_table_next(m)) {
		cond_resched();
		if (ntohl(m->node.key.ipv4) > f->last)
			break;
		if (!fits(f, m, now))
			continue;
		err = dump_one(skb, cb, dstm, m, now);
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

/**
 * dstm_put_stats - tell of a device's counters
 * @skb: gets the attributes
 * @dstm: the device
 *
 * Return: 0 or -EMSGSIZE.
 */
int dstm_put_stats(struct sk_buff *skb, struct dstm_dev *dstm)
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
		err = hdr ? dstm_put_stats(skb, netdev_priv(dev)) : -EMSGSIZE;
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
