/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_COUNTERS_H
#define _DSTM_COUNTERS_H

#include <linux/u64_stats_sync.h>
#include <uapi/linux/dstm.h>

/*
 * The counters of a device. Their numbers are the attribute numbers of the
 * netlink API's stats, whose documentation says what each of them counts.
 */
#define DSTM_COUNTER_FIRST	DSTM_A_STATS_RX_PACKETS
#define DSTM_COUNTER_LAST	DSTM_A_STATS_MAX

struct dstm_counters {
	u64_stats_t value[DSTM_COUNTER_LAST + 1];
	struct u64_stats_sync syncp;
};

extern const char *const dstm_counter_names[DSTM_COUNTER_LAST + 1];

void dstm_counters_sum(const struct dstm_counters __percpu *counters,
		       u64 sum[DSTM_COUNTER_LAST + 1]);

/* Both for callers that can not be interrupted by another of the two. */
static inline void dstm_count(struct dstm_counters __percpu *counters, int id)
{
	struct dstm_counters *c = this_cpu_ptr(counters);

	u64_stats_update_begin(&c->syncp);
	u64_stats_inc(&c->value[id]);
	u64_stats_update_end(&c->syncp);
}

static inline void dstm_count_packets(struct dstm_counters __percpu *counters,
				      int id, unsigned int packets, u64 bytes)
{
	struct dstm_counters *c = this_cpu_ptr(counters);

	u64_stats_update_begin(&c->syncp);
	u64_stats_add(&c->value[id], packets);
	u64_stats_add(&c->value[id + 1], bytes);
	u64_stats_update_end(&c->syncp);
}

#endif
