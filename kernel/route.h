/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_ROUTE_H
#define _DSTM_ROUTE_H

#include <linux/types.h>

struct dst_entry;
struct dstm_dev;
struct iphdr;
struct sk_buff;

int dstm_route_init(struct dstm_dev *dstm);
void dstm_route_flush(struct dstm_dev *dstm);
void dstm_route_exit(struct dstm_dev *dstm);

struct dst_entry *dstm_route_out(struct dstm_dev *dstm, struct sk_buff *skb,
				 const struct iphdr *iph);

#endif
