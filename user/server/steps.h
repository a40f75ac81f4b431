/* SPDX-License-Identifier: GPL-2.0 */
/* The single steps of a lease's life, which engine, requests and commits share. */
#ifndef DSTM_STEPS_H
#define DSTM_STEPS_H

#include "engine.h"

/**
 * struct request - what is being done for a client
 * @query: who waits for the answer
 * @remote: the end of the tunnel that the lease will have
 * @end: when it will end
 */
struct request {
	struct query *query;
	struct in6_addr remote;
	int64_t end;
};

/* The pool of a lease. */
static inline const struct supply *step_supply(const struct engine *engine,
					       const struct lease *lease)
{
	return &engine->policy->supplies[lease->pool];
}

/* The store has to be told of it. */
void step_dirty(struct engine *engine, struct lease *lease);

/* Ask the gateways for what a request wants, in state pending or renewing. */
enum outcome step_ask(struct engine *engine, struct lease *lease,
		      enum lease_state state, const struct in6_addr *remote,
		      int64_t end, struct query *query);

/* What a request wants has come true. */
void step_granted(struct engine *engine, struct lease *lease);

/* It will not; the lease is as it was before. */
void step_failed(struct engine *engine, struct lease *lease,
		 enum outcome outcome);

/* It is over: ask the gateways to take the mapping away. */
void step_take_back(struct engine *engine, struct lease *lease);

/* What was offered is not taken. */
void step_lapse(struct engine *engine, struct lease *lease);

#endif
