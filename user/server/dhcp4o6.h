/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The front door: DHCPv4 over DHCPv6 (RFC 7341), with port sets (RFC 7618) and the
 * client's choice of its tunnel's end (RFC 8539).
 *
 * Whom the rules do not know gets no answer. Who is known and can not be served
 * now is told so by a DHCPNAK, also to a DHCPDISCOVER: the program that waits
 * for IPv4 shall not wait for a time-out. A renewal that is refused is answered
 * with the time that is left.
 */
#ifndef DSTM_DHCP4O6_H
#define DSTM_DHCP4O6_H

#include <event2/event.h>

#include "config.h"
#include "lib/metrics.h"
#include "turn.h"

/**
 * enum drop - why a packet gets no answer
 * @DROP_MALFORMED: it is no sound message
 * @DROP_IGNORED: it is none that a server of this kind answers
 * @DROP_SOURCE: too many from this source
 * @DROP_ALL: too many in all
 * @DROP_RELAY: a relay that it came through is not known
 * @DROP_UNKNOWN: the rules do not know the client
 * @DROP_OTHER: meant for another server
 * @DROP_SEND: the answer could not be sent
 */
enum drop {
	DROP_MALFORMED,
	DROP_IGNORED,
	DROP_SOURCE,
	DROP_ALL,
	DROP_RELAY,
	DROP_UNKNOWN,
	DROP_OTHER,
	DROP_SEND,
	DROPS
};

/**
 * struct dhcp4o6_stats - what came and what became of it
 * @received: packets
 * @sent: packets
 * @drops: by enum drop
 * @outcomes: of offers and requests, by DHCPv4 message type and enum outcome
 * @latency: from a request to its answer
 */
struct dhcp4o6_stats {
	uint64_t received;
	uint64_t sent;
	uint64_t drops[DROPS];
	uint64_t outcomes[9][OUTCOMES];
	struct dstm_histogram latency;
};

struct dhcp4o6;

/**
 * dhcp4o6_new - make a front door that is closed yet
 * @turn: the engine, who decides; must outlive it
 * @duid: the server's DUID, STORE_DUID bytes
 *
 * Return: the front door, to be freed with dhcp4o6_free(), or NULL.
 */
struct dhcp4o6 *dhcp4o6_new(struct turn *turn, const uint8_t *duid);

/**
 * dhcp4o6_configure - what to go by from now on
 * @door: the front door
 * @config: the configuration; its contents may change
 */
void dhcp4o6_configure(struct dhcp4o6 *door, const struct config *config);

/**
 * dhcp4o6_open - listen
 * @door: the front door, configured
 *
 * Return: 0, or a negative errno, with the reason in the log.
 */
int dhcp4o6_open(struct dhcp4o6 *door);

/**
 * dhcp4o6_free - close the front door
 * @door: the front door, or NULL
 */
void dhcp4o6_free(struct dhcp4o6 *door);

/**
 * dhcp4o6_packet - take a packet, as if it had been received
 * @door: the front door
 * @from: the UDP source
 * @to: the address that it was sent to
 * @ifindex: the interface that it came by
 * @data: the packet
 * @size: its length in bytes
 */
void dhcp4o6_packet(struct dhcp4o6 *door, const struct sockaddr_in6 *from,
		    const struct in6_addr *to, unsigned int ifindex,
		    const void *data, size_t size);

/**
 * dhcp4o6_stats - what came and what became of it
 * @door: the front door
 */
const struct dhcp4o6_stats *dhcp4o6_stats(const struct dhcp4o6 *door);

/**
 * drop_name - the name of a reason
 * @drop: the reason
 */
const char *drop_name(enum drop drop);

#endif
