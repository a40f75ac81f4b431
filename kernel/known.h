/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_KNOWN_H
#define _DSTM_KNOWN_H

#include <linux/ip.h>
#include <linux/types.h>
#include <net/inet_ecn.h>

struct dstm_dev;
struct dstm_known;
struct net;
struct net_device;

/* What an answer of the stack depends on beside addresses; taken before it is asked. */
struct dstm_known_state {
	int generation;		/* of IPv4 routes, addresses and forwarding */
	u8 rp_filter;		/* of the device that packets come by */
};

/* What rules and routes may ask of a packet's type of service: not whether it is ECN's. */
static inline u8 dstm_known_service(const struct iphdr *iph)
{
	return iph->tos & ~INET_ECN_MASK;
}

int dstm_known_open(struct dstm_dev *dstm);
void dstm_known_close(struct dstm_dev *dstm);
void dstm_known_forget(const struct dstm_dev *dstm);

struct dstm_known_state dstm_known_state(const struct net_device *from);
bool dstm_known_is_enough(const struct net *net);

struct dstm_dev *dstm_known_way_in(struct dstm_known *known, const struct iphdr *iph,
				   const struct net_device *from);
void dstm_known_keep_way_in(struct dstm_known *known, struct dstm_dev *dstm,
			    const struct iphdr *iph, const struct net_device *from,
			    const struct dstm_known_state *state);

bool dstm_known_source(struct dstm_known *known, const struct iphdr *iph,
		       const struct net_device *from,
		       const struct dstm_known_state *state);
void dstm_known_keep_source(struct dstm_known *known, const struct iphdr *iph,
			    const struct net_device *from,
			    const struct dstm_known_state *state);

#endif
