/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_NETLINK_H
#define _DSTM_NETLINK_H

struct dstm_dev;
struct genl_family;
struct sk_buff;

extern struct genl_family dstm_nl_family;

int dstm_put_stats(struct sk_buff *skb, struct dstm_dev *dstm);

#endif
