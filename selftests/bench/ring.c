// SPDX-License-Identifier: GPL-2.0
/*
 * Receive buffers that are used again, as a network card's are: memory for
 * packets costs what it costs with a good driver, and not what it costs to
 * allocate it.
 */
#include <linux/etherdevice.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/skbuff.h>

#include "ring.h"

#define RING_SIZE	256

struct bench_ring {
	struct net_device *dev;
	unsigned int next;
	struct page *pages[RING_SIZE];
};

/**
 * bench_ring_free - free the buffers, once the stack is done with them
 * @ring: the ring
 */
void bench_ring_free(struct bench_ring *ring)
{
	int i;

	for (i = 0; i < RING_SIZE && ring->pages[i]; i++)
		put_page(ring->pages[i]);
	kfree(ring);
}

/**
 * bench_ring_create - make a ring
 * @dev: the device its packets come in by
 *
 * Return: the ring, or NULL for want of memory.
 */
struct bench_ring *bench_ring_create(struct net_device *dev)
{
	struct bench_ring *ring = kzalloc(sizeof(*ring), GFP_KERNEL);
	int i;

	if (!ring)
		return NULL;
	ring->dev = dev;
	for (i = 0; i < RING_SIZE; i++) {
		ring->pages[i] = alloc_page(GFP_KERNEL);
		if (!ring->pages[i]) {
			bench_ring_free(ring);
			return NULL;
		}
	}
	return ring;
}

/**
 * bench_ring_skb - a packet's buffer, data at the link-layer header
 * @ring: the ring; the caller has bottom halves disabled
 *
 * Return: the buffer, or NULL when all are in use.
 */
struct sk_buff *bench_ring_skb(struct bench_ring *ring)
{
	struct page *page = ring->pages[ring->next++ % RING_SIZE];
	struct sk_buff *skb;

	if (page_ref_count(page) > 1)
		return NULL;
	skb = napi_build_skb(page_address(page), PAGE_SIZE);
	if (!skb)
		return NULL;
	get_page(page);
	skb_reserve(skb, NET_SKB_PAD + NET_IP_ALIGN);
	skb->dev = ring->dev;
	return skb;
}
