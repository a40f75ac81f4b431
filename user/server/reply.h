/* SPDX-License-Identifier: GPL-2.0 */
/* What the front door says: the messages, not how they travel. */
#ifndef DSTM_REPLY_H
#define DSTM_REPLY_H

#include "config.h"
#include "engine.h"
#include "proto/dhcpv4.h"
#include "proto/dhcpv6.h"

/**
 * reply_begin - begin the answer to a client's message
 * @reply: the answer
 * @ask: the client's message
 * @config: the configuration
 * @type: enum dhcpv4_type
 */
void reply_begin(struct dhcpv4_message *reply, const struct dhcpv4_message *ask,
		 const struct config *config, enum dhcpv4_type type);

/**
 * reply_lease - tell a lease
 * @reply: the answer, begun
 * @ask: the client's message
 * @lease: the lease
 * @supply: its pool
 * @left: seconds that are left of it, UINT32_MAX for ever
 */
void reply_lease(struct dhcpv4_message *reply, const struct dhcpv4_message *ask,
		 const struct lease *lease, const struct supply *supply,
		 uint32_t left);

/**
 * reply_options - tell what goes with the leases of a pool
 * @reply: the answer, begun
 * @ask: the client's message
 * @supply: the pool
 */
void reply_options(struct dhcpv4_message *reply,
		   const struct dhcpv4_message *ask,
		   const struct supply *supply);

/**
 * reply_why - tell why there is no lease
 * @reply: the answer, begun
 * @outcome: why
 */
void reply_why(struct dhcpv4_message *reply, enum outcome outcome);

/**
 * reply_information - answer an Information-Request (RFC 8415 section 18.3.6)
 * @reply: the answer
 * @ask: the client's message
 * @config: the configuration
 * @supply: the client's first pool
 *
 * Return: whether there is anything in it that the client asks for.
 */
bool reply_information(struct dhcpv6_message *reply,
		       const struct dhcpv6_message *ask,
		       const struct config *config,
		       const struct supply *supply);

#endif
