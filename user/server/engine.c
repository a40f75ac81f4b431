// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "steps.h"

/* After so long a client whose lease can not be taken back may have another. */
#define RELEASING_TIME	5000

/* So much may the end of a mapping at a gateway be off, milliseconds. */
#define SLACK		1000

const char *outcome_name(enum outcome outcome)
{
	static const char * const names[OUTCOMES] = {
		[OUTCOME_GRANTED] = "granted",
		[OUTCOME_LATER] = "later",
		[OUTCOME_WAIT] = "wait",
		[OUTCOME_NO_ADDRESS] = "no-address",
		[OUTCOME_QUOTA] = "quota",
		[OUTCOME_NOT_YOURS] = "not-yours",
		[OUTCOME_GATEWAY] = "gateway",
		[OUTCOME_STORE] = "store",
	};

	return names[outcome];
}

void step_dirty(struct engine *engine, struct lease *lease)
{
	if (lease->dirty)
		return;
	lease->dirty = true;
	STAILQ_INSERT_TAIL(&engine->dirties, lease, dirties);
}

static void clean(struct engine *engine, struct lease *lease)
{
	if (!lease->dirty)
		return;
	STAILQ_REMOVE(&engine->dirties, lease, lease, dirties);
	lease->dirty = false;
}

static void order_of(const struct engine *engine, const struct lease *lease,
		     struct order *order)
{
	const struct request *request = lease->request;

	order->slot = lease->slot;
	order->remote = request ? request->remote : lease->remote;
	order->local = step_supply(engine, lease)->tep;
	order->end = request ? request->end : lease->end;
	order->number = lease->order;
	order->del = lease->state == LEASE_RELEASING;
}

/* Tell the gateways where a lease stands. Return those that did not hear it. */
static uint64_t tell(struct engine *engine, struct lease *lease)
{
	struct order order;
	uint64_t missing = 0;
	unsigned int i;

	lease->order = ++engine->orders;
	lease->waiting = step_supply(engine, lease)->gateways;
	lease->reached = false;
	order_of(engine, lease, &order);
	for (i = 0; i < ENGINE_GATEWAYS; i++)
		if (lease->waiting >> i & 1 &&
		    !engine->order(engine->data, i, &order))
			missing |= (uint64_t)1 << i;
	return missing;
}

static void answer(const struct lease *lease, struct request *request,
		   enum outcome outcome)
{
	request->query->answer(request->query, lease, outcome);
	free(request);
}

static void delete(struct engine *engine, struct lease *lease)
{
	clean(engine, lease);
	lease_delete(&engine->leases, lease);
}

/* Nobody has it. Its last client is remembered, where there is one. */
static void set_free(struct engine *engine, struct lease *lease)
{
	struct pool *pool = step_supply(engine, lease)->pool;

	quota_sub(&engine->quota, engine->policy, lease);
	if (pool)
		pool_put(pool, &lease->slot);
	if (pool && lease->recorded && lease->known)
		lease_set_state(&engine->leases, lease, LEASE_FREE,
				LEASE_NEVER);
	else
		delete(engine, lease);
}

/*
 * Its client may have it again, but nobody else: so it counts as one that its prefix
 * has. Else who asks and gives back under one name after the other empties a pool.
 */
static void set_resting(struct engine *engine, struct lease *lease)
{
	quota_sub_client(&engine->quota, engine->policy, lease);
	lease_set_state(&engine->leases, lease, LEASE_RESTING, lease->end);
}

/* If it is one that rested, it rests on. */
void step_lapse(struct engine *engine, struct lease *lease)
{
	if (lease->recorded && lease->end > engine->now)
		set_resting(engine, lease);
	else
		set_free(engine, lease);
}

/* The last gateway has confirmed that the mapping is gone. */
static void taken_back(struct engine *engine, struct lease *lease)
{
	const struct supply *supply = step_supply(engine, lease);
	uint32_t rest = lease->declined ? supply->decline_rest : supply->rest;

	if (!lease->lent) {
		step_lapse(engine, lease);
		return;
	}
	/* Its client shall get another; how many are declined has its own limit. */
	if (lease->declined)
		quota_sub(&engine->quota, engine->policy, lease);
	lease->declined = false;
	lease->end = engine->now + (int64_t)rest * 1000;
	set_resting(engine, lease);
	step_dirty(engine, lease);
}

/* It may change where the lease counts. */
static void set_request(struct engine *engine, struct lease *lease,
			struct request *request)
{
	quota_sub(&engine->quota, engine->policy, lease);
	lease->request = request;
	quota_add(&engine->quota, engine->policy, lease);
}

