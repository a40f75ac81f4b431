/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where IPv4 packets wait while there is no address: a TUN device with the default
 * route, and an address that is not to be seen outside (RFC 7335). A packet sent
 * into it is kept, and sent on when there is a lease, or answered.
 */
#ifndef DSTM_CLIENT_HOLD_H
#define DSTM_CLIENT_HOLD_H

#include <event2/event.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/netlink.h"

#define HOLD_DEVICE	"dstm-wait"

/* What is small enough for every tunnel: IPv6's least MTU, less its header. */
#define HOLD_MTU	1240
#define HOLD_PACKETS	64

enum hold_verdict {
	HOLD_KEEP,		/* until hold_send() or hold_refuse() */
	HOLD_REFUSE,
};

struct hold_packet {
	size_t len;
	uint8_t data[HOLD_MTU];
};

/**
 * struct hold - the device, and what waits
 * @wanted: called for each packet that wants out; says what becomes of it
 * @data: for @wanted
 * @kept: packets that were kept in all
 * @refused: packets that were answered in all
 * @dropped: packets for which there was no room
 *
 * The rest is this code's own.
 */
struct hold {
	enum hold_verdict (*wanted)(void *data);
	void *data;
	uint64_t kept;
	uint64_t refused;
	uint64_t dropped;

	int tun;
	int raw;
	struct event *event;
	size_t count;
	struct hold_packet packet[HOLD_PACKETS];
};

/**
 * hold_open - make the device, and the default route to it
 * @h: with @wanted and @data set; to be closed with hold_close(), also on failure
 * @base: the event loop
 * @nl: a socket of NETLINK_ROUTE
 * @metric: of the route
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int hold_open(struct hold *h, struct event_base *base, struct dstm_nl *nl,
	      uint32_t metric, char *error);

/**
 * hold_send - send what waits
 * @h: the device
 * @ifindex: the device to send it by, whatever routes say: it can not come back
 */
void hold_send(struct hold *h, uint32_t ifindex);

/**
 * hold_refuse - answer what waits with ICMP "network unreachable"
 * @h: the device
 */
void hold_refuse(struct hold *h);

/**
 * hold_close - drop what waits, and take the device away
 * @h: opened, or all zero
 */
void hold_close(struct hold *h);

#endif
