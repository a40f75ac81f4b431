/* SPDX-License-Identifier: GPL-2.0 */
/* A lease, and all of them: found by what is lent, by whom, and by when. */
#ifndef DSTM_LEASE_H
#define DSTM_LEASE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "hash.h"
#include "heap.h"
#include "pool.h"

/* The end of a lease for life. */
#define LEASE_NEVER	INT64_MAX

/* The class of a lease that an operator gave by hand. */
#define LEASE_STATIC	UINT16_MAX

/**
 * enum lease_state - where a lease stands
 * @LEASE_FREE: nobody has it; it only remembers who had it last
 * @LEASE_OFFERED: kept for a client that was told of it
 * @LEASE_PENDING: the gateways were asked for the mapping, then the store
 * @LEASE_BOUND: the client has it
 * @LEASE_RENEWING: as bound, and the gateways were asked for a longer one
 * @LEASE_RELEASING: over; the gateways were asked to take the mapping away
 * @LEASE_RESTING: without mapping, and not to be lent to another yet
 */
enum lease_state {
	LEASE_FREE,
	LEASE_OFFERED,
	LEASE_PENDING,
	LEASE_BOUND,
	LEASE_RENEWING,
	LEASE_RELEASING,
	LEASE_RESTING,
	LEASE_STATES
};

struct request;

/**
 * struct lease - one lease
 * @slot: what is lent
 * @pool: index of its pool
 * @class: index of its class, or LEASE_STATIC
 * @remote: the client's end of the tunnel
 * @timer: when something has to happen to it
 * @began: since when the client has it, milliseconds of the engine's clock
 * @end: until when, or LEASE_NEVER; or the end of the rest
 * @since: since when it has this remote, seconds of wall time
 * @renewals: how often it was renewed
 * @tag: of the client's last request, so that a repeated one is known
 * @waiting: gateways that have not confirmed the last order yet, a bit each
 * @order: number of the last order to the gateways
 * @request: what is being done for the client, or NULL
 * @state: enum lease_state
 * @dirty: the store has to be told
 * @recorded: the store knows that this client had it
 * @lent: the client has it, or the store does not know yet that it is over
 * @known: it is found by its client
 * @reached: some gateway confirmed the last order
 * @doubtful: a gateway may have what was wanted of it and failed
 * @declined: the address was found to be in use by somebody else
 * @counts_client: it counts against the quota of its client
 * @counts_prefix: it counts against the quota of its prefix
 * @by_slot: its place by @slot
 * @by_client: its place by @client
 * @dirties: its place among those that the store has to be told of
 * @client_len: length of @client; 0 for none
 * @client: the client identifier
 */
struct lease {
	struct slot slot;
	uint16_t pool;
	uint16_t class;
	struct in6_addr remote;
	struct heap_node timer;
	int64_t began;
	int64_t end;
	int64_t since;
	uint32_t renewals;
	uint32_t tag;
	uint64_t waiting;
	uint64_t order;
	struct request *request;
	uint8_t state;
	bool dirty : 1;
	bool recorded : 1;
	bool lent : 1;
	bool known : 1;
	bool reached : 1;
	bool doubtful : 1;
	bool declined : 1;
	bool counts_client : 1;
	bool counts_prefix : 1;
	UT_hash_handle by_slot;
	UT_hash_handle by_client;
	STAILQ_ENTRY(lease) dirties;
	uint8_t client_len;
	uint8_t client[];
};

/**
 * struct leases - all leases; begin with all zero
 * @by_slot: by what is lent
 * @by_client: by client
 * @timers: by time
 * @count: how many there are in each state
 */
struct leases {
	struct lease *by_slot;
	struct lease *by_client;
	struct heap timers;
	uint32_t count[LEASE_STATES];
};

/**
 * lease_state_name - the name of a state
 * @state: the state
 */
const char *lease_state_name(enum lease_state state);

/**
 * lease_new - add a lease, in state free
 * @leases: all leases, none of them with that slot
 * @slot: what is lent
 * @client: the client identifier
 * @client_len: its length in bytes, at most 255; 0 for none
 *
 * It is found by its client unless there is another of that client already.
 *
 * Return: the lease, or NULL if there is no memory.
 */
struct lease *lease_new(struct leases *leases, const struct slot *slot,
			const void *client, size_t client_len);

/**
 * lease_delete - remove a lease and free it
 * @leases: all leases
 * @lease: the lease, neither dirty nor with a request
 */
void lease_delete(struct leases *leases, struct lease *lease);

/**
 * lease_forget_client - let a lease not be found by its client any more
 * @leases: all leases
 * @lease: the lease
 */
void lease_forget_client(struct leases *leases, struct lease *lease);

/**
 * lease_by_slot - find by what is lent
 * @leases: all leases
 * @slot: what is lent
 *
 * Return: the lease or NULL.
 */
struct lease *lease_by_slot(const struct leases *leases,
			    const struct slot *slot);

/**
 * lease_by_client - find by client
 * @leases: all leases
 * @client: the client identifier
 * @client_len: its length in bytes
 *
 * Return: the lease or NULL.
 */
struct lease *lease_by_client(const struct leases *leases, const void *client,
			      size_t client_len);

/**
 * lease_set_state - change the state, and when the next thing has to happen
 * @leases: all leases
 * @lease: the lease
 * @state: its new state
 * @due: when, or LEASE_NEVER
 */
void lease_set_state(struct leases *leases, struct lease *lease,
		     enum lease_state state, int64_t due);

/**
 * lease_due - the lease to which something has to happen first
 * @leases: all leases
 *
 * Return: the lease, or NULL if there is none.
 */
struct lease *lease_due(const struct leases *leases);

#endif