void step_failed(struct engine *engine, struct lease *lease,
		 enum outcome outcome)
{
	struct request *request = lease->request;

	set_request(engine, lease, NULL);
	clean(engine, lease);
	answer(lease, request, outcome);
	if (lease->state == LEASE_PENDING) {
		step_take_back(engine, lease);
		return;
	}
	/* When it is asked for once more, it is tried once more. */
	lease->tag = ~lease->tag;
	/* Gateways that have the longer mapping get the former one again. */
	lease_set_state(&engine->leases, lease, LEASE_BOUND, lease->end);
	tell(engine, lease);
	lease->waiting = 0;
	lease->doubtful = true;
}

void step_take_back(struct engine *engine, struct lease *lease)
{
	struct request *request = NULL;

	/* What was wanted is over before it began. */
	if (lease->state == LEASE_RENEWING)
		step_failed(engine, lease, OUTCOME_WAIT);
	else
		request = lease->request;
	lease->request = NULL;
	clean(engine, lease);
	lease_set_state(&engine->leases, lease, LEASE_RELEASING,
			engine->now + RELEASING_TIME);
	tell(engine, lease);
	if (lease->lent)
		step_dirty(engine, lease);
	if (request)
		answer(lease, request, OUTCOME_WAIT);
	if (!lease->waiting)
		taken_back(engine, lease);
}

void step_granted(struct engine *engine, struct lease *lease)
{
	struct request *request = lease->request;

	lease->request = NULL;
	if (lease->state == LEASE_PENDING) {
		lease->began = engine->now;
		lease->since = engine->wall;
		lease->renewals = 0;
	} else {
		if (!IN6_ARE_ADDR_EQUAL(&lease->remote, &request->remote))
			lease->since = engine->wall;
		if (lease->end != request->end)
			lease->renewals++;
	}
	lease->remote = request->remote;
	lease->end = request->end;
	lease->recorded = true;
	lease->lent = true;
	lease->doubtful = false;
	lease_set_state(&engine->leases, lease, LEASE_BOUND, lease->end);
	answer(lease, request, OUTCOME_GRANTED);
}

/* The gateways have it; now the store, in the next commit. */
static void confirmed(struct engine *engine, struct lease *lease)
{
	lease_set_state(&engine->leases, lease, lease->state, LEASE_NEVER);
	step_dirty(engine, lease);
}

/* Gateways that will not confirm in time. */
static void missed(struct engine *engine, struct lease *lease,
		   uint64_t gateways)
{
	if (lease->class != LEASE_STATIC &&
	    engine->policy->classes[lease->class].degrade) {
		lease->waiting &= ~gateways;
		if (lease->waiting)
			return;
		if (lease->reached) {
			confirmed(engine, lease);
			return;
		}
	}
	step_failed(engine, lease, OUTCOME_GATEWAY);
}

enum outcome step_ask(struct engine *engine, struct lease *lease,
		      enum lease_state state, const struct in6_addr *remote,
		      int64_t end, struct query *query)
{
	struct request *request = calloc(1, sizeof(*request));
	uint64_t missing;

	if (!request)
		return OUTCOME_STORE;
	*request = (struct request){ query, *remote, end };
	set_request(engine, lease, request);
	lease_set_state(&engine->leases, lease, state,
			engine->now + engine->policy->gateway_time);
	missing = tell(engine, lease);
	if (missing)
		missed(engine, lease, missing);
	else if (!lease->waiting)
		confirmed(engine, lease);
	return OUTCOME_LATER;
}

static void gateway_done(struct engine *engine, struct lease *lease,
			 unsigned int gateway)
{
	lease->waiting &= ~((uint64_t)1 << gateway);
	lease->reached = true;
	if (lease->waiting)
		return;
	if (lease->state == LEASE_RELEASING)
		taken_back(engine, lease);
	else if (lease->request)
		confirmed(engine, lease);
}

bool engine_confirm(struct engine *engine, unsigned int gateway,
		    const struct slot *slot, uint64_t number, bool done)
{
	struct lease *lease = lease_by_slot(&engine->leases, slot);

	if (!lease || lease->order != number)
		return false;
	if (!done && !lease->request)
		return true;
	if (!(lease->waiting >> gateway & 1))
		return false;
	if (done)
		gateway_done(engine, lease, gateway);
	else
		step_failed(engine, lease, OUTCOME_GATEWAY);
	return false;
}

