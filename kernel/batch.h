/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_BATCH_H
#define _DSTM_BATCH_H

#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "mapping.h"
#include "tally.h"

/*
 * Packets gathered on a CPU, to be worked off together: with very many mappings,
 * what a packet's mapping costs is the wait for memory, and memory can be asked
 * for many of them at once.
 */
struct dstm_batch {
	struct sk_buff_head receive;	/* tunnelled, data at the inner header */
	struct sk_buff_head transmit;	/* IPv4, to be forwarded */
	struct napi_struct napi;
	struct dstm_tally received;
	struct dstm_tally transmitted;
	bool clear;			/* nothing was in the way, at this jiffy */
	unsigned long clear_at;
	struct dstm_seek seeks[NAPI_POLL_WEIGHT];
};

/* The table of as many mappings is too large for a CPU's near caches. */
#define DSTM_BATCH_MANY	8192

int dstm_batch_init(struct dstm_dev *dstm);
void dstm_batch_exit(struct dstm_dev *dstm);
void dstm_batch_drain(struct dstm_dev *dstm);

void dstm_batch_clear(struct dstm_batch *b);
void dstm_batch_poll_soon(struct dstm_batch *b);

/* Whether there are so many mappings that a packet may wait for its own. */
static inline bool dstm_batch_has_many(const struct dstm_dev *dstm)
{
	return READ_ONCE(dstm->table.count) >= DSTM_BATCH_MANY;
}

/* Where there is no memory to wait for, to queue only costs. But nobody overtakes. */
static inline bool dstm_batch_may_go_at_once(const struct dstm_dev *dstm,
					     const struct sk_buff_head *queue)
{
	return !dstm_batch_has_many(dstm) && skb_queue_empty(queue);
}

/* Whether dstm_batch_clear() was told since the last poll, in this jiffy. */
static inline bool dstm_batch_is_clear(const struct dstm_batch *b)
{
	unsigned long now = jiffies;

	return b->clear && b->clear_at == now;
}

/*
 * Count a packet that did not go through a queue, soon; @t is the tally in the CPU's
 * batch that it is in.
 */
static inline void dstm_batch_pause(struct dstm_dev *dstm, struct dstm_batch *b,
				    struct dstm_tally *t)
{
	if (dstm_tally_pause(t, dstm))
		dstm_batch_poll_soon(b);
}

void dstm_batch_receive(struct dstm_dev *dstm, struct sk_buff *skb);
void dstm_batch_transmit(struct dstm_dev *dstm, struct sk_buff *skb);

#endif
