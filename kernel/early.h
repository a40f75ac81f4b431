/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_EARLY_H
#define _DSTM_EARLY_H

#include <linux/types.h>

struct dst_entry;
struct dstm_dev;
struct dstm_tep;
struct net;
struct sk_buff;

/* Where the last packet went, in the same RCU section; the next may, too. */
struct dstm_last_route {
	struct dst_entry *dst;		/* NULL: not known */
	__be32 daddr;
	u8 tos;
};

#ifdef CONFIG_NETFILTER
int dstm_early_open(struct dstm_dev *dstm);
void dstm_early_close(struct dstm_dev *dstm);
void dstm_early_forget(const struct dstm_dev *dstm);
bool dstm_early_is_local(struct dstm_tep *tep, struct net *net);
void dstm_early_prepare(struct dstm_dev *dstm, struct sk_buff *skb);
void dstm_early_count(struct net *net, const struct sk_buff *skb);
bool dstm_early_input(struct dstm_dev *dstm, struct sk_buff *skb,
		      struct dstm_last_route *last);
#else
static inline int dstm_early_open(struct dstm_dev *dstm)
{
	return 0;
}

static inline void dstm_early_close(struct dstm_dev *dstm)
{
}

static inline void dstm_early_forget(const struct dstm_dev *dstm)
{
}

static inline bool dstm_early_input(struct dstm_dev *dstm,
				    struct sk_buff *skb,
				    struct dstm_last_route *last)
{
	return false;
}
#endif

#endif
