// SPDX-License-Identifier: GPL-2.0
/* The network device: made, configured and deleted by rtnetlink. */
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/ipv6.h>
#include <net/addrconf.h>
#include <net/ip_tunnels.h>
#include <net/rtnetlink.h>

#include "batch.h"
#include "compat.h"
#include "device.h"
#include "early.h"
#include "events.h"
#include "mtu.h"
#include "shortcut.h"
#include "transmit.h"

#define DSTM_HOPLIMIT_DEFAULT	64
#define DSTM_ICMP_RATE_DEFAULT	100
#define DSTM_EVENT_RATE		10
#define DSTM_ACQUIRE_RATE	64

unsigned int dstm_net_id;
LIST_HEAD(dstm_devices);

static const struct net_device_ops dstm_netdev_ops;

/**
 * dstm_is_device - whether a network device is of kind dstm
 * @dev: the device
 */
bool dstm_is_device(const struct net_device *dev)
{
	return dev->netdev_ops == &dstm_netdev_ops;
}

/**
 * dstm_device_free - free a mapping that is in no table
 * @m: the mapping; readers may still see it in their section
 */
void dstm_device_free(struct dstm_mapping *m)
{
	struct dstm_tep *tep = dstm_mapping_tep(m);

	dstm_path_forget(&m->path);
	dstm_tep_put(tep);
	dstm_mapping_free(m);
}

/**
 * dstm_device_free_list - free mappings that were taken out of a table
 * @mappings: linked by their wheel node; emptied
 */
void dstm_device_free_list(struct hlist_head *mappings)
{
	struct dstm_mapping *m;
	struct hlist_node *next;

	hlist_for_each_entry_safe(m, next, mappings, wheel) {
		hlist_del_init(&m->wheel);
		dstm_device_free(m);
		cond_resched();
	}
}

/**
 * dstm_device_schedule_expiry - see to mappings whose lifetime ends
 * @dstm: the device, locked
 */
void dstm_device_schedule_expiry(struct dstm_dev *dstm)
{
	if (dstm->table.mortal && !dstm->dead)
		queue_delayed_work(system_power_efficient_wq, &dstm->expiry, HZ);
}

static void dstm_expiry_work(struct work_struct *work)
{
	struct dstm_dev *dstm = container_of(to_delayed_work(work),
					     struct dstm_dev, expiry);
	struct dstm_mapping *m;
	HLIST_HEAD(expired);

	mutex_lock(&dstm->lock);
	dstm_table_expire(&dstm->table, dstm_now(), &expired);
	hlist_for_each_entry(m, &expired, wheel) {
		dstm_event_mapping(dstm, DSTM_CMD_MAP_EXPIRE_NTF, m);
		cond_resched();
	}
	dstm_device_free_list(&expired);
	dstm_device_schedule_expiry(dstm);
	mutex_unlock(&dstm->lock);
}

static int dstm_init(struct net_device *dev)
{
	struct dstm_dev *dstm = netdev_priv(dev);
	int err;

	dstm->counters = __netdev_alloc_pcpu_stats(struct dstm_counters,
						   GFP_KERNEL_ACCOUNT);
	if (!dstm->counters)
		return -ENOMEM;
	err = dstm_batch_init(dstm);
	if (err)
		goto free_counters;
	err = dstm_table_init(&dstm->table);
	if (err)
		goto free_batches;
	netdev_lockdep_set_classes(dev);

	/* Last, since packets find the device by it from here on. */
	dstm->tep = dstm_tep_get(dstm, &dstm->local, NULL, NULL);
	if (IS_ERR(dstm->tep)) {
		err = PTR_ERR(dstm->tep);
		goto free_table;
	}
	list_add(&dstm->list, &dstm_devices);
	return 0;

free_table:
	dstm_table_destroy(&dstm->table);
free_batches:
	dstm_batch_exit(dstm);
free_counters:
	free_percpu(dstm->counters);
	return err;
}

