// SPDX-License-Identifier: GPL-2.0
/* What clients, and operators in their place, ask of the engine. */
#include <string.h>

#include "steps.h"

static bool same(const struct slot *want, const struct slot *slot)
{
	return want->ipv4 == slot->ipv4 &&
	       (!want->set.len || !memcmp(want, slot, sizeof(*want)));
}

static bool class_has(const struct class *class, uint16_t pool)
{
	unsigned int i;

	for (i = 0; i < class->pools_count; i++)
		if (class->pools[i] == pool)
			return true;
	return false;
}

/* Whether a client might get the slot of a lease that it has or had. */
static bool fits(const struct engine *engine, const struct lease *lease,
		 const struct asker *asker, uint16_t number)
{
	const struct class *class = &engine->policy->classes[number];
	const struct supply *supply = step_supply(engine, lease);
	const struct fixed *fixed = policy_fixed(engine->policy, &asker->duid);

	if (lease->slot.set.len && !asker->shares)
		return false;
	if (fixed)
		return !memcmp(&fixed->slot, &lease->slot, sizeof(fixed->slot));
	return supply->pool && !supply->drain &&
	       !pool_reserved(supply->pool, &lease->slot) &&
	       class_has(class, lease->pool) &&
	       lease->slot.set.len == class->psid_len;
}

static bool take_fixed(struct engine *engine, const struct fixed *fixed,
		       const struct asker *asker)
{
	const struct lease *lease = lease_by_slot(&engine->leases,
						  &fixed->slot);

	if (fixed->slot.set.len && !asker->shares)
		return false;
	return (!lease || lease->state == LEASE_FREE) &&
	       !pool_take_this(engine->policy->supplies[fixed->pool].pool,
			       &fixed->slot, true);
}

/* What the client would like, else what comes. */
static bool take_any(struct engine *engine, const struct class *class,
		     const struct slot *want, struct fixed *found)
{
	const struct supply *supply;
	unsigned int i;

	for (i = 0; i < class->pools_count; i++) {
		found->pool = class->pools[i];
		supply = &engine->policy->supplies[found->pool];
		found->slot = *want;
		if (want->ipv4 && want->set.len == class->psid_len &&
		    !supply->drain && !pool_take_this(supply->pool, want, false))
			return true;
	}
	for (i = 0; i < class->pools_count; i++) {
		found->pool = class->pools[i];
		supply = &engine->policy->supplies[found->pool];
		if (!supply->drain &&
		    !pool_take(supply->pool, class->psid_len, &found->slot))
			return true;
	}
	return false;
}

static struct lease *allocate(struct engine *engine, const struct asker *asker,
			      uint16_t class, const struct slot *want)
{
	const struct class *rules = &engine->policy->classes[class];
	const struct fixed *fixed = policy_fixed(engine->policy, &asker->duid);
	struct fixed found;
	struct lease *lease;

	if (fixed) {
		if (!take_fixed(engine, fixed, asker))
			return NULL;
		found = *fixed;
	} else if ((rules->psid_len && !asker->shares) ||
		   !take_any(engine, rules, want, &found)) {
		return NULL;
	}
	/* Nobody has it, so what there is only remembers. */
	lease = lease_by_slot(&engine->leases, &found.slot);
	if (lease)
		lease_delete(&engine->leases, lease);
	lease = lease_new(&engine->leases, &found.slot, asker->client.data,
			  asker->client.len);
	if (lease)
		lease->pool = found.pool;
	else
		pool_put(engine->policy->supplies[found.pool].pool,
			 &found.slot);
	return lease;
}

/* Take again what the client had before; or forget that it had it. */
static struct lease *take_again(struct engine *engine, struct lease *lease,
				bool fit)
{
	struct pool *pool = step_supply(engine, lease)->pool;

	if (lease->state == LEASE_RESTING) {
		if (fit)
			return lease;
		lease_forget_client(&engine->leases, lease);
		return NULL;
	}
	/* A fixed slot may have been given to another by hand. */
	if (fit && !pool_take_this(pool, &lease->slot, true))
		return lease;
	lease_delete(&engine->leases, lease);
	return NULL;
}

static void offer(struct engine *engine, struct lease *lease,
		  const struct asker *asker, uint16_t class)
{
	quota_sub(&engine->quota, engine->policy, lease);
	lease->class = class;
	lease->remote = asker->tunnel;
	lease_set_state(&engine->leases, lease, LEASE_OFFERED, engine->now +
			(int64_t)engine->policy->offer_time * 1000);
	quota_add(&engine->quota, engine->policy, lease);
}

/* Find or make the client's lease, and have it offered if it is not lent. */
static enum outcome find(struct engine *engine, const struct asker *asker,
			 uint16_t class, const struct slot *want,
			 struct lease **result)
{
	struct lease *lease = lease_by_client(&engine->leases,
					      asker->client.data,
					      asker->client.len);
	bool fit;

	*result = lease;
	if (lease && (lease->state == LEASE_RELEASING || lease->dirty))
		return OUTCOME_WAIT;
	if (lease && lease->state != LEASE_OFFERED &&
	    lease->state != LEASE_FREE && lease->state != LEASE_RESTING)
		return !lease->slot.set.len || asker->shares ?
		       OUTCOME_GRANTED : OUTCOME_NO_ADDRESS;
	if (lease && lease->state == LEASE_OFFERED) {
		if (IN6_ARE_ADDR_EQUAL(&lease->remote, &asker->tunnel) &&
		    fits(engine, lease, asker, class)) {
			offer(engine, lease, asker, class);
			return OUTCOME_GRANTED;
		}
		step_lapse(engine, lease);
		lease = lease_by_client(&engine->leases, asker->client.data,
					asker->client.len);
	}
	fit = lease && fits(engine, lease, asker, class);
	if (!quota_left(&engine->quota, engine->policy, class, &asker->client,
			&asker->tunnel, fit ? lease : NULL))
		return OUTCOME_QUOTA;
	if (lease)
		lease = take_again(engine, lease, fit);
	if (!lease)
		lease = allocate(engine, asker, class, want);
	if (!lease)
		return OUTCOME_NO_ADDRESS;
	offer(engine, lease, asker, class);
	*result = lease;
	return OUTCOME_GRANTED;
}

