// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "gateway.h"
#include "peer.h"

struct reader {
	struct dstm_page *page;
	const struct gateway *gw;
	struct dstm_stats *stats;	/* by index of device */
};

static int stats_keep(const struct dstm_stats *stats, void *data)
{
	struct reader *reader = data;
	int device = host_device(&reader->gw->host, stats->ifindex);

	if (device >= 0)
		reader->stats[device] = *stats;
	return 0;
}

/* The counters that tell of a direction, and not of a drop. */
static const struct {
	const char *name;
	const char *help;
	int rx;
	int tx;
} traffic[] = {
	{ "dstm_gateway_packets_total", "Packets through the tunnel.",
	  DSTM_A_STATS_RX_PACKETS, DSTM_A_STATS_TX_PACKETS },
	{ "dstm_gateway_bytes_total", "Their length as IPv4 packets.",
	  DSTM_A_STATS_RX_BYTES, DSTM_A_STATS_TX_BYTES },
};

static const char *device_name(const struct reader *r, size_t i)
{
	return r->gw->config.devices[i].link.name;
}

static void traffic_write(const struct reader *r)
{
	size_t i, j;

	for (j = 0; j < sizeof(traffic) / sizeof(traffic[0]); j++) {
		dstm_metric_begin(r->page, traffic[j].name, "counter",
				  traffic[j].help);
		for (i = 0; i < r->gw->config.device_count; i++) {
			dstm_metric(r->page,
				    (double)r->stats[i].value[traffic[j].rx],
				    "dev", device_name(r, i),
				    "direction", "rx", NULL);
			dstm_metric(r->page,
				    (double)r->stats[i].value[traffic[j].tx],
				    "dev", device_name(r, i),
				    "direction", "tx", NULL);
		}
	}
}

static bool is_traffic(int attr)
{
	size_t j;

	for (j = 0; j < sizeof(traffic) / sizeof(traffic[0]); j++)
		if (traffic[j].rx == attr || traffic[j].tx == attr)
			return true;
	return false;
}

static void drops_write(const struct reader *r)
{
	size_t i;
	int attr;

	dstm_metric_begin(r->page, "dstm_gateway_drops_total", "counter",
			  "Packets dropped, by the reason's name in the netlink API.");
	for (i = 0; i < r->gw->config.device_count; i++)
		for (attr = 1; attr <= DSTM_A_STATS_MAX; attr++)
			if (r->stats[i].have >> attr & 1 && !is_traffic(attr))
				dstm_metric(r->page,
					    (double)r->stats[i].value[attr],
					    "dev", device_name(r, i), "reason",
					    dstm_stats_name(attr), NULL);
}

static void devices_write(struct reader *r)
{
	size_t i;

	dstm_table_stats((struct dstm_table *)&r->gw->table, 0, stats_keep, r);
	dstm_metric_begin(r->page, "dstm_gateway_mappings", "gauge",
			  "Mappings in the kernel's table.");
	for (i = 0; i < r->gw->config.device_count; i++)
		dstm_metric(r->page, r->stats[i].count, "dev",
			    device_name(r, i), NULL);
	traffic_write(r);
	drops_write(r);
}

static void counter(struct dstm_page *page, const char *name, const char *help,
		    uint64_t value)
{
	dstm_metric_begin(page, name, "counter", help);
	dstm_metric(page, (double)value, NULL);
}

static void servers_write(struct dstm_page *page, const struct gateway *gw)
{
	size_t i;

	dstm_metric_begin(page, "dstm_gateway_server_connected", "gauge",
			  "Whether the server is connected.");
	for (i = 0; i < gw->config.server_count; i++)
		dstm_metric(page, peers_connected(gw, (int)i), "server",
			    gw->config.servers[i].name, NULL);
}

void figures_write(struct dstm_page *page, void *data)
{
	struct gateway *gw = data;
	const struct figures *f = &gw->figures;
	struct reader reader = { .page = page, .gw = gw };

	reader.stats = calloc(gw->config.device_count, sizeof(*reader.stats));
	if (reader.stats)
		devices_write(&reader);
	free(reader.stats);

	servers_write(page, gw);
	dstm_metric_begin(page, "dstm_gateway_orders_total", "counter",
			  "Orders of servers, by what became of them.");
	dstm_metric(page, (double)f->orders, "outcome", "done", NULL);
	dstm_metric(page, (double)f->refused, "outcome", "refused", NULL);
	dstm_metric_begin(page, "dstm_gateway_order_seconds", "histogram",
			  "How long orders took.");
	dstm_metric_histogram(page, &f->duration, NULL);
	counter(page, "dstm_gateway_mappings_set_total",
		"Mappings set by order.", f->mappings_set);
	counter(page, "dstm_gateway_mappings_deleted_total",
		"Mappings deleted by order.", f->mappings_deleted);
	counter(page, "dstm_gateway_mappings_expired_total",
		"Mappings whose lifetime ended.", f->expired);
	counter(page, "dstm_gateway_strangers_total",
		"Connections refused, of nobody who is a server.", f->strangers);
}
