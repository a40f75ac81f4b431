/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_OUTPUT_H
#define _DSTM_OUTPUT_H

#include <linux/types.h>

struct net;
struct sk_buff;

bool dstm_output_is_seen(const struct net *net, const struct sk_buff *skb);
void dstm_output_forward(struct net *net, struct sk_buff *skb);
void dstm_output_hop(struct net *net, struct sk_buff *skb);
int dstm_output_tunnel(struct net *net, struct sk_buff *skb);

#endif
