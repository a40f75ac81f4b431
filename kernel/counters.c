// SPDX-License-Identifier: GPL-2.0
/* Per-CPU counters of a device, and their names. */
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "counters.h"

const char *const dstm_counter_names[DSTM_COUNTER_LAST + 1] = {
	[DSTM_A_STATS_RX_PACKETS] = "rx-packets",
	[DSTM_A_STATS_RX_BYTES] = "rx-bytes",
	[DSTM_A_STATS_TX_PACKETS] = "tx-packets",
	[DSTM_A_STATS_TX_BYTES] = "tx-bytes",
	[DSTM_A_STATS_RX_DOWN] = "rx-down",
	[DSTM_A_STATS_RX_MALFORMED] = "rx-malformed",
	[DSTM_A_STATS_RX_NO_PORTS] = "rx-no-ports",
	[DSTM_A_STATS_RX_FRAGMENT] = "rx-fragment",
	[DSTM_A_STATS_RX_INNER_ADDRESS] = "rx-inner-address",
	[DSTM_A_STATS_RX_INNER_PORT] = "rx-inner-port",
	[DSTM_A_STATS_RX_OUTER_SOURCE] = "rx-outer-source",
	[DSTM_A_STATS_RX_OUTER_DESTINATION] = "rx-outer-destination",
	[DSTM_A_STATS_RX_ECN] = "rx-ecn",
	[DSTM_A_STATS_RX_BACKLOG] = "rx-backlog",
	[DSTM_A_STATS_TX_PROTOCOL] = "tx-protocol",
	[DSTM_A_STATS_TX_MALFORMED] = "tx-malformed",
	[DSTM_A_STATS_TX_NO_PORTS] = "tx-no-ports",
	[DSTM_A_STATS_TX_FRAGMENT] = "tx-fragment",
	[DSTM_A_STATS_TX_NO_MAPPING] = "tx-no-mapping",
	[DSTM_A_STATS_TX_NO_PORT_SET] = "tx-no-port-set",
	[DSTM_A_STATS_TX_HAIRPIN] = "tx-hairpin",
	[DSTM_A_STATS_TX_NO_ROUTE] = "tx-no-route",
	[DSTM_A_STATS_TX_LOOP] = "tx-loop",
	[DSTM_A_STATS_TX_ERROR] = "tx-error",
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
