/* SPDX-License-Identifier: GPL-2.0 */
/* The host, as the configuration wants it: devices, routes, forwarding. */
#ifndef GATEWAY_HOST_H
#define GATEWAY_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/netlink.h"

#include "config.h"
#include "state.h"

/**
 * struct host - the host
 * @nl: a socket of NETLINK_ROUTE
 * @config: what it is to be like; NULL before host_apply()
 * @ifindex: the devices, by index in @config
 * @state: what was changed
 */
struct host {
	struct dstm_nl *nl;
	const struct config *config;
	uint32_t *ifindex;
	struct state state;
};

/**
 * host_open - begin, and read what was changed before
 * @host: to be closed with host_close()
 * @config: names the file of what was changed
 *
 * On failure it says why in the log; so do all of these.
 *
 * Return: 0, or a negative errno.
 */
int host_open(struct host *host, const struct config *config);

/**
 * host_leave - take away addresses of one configuration that another does not have
 * @host: the host
 * @former: what host_apply() made the host, or tried to
 * @next: with which host_apply() is to follow
 */
void host_leave(struct host *host, const struct config *former,
		const struct config *next);

/**
 * host_apply - make the host what a configuration wants
 * @host: the host
 * @config: the configuration, from here on @host->config
 *
 * Return: 0, or a negative errno.
 */
int host_apply(struct host *host, const struct config *config);

/**
 * host_mend - make up for a device that went away or came up
 * @host: the host, after host_apply()
 * @anew: whether a device had to be made anew
 *
 * Return: 0, or a negative errno.
 */
int host_mend(struct host *host, bool *anew);

/**
 * host_restore - put back what was changed
 * @host: the host
 */
void host_restore(struct host *host);

/**
 * host_close - free what was taken
 * @host: opened, or all zero
 */
void host_close(struct host *host);

/**
 * host_device - which device has this index
 * @host: the host
 * @ifindex: the index
 *
 * Return: its index in the configuration, or -1 if it is none of ours.
 */
int host_device(const struct host *host, uint32_t ifindex);

#endif
