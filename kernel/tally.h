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
	int id;				/* DSTM_A_STATS_RX_PACKETS or _TX_PACKETS */
	unsigned int packets;
	u64 bytes;
	struct dstm_mapping *m;		/* NULL: nothing to count */
	struct dstm_mapping *last;	/* of before; only to compare with */
	bool waits;			/* from one RCU section to another */
	struct dstm_key key;		/* to find out what is gone by then */
};

/* Count what there is; in an RCU section, as all of these. */
static inline void dstm_tally_end(struct dstm_tally *t, struct dstm_dev *dstm)
{
	struct dstm_mapping *m = t->m;
	struct dstm_use *use;
	u32 now;

	if (!m)
		return;
	if (!t->waits || dstm_table_holds(&dstm->table, &t->key, m)) {
		use = t->id == DSTM_A_STATS_RX_PACKETS ? &m->rx : &m->tx;
		atomic64_add(t->packets, &use->packets);
		atomic64_add(t->bytes, &use->bytes);
		now = ktime_get_boottime_seconds();
		if (READ_ONCE(m->node.last_use) != now)
			WRITE_ONCE(m->node.last_use, now);
	}
	dstm_count_packets(dstm->counters, t->id, t->packets, t->bytes);
	t->m = NULL;
	t->packets = 0;
	t->bytes = 0;
	t->waits = false;
}

static inline void dstm_tally_add(struct dstm_tally *t, struct dstm_dev *dstm,
				  struct dstm_mapping *m, unsigned int len)
{
	if (t->m != m) {
		dstm_tally_end(t, dstm);
		t->m = m;
	}
	t->packets++;
	t->bytes += len;
}

/*
 * Let a mapping's packet wait for more, if the one before was its own, too.
 * Returns whether it is the first to wait; the caller ends the tally soon.
 */
static inline bool dstm_tally_pause(struct dstm_tally *t, struct dstm_dev *dstm)
{
	if (t->waits || !t->m)
		return false;
	if (t->m != t->last) {
		t->last = t->m;
		dstm_tally_end(t, dstm);
		return false;
	}
	t->key = t->m->node.key;
	t->waits = true;
	return true;
}

#endif
