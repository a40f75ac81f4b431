/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which servers there are, by DHCPv6 Information-Request (RFC 8415 section
 * 18.2.6). As the machine, it has neither socket nor clock; times are
 * milliseconds.
 */
#ifndef DSTM_CLIENT_DISCOVERY_H
#define DSTM_CLIENT_DISCOVERY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/dhcpv6.h"

#define DISCOVERY_NEVER	UINT64_MAX

/**
 * struct discovery - the asking, and what came of it
 * @send: sends a message to ff02::1:2
 * @random: 32 random bits
 * @data: for both
 * @duid: the client's, borrowed
 * @found: there was an answer that names servers
 * @servers: where they are reached; none is multicast
 * @servers_count: how many
 * @tep: the tunnel end point, or ::
 * @prefix: where this end of the tunnel is to be taken from
 * @prefix_len: in bits, 0 if anywhere
 * @next: when discovery_run() is due
 *
 * The rest is this code's own.
 */
struct discovery {
	void (*send)(const struct dhcpv6_message *m, void *data);
	uint32_t (*random)(void *data);
	void *data;
	struct dhcpv6_slice duid;
	bool found;
	struct in6_addr servers[DHCPV6_ADDRS];
	unsigned int servers_count;
	struct in6_addr tep;
	struct in6_addr prefix;
	uint8_t prefix_len;
	uint64_t next;

	bool asking;
	uint32_t xid;
	uint32_t most;
	uint64_t since;
	uint64_t interval;
};

/**
 * discovery_start - ask, within a second
 * @d: the asking, with @send, @random, @data and @duid set
 * @now: the time
 *
 * What was found before stays until there is another answer.
 */
void discovery_start(struct discovery *d, uint64_t now);

/**
 * discovery_run - do what is due
 * @d: the asking
 * @now: the time
 */
void discovery_run(struct discovery *d, uint64_t now);

/**
 * discovery_receive - take a message that came
 * @d: the asking
 * @m: the message
 * @now: the time
 *
 * Return: whether it was the answer, so that what was found may have changed.
 */
bool discovery_receive(struct discovery *d, const struct dhcpv6_message *m,
		       uint64_t now);

#endif
