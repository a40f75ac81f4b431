/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_RECEIVE_H
#define _DSTM_RECEIVE_H

struct dstm_batch;
struct dstm_dev;
struct sk_buff;

void dstm_receive_one(struct dstm_dev *dstm, struct sk_buff *skb,
		      struct dstm_batch *batch);

int dstm_receive_init(void);
void dstm_receive_exit(void);

#endif
