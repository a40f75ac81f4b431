// SPDX-License-Identifier: GPL-2.0
/* What changed goes to the store, as much at once as there is. */
#include "lib/log.h"
#include "steps.h"

/* After the store failed, it is left alone for so long, milliseconds. */
#define RETRY_TIME	1000

static void record_of(const struct engine *engine, const struct lease *lease,
		      struct record *record)
{
	*record = (struct record){
		.slot = lease->slot,
		.remote = lease->remote,
		.client = lease->client,
		.client_len = lease->client_len,
		.class = lease->class == LEASE_STATIC ? NULL :
			 engine->policy->classes[lease->class].name,
		.state = lease->state,
		.began = lease->began,
		.end = lease->end,
		.since = lease->since,
		.renewals = lease->renewals,
	};
}

/* As step_granted() will make it. */
static void record_granted(const struct engine *engine,
			   const struct lease *lease, struct record *record)
{
	const struct request *request = lease->request;

	record->state = LEASE_BOUND;
	if (lease->state == LEASE_PENDING) {
		record->began = engine->now;
		record->since = engine->wall;
		record->renewals = 0;
	} else {
		if (!IN6_ARE_ADDR_EQUAL(&lease->remote, &request->remote))
			record->since = engine->wall;
		if (lease->end != request->end)
			record->renewals++;
	}
	record->remote = request->remote;
	record->end = request->end;
}

static int write_lease(const struct engine *engine, const struct lease *lease)
{
	const struct request *request = lease->request;
	struct record record, past;
	bool over = lease->state == LEASE_RESTING ||
		    (lease->state == LEASE_RENEWING &&
		     !IN6_ARE_ADDR_EQUAL(&lease->remote, &request->remote));

	record_of(engine, lease, &record);
	past = record;
	if (request)
		record_granted(engine, lease, &record);
	if (over && store_past(engine->store, &past, engine->wall))
		return -1;
	return store_put(engine->store, &record);
}

static bool write_all(struct engine *engine)
{
	struct lease *lease;

	if (store_begin(engine->store))
		return false;
	STAILQ_FOREACH(lease, &engine->dirties, dirties) {
		if (write_lease(engine, lease)) {
			store_rollback(engine->store);
			return false;
		}
	}
	return !store_commit(engine->store);
}

static void written(struct engine *engine)
{
	struct lease *lease;

	while ((lease = STAILQ_FIRST(&engine->dirties))) {
		STAILQ_REMOVE_HEAD(&engine->dirties, dirties);
		lease->dirty = false;
		if (lease->request)
			step_granted(engine, lease);
		else if (lease->state == LEASE_RESTING)
			lease->lent = false;
	}
}

/* Let those requests fail that wait in a state for the store. */
static void fail_all(struct engine *engine, enum lease_state state)
{
	struct lease *lease, *next;

	for (lease = STAILQ_FIRST(&engine->dirties); lease; lease = next) {
		next = STAILQ_NEXT(lease, dirties);
		if (lease->state == state)
			step_failed(engine, lease, OUTCOME_STORE);
	}
}

bool engine_dirty(const struct engine *engine)
{
	return !STAILQ_EMPTY(&engine->dirties) && engine->now >= engine->retry;
}

void engine_commit(struct engine *engine)
{
	bool good;

	if (!engine_dirty(engine))
		return;
	good = write_all(engine);
	if (!good) {
		dstm_log(DSTM_LOG_ERR,
			 "store: %s: no new leases until it can be written",
			 store_error(engine->store));
		/* On a full disk, what only changes may find room still. */
		fail_all(engine, LEASE_PENDING);
		engine->retry = engine->now + RETRY_TIME;
		engine->failing = true;
		if (!write_all(engine)) {
			fail_all(engine, LEASE_RENEWING);
			return;
		}
	} else if (engine->failing) {
		dstm_log(DSTM_LOG_NOTICE, "store: can be written again");
		engine->failing = false;
	}
	written(engine);
}