void engine_expired(struct engine *engine, unsigned int gateway,
		    const struct slot *slot)
{
	struct lease *lease = lease_by_slot(&engine->leases, slot);
	struct order order;

	if (!lease || lease->state != LEASE_BOUND ||
	    lease->end < engine->now + SLACK ||
	    !(step_supply(engine, lease)->gateways >> gateway & 1))
		return;
	order_of(engine, lease, &order);
	engine->order(engine->data, gateway, &order);
}

void engine_idle(struct engine *engine, const struct slot *slot,
		 uint32_t seconds)
{
	struct lease *lease = lease_by_slot(&engine->leases, slot);
	uint64_t gateways;
	uint32_t limit;

	if (!lease || lease->state != LEASE_BOUND ||
	    lease->class == LEASE_STATIC)
		return;
	/* One of several gateways does not know what passes by the others. */
	gateways = step_supply(engine, lease)->gateways;
	if (gateways & (gateways - 1))
		return;
	limit = engine->policy->classes[lease->class].idle;
	if (limit && seconds >= limit)
		step_take_back(engine, lease);
}

static bool mapped(const struct lease *lease)
{
	return lease->state == LEASE_PENDING || lease->state == LEASE_BOUND ||
	       lease->state == LEASE_RENEWING;
}

bool engine_mapping(const struct engine *engine, unsigned int gateway,
		    const struct slot *slot, struct order *order)
{
	const struct lease *lease = lease_by_slot(&engine->leases, slot);

	if (!lease || !mapped(lease) ||
	    !(step_supply(engine, lease)->gateways >> gateway & 1))
		return false;
	order_of(engine, lease, order);
	return true;
}

bool engine_current(const struct engine *engine, const struct slot *slot,
		    uint64_t number)
{
	const struct lease *lease = lease_by_slot(&engine->leases, slot);

	return lease && lease->order == number;
}

int engine_sync(struct engine *engine, unsigned int gateway,
		engine_order_fn *fn, void *data, uint64_t *number)
{
	struct lease *lease, *next;
	struct order order;
	int ret;

	*number = engine->orders;
	HASH_ITER(by_slot, engine->leases.by_slot, lease, next) {
		if (!engine_mapping(engine, gateway, &lease->slot, &order))
			continue;
		ret = fn(&order, data);
		if (ret)
			return ret;
	}
	return 0;
}

void engine_synced(struct engine *engine, unsigned int gateway,
		   uint64_t number)
{
	struct lease *lease, *next;

	HASH_ITER(by_slot, engine->leases.by_slot, lease, next)
		if (lease->waiting >> gateway & 1 && lease->order <= number)
			gateway_done(engine, lease, gateway);
}

static void due(struct engine *engine, struct lease *lease)
{
	switch (lease->state) {
	case LEASE_OFFERED:
		step_lapse(engine, lease);
		break;
	case LEASE_PENDING:
	case LEASE_RENEWING:
		missed(engine, lease, lease->waiting);
		break;
	case LEASE_BOUND:
		step_take_back(engine, lease);
		break;
	case LEASE_RELEASING:
		lease_forget_client(&engine->leases, lease);
		quota_sub_client(&engine->quota, engine->policy, lease);
		lease_set_state(&engine->leases, lease, LEASE_RELEASING,
				LEASE_NEVER);
		break;
	case LEASE_RESTING:
		/* Not before the store knows that it was taken back. */
		if (lease->dirty)
			lease_set_state(&engine->leases, lease, LEASE_RESTING,
					engine->now + 1000);
		else
			set_free(engine, lease);
	}
}

int64_t engine_run(struct engine *engine)
{
	struct lease *lease;

	while ((lease = lease_due(&engine->leases))) {
		if (lease->timer.due > engine->now)
			return lease->timer.due;
		due(engine, lease);
	}
	return LEASE_NEVER;
}

int engine_revoke(struct engine *engine, struct lease *lease)
{
	if (!mapped(lease))
		return -EALREADY;
	lease_forget_client(&engine->leases, lease);
	step_take_back(engine, lease);
	return 0;
}

/* Find the pool that a lease is in, and take its slot there. */
static bool place(const struct policy *policy, struct lease *lease)
{
	for (lease->pool = 0; lease->pool < policy->supplies_count;
	     lease->pool++) {
		struct pool *pool = policy->supplies[lease->pool].pool;

		if (pool_has(pool, &lease->slot))
			return lease->state == LEASE_FREE ||
			       !pool_take_this(pool, &lease->slot, true);
	}
	return false;
}

