// SPDX-License-Identifier: GPL-2.0
/* ICMPv6 errors about tunnel packets, told to who sent the packet inside. */
#include <linux/icmpv6.h>
#include <net/icmp.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/ndisc.h>
#include <net/route.h>

#include "device.h"
#include "inner.h"
#include "relay.h"

/*
 * Whether we may have sent the packet: its addresses are such that we let it in,
 * and there is a mapping between the outer ones and the inner address and port.
 * Who makes an error up has to know one. The first fragment tells the port, too.
 */
static bool ours(struct dstm_dev *dstm, const struct dstm_tep *tep,
		 const struct sk_buff *skb, int offset)
{
	const struct ipv6hdr *outer = (const struct ipv6hdr *)skb->data;
	struct iphdr iph = *dstm_inner_header(skb, offset);
	struct dstm_mapping *m;

	if (!(iph.frag_off & htons(IP_OFFSET)))
		iph.frag_off = 0;
	return !dstm_inner_check_addresses(&iph) &&
	       !dstm_inner_owner(&dstm->table, skb, offset, &iph,
				 dstm_transmit_end(dstm), &m) &&
	       dstm_mapping_tep_rcu(m) == tep && ipv6_addr_equal(&m->remote, &outer->daddr);
}

/* The inner packet of the error, as if it came back from the device. */
static struct sk_buff *inner_packet(struct dstm_dev *dstm, struct sk_buff *skb,
				    int offset)
{
	struct net *net = dev_net(dstm->dev);
	struct flowi4 fl4 = {
		.daddr = dstm_inner_header(skb, offset)->daddr,
		.flowi4_oif = l3mdev_master_ifindex_rcu(dstm->dev),
	};
	struct sk_buff *inner;
	struct rtable *rt;

	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return NULL;
	inner = skb_clone(skb, GFP_ATOMIC);
	if (!inner) {
		ip_rt_put(rt);
		return NULL;
	}
	skb_pull(inner, offset);
	skb_reset_network_header(inner);
	skb_scrub_packet(inner, !net_eq(dstm->underlay, net));
	skb_dst_set(inner, &rt->dst);
	memset(IPCB(inner), 0, sizeof(*IPCB(inner)));
	inner->protocol = htons(ETH_P_IP);
	inner->dev = dstm->dev;
	return inner;
}

static void send(struct dstm_dev *dstm, struct sk_buff *skb, int offset,
		 int code, u32 info)
{
	struct sk_buff *inner = inner_packet(dstm, skb, offset);

	if (!inner)
		return;
	icmp_send(inner, ICMP_DEST_UNREACH, code, htonl(info));
	kfree_skb(inner);
}

/*
 * RFC 2473 sections 6.7 and 8.3: the path is smaller than we thought. No IPv6
 * path is below the minimum, so who says so is not believed (RFC 8201 section 4).
 */
static void too_big(struct dstm_dev *dstm, struct sk_buff *skb, int offset,
		    u32 info)
{
	const struct iphdr *iph = dstm_inner_header(skb, offset);
	int error = skb_network_offset(skb);
	u32 mtu = info - offset;

	if (info < IPV6_MIN_MTU)
		return;
	skb_reset_network_header(skb);
	dstm_path_update_mtu(dstm->underlay, &dstm->marks, skb, info);
	skb_set_network_header(skb, error);
	if (iph->frag_off & htons(IP_DF) && ntohs(iph->tot_len) > mtu)
		send(dstm, skb, offset, ICMP_FRAG_NEEDED, mtu);
}

/*
 * That it has no such mapping, only the gateway says to its client (RFC 7596
 * section 5.1).
 */
static bool is_forged_refusal(const struct dstm_dev *dstm,
			      const struct sk_buff *skb, u8 type, u8 code)
{
	const struct ipv6hdr *outer = (const struct ipv6hdr *)skb->data;

	return dstm->role == DSTM_ROLE_CLIENT && type == ICMPV6_DEST_UNREACH &&
	       code == ICMPV6_POLICY_FAIL &&
	       !ipv6_addr_equal(&ipv6_hdr(skb)->saddr, &outer->daddr);
}

/**
 * dstm_relay_error - take an ICMPv6 error about a packet that we sent
 * @skb: the packet, data at its IPv6 header, cut off somewhere
 * @opt: unused
 * @type: of the error
 * @code: of the error
 * @offset: of the inner header
 * @info: the error's second word
 *
 * RFC 2473 section 8. The caller has verified the error's checksum and is in an
 * RCU section.
 *
 * Return: 0 when the packet is from one of our tunnel end points, or -ENOENT.
 */
int dstm_relay_error(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type,
		     u8 code, int offset, __be32 info)
{
	const struct iphdr *iph;
	struct dstm_tep *tep;
	struct dstm_dev *dstm;

	tep = dstm_tep_find(dstm_net(dev_net(skb->dev)),
			    &((const struct ipv6hdr *)skb->data)->saddr);
	if (!tep)
		return -ENOENT;
	/* RFC 4861 section 8.3: a better way to a packet's destination, whose ever it was. */
	if (type == NDISC_REDIRECT) {
		ip6_redirect(skb, dev_net(skb->dev), skb->dev->ifindex, 0,
			     sock_net_uid(dev_net(skb->dev), NULL));
		return 0;
	}
	dstm = tep->dstm;
	if (!(dstm->dev->flags & IFF_UP) ||
	    !pskb_may_pull(skb, offset + sizeof(*iph)))
		return 0;
	iph = dstm_inner_header(skb, offset);
	if (iph->version != 4 || iph->ihl < 5 || !ours(dstm, tep, skb, offset))
		return 0;

	switch (type) {
	case ICMPV6_PKT_TOOBIG:
		too_big(dstm, skb, offset, ntohl(info));
		break;
	case ICMPV6_TIME_EXCEED:
		/* A lost fragment says nothing of the packets to come. */
		if (code != ICMPV6_EXC_HOPLIMIT)
			break;
		fallthrough;
	case ICMPV6_DEST_UNREACH:
	case ICMPV6_PARAMPROB:
		if (!is_forged_refusal(dstm, skb, type, code))
			send(dstm, skb, offset, ICMP_HOST_UNREACH, 0);
		break;
	}
	return 0;
}
