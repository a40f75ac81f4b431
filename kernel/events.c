// SPDX-License-Identifier: GPL-2.0
/* What the multicast group "events" is told. */
#include <linux/ipv6.h>
#include <linux/ratelimit.h>
#include <net/genetlink.h>
#include <net/ip.h>

#include "compat.h"
#include "device.h"
#include "events.h"
#include "inner.h"
#include "netlink.h"
#include "netlink_gen.h"

/* A packet may be so long to be told of whole; a message of one page has room. */
#define DSTM_EVENT_DATA	2048

/* Aligned to 4 bytes only, so that no padding attribute is needed. */
static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put(skb, attr, sizeof(value), &value);
}

/**
 * dstm_put_mapping - write a mapping, as a nested attribute
 * @skb: the message
 * @m: the mapping, in a locked table or taken out of it
 * @now: by dstm_now(), for what is left of its lifetime
 *
 * Return: 0 or -EMSGSIZE, then nothing is left of it in the message.
 */
int dstm_put_mapping(struct sk_buff *skb, const struct dstm_mapping *m, u64 now)
{
	u64 expires = m->expires;
	u32 last_use = READ_ONCE(m->node.last_use);
	const struct dstm_node *node = &m->node;
	struct nlattr *nest;

	nest = nla_nest_start(skb, DSTM_A_MAPPING);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_in_addr(skb, DSTM_A_MAPPING_IPV4, node->key.ipv4) ||
	    (node->psid_len &&
	     (nla_put_u16(skb, DSTM_A_MAPPING_PSID, node->key.slot - 1) ||
	      nla_put_u8(skb, DSTM_A_MAPPING_PSID_LEN, node->psid_len) ||
	      nla_put_u8(skb, DSTM_A_MAPPING_PSID_OFFSET, node->psid_offset))) ||
	    nla_put_in6_addr(skb, DSTM_A_MAPPING_REMOTE, &m->remote) ||
	    nla_put_in6_addr(skb, DSTM_A_MAPPING_LOCAL, &dstm_mapping_tep(m)->addr) ||
	    (expires &&
	     nla_put_u32(skb, DSTM_A_MAPPING_LIFETIME, expires > now ?
			 div_u64(expires - now + NSEC_PER_SEC - 1,
				 NSEC_PER_SEC) : 0)) ||
	    put_u64(skb, DSTM_A_MAPPING_RX_PACKETS,
		    atomic64_read(&m->rx.packets)) ||
	    put_u64(skb, DSTM_A_MAPPING_RX_BYTES,
		    atomic64_read(&m->rx.bytes)) ||
	    put_u64(skb, DSTM_A_MAPPING_TX_PACKETS,
		    atomic64_read(&m->tx.packets)) ||
	    put_u64(skb, DSTM_A_MAPPING_TX_BYTES,
		    atomic64_read(&m->tx.bytes)) ||
	    (last_use &&
	     nla_put_u32(skb, DSTM_A_MAPPING_IDLE,
			 (u32)ktime_get_boottime_seconds() - last_use))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * The device's namespace, held, if somebody listens there; or NULL. The device may move
 * while a message is made.
 */
static struct net *listeners(const struct dstm_dev *dstm)
{
	struct net *net;

	rcu_read_lock();
	net = dev_net(dstm->dev);
	net = genl_has_listeners(&dstm_nl_family, net, DSTM_NLGRP_EVENTS) ?
	      maybe_get_net(net) : NULL;
	rcu_read_unlock();
	return net;
}

static bool is_heard(const struct dstm_dev *dstm)
{
	struct net *net = listeners(dstm);

	if (net)
		put_net(net);
	return net;
}

static struct sk_buff *event_new(struct dstm_dev *dstm, u8 cmd, void **hdr,
				 gfp_t gfp)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, gfp);

	if (!skb)
		return NULL;
	*hdr = genlmsg_put(skb, 0, 0, &dstm_nl_family, 0, cmd);
	if (!*hdr || nla_put_u32(skb, DSTM_A_IFINDEX, dstm->dev->ifindex)) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

/*
 * What event_new() began. If it could not be made, listeners are told that they have
 * missed something, as when their sockets are full. Puts the namespace.
 */
static void multicast(struct net *net, struct sk_buff *skb, void *hdr, gfp_t gfp)
{
	if (skb) {
		genlmsg_end(skb, hdr);
		genlmsg_multicast_netns(&dstm_nl_family, net, skb, 0,
					DSTM_NLGRP_EVENTS, gfp);
	} else {
		genl_set_err(&dstm_nl_family, net, 0, DSTM_NLGRP_EVENTS, -ENOBUFS);
	}
	put_net(net);
}

/**
 * dstm_event_mapping - tell of a mapping that came or went
 * @dstm: the device, locked
 * @cmd: DSTM_CMD_MAP_NEW_NTF, _DEL_NTF or _EXPIRE_NTF
 * @m: the mapping
 */
