/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of leases: offered, asked for, confirmed by the gateways, written
 * down, lent, renewed, taken back, rested. Knows no sockets and reads no clock;
 * whoever drives it tells the time and carries orders and answers.
 *
 * The order is the rule: a client hears of an address after all gateways of its
 * pool have confirmed the mapping and the store has the lease; an address rests
 * after all gateways have confirmed that the mapping is gone.
 */
#ifndef DSTM_ENGINE_H
#define DSTM_ENGINE_H

#include "decline.h"
#include "lease.h"
#include "policy.h"
#include "quota.h"
#include "store.h"

#define ENGINE_GATEWAYS	64

/**
 * enum outcome - what became of a request
 * @OUTCOME_GRANTED: the client has the lease
 * @OUTCOME_LATER: the answer comes with engine_ops.answer
 * @OUTCOME_WAIT: something of this client's is under way; no answer
 * @OUTCOME_NO_ADDRESS: the pools have none left
 * @OUTCOME_QUOTA: the client, or its prefix, has enough of them
 * @OUTCOME_NOT_YOURS: it asks for an address that it can not have
 * @OUTCOME_GATEWAY: a gateway did not confirm in time, or refused
 * @OUTCOME_STORE: the store could not write it down
 */
enum outcome {
	OUTCOME_GRANTED,
	OUTCOME_LATER,
	OUTCOME_WAIT,
	OUTCOME_NO_ADDRESS,
	OUTCOME_QUOTA,
	OUTCOME_NOT_YOURS,
	OUTCOME_GATEWAY,
	OUTCOME_STORE,
	OUTCOMES
};

/**
 * struct order - what a gateway is told of one mapping
 * @slot: the mapping's address and port set
 * @remote: the client's end of the tunnel
 * @local: the tunnel end point
 * @end: when it ends, milliseconds of the engine's clock, or LEASE_NEVER
 * @number: to be given back to engine_confirm()
 * @del: take it away; otherwise set it, in the place of what there is
 */
struct order {
	struct slot slot;
	struct in6_addr remote;
	struct in6_addr local;
	int64_t end;
	uint64_t number;
	bool del;
};

/**
 * struct query - who waits for what becomes of a request; part of what he keeps
 * @answer: called once, with OUTCOME_GRANTED or why it failed; does not use the
 *	engine
 */
struct query {
	void (*answer)(struct query *query, const struct lease *lease,
		       enum outcome outcome);
};

/**
 * engine_order_to - give an order to a gateway
 * @data: of the engine
 * @gateway: the gateway's index
 * @order: the order; confirmed later, never within the call
 *
 * Return: false if it is not connected.
 */
typedef bool engine_order_to(void *data, unsigned int gateway,
			     const struct order *order);

STAILQ_HEAD(dirties, lease);

/**
 * struct engine - all of it
 * @leases: the leases
 * @quota: how many each has
 * @declines: how many each has declined lately
 * @policy: the rules; the engine's own
 * @store: where leases are written down; not the engine's own
 * @order: gives orders to gateways
 * @data: for @order
 * @now: the time in milliseconds, never going back
 * @wall: the time in seconds since 1970
 * @orders: how many orders were given
 * @dirties: leases that the store has to be told of
 * @retry: not to write again before, since the store failed
 * @failing: the store failed when it was asked last
 */
struct engine {
	struct leases leases;
	struct quota quota;
	struct declines declines;
	struct policy *policy;
	struct store *store;
	engine_order_to *order;
	void *data;
	int64_t now;
	int64_t wall;
	uint64_t orders;
	struct dirties dirties;
	int64_t retry;
	bool failing;
};

/**
 * engine_init - begin with the leases that the store has
 * @engine: all zero but @policy, @store, @order, @data, @now and @wall
 *
 * Return: 0, or a negative errno; then engine_destroy() is to follow too.
 */
int engine_init(struct engine *engine);

/**
 * engine_destroy - end, without a word to anybody
 * @engine: the engine
 */
void engine_destroy(struct engine *engine);

/**
 * engine_offer - a client wants to know what it could have
 * @engine: the engine
 * @asker: the client
 * @class: index of its class
 * @want: what it would like; its ipv4 is 0 for nothing
 * @lease: what it could have
 *
 * Return: OUTCOME_GRANTED with @lease set, which is kept for it for a while; or
 * why there is none.
 */
enum outcome engine_offer(struct engine *engine, const struct asker *asker,
			  uint16_t class, const struct slot *want,
			  const struct lease **lease);

/**
 * engine_request - a client wants a lease, or to keep it
 * @engine: the engine
 * @asker: the client
 * @class: index of its class
 * @want: what it wants; its port set is that of any if its length is 0
 * @query: who waits for the answer
 *
 * Return: OUTCOME_LATER if @query will be answered, or was already; any other is
 * the answer.
 */
