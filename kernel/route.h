/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_ROUTE_H
#define _DSTM_ROUTE_H

#include <linux/types.h>

struct dst_entry;
struct dstm_dev;
struct iphdr;
struct net;
struct net_device;
struct sk_buff;

/* What an answer of the stack depends on beside addresses; taken before it is asked. */
struct dstm_route_state {
	int generation;		/* of IPv4 routes, addresses and forwarding */
	u8 rp_filter;		/* of the device that packets come by */
};

int dstm_route_init(struct dstm_dev *dstm);
void dstm_route_flush(struct dstm_dev *dstm);
void dstm_route_exit(struct dstm_dev *dstm);

struct dstm_route_state dstm_route_state(const struct net_device *from);
bool dstm_route_is_cacheable(const struct net *net);

void dstm_route_learn_in(struct dstm_dev *dstm, const struct iphdr *iph,
			 const struct net_device *from,
			 const struct dstm_route_state *state);
bool dstm_route_leads_in(struct dstm_dev *dstm, const struct iphdr *iph,
			 const struct net_device *from);
struct dst_entry *dstm_route_out(struct dstm_dev *dstm, struct sk_buff *skb,
				 const struct iphdr *iph);

#endif
