/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may have what, and for how long: classes of clients, the pools that they
 * are served from, and fixed assignments. Only rules; nothing here changes but
 * by a new configuration, and then all of it.
 */
#ifndef DSTM_POLICY_H
#define DSTM_POLICY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../proto/dhcpv6.h"
#include "pool.h"

/* A lifetime for the client's whole life, and no limit. */
#define POLICY_LIFE		UINT32_MAX
#define POLICY_UNLIMITED	UINT32_MAX

/* So many pools may a class be served from. */
#define POLICY_POOLS	16

/* So many name servers may a pool have. */
#define POLICY_DNS	4

/**
 * struct supply - a pool, and what goes with it
 * @name: its name
 * @pool: its addresses
 * @tep: the tunnel end point's IPv6 address
 * @tep_ipv4: and its IPv4 address, network byte order
 * @gateways: who must know its mappings, a bit for each gateway's index
 * @rest: seconds for which a freed address is not lent to another
 * @decline_rest: seconds for which one is not that was in use already
 * @drain: nothing is lent any more, and nothing renewed
 * @dns: name servers for its clients, network byte order
 * @dns_count: how many
 * @mtu: of its clients' tunnels; 0 to say nothing of it
 */
struct supply {
	char *name;
	struct pool *pool;
	struct in6_addr tep;
	struct in_addr tep_ipv4;
	uint64_t gateways;
	uint32_t rest;
	uint32_t decline_rest;
	bool drain;
	struct in_addr dns[POLICY_DNS];
	uint8_t dns_count;
	uint16_t mtu;
};

/**
 * enum tunnel_source - which end of the tunnel a client may name
 * @SOURCE_PREFIX: one of the /64 that it asks from, or of its relay's link
 * @SOURCE_ADDRESS: only the address that it asks from
 * @SOURCE_ANY: any
 */
enum tunnel_source {
	SOURCE_PREFIX,
	SOURCE_ADDRESS,
	SOURCE_ANY,
};

/**
 * struct class - a class of clients
 * @name: its name
 * @deny: its clients get nothing, not even an answer
 * @pools: indices of its pools, in the order in which they are tried
 * @pools_count: how many
 * @psid_len: length of its port sets; 0 for whole addresses
 * @lifetime: seconds, or POLICY_LIFE
 * @max_total: seconds from the first grant on, or POLICY_UNLIMITED
 * @max_renewals: or POLICY_UNLIMITED
 * @renew_above: no renewal when less of the pool is free, in thousandths
 * @quota_client: leases for one DUID, or POLICY_UNLIMITED
 * @quota_prefix: leases for one IPv6 prefix, or POLICY_UNLIMITED
 * @quota_prefix_len: length of that prefix in bits
 * @decline_client: addresses that one DUID may decline in a day
 * @decline_prefix: addresses that one such prefix may
 * @source: enum tunnel_source
 * @degrade: some gateways are enough; otherwise all must confirm
 * @idle: seconds without traffic after which a lease is taken back, or 0
 */
struct class {
	char *name;
	bool deny;
	uint16_t pools[POLICY_POOLS];
	unsigned int pools_count;
	uint8_t psid_len;
	uint32_t lifetime;
	uint32_t max_total;
	uint32_t max_renewals;
	uint32_t renew_above;
	uint32_t quota_client;
	uint32_t quota_prefix;
	uint8_t quota_prefix_len;
	uint32_t decline_client;
	uint32_t decline_prefix;
	enum tunnel_source source;
	bool degrade;
	uint32_t idle;
};

/**
 * struct asker - who asks, as far as rules go
 * @client: the client identifier
 * @duid: the DUID in it, or no data
 * @interface_id: what the relay next to it says of it, or no data
 * @remote_id: the same
 * @source: the address that it asks from
 * @link: the link that it is on, as its relay or our own interface knows; or ::
 * @tunnel: the end of the tunnel that it names
 * @shares: it can live with a port set
 * @tag: the transaction, so that a repeated request is known
 */
struct asker {
	struct dhcpv6_slice client;
	struct dhcpv6_slice duid;
	struct dhcpv6_slice interface_id;
	struct dhcpv6_slice remote_id;
	struct in6_addr source;
	struct in6_addr link;
	struct in6_addr tunnel;
	bool shares;
	uint32_t tag;
};

/**
 * struct fixed - what one client gets, and no other
 * @slot: the slot
 * @pool: index of its pool
 */
struct fixed {
	struct slot slot;
	uint16_t pool;
};

struct match;

