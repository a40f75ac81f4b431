// SPDX-License-Identifier: GPL-2.0
/*
 * The shortcut: packets are taken at the devices that they come by, before the IP
 * stack sees them, if the stack would do nothing with them but to forward them
 * through the tunnel. All others stay as they are, and go the ordinary way.
 */
#include <linux/if_vlan.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "batch.h"
#include "device.h"
#include "early.h"
#include "known.h"
#include "output.h"
#include "receive.h"
#include "route.h"
#include "shortcut.h"
#include "trace.h"
#include "transmit.h"
#include "watch.h"

/* A device at which packets are taken. */
struct dstm_shortcut {
	struct list_head list;		/* of a dstm device, under rtnl */
	struct net_device *dev;
	struct nf_hook_ops ops;
	bool hooked;
	struct rcu_head rcu;
};

/* Why packets go the whole way now, DSTM_OBSTACLE_*. */
static u32 obstacles(const struct dstm_dev *dstm)
{
	const struct net *inner = dev_net(dstm->dev), *outer = dstm->underlay;
	u32 found = 0;

	if (dstm_is_hooked_before(inner->nf.hooks_ipv4[NF_INET_PRE_ROUTING]) ||
	    dstm_is_hooked_behind(inner, NULL))
		found |= DSTM_OBSTACLE_NETFILTER;
	if (dstm_is_hooked_before(outer->nf.hooks_ipv6[NF_INET_PRE_ROUTING]) ||
	    rcu_access_pointer(outer->nf.hooks_ipv6[NF_INET_LOCAL_IN]))
		found |= DSTM_OBSTACLE_NETFILTER_UNDERLAY;
	if (dstm_has_policies(inner, XFRM_POLICY_FWD) ||
	    dstm_has_policies(inner, XFRM_POLICY_OUT) ||
	    dstm_has_policies(outer, XFRM_POLICY_IN) ||
	    dstm_has_policies(outer, XFRM_POLICY_OUT))
		found |= DSTM_OBSTACLE_IPSEC;
	if (dstm_has_rules(inner) || dstm_has_rules6(outer))
		found |= DSTM_OBSTACLE_RULES;
	if (dstm_is_watched_out(dstm->dev) || dstm_is_hooked_in(dstm->dev))
		found |= DSTM_OBSTACLE_WATCHED;
	return found;
}

/* Whether nothing is in the way; that is asked once for the packets of a poll. */
static bool is_clear(const struct dstm_dev *dstm, struct dstm_batch *b)
{
	if (dstm_batch_is_clear(b))
		return true;
	if (obstacles(dstm))
		return false;
	dstm_batch_clear(b);
	return true;
}

/* Whether a frame would come to the IP stack, and nobody has touched it. */
static bool is_plain_frame(struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_HOST && !skb_shared(skb) &&
	       !skb_sk_is_prefetched(skb) && !skb_dst(skb) &&
	       !skb_has_extensions(skb) && !skb_is_redirected(skb) &&
	       !skb_vlan_tag_present(skb) && !dstm_compat_has_secmark(skb) &&
	       !dstm_is_port(skb->dev);
}

/* A packet is taken. */
static void begin(struct dstm_dev *dstm, struct sk_buff *skb)
{
	trace_dstm_shortcut(dstm, skb);
	skb_orphan(skb);
}

/* What ip_rcv() asks for, and no options; the packet ends where it says. */
static bool check_ipv4(struct sk_buff *skb)
{
	const struct iphdr *iph;
	unsigned int len;

	if (!pskb_may_pull(skb, sizeof(*iph)))
		return false;
	iph = ip_hdr(skb);
	if (iph->version != 4 || iph->ihl != 5 || ip_fast_csum(iph, iph->ihl))
		return false;
	len = ntohs(iph->tot_len);
	return len >= sizeof(*iph) && len <= skb->len &&
	       !pskb_trim_rcsum(skb, len);
}

/*
 * Where a packet would wait for its mapping, it waits together with others: it is as
 * if the stack had just received it, and goes on where the ordinary way has its queue.
 */
static void queue_ipv4(struct dstm_dev *dstm, struct sk_buff *skb)
{
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	IPCB(skb)->iif = skb->skb_iif;
	dstm_batch_transmit(dstm, skb);
}

