/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_TRANSMIT_H
#define _DSTM_TRANSMIT_H

#include <linux/netdevice.h>

struct dst_entry;
struct dstm_dev;
struct dstm_mapping;
struct dstm_tally;

/* Where a packet goes. */
struct dstm_way {
	struct dstm_mapping *m;
	struct dst_entry *dst;		/* to the other end of the tunnel */
};

unsigned int dstm_overhead(const struct dstm_dev *dstm);
bool dstm_transmit_way(struct dstm_dev *dstm, const struct sk_buff *skb,
		       struct dstm_way *way);
void dstm_transmit_by(struct dstm_dev *dstm, struct sk_buff *skb,
		      const struct dstm_way *way, struct dstm_tally *tally);
void dstm_transmit_forwarded(struct dstm_dev *dstm, struct sk_buff *skb,
			     struct dstm_tally *tally);
netdev_tx_t dstm_transmit(struct sk_buff *skb, struct net_device *dev);

#endif
