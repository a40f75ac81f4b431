// SPDX-License-Identifier: GPL-2.0
/* Fragments of IPv4 packets: put together, and cut. */
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/siphash.h>
#include <net/ip.h>

#include "fragment.h"

/*
 * Users of the kernel's reassembly below this bit are the kernel's own. Each
 * tunnel has its own fragments, so that nobody adds to another's packet.
 */
#define DSTM_REASSEMBLY	BIT(31)

/**
 * dstm_reassembly_in - whose fragments those from a tunnel are
 * @ifindex: the device's
 * @outer: the IPv6 header that a fragment came in
 *
 * Return: the user, for dstm_reassemble().
 */
u32 dstm_reassembly_in(int ifindex, const struct ipv6hdr *outer)
{
	static siphash_aligned_key_t key __read_mostly;

	net_get_random_once(&key, sizeof(key));
	return DSTM_REASSEMBLY |
	       (ifindex + siphash(&outer->saddr, 2 * sizeof(outer->saddr), &key));
}

/**
 * dstm_reassembly_out - whose fragments those into a tunnel are
 * @ifindex: the device's
 *
 * Return: the user, for dstm_reassemble().
 */
u32 dstm_reassembly_out(int ifindex)
{
	return DSTM_REASSEMBLY | ifindex;
}

/**
 * dstm_reassemble - take a fragment
 * @net: the namespace of the IPv4 side, whose limits on memory hold
 * @skb: the fragment, data and network header at its IPv4 header
 * @user: whose it is
 * @err: gets an error when the fragment does not fit
 *
 * Return: true if @skb is the whole packet now; else it is taken, and kept for
 * the rest of its packet unless there is an error.
 */
bool dstm_reassemble(struct net *net, struct sk_buff *skb, u32 user, int *err)
{
	struct net_device *dev = skb->dev;
	struct iphdr *iph;

	/*
	 * A router does not tell of fragments that are missing (RFC 792), and none is
	 * told of what comes from a device that is in no namespace.
	 */
	skb->dev = blackhole_netdev;
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	local_bh_disable();
	*err = ip_defrag(net, skb, user);
	local_bh_enable();
	if (*err) {
		if (*err == -EINPROGRESS)
			*err = 0;
		return false;
	}
	skb->dev = dev;
	/* Who sends fragments with DF does not look for the path's MTU. */
	iph = ip_hdr(skb);
	iph->frag_off = 0;
	ip_send_check(iph);
	return true;
}

/* Only the first fragment has the options without the copied flag (RFC 791 3.1). */
static void drop_first_options(struct iphdr *iph)
{
	u8 *opt = (u8 *)(iph + 1), *end = (u8 *)iph + iph->ihl * 4;
	int len;

	while (opt < end && *opt != IPOPT_END) {
		len = *opt == IPOPT_NOOP || opt + 1 == end ? 1 : opt[1];
		if (len > end - opt || (len < 2 && *opt != IPOPT_NOOP))
			return;
		if (!IPOPT_COPIED(*opt))
			memset(opt, IPOPT_NOOP, len);
		opt += len;
	}
}

/**
 * dstm_cut - cut a packet into fragments
 * @skb: the packet, data and network header at its IPv4 header; freed
 * @mtu: at most so long is a fragment
 * @headroom: what each has in front
 *
 * Return: the fragments, linked by their next pointer, or NULL.
 */
struct sk_buff *dstm_cut(struct sk_buff *skb, unsigned int mtu,
			 unsigned int headroom)
{
	struct sk_buff *frag, *list = NULL, **tail = &list;
	unsigned int hlen = ip_hdrlen(skb);
	struct ip_frag_state state;
	bool first = true;

	if ((skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb)) ||
	    skb_ensure_writable(skb, hlen))
		goto fail;

	ip_frag_init(skb, hlen, headroom, mtu - hlen, false, &state);
	while (state.left) {
		frag = ip_frag_next(skb, &state);
		if (IS_ERR(frag))
			goto fail;
		*tail = frag;
		tail = &frag->next;
		if (first)
			drop_first_options(ip_hdr(skb));
		first = false;
	}
	consume_skb(skb);
	return list;

fail:
	kfree_skb_list(list);
	kfree_skb(skb);
	return NULL;
}
