/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_ICMP_H
#define _DSTM_ICMP_H

struct dstm_dev;
struct sk_buff;

void dstm_icmp_unreachable(struct dstm_dev *dstm, struct sk_buff *skb);
void dstm_icmp_too_big(struct sk_buff *skb, unsigned int mtu);
void dstm_icmp_spoof(struct dstm_dev *dstm, struct sk_buff *skb);

#endif