void dstm_event_mapping(struct dstm_dev *dstm, u8 cmd,
			const struct dstm_mapping *m)
{
	struct net *net = listeners(dstm);
	struct sk_buff *skb;
	void *hdr;

	if (!net)
		return;
	skb = event_new(dstm, cmd, &hdr, GFP_KERNEL);
	if (skb && dstm_put_mapping(skb, m, dstm_now())) {
		nlmsg_free(skb);
		skb = NULL;
	}
	multicast(net, skb, hdr, GFP_KERNEL);
}

static int put_port(struct sk_buff *skb, int attr, const struct sk_buff *packet,
		    const struct iphdr *iph, enum dstm_end end)
{
	u16 port;

	if (ip_is_fragment(iph) ||
	    dstm_inner_port(packet, 0, iph, end, &port))
		return 0;
	return nla_put_u16(skb, attr, port);
}

static int put_data(struct sk_buff *skb, const struct sk_buff *packet)
{
	struct nlattr *data;

	if (packet->len > DSTM_EVENT_DATA)
		return 0;
	data = nla_reserve(skb, DSTM_A_PACKET_DATA, packet->len);
	if (!data)
		return -EMSGSIZE;
	return skb_copy_bits(packet, 0, nla_data(data), packet->len);
}

/*
 * A packet of which we know that its IPv4 header is sound. It is told of whole if it
 * is one that wants out, and so has no outer header.
 */
static int put_packet(struct sk_buff *skb, const struct sk_buff *packet,
		      const struct ipv6hdr *outer, int reason)
{
	const struct iphdr *iph = (const struct iphdr *)packet->data;
	struct nlattr *nest = nla_nest_start(skb, DSTM_A_PACKET);

	if (!nest ||
	    nla_put_in_addr(skb, DSTM_A_PACKET_SOURCE, iph->saddr) ||
	    nla_put_in_addr(skb, DSTM_A_PACKET_DESTINATION, iph->daddr) ||
	    nla_put_u8(skb, DSTM_A_PACKET_PROTOCOL, iph->protocol) ||
	    put_port(skb, DSTM_A_PACKET_SOURCE_PORT, packet, iph,
		     DSTM_SOURCE) ||
	    put_port(skb, DSTM_A_PACKET_DESTINATION_PORT, packet, iph,
		     DSTM_DESTINATION) ||
	    (outer &&
	     (nla_put_in6_addr(skb, DSTM_A_PACKET_OUTER_SOURCE, &outer->saddr) ||
	      nla_put_in6_addr(skb, DSTM_A_PACKET_OUTER_DESTINATION,
			       &outer->daddr))) ||
	    (reason && nla_put_string(skb, DSTM_A_PACKET_REASON,
				      dstm_counter_names[reason])) ||
	    (!outer && put_data(skb, packet)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static void event_packet(struct dstm_dev *dstm, u8 cmd,
			 struct ratelimit_state *limit,
			 const struct sk_buff *packet,
			 const struct ipv6hdr *outer, int reason)
{
	struct net *net = listeners(dstm);
	struct sk_buff *skb;
	void *hdr;

	if (!net)
		return;
	if (!__ratelimit(limit)) {
		put_net(net);
		return;
	}
	skb = event_new(dstm, cmd, &hdr, GFP_ATOMIC);
	if (skb && put_packet(skb, packet, outer, reason)) {
		nlmsg_free(skb);
		skb = NULL;
	}
	multicast(net, skb, hdr, GFP_ATOMIC);
}

static void acquire(struct dstm_dev *dstm, const struct sk_buff *packet)
{
	event_packet(dstm, DSTM_CMD_ACQUIRE_NTF, &dstm->acquire_limit, packet,
		     NULL, 0);
}

static void acquire_segments(struct dstm_dev *dstm, struct sk_buff *packet)
{
	struct sk_buff *segment, *next;

	segment = skb_gso_segment(packet, 0);
	if (IS_ERR_OR_NULL(segment))
		return;
	skb_list_walk_safe(segment, segment, next) {
		skb_mark_not_on_list(segment);
		acquire(dstm, segment);
		consume_skb(segment);
	}
}

/**
 * dstm_event_acquire - tell that a packet wants out and has no mapping
 * @dstm: the device
 * @packet: the packet, data at its IPv4 header; its checksum is completed, by which
 *	headers may move
 */
void dstm_event_acquire(struct dstm_dev *dstm, struct sk_buff *packet)
{
	if (!is_heard(dstm))
		return;
	if (skb_is_gso(packet))
		acquire_segments(dstm, packet);
	else if (packet->ip_summed != CHECKSUM_PARTIAL ||
		 !skb_csum_hwoffload_help(packet, 0))
		acquire(dstm, packet);
}

/**
 * dstm_event_spoof - tell that a tunnelled packet does not match the table
 * @dstm: the device
 * @packet: it, data at the inner header
 * @outer: its outer header
 * @reason: the counter of its drop
 */
void dstm_event_spoof(struct dstm_dev *dstm, const struct sk_buff *packet,
		      const struct ipv6hdr *outer, int reason)
{
	event_packet(dstm, DSTM_CMD_SPOOF_NTF, &dstm->event_limit, packet,
		     outer, reason);
}