static bool encapsulate(struct dstm_dev *dstm, struct dstm_batch *b,
			struct sk_buff *skb)
{
	struct dstm_known *known = rcu_dereference(dstm->known);
	bool queue = !dstm_batch_may_go_at_once(dstm, &b->transmit);
	struct dstm_way way;

	if (!check_ipv4(skb) ||
	    dstm_known_way_in(known, ip_hdr(skb), skb->dev) != dstm ||
	    (!queue && !dstm_transmit_way(dstm, skb, &way)))
		return false;
	begin(dstm, skb);
	dstm_early_count(dev_net(dstm->dev), skb);
	skb_set_transport_header(skb, sizeof(struct iphdr));
	if (queue) {
		queue_ipv4(dstm, skb);
		return true;
	}
	skb->dev = dstm->dev;
	dstm_transmit_by(dstm, skb, &way, &b->transmitted);
	dstm_batch_pause(dstm, b, &b->transmitted);
	return true;
}

/* The same of ip6_rcv(), for a packet that has an IPv4 one in it. */
static bool check_ipv6(struct sk_buff *skb, const struct inet6_dev *idev)
{
	const struct ipv6hdr *ip6h;
	unsigned int len;

	if (!idev || READ_ONCE(idev->cnf.disable_ipv6) ||
	    !pskb_may_pull(skb, sizeof(*ip6h) + sizeof(struct iphdr)))
		return false;
	ip6h = ipv6_hdr(skb);
	if (ip6h->version != 6 || ip6h->nexthdr != IPPROTO_IPIP)
		return false;
	len = ntohs(ip6h->payload_len) + sizeof(*ip6h);
	return len >= sizeof(*ip6h) + sizeof(struct iphdr) && len <= skb->len &&
	       !pskb_trim_rcsum(skb, len);
}

static void count_ipv6(struct net *net, struct inet6_dev *idev,
		       const struct sk_buff *skb)
{
	__IP6_UPD_PO_STATS(net, idev, IPSTATS_MIB_IN, skb->len);
	__IP6_ADD_STATS(net, idev, IPSTATS_MIB_NOECTPKTS +
			(ipv6_get_dsfield(ipv6_hdr(skb)) & INET_ECN_MASK),
			max_t(unsigned short, 1, skb_shinfo(skb)->gso_segs));
	__IP6_INC_STATS(net, idev, IPSTATS_MIB_INDELIVERS);
}

/* A packet is received, and goes on at its inner header. */
static void pull_ipv6(struct net *net, struct inet6_dev *idev, struct sk_buff *skb)
{
	count_ipv6(net, idev, skb);
	__skb_pull(skb, sizeof(struct ipv6hdr));
	skb_postpull_rcsum(skb, ipv6_hdr(skb), sizeof(struct ipv6hdr));
}

/* The same as queue_ipv4(). Of the source, no mapping has said that it is a host's. */
static bool queue_ipv6(struct dstm_dev *dstm, struct inet6_dev *idev, struct sk_buff *skb)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	struct net *net = dstm->underlay;
	struct dstm_tep *tep = dstm_tep_find(dstm_net(net), &ip6h->daddr);

	if (!tep || tep->dstm != dstm || !dstm_early_is_local(tep, net) ||
	    ipv6_addr_is_multicast(&ip6h->saddr) || ipv6_addr_loopback(&ip6h->saddr))
		return false;
	begin(dstm, skb);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	IP6CB(skb)->iif = skb->skb_iif;
	pull_ipv6(net, idev, skb);
	dstm_batch_receive(dstm, skb);
	return true;
}

static bool decapsulate(struct dstm_dev *dstm, struct dstm_batch *b,
			struct sk_buff *skb)
{
	struct inet6_dev *idev = __in6_dev_get(skb->dev);
	struct net *net = dstm->underlay;
	struct dstm_mapping *m;
	struct dst_entry *dst;

	if (!net_eq(dev_net(skb->dev), net) || !check_ipv6(skb, idev))
		return false;
	if (!dstm_batch_may_go_at_once(dstm, &b->receive))
		return queue_ipv6(dstm, idev, skb);
	if (!dstm_receive_plain(dstm, skb, &m) ||
	    !dstm_early_is_local(dstm_mapping_tep_rcu(m), net))
		return false;
	dst = dstm_route_out(dstm, skb, dstm_inner_header(skb, sizeof(struct ipv6hdr)));
	if (!dst)
		return false;
	begin(dstm, skb);
	pull_ipv6(net, idev, skb);
	if (!dstm_receive_by(dstm, skb, m, &b->received))
		return true;
	dstm_batch_pause(dstm, b, &b->received);
	dstm_early_prepare(dstm, skb);
	skb_dst_set_noref(skb, dst);
	dstm_early_count(dev_net(dstm->dev), skb);
	dstm_output_forward(dev_net(dstm->dev), skb);
	return true;
}

