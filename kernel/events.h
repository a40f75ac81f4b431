/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_EVENTS_H
#define _DSTM_EVENTS_H

#include <linux/types.h>

struct dstm_dev;
struct dstm_mapping;
struct ipv6hdr;
struct sk_buff;

int dstm_put_mapping(struct sk_buff *skb, const struct dstm_mapping *m, u64 now);

void dstm_event_mapping(struct dstm_dev *dstm, u8 cmd,
			const struct dstm_mapping *m);
void dstm_event_acquire(struct dstm_dev *dstm, struct sk_buff *packet);
void dstm_event_spoof(struct dstm_dev *dstm, const struct sk_buff *packet,
		      const struct ipv6hdr *outer, int reason);

#endif
