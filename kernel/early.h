/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_EARLY_H
#define _DSTM_EARLY_H

#include <linux/ip.h>
#include <linux/skbuff.h>
#include <net/inet_ecn.h>
#include <net/ip.h>

#include "device.h"

#ifdef CONFIG_NETFILTER
int dstm_early_open(struct dstm_dev *dstm);
void dstm_early_close(struct dstm_dev *dstm);
void dstm_early_forget(struct dstm_dev *dstm);
void dstm_early_free(struct dstm_dev *dstm);
bool dstm_early_find_local(struct dstm_tep *tep, struct net *net);
bool dstm_early_input(struct dstm_dev *dstm, struct sk_buff *skb);

/* Whether packets to an end point are for this host; the caller is in an RCU section. */
static inline bool dstm_early_is_local(struct dstm_tep *tep, struct net *net)
{
	return dstm_path_dst(rcu_dereference(tep->input)) ||
	       dstm_early_find_local(tep, net);
}

/* Make a packet that came out of the tunnel, without options, one that the device received. */
static inline void dstm_early_prepare(struct dstm_dev *dstm, struct sk_buff *skb)
{
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	IPCB(skb)->iif = dstm->dev->ifindex;
	skb->skb_iif = dstm->dev->ifindex;
	skb_set_transport_header(skb, sizeof(struct iphdr));
}

/* Count a received packet as ip_rcv() does. */
static inline void dstm_early_count(struct net *net, const struct sk_buff *skb)
{
	__IP_UPD_PO_STATS(net, IPSTATS_MIB_IN, skb->len);
	__IP_ADD_STATS(net, IPSTATS_MIB_NOECTPKTS +
		       (ip_hdr(skb)->tos & INET_ECN_MASK),
		       max_t(unsigned short, 1, skb_shinfo(skb)->gso_segs));
}
#else
static inline int dstm_early_open(struct dstm_dev *dstm)
{
	return 0;
}

static inline void dstm_early_close(struct dstm_dev *dstm)
{
}

static inline void dstm_early_forget(struct dstm_dev *dstm)
{
}

static inline void dstm_early_free(struct dstm_dev *dstm)
{
}

static inline bool dstm_early_input(struct dstm_dev *dstm, struct sk_buff *skb)
{
	return false;
}
#endif

#endif