/* From here on no order and no packet can bring a mapping back. */
static void dstm_uninit(struct net_device *dev)
{
	struct dstm_dev *dstm = netdev_priv(dev);
	struct dstm_mapping *m;
	HLIST_HEAD(removed);

	mutex_lock(&dstm->lock);
	dstm->dead = true;
	while ((m = dstm_table_first(&dstm->table, 0, 0))) {
		dstm_table_remove(&dstm->table, m);
		hlist_add_head(&m->wheel, &removed);
		cond_resched();
	}
	dstm_device_free_list(&removed);
	mutex_unlock(&dstm->lock);

	cancel_delayed_work_sync(&dstm->expiry);
	dstm_tep_put(dstm->tep);
	list_del(&dstm->list);
}

/* Runs when the last reader of the device has gone. */
static void dstm_free(struct net_device *dev)
{
	struct dstm_dev *dstm = netdev_priv(dev);

	dstm_batch_exit(dstm);
	dstm_early_free(dstm);
	dstm_table_destroy(&dstm->table);
	free_percpu(dstm->counters);
	mutex_destroy(&dstm->lock);
}

static void dstm_get_stats64(struct net_device *dev,
			     struct rtnl_link_stats64 *stats)
{
	struct dstm_dev *dstm = netdev_priv(dev);
	u64 sum[DSTM_COUNTER_LAST + 1];
	int i;

	dstm_counters_sum(dstm->counters, sum);
	stats->rx_packets = sum[DSTM_A_STATS_RX_PACKETS];
	stats->rx_bytes = sum[DSTM_A_STATS_RX_BYTES];
	stats->tx_packets = sum[DSTM_A_STATS_TX_PACKETS];
	stats->tx_bytes = sum[DSTM_A_STATS_TX_BYTES];
	for (i = DSTM_A_STATS_RX_DOWN; i <= DSTM_A_STATS_RX_BACKLOG; i++)
		stats->rx_dropped += sum[i];
	for (i = DSTM_A_STATS_TX_TRUNCATED; i <= DSTM_COUNTER_LAST; i++)
		stats->tx_dropped += sum[i];
}

static int dstm_open(struct net_device *dev)
{
	struct dstm_dev *dstm = netdev_priv(dev);
	int err;

	err = dstm_early_open(dstm);
	if (err)
		goto forget;
	err = dstm_shortcut_open(dstm);
	if (err)
		goto close;
	return 0;

close:
	dstm_early_close(dstm);
forget:
	/* Packets have come since it was to be opened. */
	synchronize_net();
	dstm_early_forget(dstm);
	return err;
}

static int dstm_stop(struct net_device *dev)
{
	struct dstm_dev *dstm = netdev_priv(dev);

	dstm_shortcut_close(dstm);
	dstm_early_close(dstm);
	/* It may go on in another namespace, where they would be strangers. */
	dstm_batch_drain(dstm);
	dstm_early_forget(dstm);
	return 0;
}

static int dstm_change_mtu(struct net_device *dev, int mtu)
{
	struct dstm_dev *dstm = netdev_priv(dev);

	WRITE_ONCE(dev->mtu, mtu);
	dstm->mtu_by_hand = true;
	return 0;
}

static const struct net_device_ops dstm_netdev_ops = {
	.ndo_init = dstm_init,
	.ndo_uninit = dstm_uninit,
	.ndo_open = dstm_open,
	.ndo_stop = dstm_stop,
	.ndo_change_mtu = dstm_change_mtu,
	.ndo_start_xmit = dstm_transmit,
	.ndo_get_stats64 = dstm_get_stats64,
};

static void dstm_get_drvinfo(struct net_device *dev,
			     struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "dstm", sizeof(info->driver));
}

static int dstm_get_sset_count(struct net_device *dev, int sset)
{
	return sset == ETH_SS_STATS ?
	       DSTM_COUNTER_LAST - DSTM_COUNTER_FIRST + 1 : -EOPNOTSUPP;
}

static void dstm_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	int i;

	if (sset != ETH_SS_STATS)
		return;
	for (i = DSTM_COUNTER_FIRST; i <= DSTM_COUNTER_LAST; i++) {
		strscpy_pad((char *)data, dstm_counter_names[i],
			    ETH_GSTRING_LEN);
		data += ETH_GSTRING_LEN;
	}
}