static void set_class(struct lease *lease, const struct policy *policy,
		      const char *name)
{
	int class = name ? policy_class_find(policy, name) : LEASE_STATIC;

	if (class < 0)
		class = policy->fallback < 0 ? 0 : policy->fallback;
	lease->class = (uint16_t)class;
}

/* A lease whose slot is in no pool, or was lent there in another way. */
static void orphan(struct engine *engine, struct lease *lease)
{
	lease->pool = engine->policy->supplies_count;
	if (mapped(lease))
		step_take_back(engine, lease);
	else if (lease->state == LEASE_OFFERED)
		step_lapse(engine, lease);
	else if (lease->state == LEASE_FREE)
		delete(engine, lease);
}

/* As it was counted before. What rests for longer than others was declined. */
static void count_loaded(struct engine *engine, struct lease *lease)
{
	int64_t rest = (int64_t)step_supply(engine, lease)->rest * 1000;

	if (lease->state == LEASE_FREE ||
	    (lease->state == LEASE_RESTING && lease->end - engine->now > rest))
		return;
	quota_add(&engine->quota, engine->policy, lease);
	if (lease->state == LEASE_RESTING)
		quota_sub_client(&engine->quota, engine->policy, lease);
}

static int load(const struct record *record, void *data)
{
	struct engine *engine = data;
	enum lease_state state = record->state;
	struct lease *lease;
	bool placed;

	if (state == LEASE_RESTING && record->end <= engine->now) {
		/* Only remembered, and only one for each client. */
		if (!record->client_len ||
		    lease_by_client(&engine->leases, record->client,
				    record->client_len))
			return 0;
		state = LEASE_FREE;
	}
	lease = lease_new(&engine->leases, &record->slot, record->client,
			  record->client_len);
	if (!lease)
		return -ENOMEM;
	set_class(lease, engine->policy, record->class);
	lease->remote = record->remote;
	lease->began = record->began;
	lease->end = record->end;
	lease->since = record->since;
	lease->renewals = record->renewals;
	lease->recorded = true;
	lease->lent = state == LEASE_BOUND || state == LEASE_RELEASING;
	lease_set_state(&engine->leases, lease, state,
			state == LEASE_FREE ? LEASE_NEVER :
			state == LEASE_RELEASING ? engine->now : lease->end);
	placed = place(engine->policy, lease);
	count_loaded(engine, lease);
	if (!placed)
		orphan(engine, lease);
	if (state == LEASE_RELEASING)
		lease->waiting = step_supply(engine, lease)->gateways;
	return 0;
}

int engine_init(struct engine *engine)
{
	STAILQ_INIT(&engine->dirties);
	declines_init(&engine->declines);
	return store_load(engine->store, load, engine);
}

void engine_destroy(struct engine *engine)
{
	struct lease *lease, *next;

	HASH_ITER(by_slot, engine->leases.by_slot, lease, next) {
		if (lease->request)
			answer(lease, lease->request, OUTCOME_WAIT);
		lease_delete(&engine->leases, lease);
	}
	heap_destroy(&engine->leases.timers);
	quota_reset(&engine->quota);
	declines_reset(&engine->declines);
	policy_free(engine->policy);
	engine->policy = NULL;
}

/* One lease under other rules. */
static void adopt(struct engine *engine, struct lease *lease, bool placed)
{
	uint64_t gateways = step_supply(engine, lease)->gateways;

	quota_again(&engine->quota, engine->policy, lease);
	/* One that is taken back already has nowhere to go, but waits as others do. */
	if (!placed && lease->state != LEASE_RELEASING) {
		orphan(engine, lease);
		return;
	}
	if (!lease->waiting || lease->waiting & gateways) {
		lease->waiting &= gateways;
		return;
	}
	/* None of those that it waited for counts any more. */
	lease->waiting = 1;
	gateway_done(engine, lease, 0);
}

int engine_configure(struct engine *engine, struct policy *policy)
{
	struct policy *former = engine->policy;
	struct lease *lease, *next;

	quota_reset(&engine->quota);
	/* They are of classes that may have other numbers now. */
	declines_reset(&engine->declines);
	engine->policy = policy;
	HASH_ITER(by_slot, engine->leases.by_slot, lease, next) {
		bool placed = place(policy, lease);

		if (lease->class != LEASE_STATIC)
			set_class(lease, policy,
				  former->classes[lease->class].name);
		if (!placed)
			lease->pool = policy->supplies_count;
		adopt(engine, lease, placed);
	}
	policy_free(former);
	return 0;
}
