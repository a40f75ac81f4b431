/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_TRANSMIT_H
#define _DSTM_TRANSMIT_H

#include <linux/netdevice.h>

struct dstm_dev;
struct dstm_tally;

unsigned int dstm_overhead(const struct dstm_dev *dstm);
void dstm_transmit_forwarded(struct dstm_dev *dstm, struct sk_buff *skb,
			     struct dstm_tally *tally);
netdev_tx_t dstm_transmit(struct sk_buff *skb, struct net_device *dev);

#endif
