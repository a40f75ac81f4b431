/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_SHORTCUT_H
#define _DSTM_SHORTCUT_H

#include <linux/errno.h>
#include <linux/netlink.h>
#include <net/netlink.h>

struct dstm_dev;
struct sk_buff;

#ifdef CONFIG_NETFILTER
int dstm_shortcut_set(struct dstm_dev *dstm, const struct nlattr *attr,
		      struct netlink_ext_ack *extack);
int dstm_shortcut_open(struct dstm_dev *dstm);
void dstm_shortcut_close(struct dstm_dev *dstm);
size_t dstm_shortcut_size(const struct dstm_dev *dstm);
int dstm_shortcut_fill(struct sk_buff *skb, const struct dstm_dev *dstm);
int dstm_shortcut_init(void);
void dstm_shortcut_exit(void);
#else
static inline int dstm_shortcut_set(struct dstm_dev *dstm,
				    const struct nlattr *attr,
				    struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG_ATTR(extack, attr, "shortcut: this kernel has no netfilter");
	return -EOPNOTSUPP;
}

static inline int dstm_shortcut_open(struct dstm_dev *dstm)
{
	return 0;
}

static inline void dstm_shortcut_close(struct dstm_dev *dstm)
{
}

static inline size_t dstm_shortcut_size(const struct dstm_dev *dstm)
{
	return 0;
}

static inline int dstm_shortcut_fill(struct sk_buff *skb,
				     const struct dstm_dev *dstm)
{
	return 0;
}

static inline int dstm_shortcut_init(void)
{
	return 0;
}

static inline void dstm_shortcut_exit(void)
{
}
#endif

#endif
