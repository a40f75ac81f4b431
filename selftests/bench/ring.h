/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_BENCH_RING_H
#define _DSTM_BENCH_RING_H

#include <linux/types.h>

/* An IPv4 packet, that is; headers go before it, the skb's own data behind. */
#define BENCH_MAX_SIZE	1500

struct bench_ring;
struct net_device;
struct sk_buff;

struct bench_ring *bench_ring_create(struct net_device *dev);
void bench_ring_free(struct bench_ring *ring);
struct sk_buff *bench_ring_skb(struct bench_ring *ring);

#endif
