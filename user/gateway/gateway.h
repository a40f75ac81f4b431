/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon: what its parts share. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stdint.h>
#include <sys/queue.h>

#include "lib/daemon.h"
#include "lib/metrics.h"
#include "lib/table.h"

#include "config.h"
#include "host.h"

struct listeners;
struct peer;
struct watch;

LIST_HEAD(peer_list, peer);

/* What the daemon counts beside the kernel. */
struct figures {
	uint64_t orders;		/* done */
	uint64_t refused;
	uint64_t mappings_set;
	uint64_t mappings_deleted;
	uint64_t expired;
	uint64_t strangers;		/* connections of nobody we know */
	struct dstm_histogram duration;	/* of orders */
};

/**
 * struct gateway - the daemon
 * @daemon: event loop and signals
 * @path: of the configuration file
 * @config: what it says
 * @host: devices, routes, forwarding
 * @table: the way to the kernel's mapping tables
 * @instance: another one at each start, for servers to see
 * @listeners: where servers connect
 * @peers: the connected ones
 * @told: by index of server: whether it heard of this start
 * @watch: events of the kernel's, and idle mappings
 * @metrics: the page of figures
 * @figures: what is on it
 * @failed: a negative errno, once no configuration works any more
 */
struct gateway {
	struct dstm_daemon daemon;
	const char *path;
	struct config config;
	struct host host;
	struct dstm_table table;
	char instance[17];
	struct listeners *listeners;
	struct peer_list peers;
	bool *told;
	struct watch *watch;
	struct dstm_metrics *metrics;
	struct figures figures;
	int failed;
};

#endif