static void dstm_get_ethtool_stats(struct net_device *dev,
				   struct ethtool_stats *stats, u64 *data)
{
	struct dstm_dev *dstm = netdev_priv(dev);
	u64 sum[DSTM_COUNTER_LAST + 1];

	dstm_counters_sum(dstm->counters, sum);
	memcpy(data, &sum[DSTM_COUNTER_FIRST],
	       (DSTM_COUNTER_LAST - DSTM_COUNTER_FIRST + 1) * sizeof(*data));
}

static const struct ethtool_ops dstm_ethtool_ops = {
	.get_drvinfo = dstm_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_sset_count = dstm_get_sset_count,
	.get_strings = dstm_get_strings,
	.get_ethtool_stats = dstm_get_ethtool_stats,
};

#define DSTM_FEATURES	(NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA | \
			 NETIF_F_GSO_SOFTWARE | NETIF_F_HW_CSUM)

static void limit_init(struct ratelimit_state *limit, int rate)
{
	ratelimit_state_init(limit, HZ, rate);
	/* The core is not to log what was left out. */
	ratelimit_set_flags(limit, RATELIMIT_MSG_ON_RELEASE);
}

static void dstm_setup(struct net_device *dev)
{
	struct dstm_dev *dstm = netdev_priv(dev);

	dev->netdev_ops = &dstm_netdev_ops;
	dev->ethtool_ops = &dstm_ethtool_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_NOARP | IFF_POINTOPOINT;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->min_mtu = IPV6_MIN_MTU - sizeof(struct ipv6hdr) - 8;
	dev->max_mtu = IP_MAX_MTU - sizeof(struct ipv6hdr) - 8;
	dev->needed_headroom = ETH_HLEN + sizeof(struct ipv6hdr) + 8;
	dev->features |= DSTM_FEATURES;
	dev->hw_features |= DSTM_FEATURES;
	dev->needs_free_netdev = true;
	dev->priv_destructor = dstm_free;
	dstm_compat_set_lltx(dev);
	netif_keep_dst(dev);

	dstm->dev = dev;
	INIT_LIST_HEAD(&dstm->shortcuts);
	mutex_init(&dstm->lock);
	INIT_DELAYED_WORK(&dstm->expiry, dstm_expiry_work);
	limit_init(&dstm->unreachable_limit, DSTM_ICMP_RATE_DEFAULT);
	limit_init(&dstm->spoof_limit, DSTM_ICMP_RATE_DEFAULT);
	limit_init(&dstm->event_limit, DSTM_EVENT_RATE);
	limit_init(&dstm->acquire_limit, DSTM_ACQUIRE_RATE);
}

static struct netlink_range_validation icmp_rate_range = {
	.max = 1000000,
};

/* Above the 20 bits of a label is no other value. */
static struct netlink_range_validation_signed flowlabel_range = {
	.min = DSTM_FLOWLABEL_NONE,
	.max = 0xfffff,
};

static const struct nla_policy
dstm_link_shortcut_policy[IFLA_DSTM_SHORTCUT_MAX + 1] = {
	[IFLA_DSTM_SHORTCUT_DEV] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy dstm_link_policy[IFLA_DSTM_MAX + 1] = {
	[IFLA_DSTM_ROLE] = NLA_POLICY_MAX(NLA_U8, DSTM_ROLE_CLIENT),
	[IFLA_DSTM_LOCAL] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[IFLA_DSTM_HOPLIMIT] = { .type = NLA_U8 },
	[IFLA_DSTM_ENCAP_LIMIT] = NLA_POLICY_RANGE(NLA_S32, -1, 255),
	[IFLA_DSTM_HAIRPIN] = NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_DSTM_ICMP_ERRORS] = NLA_POLICY_MAX(NLA_U8, 1),
	[IFLA_DSTM_ICMP_RATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &icmp_rate_range),
	[IFLA_DSTM_FRAG] = NLA_POLICY_MAX(NLA_U8, DSTM_FRAG_INNER),
	[IFLA_DSTM_TCLASS] = NLA_POLICY_RANGE(NLA_S32, -1, 255),
	[IFLA_DSTM_DSCP] = NLA_POLICY_MAX(NLA_U8, DSTM_DSCP_OUTER),
	[IFLA_DSTM_FLOWLABEL] = NLA_POLICY_FULL_RANGE_SIGNED(NLA_S32, &flowlabel_range),
	[IFLA_DSTM_SHORTCUT] = NLA_POLICY_NESTED(dstm_link_shortcut_policy),
	[IFLA_DSTM_OBSTACLES] = { .type = NLA_REJECT,
				  .reject_message = "obstacles are only read" },
};

