/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_FRAGMENT_H
#define _DSTM_FRAGMENT_H

#include <linux/types.h>

struct ipv6hdr;
struct net;
struct sk_buff;

bool dstm_reassemble(struct net *net, struct sk_buff *skb, u32 user, int *err);
u32 dstm_reassembly_in(int ifindex, const struct ipv6hdr *outer);
u32 dstm_reassembly_out(int ifindex);
struct sk_buff *dstm_cut(struct sk_buff *skb, unsigned int mtu,
			 unsigned int headroom);

#endif
