/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_EARLY_H
#define _DSTM_EARLY_H

#include <linux/types.h>

#include "tep.h"

struct dstm_dev;
struct net;
struct sk_buff;

#ifdef CONFIG_NETFILTER
int dstm_early_open(struct dstm_dev *dstm);
void dstm_early_close(struct dstm_dev *dstm);
void dstm_early_forget(struct dstm_dev *dstm);
void dstm_early_free(struct dstm_dev *dstm);
bool dstm_early_find_local(struct dstm_tep *tep, struct net *net);
void dstm_early_prepare(struct dstm_dev *dstm, struct sk_buff *skb);
void dstm_early_count(struct net *net, const struct sk_buff *skb);
bool dstm_early_input(struct dstm_dev *dstm, struct sk_buff *skb);

/* Whether packets to an end point are for this host; the caller is in an RCU section. */
static inline bool dstm_early_is_local(struct dstm_tep *tep, struct net *net)
{
	return dstm_path_dst(rcu_dereference(tep->input)) ||
	       dstm_early_find_local(tep, net);
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