static int dstm_validate(struct nlattr *tb[], struct nlattr *data[],
			 struct netlink_ext_ack *extack)
{
	struct in6_addr local;

	if (tb[IFLA_ADDRESS]) {
		NL_SET_ERR_MSG_ATTR(extack, tb[IFLA_ADDRESS],
				    "a dstm device has no link-layer address");
		return -EINVAL;
	}
	if (!data || !data[IFLA_DSTM_LOCAL])
		return 0;
	local = nla_get_in6_addr(data[IFLA_DSTM_LOCAL]);
	if (!(ipv6_addr_type(&local) & IPV6_ADDR_UNICAST) ||
	    ipv6_addr_type(&local) & (IPV6_ADDR_LOOPBACK | IPV6_ADDR_LINKLOCAL)) {
		NL_SET_ERR_MSG_ATTR(extack, data[IFLA_DSTM_LOCAL],
				    "local must be a routable unicast IPv6 address");
		return -EINVAL;
	}
	return 0;
}

static void dstm_configure(struct dstm_dev *dstm, struct nlattr *data[])
{
	if (data[IFLA_DSTM_HOPLIMIT])
		WRITE_ONCE(dstm->hoplimit, nla_get_u8(data[IFLA_DSTM_HOPLIMIT]));
	if (data[IFLA_DSTM_ENCAP_LIMIT])
		WRITE_ONCE(dstm->encap_limit,
			   nla_get_s32(data[IFLA_DSTM_ENCAP_LIMIT]));
	if (data[IFLA_DSTM_HAIRPIN])
		WRITE_ONCE(dstm->hairpin, nla_get_u8(data[IFLA_DSTM_HAIRPIN]));
	if (data[IFLA_DSTM_ICMP_ERRORS])
		WRITE_ONCE(dstm->icmp_errors,
			   nla_get_u8(data[IFLA_DSTM_ICMP_ERRORS]));
	if (data[IFLA_DSTM_ICMP_RATE]) {
		WRITE_ONCE(dstm->unreachable_limit.burst,
			   nla_get_u32(data[IFLA_DSTM_ICMP_RATE]));
		WRITE_ONCE(dstm->spoof_limit.burst,
			   nla_get_u32(data[IFLA_DSTM_ICMP_RATE]));
	}
	if (data[IFLA_DSTM_FRAG])
		WRITE_ONCE(dstm->frag, nla_get_u8(data[IFLA_DSTM_FRAG]));
	if (data[IFLA_DSTM_TCLASS])
		WRITE_ONCE(dstm->tclass, nla_get_s32(data[IFLA_DSTM_TCLASS]));
	if (data[IFLA_DSTM_DSCP])
		WRITE_ONCE(dstm->dscp, nla_get_u8(data[IFLA_DSTM_DSCP]));
	if (data[IFLA_DSTM_FLOWLABEL])
		WRITE_ONCE(dstm->flowlabel,
			   nla_get_s32(data[IFLA_DSTM_FLOWLABEL]));
}

static int dstm_newlink(struct net *underlay, struct net_device *dev,
			struct nlattr *tb[], struct nlattr *data[],
			struct netlink_ext_ack *extack)
{
	struct dstm_dev *dstm = netdev_priv(dev);
	int err;

