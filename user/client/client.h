/* SPDX-License-Identifier: GPL-2.0 */
/* The client: what comes from the network, the host and the clock, brought together. */
#ifndef DSTM_CLIENT_CLIENT_H
#define DSTM_CLIENT_CLIENT_H

#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "acquire.h"
#include "config.h"
#include "discovery.h"
#include "exchange.h"
#include "hold.h"
#include "host.h"
#include "lib/netlink.h"
#include "machine.h"
#include "state.h"
#include "tun.h"

#define CLIENT_REASON	300

/**
 * struct client - the client
 * @config: its configuration
 * @base: the event loop
 * @nl: a socket of NETLINK_ROUTE, to ask
 * @monitor: another, which hears of devices, IPv6 addresses and routes, IPv4 routes
 * @rules: another, which hears of changes of nftables; NULL without nftables
 * @heard: the event of @monitor
 * @rules_heard: the event of @rules
 * @timer: when something is next due
 * @state: what outlives a run
 * @machine: where it stands with the server
 * @discovery: which servers there are, where the configuration names none
 * @near: the port for messages on the link
 * @far: the port for messages to servers beyond it
 * @hold: packets that wait, on demand
 * @acquire: they come from here if the tunnel device is of kind dstm
 * @tun: or else from here
 * @host: what is changed on the host
 * @want: somebody wants IPv4
 * @local: this end of the tunnel, :: while there is none
 * @path_mtu: of the way to the other end, in bytes
 * @look: when to look again for @local; milliseconds, as all that follow
 * @mend: not to be mended before, after it has failed
 * @patience: when packets have waited long enough
 * @refused: until when packets are answered at once
 * @reason: why there was no lease, or is none any more; "" if never
 * @check: when to look again whether the tunnel is used
 * @used: when it was last seen to be
 * @packets: how many the host had sent through it then
 */
struct client {
	const struct config *config;
	struct event_base *base;
	struct dstm_nl *nl;
	struct dstm_nl *monitor;
	struct dstm_nl *rules;
	struct event *heard;
	struct event *rules_heard;
	struct event *timer;
	struct state state;
	struct machine machine;
	struct discovery discovery;
	struct exchange near;
	struct exchange far;
	struct hold hold;
	struct acquire acquire;
	struct tun tun;
	struct host host;
	bool want;
	struct in6_addr local;
	uint32_t path_mtu;
	uint64_t look;
	uint64_t mend;
	uint64_t patience;
	uint64_t refused;
	char reason[CLIENT_REASON];
	uint64_t check;
	uint64_t used;
	uint64_t packets;
};

/**
 * client_open - begin
 * @c: the client, all zero; to be closed with client_close() also on failure
 * @config: the configuration, which must outlive it
 * @base: the event loop
 *
 * Why it failed is said in the log.
 *
 * Return: 0, or a negative errno.
 */
int client_open(struct client *c, const struct config *config,
		struct event_base *base);

/**
 * client_close - end, and be ready to begin again
 * @c: the client
 * @release: give the lease back and leave the host as it was found; or leave both
 *	to whoever opens it next
 */
void client_close(struct client *c, bool release);

/**
 * client_servers - where servers are reached
 * @c: the client
 * @count: how many there are; none, where they are to be found, is multicast
 *
 * Return: their addresses, which stay the client's.
 */
const struct in6_addr *client_servers(const struct client *c,
				      unsigned int *count);

/**
 * client_status - how it stands
 * @c: the client
 *
 * Return: an object, which is the caller's.
 */
json_t *client_status(struct client *c);

#endif
