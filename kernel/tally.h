/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_TALLY_H
#define _DSTM_TALLY_H

#include <linux/timekeeping.h>

#include "device.h"

/*
 * Packets of one mapping in a row, counted together: CPUs that serve the same
 * client would wait for each other at every packet.
 */
struct dstm_tally {
	struct dstm_mapping *m;		/* NULL: nothing to count */
	unsigned int packets;
	u64 bytes;
};

/* @id is DSTM_A_STATS_RX_PACKETS or DSTM_A_STATS_TX_PACKETS. */
static inline void dstm_tally_end(struct dstm_tally *t, struct dstm_dev *dstm,
				  int id)
{
	u32 now = ktime_get_boottime_seconds();
	struct dstm_mapping *m = t->m;
	struct dstm_use *use;

	if (!m)
		return;
	use = id == DSTM_A_STATS_RX_PACKETS ? &m->rx : &m->tx;
	atomic64_add(t->packets, &use->packets);
	atomic64_add(t->bytes, &use->bytes);
	if (READ_ONCE(m->node.last_use) != now)
		WRITE_ONCE(m->node.last_use, now);
	dstm_count_packets(dstm->counters, id, t->packets, t->bytes);
	*t = (struct dstm_tally) {};
}

static inline void dstm_tally_add(struct dstm_tally *t, struct dstm_dev *dstm,
				  int id, struct dstm_mapping *m,
				  unsigned int len)
{
	if (t->m != m) {
		dstm_tally_end(t, dstm, id);
		t->m = m;
	}
	t->packets++;
	t->bytes += len;
}

#endif
