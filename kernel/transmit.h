/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_TRANSMIT_H
#define _DSTM_TRANSMIT_H

#include <linux/netdevice.h>

struct dstm_dev;

unsigned int dstm_overhead(const struct dstm_dev *dstm);
netdev_tx_t dstm_transmit(struct sk_buff *skb, struct net_device *dev);

#endif
