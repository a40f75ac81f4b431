/* SPDX-License-Identifier: GPL-2.0 */
/* How many leases a client, or an IPv6 prefix, has. */
#ifndef DSTM_QUOTA_H
#define DSTM_QUOTA_H

#include <stdbool.h>

#include "lease.h"
#include "policy.h"

/* Room for a key. */
#define QUOTA_KEY	(3 + 255)

struct quota_count;

/**
 * struct quota - the counts; begin with all zero
 * @counts: by class, and client or prefix
 */
struct quota {
	struct quota_count *counts;
};

/**
 * quota_left - whether a class lets a client have one more lease
 * @quota: the counts
 * @policy: the rules
 * @class: index of the class
 * @client: the client identifier
 * @remote: the client's end of the tunnel
 * @own: a lease of the client's that it would have instead, or NULL: where that is
 *	counted already it needs no more room
 */
bool quota_left(const struct quota *quota, const struct policy *policy,
		uint16_t class, const struct dhcpv6_slice *client,
		const struct in6_addr *remote, const struct lease *own);

/**
 * quota_add - count a lease
 * @quota: the counts
 * @policy: the rules
 * @lease: the lease, which is not counted
 *
 * Where there is no memory to count in, the lease is not counted.
 */
void quota_add(struct quota *quota, const struct policy *policy,
	       struct lease *lease);

/**
 * quota_sub - count a lease no more
 * @quota: the counts
 * @policy: the rules
 * @lease: the lease, as it was counted, if it was
 */
void quota_sub(struct quota *quota, const struct policy *policy,
	       struct lease *lease);

/**
 * quota_sub_client - count a lease for its client no more, only for its prefix
 * @quota: the counts
 * @policy: the rules
 * @lease: the lease, as it was counted, if it was
 */
void quota_sub_client(struct quota *quota, const struct policy *policy,
		      struct lease *lease);

/**
 * quota_again - count a lease as it was before quota_reset()
 * @quota: the counts
 * @policy: the rules, which may be others
 * @lease: the lease
 */
void quota_again(struct quota *quota, const struct policy *policy,
		 const struct lease *lease);

/**
 * quota_reset - forget all counts
 * @quota: the counts
 */
void quota_reset(struct quota *quota);

/**
 * quota_client_key - what a client is counted by, within a class
 * @key: QUOTA_KEY bytes for it
 * @class: index of the class
 * @client: the client identifier
 *
 * Return: its length in bytes.
 */
unsigned int quota_client_key(uint8_t *key, uint16_t class,
			      const struct dhcpv6_slice *client);

/**
 * quota_prefix_key - what the prefix of a client is counted by, within a class
 * @key: QUOTA_KEY bytes for it
 * @policy: the rules
 * @class: index of the class
 * @remote: the client's end of the tunnel
 *
 * Return: its length in bytes.
 */
unsigned int quota_prefix_key(uint8_t *key, const struct policy *policy,
			      uint16_t class, const struct in6_addr *remote);

/**
 * client_duid - the DUID within a client identifier (RFC 4361)
 * @client: the client identifier
 * @duid: the result; no data if it is of another kind
 */
void client_duid(const struct dhcpv6_slice *client, struct dhcpv6_slice *duid);

#endif