static unsigned int on_ingress(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	struct dstm_dev *dstm = priv;
	struct dstm_batch *b = this_cpu_ptr(dstm->batches);
	bool taken = false;

	if (!is_plain_frame(skb) || !is_clear(dstm, b))
		return NF_ACCEPT;
	if (skb->protocol == htons(ETH_P_IP))
		taken = encapsulate(dstm, b, skb);
	else if (skb->protocol == htons(ETH_P_IPV6))
		taken = decapsulate(dstm, b, skb);
	return taken ? NF_STOLEN : NF_ACCEPT;
}

static int hook(struct dstm_shortcut *s)
{
	int err = nf_register_net_hook(dev_net(s->dev), &s->ops);

	s->hooked = !err;
	return err;
}

static void unhook(struct dstm_shortcut *s)
{
	if (s->hooked)
		nf_unregister_net_hook(dev_net(s->dev), &s->ops);
	s->hooked = false;
}

static void drop(struct dstm_shortcut *s)
{
	unhook(s);
	list_del(&s->list);
	/* A packet may be on its way through the hook. */
	kfree_rcu(s, rcu);
}

static void drop_all(struct list_head *list)
{
	struct dstm_shortcut *s, *next;

	list_for_each_entry_safe(s, next, list, list)
		drop(s);
}

static void unhook_all(struct list_head *list)
{
	struct dstm_shortcut *s;

	list_for_each_entry(s, list, list)
		unhook(s);
}

static int hook_all(struct list_head *list)
{
	struct dstm_shortcut *s;
	int err;

	list_for_each_entry(s, list, list) {
		err = hook(s);
		if (err) {
			unhook_all(list);
			return err;
		}
	}
	return 0;
}

static bool is_in(const struct list_head *list, const struct net_device *dev)
{
	const struct dstm_shortcut *s;

	list_for_each_entry(s, list, list)
		if (s->dev == dev)
			return true;
	return false;
}

/* The device that an attribute names. */
static struct net_device *find(struct dstm_dev *dstm, const struct nlattr *attr,
			       struct netlink_ext_ack *extack)
{
	struct net_device *dev;

	dev = __dev_get_by_index(dev_net(dstm->dev), nla_get_u32(attr));
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "shortcut: there is no such device in the namespace of this one");
		return ERR_PTR(-ENODEV);
	}
	if (dstm_is_device(dev) || dev->flags & IFF_LOOPBACK) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "shortcut: what comes by the loopback or a dstm device has been through the stack");
		return ERR_PTR(-EINVAL);
	}
	return dev;
}

static int add(struct dstm_dev *dstm, struct list_head *list,
	       const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct net_device *dev = find(dstm, attr, extack);
	struct dstm_shortcut *s;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	if (is_in(list, dev)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "shortcut: a device is named twice");
		return -EINVAL;
	}
	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	s->dev = dev;
	/* After whatever an operator has at the same hook. */
	s->ops = (struct nf_hook_ops) {
		.hook = on_ingress,
		.dev = dev,
		.priv = dstm,
		.pf = NFPROTO_NETDEV,
		.hooknum = NF_NETDEV_INGRESS,
		.priority = NF_IP_PRI_LAST,
	};
	list_add_tail(&s->list, list);
	return 0;
}

static int may_have(const struct dstm_dev *dstm, const struct nlattr *attr,
		    struct netlink_ext_ack *extack)
{
	if (dstm->role != DSTM_ROLE_GATEWAY) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "shortcut: only a gateway has one");
		return -EINVAL;
	}
	if (!IS_ENABLED(CONFIG_NETFILTER_INGRESS)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "shortcut: this kernel has no ingress hook of netfilter");
		return -EOPNOTSUPP;
	}
	/* Where softirqs of one CPU may preempt each other. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "shortcut: there is none on a kernel with PREEMPT_RT");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int parse(struct dstm_dev *dstm, const struct nlattr *attr,
		 struct list_head *list, struct netlink_ext_ack *extack)
{
	const struct nlattr *entry;
	int err, left;

	nla_for_each_nested(entry, attr, left) {
		if (nla_type(entry) != IFLA_DSTM_SHORTCUT_DEV)
			continue;
		err = add(dstm, list, entry, extack);
		if (err)
			return err;
	}
	return list_empty(list) ? 0 : may_have(dstm, attr, extack);
}

/**
 * dstm_shortcut_set - take packets at these devices, and at no others
 * @dstm: the device, which is registered; the caller holds rtnl
 * @attr: IFLA_DSTM_SHORTCUT, which the policy has checked
 * @extack: says why not
 *
 * Return: 0 or a negative error, then everything is as it was.
 */
