/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration file, dstm-client.json(5). */
#ifndef DSTM_CLIENT_CONFIG_H
#define DSTM_CLIENT_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/log.h"
#include "proto/dhcpv6.h"
#include "tunnel.h"

#define CONFIG_FILE	"/etc/dstm/client.json"
#define CONFIG_SOCKET	"/run/dstm-client/control.sock"

/**
 * struct config - what the file says, or its defaults
 * @on_demand: ask when a packet wants out, not at start
 * @servers: where servers are reached; none: to be found by DHCPv6
 * @servers_count: how many
 * @tep: the tunnel end point where no server names one, or ::
 * @local: this end of the tunnel, or :: for one of the host's addresses
 * @interface: the link on which servers are looked for, or NULL for that of the
 *	default route
 * @device: name of the tunnel device
 * @kind: of the tunnel device
 * @metric: of the default route
 * @mtu: of the tunnel, in bytes, or 0 for what the path allows
 * @port_sets: whether a port set will do
 * @idle: seconds after the last packet sent until the lease is released, 0 for never
 * @patience: seconds that a packet waits for a lease before it is answered
 * @retry: seconds for which packets are answered at once, after a refusal
 * @hook: program that is told of changes, or NULL
 * @state_file: what outlives a run
 * @control: path of the control socket
 * @log: the least grave that is said
 */
struct config {
	bool on_demand;
	struct in6_addr servers[DHCPV6_ADDRS];
	unsigned int servers_count;
	struct in6_addr tep;
	struct in6_addr local;
	char *interface;
	char *device;
	enum tunnel_kind kind;
	uint32_t metric;
	uint32_t mtu;
	bool port_sets;
	uint32_t idle;
	uint32_t patience;
	uint32_t retry;
	char *hook;
	char *state_file;
	char *control;
	enum dstm_log_level log;
};

/**
 * config_read - read the file, or refuse it whole
 * @config: the result, to be freed with config_free() in any case
 * @path: the file
 * @error: DSTM_CONFIG_ERROR bytes for what is wrong, and where
 *
 * Return: 0, or a negative errno with @error filled.
 */
int config_read(struct config *config, const char *path, char *error);

/**
 * config_free - free what the file's reading took
 * @config: the configuration
 */
void config_free(struct config *config);

#endif
