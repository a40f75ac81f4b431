/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_RECEIVE_H
#define _DSTM_RECEIVE_H

#include <linux/types.h>

struct dstm_tally;
struct napi_struct;
struct dstm_dev;
struct dstm_mapping;
struct sk_buff;

void dstm_receive_one(struct dstm_dev *dstm, struct sk_buff *skb,
		      struct napi_struct *napi, struct dstm_tally *tally);
bool dstm_receive_plain(struct dstm_dev *dstm, const struct sk_buff *skb,
			struct dstm_mapping **m);
bool dstm_receive_by(struct dstm_dev *dstm, struct sk_buff *skb,
		     struct dstm_mapping *m, struct dstm_tally *tally);

int dstm_receive_init(void);
void dstm_receive_exit(void);

#endif
