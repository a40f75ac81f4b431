/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_DROP_H
#define _DSTM_DROP_H

struct dstm_dev;
struct sk_buff;

void dstm_lost(struct dstm_dev *dstm, const void *skb, unsigned int len,
	       int counter);
void dstm_drop(struct dstm_dev *dstm, struct sk_buff *skb, int counter);

#endif