enum outcome engine_request(struct engine *engine, const struct asker *asker,
			    uint16_t class, const struct slot *want,
			    struct query *query);

/**
 * engine_release - a client does not need its lease any more
 * @engine: the engine
 * @client: the client identifier
 * @ipv4: its address, host byte order
 * @declined: because somebody else uses the address already
 *
 * Return: OUTCOME_GRANTED; OUTCOME_NOT_YOURS if there is no such lease; or
 * OUTCOME_QUOTA if too many were declined: then it is only released.
 */
enum outcome engine_release(struct engine *engine,
			    const struct dhcpv6_slice *client, uint32_t ipv4,
			    bool declined);

/**
 * engine_revoke - take a lease back
 * @engine: the engine
 * @lease: the lease
 *
 * Return: 0, or -EALREADY if nobody has it.
 */
int engine_revoke(struct engine *engine, struct lease *lease);

/**
 * engine_grant - lend by hand, for ever
 * @engine: the engine
 * @slot: what is lent
 * @remote: the client's end of the tunnel
 * @query: who waits for the answer
 *
 * Return: as engine_request().
 */
enum outcome engine_grant(struct engine *engine, const struct slot *slot,
			  const struct in6_addr *remote, struct query *query);

/**
 * engine_confirm - a gateway has carried out an order, or will not
 * @engine: the engine
 * @gateway: the gateway's index
 * @slot: what the order was of
 * @number: its number
 * @done: whether it was carried out
 *
 * Return: whether the gateway has to be synchronised, since it would not do what
 * must be done.
 */
bool engine_confirm(struct engine *engine, unsigned int gateway,
		    const struct slot *slot, uint64_t number, bool done);

/**
 * engine_expired - a gateway has let a mapping expire
 * @engine: the engine
 * @gateway: the gateway's index
 * @slot: the mapping's
 *
 * Where it should not have, it is told of it again.
 */
void engine_expired(struct engine *engine, unsigned int gateway,
		    const struct slot *slot);

/**
 * engine_idle - a mapping was not used for some time
 * @engine: the engine
 * @slot: the mapping's
 * @seconds: for how long
 */
void engine_idle(struct engine *engine, const struct slot *slot,
		 uint32_t seconds);

/**
 * engine_order_fn - takes one of the mappings that a gateway must have
 * @order: the mapping
 * @data: what was given with it
 *
 * Return: 0, or a negative errno that ends it.
 */
typedef int engine_order_fn(const struct order *order, void *data);

/**
 * engine_sync - which mappings a gateway must have, and no others
 * @engine: the engine
 * @gateway: the gateway's index
 * @fn: called for each
 * @data: for @fn
 * @number: for engine_synced()
 *
 * Return: 0, or what @fn returned.
 */
int engine_sync(struct engine *engine, unsigned int gateway,
		engine_order_fn *fn, void *data, uint64_t *number);

/**
 * engine_mapping - the mapping of a slot that a gateway must have now
 * @engine: the engine
 * @gateway: the gateway's index
 * @slot: the slot
 * @order: the mapping
 *
 * Return: whether there is one.
 */
bool engine_mapping(const struct engine *engine, unsigned int gateway,
		    const struct slot *slot, struct order *order);

/**
 * engine_current - whether an order has not been followed by another
 * @engine: the engine
 * @slot: what the order was of
 * @number: its number
 */
bool engine_current(const struct engine *engine, const struct slot *slot,
		    uint64_t number);

/**
 * engine_synced - a gateway has exactly those
 * @engine: the engine
 * @gateway: the gateway's index
 * @number: the number of the engine_sync()
 */
void engine_synced(struct engine *engine, unsigned int gateway,
		   uint64_t number);

/**
 * engine_run - do what is due
 * @engine: the engine, with @now and @wall set
 *
 * Return: when to call it again at the latest, milliseconds, or LEASE_NEVER.
 */
int64_t engine_run(struct engine *engine);

/**
 * engine_dirty - whether engine_commit() has something to do
 * @engine: the engine
 */
bool engine_dirty(const struct engine *engine);

/**
 * engine_commit - write down what changed, and answer those who waited for it
 * @engine: the engine
 */
void engine_commit(struct engine *engine);

/**
 * engine_configure - go on with other rules
 * @engine: the engine
 * @policy: the rules, the engine's own from here on; the former are freed
 *
 * Leases that do not fit into the pools any more are taken back.
 *
 * Return: 0, or -ENOMEM if the former rules stay.
 */
int engine_configure(struct engine *engine, struct policy *policy);

/**
 * outcome_name - the name of an outcome, for counting
 * @outcome: the outcome
 */
const char *outcome_name(enum outcome outcome);

#endif