/*
 * Now and then somebody's request has to find out whether it can be written again:
 * it may be that there is nothing else to write.
 */
static bool store_is_left_alone(const struct engine *engine)
{
	return engine->failing && engine->now < engine->retry;
}

enum outcome engine_offer(struct engine *engine, const struct asker *asker,
			  uint16_t class, const struct slot *want,
			  const struct lease **result)
{
	struct lease *lease;
	enum outcome outcome;

	if (store_is_left_alone(engine))
		return OUTCOME_STORE;
	outcome = find(engine, asker, class, want, &lease);
	*result = lease;
	return outcome;
}

static enum outcome renew(struct engine *engine, struct lease *lease,
			  const struct asker *asker, uint16_t class,
			  struct query *query)
{
	int64_t end = lease->end;
	bool moved = !IN6_ARE_ADDR_EQUAL(&lease->remote, &asker->tunnel);

	/* The answer may have got lost; that is no renewal. */
	if (lease->tag == asker->tag && !moved)
		return OUTCOME_GRANTED;
	if (moved && !quota_left(&engine->quota, engine->policy, class,
				 &asker->client, &asker->tunnel, lease))
		return OUTCOME_QUOTA;
	lease->tag = asker->tag;
	if (lease->class != class) {
		quota_sub(&engine->quota, engine->policy, lease);
		lease->class = class;
		quota_add(&engine->quota, engine->policy, lease);
	}
	if (fits(engine, lease, asker, class))
		end = policy_renewed(&engine->policy->classes[class],
				     step_supply(engine, lease),
				     lease->slot.set.len, lease->began, end,
				     lease->renewals, engine->now);
	/* Nobody waited for the gateways when they got the former mapping again. */
	if (end == lease->end && !moved && !lease->doubtful)
		return OUTCOME_GRANTED;
	return step_ask(engine, lease, LEASE_RENEWING, &asker->tunnel, end,
			query);
}

enum outcome engine_request(struct engine *engine, const struct asker *asker,
			    uint16_t class, const struct slot *want,
			    struct query *query)
{
	struct lease *lease;
	enum outcome outcome;

	outcome = find(engine, asker, class, want, &lease);
	if (outcome != OUTCOME_GRANTED)
		return outcome;
	if (!same(want, &lease->slot)) {
		if (lease->state == LEASE_OFFERED)
			step_lapse(engine, lease);
		return OUTCOME_NOT_YOURS;
	}
	if (lease->state == LEASE_BOUND)
		return renew(engine, lease, asker, class, query);
	if (lease->state != LEASE_OFFERED)
		return OUTCOME_WAIT;
	if (store_is_left_alone(engine))
		return OUTCOME_STORE;
	lease->tag = asker->tag;
	return step_ask(engine, lease, LEASE_PENDING, &asker->tunnel,
			policy_end(&engine->policy->classes[class],
				   engine->now), query);
}

enum outcome engine_release(struct engine *engine,
			    const struct dhcpv6_slice *client, uint32_t ipv4,
			    bool declined)
{
	struct lease *lease = lease_by_client(&engine->leases, client->data,
					      client->len);
	enum outcome outcome = OUTCOME_GRANTED;

	if (!lease || lease->slot.ipv4 != ipv4 ||
	    lease->state < LEASE_PENDING || lease->state > LEASE_RENEWING)
		return OUTCOME_NOT_YOURS;
	if (declined && !declines_add(&engine->declines, engine->policy, lease,
				      engine->now)) {
		declined = false;
		outcome = OUTCOME_QUOTA;
	}
	/* It shall get another one. */
	if (declined)
		lease_forget_client(&engine->leases, lease);
	lease->declined = declined;
	step_take_back(engine, lease);
	return outcome;
}

enum outcome engine_grant(struct engine *engine, const struct slot *slot,
			  const struct in6_addr *remote, struct query *query)
{
	struct lease *lease = lease_by_slot(&engine->leases, slot);
	enum outcome outcome;
	uint16_t pool;

	if (lease && lease->state != LEASE_FREE)
		return OUTCOME_NO_ADDRESS;
	for (pool = 0; pool < engine->policy->supplies_count; pool++)
		if (pool_has(engine->policy->supplies[pool].pool, slot))
			break;
	if (pool == engine->policy->supplies_count)
		return OUTCOME_NOT_YOURS;
	if (pool_take_this(engine->policy->supplies[pool].pool, slot, true))
		return OUTCOME_NO_ADDRESS;
	if (lease)
		lease_delete(&engine->leases, lease);
	lease = lease_new(&engine->leases, slot, NULL, 0);
	if (!lease) {
		pool_put(engine->policy->supplies[pool].pool, slot);
		return OUTCOME_STORE;
	}
	lease->pool = pool;
	lease->class = LEASE_STATIC;
	lease->remote = *remote;
	outcome = step_ask(engine, lease, LEASE_PENDING, remote, LEASE_NEVER,
			   query);
	if (outcome != OUTCOME_LATER)
		step_lapse(engine, lease);
	return outcome;
}