	if (!data || !data[IFLA_DSTM_LOCAL]) {
		NL_SET_ERR_MSG(extack,
			       "local, the IPv6 address of this tunnel end point, is required");
		return -EINVAL;
	}
	dstm->local = nla_get_in6_addr(data[IFLA_DSTM_LOCAL]);
	dstm->underlay = underlay;
	dstm->role = DSTM_ROLE_GATEWAY;
	dstm->hoplimit = DSTM_HOPLIMIT_DEFAULT;
	dstm->encap_limit = -1;
	dstm->tclass = -1;
	dstm->flowlabel = DSTM_FLOWLABEL_AUTO;
	dstm->hairpin = true;
	dstm->icmp_errors = true;
	if (data[IFLA_DSTM_ROLE])
		dstm->role = nla_get_u8(data[IFLA_DSTM_ROLE]);
	dstm_configure(dstm, data);
	if (tb[IFLA_MTU])
		dstm->mtu_by_hand = true;
	else
		dev->mtu = dstm_mtu(dstm);

	err = register_netdevice(dev);
	if (err == -EADDRINUSE)
		NL_SET_ERR_MSG_ATTR(extack, data[IFLA_DSTM_LOCAL],
				    "the local address belongs to another dstm device");
	if (err || !data[IFLA_DSTM_SHORTCUT])
		return err;
	err = dstm_shortcut_set(dstm, data[IFLA_DSTM_SHORTCUT], extack);
	if (err)
		unregister_netdevice(dev);
	return err;
}

DSTM_COMPAT_NEWLINK(dstm_rtnl_newlink, dstm_newlink)

/* The end point that a change leaves the device with, to be put. */
static struct dstm_tep *tep_to_be(struct dstm_dev *dstm, const struct nlattr *local,
				  struct netlink_ext_ack *extack)
{
	struct in6_addr addr = nla_get_in6_addr(local);

	if (dstm->tep->users > 1 && !ipv6_addr_equal(&addr, &dstm->tep->addr)) {
		NL_SET_ERR_MSG(extack, "mappings use the local address, flush them first");
		return ERR_PTR(-EBUSY);
	}
	return dstm_tep_get(dstm, &addr, NULL, extack);
}

/*
 * Both what may be refused, or nothing. While a table is flushed, which may take long,
 * only who needs the table waits for it.
 */
static int dstm_change(struct dstm_dev *dstm, struct nlattr *data[],
		       struct netlink_ext_ack *extack)
{
	struct dstm_tep *tep;
	int err = 0;

	if (!data[IFLA_DSTM_LOCAL])
		return data[IFLA_DSTM_SHORTCUT] ?
		       dstm_shortcut_set(dstm, data[IFLA_DSTM_SHORTCUT], extack) : 0;
	mutex_lock(&dstm->lock);
	tep = tep_to_be(dstm, data[IFLA_DSTM_LOCAL], extack);
	if (IS_ERR(tep)) {
		err = PTR_ERR(tep);
		goto out;
	}
	if (data[IFLA_DSTM_SHORTCUT])
		err = dstm_shortcut_set(dstm, data[IFLA_DSTM_SHORTCUT], extack);
	if (!err)
		swap(dstm->tep, tep);
	dstm_tep_put(tep);
out:
	mutex_unlock(&dstm->lock);
	return err;
}

static int dstm_changelink(struct net_device *dev, struct nlattr *tb[],
			   struct nlattr *data[],
			   struct netlink_ext_ack *extack)
{
	struct dstm_dev *dstm = netdev_priv(dev);
	int err;

	if (!data)
		return 0;
	if (data[IFLA_DSTM_ROLE] &&
	    nla_get_u8(data[IFLA_DSTM_ROLE]) != dstm->role) {
		NL_SET_ERR_MSG_ATTR(extack, data[IFLA_DSTM_ROLE],
				    "the role of a device can not change, make another one");
		return -EOPNOTSUPP;
	}
	err = dstm_change(dstm, data, extack);
	if (err)
		return err;
	dstm_configure(dstm, data);
	/* The core tells of an MTU only if it is not what it was. */
	if (tb[IFLA_MTU] && nla_get_u32(tb[IFLA_MTU]) == dev->mtu)
		dstm->mtu_by_hand = true;
	/* Less may fit now, or more. */
	dstm_mtu_follow();
	return 0;
}

