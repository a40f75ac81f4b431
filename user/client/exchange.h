/* SPDX-License-Identifier: GPL-2.0 */
/* The UDP port of a DHCPv6 client. */
#ifndef DSTM_CLIENT_EXCHANGE_H
#define DSTM_CLIENT_EXCHANGE_H

#include <event2/event.h>
#include <netinet/in.h>
#include <stdint.h>

#include "proto/dhcpv6.h"

/**
 * struct exchange - the port
 * @received: called for each sound packet, with who sent it
 * @data: for @received
 * @bad: packets that were none of ours, in all
 * @local: the address of the port
 *
 * The rest is this code's own.
 */
struct exchange {
	void (*received)(const struct dhcpv6_message *m,
			 const struct in6_addr *from, void *data);
	void *data;
	uint64_t bad;
	struct in6_addr local;

	uint32_t ifindex;
	struct event *event;
};

/**
 * exchange_open - open the port
 * @x: with @received and @data set; to be closed with exchange_close()
 * @base: the event loop
 * @local: the address to send from
 * @ifindex: the link, where @local is link-local
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int exchange_open(struct exchange *x, struct event_base *base,
		  const struct in6_addr *local, uint32_t ifindex, char *error);

/**
 * exchange_send - send a message to a server
 * @x: the port
 * @m: the message
 * @to: the server, or ff02::1:2
 *
 * Return: 0, or a negative errno. What can not be sent now is sent again later.
 */
int exchange_send(struct exchange *x, const struct dhcpv6_message *m,
		  const struct in6_addr *to);

/**
 * exchange_close - close the port
 * @x: opened, or all zero
 */
void exchange_close(struct exchange *x);

#endif
