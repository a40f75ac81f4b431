// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>

#include "nl.h"

static void show_text(const struct dstm_stats *stats)
{
	int i;

	printf("%s\n    %-22s %20u\n", nl_ifname(stats->ifindex), "count",
	       stats->count);
	for (i = 1; i <= DSTM_A_STATS_MAX; i++)
		if (stats->have >> i & 1)
			printf("    %-22s %20" PRIu64 "\n", dstm_stats_name(i),
			       stats->value[i]);
}

static int show(const struct dstm_stats *stats, void *data)
{
	struct dstm_jsonw *w = data;
	int i;

	if (!w) {
		show_text(stats);
		return 0;
	}
	dstm_jsonw_open(w, NULL, '{');
	dstm_jsonw_string(w, "dev", nl_ifname(stats->ifindex));
	dstm_jsonw_uint(w, "count", stats->count);
	dstm_jsonw_open(w, "stats", '{');
	for (i = 1; i <= DSTM_A_STATS_MAX; i++)
		if (stats->have >> i & 1)
			dstm_jsonw_uint(w, dstm_stats_name(i), stats->value[i]);
	dstm_jsonw_close(w, '}');
	dstm_jsonw_close(w, '}');
	return 0;
}

int stats_run(struct nl *nl, int argc, char **argv)
{
	struct dstm_jsonw json = nl_jsonw(nl);
	struct dstm_jsonw *w = nl->json ? &json : NULL;
	uint32_t ifindex = 0;
	const char *dev;
	int ret;

	ret = nl_only_dev(argc, argv, false, &dev);
	if (ret == DONE && dev)
		ret = nl_ifindex(dev, &ifindex);
	if (ret == DONE)
		ret = nl_table(nl);
	if (ret != DONE)
		return ret;

	if (w)
		dstm_jsonw_open(w, NULL, '[');
	ret = dstm_table_stats(&nl->table, ifindex, show, w);
	if (w)
		dstm_jsonw_close(w, ']');
	if (ret)
		return nl_fail("stats: %s", dstm_nl_error(nl->table.nl));
	return nl_flush();
}