static size_t dstm_get_size(const struct net_device *dev)
{
	return dstm_shortcut_size(netdev_priv(dev)) +
	       nla_total_size(sizeof(u8)) +		/* role */
	       nla_total_size(sizeof(struct in6_addr)) + /* local */
	       nla_total_size(sizeof(u8)) +		/* hoplimit */
	       nla_total_size(sizeof(s32)) +		/* encap-limit */
	       nla_total_size(sizeof(u8)) +		/* hairpin */
	       nla_total_size(sizeof(u8)) +		/* icmp-errors */
	       nla_total_size(sizeof(u32)) +		/* icmp-rate */
	       nla_total_size(sizeof(u8)) +		/* frag */
	       nla_total_size(sizeof(s32)) +		/* tclass */
	       nla_total_size(sizeof(u8)) +		/* dscp */
	       nla_total_size(sizeof(s32));		/* flowlabel */
}

static int dstm_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	struct dstm_dev *dstm = netdev_priv(dev);

	if (nla_put_u8(skb, IFLA_DSTM_ROLE, dstm->role) ||
	    nla_put_in6_addr(skb, IFLA_DSTM_LOCAL, &dstm->tep->addr) ||
	    nla_put_u8(skb, IFLA_DSTM_HOPLIMIT, dstm->hoplimit) ||
	    nla_put_s32(skb, IFLA_DSTM_ENCAP_LIMIT, dstm->encap_limit) ||
	    nla_put_u8(skb, IFLA_DSTM_HAIRPIN, dstm->hairpin) ||
	    nla_put_u8(skb, IFLA_DSTM_ICMP_ERRORS, dstm->icmp_errors) ||
	    nla_put_u32(skb, IFLA_DSTM_ICMP_RATE, dstm->spoof_limit.burst) ||
	    nla_put_u8(skb, IFLA_DSTM_FRAG, dstm->frag) ||
	    nla_put_s32(skb, IFLA_DSTM_TCLASS, dstm->tclass) ||
	    nla_put_u8(skb, IFLA_DSTM_DSCP, dstm->dscp) ||
	    nla_put_s32(skb, IFLA_DSTM_FLOWLABEL, dstm->flowlabel))
		return -EMSGSIZE;
	return dstm_shortcut_fill(skb, dstm);
}

static struct net *dstm_get_link_net(const struct net_device *dev)
{
	const struct dstm_dev *dstm = netdev_priv(dev);

	return dstm->underlay;
}

struct rtnl_link_ops dstm_link_ops __read_mostly = {
	.kind = "dstm",
	.priv_size = sizeof(struct dstm_dev),
	.setup = dstm_setup,
	.policy = dstm_link_policy,
	.maxtype = IFLA_DSTM_MAX,
	.validate = dstm_validate,
	.newlink = dstm_rtnl_newlink,
	.changelink = dstm_changelink,
	.get_size = dstm_get_size,
	.fill_info = dstm_fill_info,
	.get_link_net = dstm_get_link_net,
};

static int __net_init dstm_net_init(struct net *net)
{
	struct dstm_net *dn = dstm_net(net);
	int i;

	for (i = 0; i < DSTM_TEP_BUCKETS; i++)
		INIT_HLIST_HEAD(&dn->teps[i]);
	return 0;
}

/* A device does not outlive its underlay, wherever it has moved to. */
static void __net_exit dstm_net_exit_batch(struct list_head *nets)
{
	struct dstm_dev *dstm;
	struct net *net;
	LIST_HEAD(kill);

	rtnl_lock();
	list_for_each_entry(net, nets, exit_list)
		list_for_each_entry(dstm, &dstm_devices, list)
			if (dstm->underlay == net)
				unregister_netdevice_queue(dstm->dev, &kill);
	unregister_netdevice_many(&kill);
	rtnl_unlock();
}

struct pernet_operations dstm_net_ops = {
	.init = dstm_net_init,
	.exit_batch = dstm_net_exit_batch,
	.id = &dstm_net_id,
	.size = sizeof(struct dstm_net),
};