int dstm_shortcut_set(struct dstm_dev *dstm, const struct nlattr *attr,
		      struct netlink_ext_ack *extack)
{
	LIST_HEAD(new);
	LIST_HEAD(old);
	int err;

	err = parse(dstm, attr, &new, extack);
	if (!err && netif_running(dstm->dev)) {
		err = hook_all(&new);
		if (err)
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "shortcut: a device can not be hooked");
	}
	if (err) {
		drop_all(&new);
		return err;
	}
	list_splice_init(&dstm->shortcuts, &old);
	list_splice(&new, &dstm->shortcuts);
	drop_all(&old);
	return 0;
}

/**
 * dstm_shortcut_open - begin to take packets
 * @dstm: the device, which goes up; the caller holds rtnl
 *
 * Return: 0 or a negative error.
 */
int dstm_shortcut_open(struct dstm_dev *dstm)
{
	return hook_all(&dstm->shortcuts);
}

/**
 * dstm_shortcut_close - take packets no more
 * @dstm: the device, which goes down; the caller holds rtnl
 */
void dstm_shortcut_close(struct dstm_dev *dstm)
{
	unhook_all(&dstm->shortcuts);
}

/**
 * dstm_shortcut_size - room for what dstm_shortcut_fill() puts
 * @dstm: the device; the caller holds rtnl
 */
size_t dstm_shortcut_size(const struct dstm_dev *dstm)
{
	const struct dstm_shortcut *s;
	size_t size;

	size = nla_total_size(0) +
	       nla_total_size(sizeof(u32));	/* obstacles */
	list_for_each_entry(s, &dstm->shortcuts, list)
		size += nla_total_size(sizeof(u32));
	return size;
}

/**
 * dstm_shortcut_fill - tell of the devices, and of what is in the way
 * @skb: gets the attributes
 * @dstm: the device; the caller holds rtnl
 *
 * Return: 0 or -EMSGSIZE.
 */
int dstm_shortcut_fill(struct sk_buff *skb, const struct dstm_dev *dstm)
{
	const struct dstm_shortcut *s;
	struct nlattr *nest;
	u32 found;

	if (list_empty(&dstm->shortcuts))
		return 0;
	rcu_read_lock();
	found = obstacles(dstm);
	list_for_each_entry(s, &dstm->shortcuts, list)
		if (dstm_is_port(s->dev))
			found |= DSTM_OBSTACLE_PORT;
	rcu_read_unlock();

	nest = nla_nest_start(skb, IFLA_DSTM_SHORTCUT);
	if (!nest)
		return -EMSGSIZE;
	list_for_each_entry(s, &dstm->shortcuts, list)
		if (nla_put_u32(skb, IFLA_DSTM_SHORTCUT_DEV, s->dev->ifindex))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return nla_put_u32(skb, IFLA_DSTM_OBSTACLES, found);
}

/* Whoever goes, or moves to another namespace, leaves; hooks do not go with it. */
static int on_device(struct notifier_block *nb, unsigned long event, void *data)
{
	struct net_device *dev = netdev_notifier_info_to_dev(data);
	struct dstm_shortcut *s, *next;
	struct dstm_dev *dstm;

	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	list_for_each_entry(dstm, &dstm_devices, list)
		list_for_each_entry_safe(s, next, &dstm->shortcuts, list)
			if (s->dev == dev || dstm->dev == dev)
				drop(s);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = { .notifier_call = on_device };

/**
 * dstm_shortcut_init - begin to watch for devices that go
 *
 * Return: 0 or a negative error.
 */
int dstm_shortcut_init(void)
{
	return register_netdevice_notifier(&device_notifier);
}

/** dstm_shortcut_exit - watch no more */
void dstm_shortcut_exit(void)
{
	unregister_netdevice_notifier(&device_notifier);
}