/**
 * struct policy - all rules; begin with all zero
 * @supplies: the pools; after the last, one without addresses, for leases that
 *	are in no pool any more, with the gateways of all
 * @supplies_count: how many, without that one
 * @classes: the classes
 * @classes_count: how many
 * @matches: by what a client is of which class
 * @prefix_lens: how many matches there are by prefixes of each length
 * @fallback: index of the class of everybody else, or -1
 * @offer_time: seconds for which an offer is kept
 * @gateway_time: milliseconds that gateways have to confirm
 */
struct policy {
	struct supply *supplies;
	uint16_t supplies_count;
	struct class *classes;
	uint16_t classes_count;
	struct match *matches;
	uint32_t prefix_lens[129];
	int fallback;
	uint32_t offer_time;
	uint32_t gateway_time;
};

/* What a match goes by; those before others count more. */
enum match_kind {
	MATCH_FIXED,
	MATCH_DUID,
	MATCH_INTERFACE_ID,
	MATCH_REMOTE_ID,
	MATCH_PREFIX,
};

/**
 * policy_new - rules without any
 *
 * Return: the rules, to be freed with policy_free(), or NULL.
 */
struct policy *policy_new(void);

/**
 * policy_free - free rules and what they own: pools, names
 * @policy: the rules, or NULL
 */
void policy_free(struct policy *policy);

/**
 * policy_match - clients with these bytes are of a class
 * @policy: the rules
 * @kind: MATCH_DUID, MATCH_INTERFACE_ID or MATCH_REMOTE_ID
 * @data: the bytes
 * @len: how many, at most 255
 * @class: index of the class
 *
 * Return: 0, -EEXIST if they are of one already, or -ENOMEM.
 */
int policy_match(struct policy *policy, enum match_kind kind, const void *data,
		 size_t len, uint16_t class);

/**
 * policy_match_prefix - clients of a prefix are of a class
 * @policy: the rules
 * @prefix: the prefix; what is beyond its length does not count
 * @len: in bits
 * @class: index of the class
 *
 * Return: 0, -EEXIST if they are of one already, or -ENOMEM.
 */
int policy_match_prefix(struct policy *policy, const struct in6_addr *prefix,
			uint8_t len, uint16_t class);

/**
 * policy_fix - a client gets a certain slot
 * @policy: the rules
 * @duid: the client's DUID
 * @len: its length in bytes, at most 255
 * @fixed: the slot
 *
 * Return: 0, -EEXIST if it has one already, or -ENOMEM.
 */
int policy_fix(struct policy *policy, const void *duid, size_t len,
	       const struct fixed *fixed);

/**
 * policy_class - the class of a client
 * @policy: the rules
 * @asker: the client
 *
 * By DUID, else by what the relay says, else by the longest prefix of the
 * tunnel's end, else the class of everybody.
 *
 * Return: its index, or -1 if the client shall learn nothing: it is of none,
 * its class is denied, or it names an end of the tunnel that it may not use.
 */
int policy_class(const struct policy *policy, const struct asker *asker);

/**
 * policy_known - the class of a client that only asks where to ask
 * @policy: the rules
 * @asker: the client; @tunnel is any address that it is known by
 *
 * Return: its index, or -1 if the client shall learn nothing.
 */
int policy_known(const struct policy *policy, const struct asker *asker);

/**
 * policy_fixed - what a client always gets
 * @policy: the rules
 * @duid: the client's DUID
 *
 * Return: the assignment, or NULL.
 */
const struct fixed *policy_fixed(const struct policy *policy,
				 const struct dhcpv6_slice *duid);

/**
 * policy_end - until when a new lease may last
 * @class: the client's class
 * @now: milliseconds
 *
 * Return: milliseconds, or LEASE_NEVER.
 */
int64_t policy_end(const struct class *class, int64_t now);

/**
 * policy_renewed - until when a lease may last that is to be renewed
 * @class: the client's class
 * @supply: the lease's pool
 * @psid_len: length of its port set
 * @began: since when the client has it, milliseconds
 * @end: until when
 * @renewals: how often it was renewed
 * @now: milliseconds
 *
 * Return: milliseconds, or LEASE_NEVER; @end where renewal is refused, for
 * what was promised is kept.
 */
int64_t policy_renewed(const struct class *class, const struct supply *supply,
		       uint8_t psid_len, int64_t began, int64_t end,
		       uint32_t renewals, int64_t now);

/**
 * policy_supply - find a pool by name
 * @policy: the rules
 * @name: the name
 *
 * Return: its index, or -1.
 */
int policy_supply(const struct policy *policy, const char *name);

/**
 * policy_class_find - find a class by name
 * @policy: the rules
 * @name: the name
 *
 * Return: its index, or -1.
 */
int policy_class_find(const struct policy *policy, const char *name);

/**
 * policy_prefix_cut - set the bits beyond a prefix to zero
 * @addr: the address
 * @len: length of the prefix in bits
 */
void policy_prefix_cut(struct in6_addr *addr, uint8_t len);

#endif
