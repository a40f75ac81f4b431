// SPDX-License-Identifier: GPL-2.0
/* Per-CPU counters of a device, and their names. */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <uapi/linux/dstm_counters.h>

#include "counters.h"

const char *const dstm_counter_names[DSTM_COUNTER_LAST + 1] = {
	DSTM_COUNTER_NAMES
};

/**
 * dstm_counters_sum - what all CPUs counted
 * @counters: the counters
 * @sum: gets their sums, by number
 */
void dstm_counters_sum(const struct dstm_counters __percpu *counters,
		       u64 sum[DSTM_COUNTER_LAST + 1])
{
	u64 value[DSTM_COUNTER_LAST + 1];
	unsigned int start;
	int cpu, i;

	memset(sum, 0, sizeof(value));
	for_each_possible_cpu(cpu) {
		const struct dstm_counters *c = per_cpu_ptr(counters, cpu);

		do {
			start = u64_stats_fetch_begin(&c->syncp);
			for (i = DSTM_COUNTER_FIRST; i <= DSTM_COUNTER_LAST; i++)
				value[i] = u64_stats_read(&c->value[i]);
		} while (u64_stats_fetch_retry(&c->syncp, start));

		for (i = DSTM_COUNTER_FIRST; i <= DSTM_COUNTER_LAST; i++)
			sum[i] += value[i];
	}
}
