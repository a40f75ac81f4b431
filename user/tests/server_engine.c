// SPDX-License-Identifier: GPL-2.0
/*
 * The engine against a plain model. The model knows what clients were told, what
 * the gateways' tables hold, and when each port of each address was last mapped
 * to whom. Operations come at random, and so do crashes: the files of the store
 * are copied as they are, and another engine goes on with the copy.
 *
 * MODEL_STEPS=1000000 MODEL_SEED=7 for a long run.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "../lib/log.h"
#include "../server/engine.h"

#define NET		0xc0000200U
#define ADDRESSES	8
#define UNITS		(ADDRESSES * 4)	/* quarters of an address */
#define CLIENTS		14
#define GATEWAYS	2
#define QUEUE		512
#define REST		30
#define LIFETIME	100

/* Clients 0 to 6 get whole addresses, the others quarters. */
#define SHARING(client)	((client) >= 7)

/* What a client believes. */
struct belief {
	bool has;
	struct slot slot;
	int64_t end;
	struct in6_addr remote;
};

struct mapping {
	bool there;
	struct slot slot;
	struct in6_addr remote;
	int64_t end;
};

struct gateway {
	bool up;
	struct mapping table[UNITS];
	struct order queue[QUEUE];
	unsigned int queued;
	bool syncing;
	uint64_t sync;
	struct mapping wanted[UNITS];
	unsigned int wanted_count;
};

/* What a request waits for. */
struct waiter {
	struct query query;
	bool used;
	int client;
	struct in6_addr remote;
};

static struct {
	char dir[64];
	unsigned int generation;
	struct engine engine;
	struct store *store;
	struct gateway gateway[GATEWAYS];
	struct belief belief[CLIENTS];
	struct waiter waiter[4096];
	unsigned int asked;
	uint32_t xid;
	uint8_t id[CLIENTS][8];
	int64_t step;		/* of the wall clock, seconds */
	/* Of each quarter of an address: who was told of it last, and until
	 * when some gateway had it mapped to that client. */
	int holder[UNITS];
	int64_t mapped[UNITS];
	/* It is mapped since then; another try that came to nothing is not told
	 * of, and does not count. */
	bool tenure[UNITS];
	unsigned int granted, refused, crashes, renewed;
	bool full;
} w;

static unsigned int pick(unsigned int n)
{
	return (unsigned int)rand() % n;
}

static unsigned int unit_of(const struct slot *slot)
{
	return (slot->ipv4 - NET) * 4 + slot->set.psid;
}

static unsigned int units_of(const struct slot *slot)
{
	return slot->set.len ? 1 : 4;
}

static bool overlap(const struct slot *a, const struct slot *b)
{
	return unit_of(a) < unit_of(b) + units_of(b) &&
	       unit_of(b) < unit_of(a) + units_of(a);
}

static struct in6_addr address(int client, unsigned int n)
{
	struct in6_addr addr = { { { 0x20, 0x01, 0x0d, 0xb8 } } };

	addr.s6_addr[7] = (uint8_t)client;
	addr.s6_addr[15] = (uint8_t)(n + 1);
	return addr;
}

/* Client of a remote address. */
static int client_of(const struct in6_addr *remote)
{
	return remote->s6_addr[7];
}

static struct policy *rules(void)
{
	static const uint8_t whole[] = { 'w' }, quarter[] = { 'q' };
	struct policy *policy = policy_new();
	struct supply *supply;
	int i;

	policy->offer_time = 10;
	policy->gateway_time = 2000;
	policy->supplies = calloc(2, sizeof(*policy->supplies));
	policy->supplies_count = 1;
	supply = policy->supplies;
	supply->name = strdup("pool");
	supply->pool = pool_new(0, 0);
	supply->gateways = (1 << GATEWAYS) - 1;
	supply->rest = REST;
	supply->decline_rest = REST * 2;
	policy->supplies[1].gateways = supply->gateways;
	assert_int_equal(pool_prefix(supply->pool, NET, 29), 0);
	assert_int_equal(pool_ready(supply->pool), 0);
	policy->classes_count = 2;
	policy->classes = calloc(2, sizeof(*policy->classes));
	for (i = 0; i < 2; i++) {
		struct class *class = &policy->classes[i];

		class->name = strdup(i ? "quarter" : "whole");
		class->pools_count = 1;
		class->psid_len = i ? 2 : 0;
		class->lifetime = LIFETIME;
		class->max_total = 4 * LIFETIME;
		class->max_renewals = 6;
		class->quota_client = 1;
		class->quota_prefix = 1;
		class->decline_client = 2;
		class->decline_prefix = 3;
		class->quota_prefix_len = 64;
		class->source = SOURCE_ANY;
	}
	assert_int_equal(policy_match(policy, MATCH_DUID, whole, 1, 0), 0);
	assert_int_equal(policy_match(policy, MATCH_DUID, quarter, 1, 1), 0);
	return policy;
}

static void touch(void);

/* The client hears of it: everything must be true by now. */
static void told(int client, const struct lease *lease,
		 const struct in6_addr *remote)
{
	struct belief *belief = &w.belief[client];
	unsigned int i, g;
	int other;

	touch();
	assert_int_equal(lease->state, LEASE_BOUND);
	assert_memory_equal(&lease->remote, remote, sizeof(*remote));
	for (g = 0; g < GATEWAYS; g++) {
		const struct mapping *m =
			&w.gateway[g].table[unit_of(&lease->slot)];

		/* One that has just gone down may have lost it since. */
		if (!w.gateway[g].up || w.gateway[g].syncing)
			continue;
		assert_true(m->there);
		assert_memory_equal(&m->slot, &lease->slot, sizeof(m->slot));
		assert_memory_equal(&m->remote, remote, sizeof(*remote));
		assert_true(m->end >= lease->end);
	}
	for (other = 0; other < CLIENTS; other++)
		if (other != client && w.belief[other].has &&
		    w.belief[other].end > w.engine.now)
			assert_false(overlap(&w.belief[other].slot,
					     &lease->slot));
	for (i = unit_of(&lease->slot);
	     i < unit_of(&lease->slot) + units_of(&lease->slot); i++) {
		if (w.holder[i] >= 0 && w.holder[i] != client)
			assert_true(w.mapped[i] + REST * 1000 <= w.engine.now);
		w.holder[i] = client;
		w.mapped[i] = w.engine.now;
		w.tenure[i] = true;
	}
	*belief = (struct belief){ true, lease->slot, lease->end, *remote };
	w.granted++;
}

static void answer(struct query *query, const struct lease *lease,
		   enum outcome outcome)
{
	struct waiter *waiter = (struct waiter *)query;

	assert_true(waiter->used);
	waiter->used = false;
	if (outcome == OUTCOME_GRANTED)
		told(waiter->client, lease, &waiter->remote);
	else
		w.refused++;
}

static bool order(void *data, unsigned int number, const struct order *o)
{
	struct gateway *gateway = &w.gateway[number];

	(void)data;
	assert_true(number < GATEWAYS);
	if (!gateway->up)
		return false;
	assert_true(gateway->queued < QUEUE);
	gateway->queue[gateway->queued++] = *o;
	return true;
}

/* For how long has each quarter been mapped to the one who was told of it? */
static void touch(void)
{
	bool live[UNITS] = { false };
	unsigned int g, i, k;

	for (g = 0; g < GATEWAYS; g++) {
		for (i = 0; i < UNITS; i++) {
			struct mapping *m = &w.gateway[g].table[i];
			int64_t until;

			if (!m->there)
				continue;
			until = m->end < w.engine.now ? m->end : w.engine.now;
			for (k = i; k < i + units_of(&m->slot); k++) {
				if (w.holder[k] != client_of(&m->remote))
					continue;
				live[k] |= m->end > w.engine.now;
				if (w.tenure[k] && w.mapped[k] < until)
					w.mapped[k] = until;
			}
		}
	}
	for (i = 0; i < UNITS; i++)
		w.tenure[i] &= live[i];
}

static void path_of(char *path, size_t size, unsigned int generation,
		    const char *suffix)
{
	snprintf(path, size, "%s/leases-%u%s", w.dir, generation, suffix);
}

static void begin(void)
{
	struct store_time time = { "the-boot", w.engine.now, w.engine.wall };
	char path[128], error[STORE_ERROR] = "";

	path_of(path, sizeof(path), w.generation, "");
	if (store_open(&w.store, path, &time, error))
		fail_msg("%s", error);
	w.engine = (struct engine){
		.policy = rules(), .store = w.store, .order = order,
		.now = time.now, .wall = time.wall,
	};
	assert_int_equal(engine_init(&w.engine), 0);
}

static void copy(const char *suffix)
{
	char from[128], to[128], command[300];

	path_of(from, sizeof(from), w.generation, suffix);
	path_of(to, sizeof(to), w.generation + 1, suffix);
	if (access(from, F_OK))
		return;
	snprintf(command, sizeof(command), "cp %s %s", from, to);
	assert_int_equal(system(command), 0);
}

static void set_full(bool full)
{
	struct rlimit limit = { full ? 0 : RLIM_INFINITY, RLIM_INFINITY };

	w.full = full;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static struct lease *lease_of(int client)
{
	return lease_by_client(&w.engine.leases, w.id[client],
			       sizeof(w.id[client]));
}

/* The process is gone; what clients believe and gateways have is not. */
static void crash(void)
{
	char path[128];
	int client, g;

	set_full(false);
	copy("");
	copy("-wal");
	engine_destroy(&w.engine);
	store_close(w.store);
	path_of(path, sizeof(path), w.generation, "");
	unlink(path);
	w.generation++;
	memset(w.waiter, 0, sizeof(w.waiter));
	for (g = 0; g < GATEWAYS; g++) {
		w.gateway[g].up = false;
		w.gateway[g].queued = 0;
		w.gateway[g].syncing = false;
	}
	w.crashes++;
	begin();
	for (client = 0; client < CLIENTS; client++) {
		const struct belief *belief = &w.belief[client];
		const struct lease *lease = lease_of(client);

		if (!belief->has || belief->end <= w.engine.now)
			continue;
		assert_non_null(lease);
		assert_int_equal(lease->state, LEASE_BOUND);
		assert_memory_equal(&lease->slot, &belief->slot,
				    sizeof(belief->slot));
		assert_true(lease->end >= belief->end);
		assert_true(lease->end < belief->end + 1000);
	}
}

static void asker_of(int client, struct asker *asker)
{
	memset(asker, 0, sizeof(*asker));
	asker->client = (struct dhcpv6_slice){ w.id[client],
					       sizeof(w.id[client]) };
	client_duid(&asker->client, &asker->duid);
	asker->duid.len = 1;
	asker->tunnel = address(client, pick(20) == 0);
	asker->shares = SHARING(client);
	asker->tag = ++w.xid;
}

static void discover_and_request(int client, bool request)
{
	const struct lease *lease = NULL;
	struct slot want = { 0 };
	struct waiter *waiter;
	struct asker asker;
	enum outcome outcome;
	int class;

	asker_of(client, &asker);
	class = policy_class(w.engine.policy, &asker);
	assert_int_equal(class, SHARING(client));
	outcome = engine_offer(&w.engine, &asker, (uint16_t)class, &want,
			       &lease);
	if (outcome != OUTCOME_GRANTED || !request)
		return;
	want = lease->slot;
	waiter = &w.waiter[w.asked++ % 4096];
	assert_false(waiter->used);
	*waiter = (struct waiter){ { answer }, true, client, asker.tunnel };
	outcome = engine_request(&w.engine, &asker, (uint16_t)class, &want,
				 &waiter->query);
	if (outcome != OUTCOME_LATER)
		waiter->used = false;
	if (outcome == OUTCOME_GRANTED)
		told(client, lease_of(client), &asker.tunnel);
}

static void renew(int client)
{
	struct belief *belief = &w.belief[client];
	const struct lease *lease = lease_of(client);
	int64_t end = belief->end;
	struct waiter *waiter;
	struct asker asker;
	enum outcome outcome;

	if (!belief->has || belief->end <= w.engine.now)
		return;
	asker_of(client, &asker);
	waiter = &w.waiter[w.asked++ % 4096];
	*waiter = (struct waiter){ { answer }, true, client, asker.tunnel };
	outcome = engine_request(&w.engine, &asker,
				 (uint16_t)SHARING(client), &belief->slot,
				 &waiter->query);
	assert_int_not_equal(outcome, OUTCOME_NOT_YOURS);
	if (outcome != OUTCOME_LATER)
		waiter->used = false;
	if (outcome == OUTCOME_GRANTED) {
		assert_true(lease->end >= end);
		belief->end = lease->end;
	}
	w.renewed++;
}

static void give_up(int client, bool declined)
{
	struct belief *belief = &w.belief[client];
	struct dhcpv6_slice id = { w.id[client], sizeof(w.id[client]) };

	if (belief->has)
		engine_release(&w.engine, &id, belief->slot.ipv4, declined);
	belief->has = false;
}

static void take_away(int client)
{
	struct lease *lease = lease_of(client);

	if (!lease || lease->state != LEASE_BOUND)
		return;
	assert_int_equal(engine_revoke(&w.engine, lease), 0);
	w.belief[client].has = false;
}

static int want(const struct order *o, void *data)
{
	struct gateway *gateway = data;

	gateway->wanted[gateway->wanted_count++] =
		(struct mapping){ true, o->slot, o->remote, o->end };
	return 0;
}

static void connect_gateway(unsigned int g)
{
	struct gateway *gateway = &w.gateway[g];

	gateway->up = true;
	gateway->queued = 0;
	gateway->syncing = true;
	gateway->wanted_count = 0;
	assert_int_equal(engine_sync(&w.engine, g, want, gateway,
				     &gateway->sync), 0);
}

static void set_mapping(struct gateway *gateway, const struct mapping *m)
{
	unsigned int i;

	/* Whole and shared at once is what a kernel refuses. */
	for (i = 0; i < UNITS; i++)
		if (gateway->table[i].there && i != unit_of(&m->slot) &&
		    gateway->table[i].end > w.engine.now)
			assert_false(overlap(&gateway->table[i].slot,
					     &m->slot));
	gateway->table[unit_of(&m->slot)] = *m;
}

static void gateway_works(unsigned int g)
{
	struct gateway *gateway = &w.gateway[g];
	struct order o;

	if (!gateway->up)
		return;
	touch();
	if (gateway->syncing) {
		unsigned int i;

		memset(gateway->table, 0, sizeof(gateway->table));
		for (i = 0; i < gateway->wanted_count; i++)
			set_mapping(gateway, &gateway->wanted[i]);
		gateway->syncing = false;
		engine_synced(&w.engine, g, gateway->sync);
		return;
	}
	if (!gateway->queued)
		return;
	o = gateway->queue[0];
	memmove(gateway->queue, gateway->queue + 1,
		--gateway->queued * sizeof(o));
	if (pick(50) == 0) {
		if (engine_confirm(&w.engine, g, &o.slot, o.number, false))
			connect_gateway(g);
		return;
	}
	if (o.del)
		gateway->table[unit_of(&o.slot)].there = false;
	else
		set_mapping(gateway, &(struct mapping){ true, o.slot, o.remote,
							o.end });
	if (pick(200) == 0) {
		gateway->up = false;	/* done, and never confirmed */
		gateway->queued = 0;
		return;
	}
	engine_confirm(&w.engine, g, &o.slot, o.number, true);
}

static void pass(int64_t ms)
{
	touch();
	w.engine.now += ms;
	w.engine.wall = 1700000000 + w.engine.now / 1000 + w.step;
	touch();
	engine_run(&w.engine);
}

/* With everybody connected and nothing under way, tables equal leases. */
static void settle(void)
{
	const struct lease *lease, *next;
	unsigned int g, i, n;
	int round;

	set_full(false);
	pass(1001);
	for (round = 0; round < 3; round++) {
		for (g = 0; g < GATEWAYS; g++) {
			if (!w.gateway[g].up)
				connect_gateway(g);
			while (w.gateway[g].up &&
			       (w.gateway[g].queued || w.gateway[g].syncing))
				gateway_works(g);
		}
		engine_commit(&w.engine);
	}
	pass(2001);
	for (g = 0; g < GATEWAYS; g++)
		if (!w.gateway[g].up || w.gateway[g].queued)
			return;		/* bad luck */
	assert_int_equal(w.engine.leases.count[LEASE_PENDING], 0);
	assert_int_equal(w.engine.leases.count[LEASE_RENEWING], 0);
	assert_int_equal(w.engine.leases.count[LEASE_RELEASING], 0);
	for (g = 0; g < GATEWAYS; g++) {
		for (i = 0, n = 0; i < UNITS; i++)
			n += w.gateway[g].table[i].there;
		assert_int_equal(n, w.engine.leases.count[LEASE_BOUND]);
		HASH_ITER(by_slot, w.engine.leases.by_slot, lease, next) {
			if (lease->state != LEASE_BOUND)
				continue;
			i = unit_of(&lease->slot);
			assert_true(w.gateway[g].table[i].there);
			assert_memory_equal(&w.gateway[g].table[i].remote,
					    &lease->remote, 16);
		}
	}
}

/* Every address is free, or has a lease; and no lease is lost. */
static void check_pool(void)
{
	const struct lease *lease, *next;
	struct pool_use use;
	unsigned int whole = 0, sets = 0;

	HASH_ITER(by_slot, w.engine.leases.by_slot, lease, next) {
		if (lease->state == LEASE_FREE)
			continue;
		whole += !lease->slot.set.len;
		sets += lease->slot.set.len != 0;
	}
	pool_use(w.engine.policy->supplies[0].pool, &use);
	assert_int_equal(use.whole, whole);
	assert_int_equal(use.sets, sets);
	assert_int_equal(use.free + use.whole + use.split, ADDRESSES);
}

static void one_step(void)
{
	int client = (int)pick(CLIENTS);
	unsigned int g = pick(GATEWAYS), i;

	switch (pick(30)) {
	case 0: case 1: case 2: case 3: case 4: case 5:
		discover_and_request(client, pick(6));
		break;
	case 6: case 7: case 8:
		renew(client);
		break;
	case 9:
		give_up(client, pick(6) == 0);
		break;
	case 10: case 11: case 12: case 13: case 14: case 15: case 16:
		for (i = pick(8); i; i--)
			gateway_works(pick(GATEWAYS));
		break;
	case 17: case 18: case 19: case 20:
		engine_commit(&w.engine);
		break;
	case 21:
		pass(pick(3000));
		break;
	case 22:
		pass(pick(8) ? pick(20000) : pick(150000));
		break;
	case 23: case 24: case 25:
		if (!w.gateway[g].up)
			connect_gateway(g);
		break;
	case 26:
		if (pick(5))
			break;
		w.gateway[g].up = false;
		w.gateway[g].queued = 0;
		w.gateway[g].syncing = false;
		if (pick(2))
			memset(w.gateway[g].table, 0,
			       sizeof(w.gateway[g].table));
		break;
	case 27:
		if (pick(10) == 0)
			crash();
		else if (pick(10) == 0)
			take_away(client);
		break;
	case 28:
		if (pick(4) == 0)
			set_full(pick(2));
		else if (pick(10) == 0)
			w.step += (int64_t)pick(200000) - 100000;
		break;
	case 29:
		if (pick(8) == 0)
			assert_int_equal(engine_configure(&w.engine, rules()), 0);
		else if (pick(8) == 0)
			settle();
	}
}

static long number_of(const char *name, long usual)
{
	const char *text = getenv(name);

	return text ? atol(text) : usual;
}

static int in_a_folder(void **state)
{
	int client;

	(void)state;
	memset(&w, 0, sizeof(w));
	signal(SIGXFSZ, SIG_IGN);
	dstm_log_most(DSTM_LOG_ERR - 1);
	/* What crashes is this process at most, so it need not be on a disk. */
	strcpy(w.dir, access("/dev/shm", W_OK) ? "/tmp/dstm-model-XXXXXX" :
	       "/dev/shm/dstm-model-XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	memset(w.holder, 0xff, sizeof(w.holder));
	for (client = 0; client < CLIENTS; client++)
		memcpy(w.id[client], (uint8_t [8]){ 255, 0, 0, 0, 0,
			SHARING(client) ? 'q' : 'w', 0, (uint8_t)client }, 8);
	w.engine.now = 1000000;
	w.engine.wall = 1700000000 + w.engine.now / 1000;
	begin();
	return 0;
}

/* The gateways do all that they are told. */
static void confirm_all(void)
{
	unsigned int g, i;

	for (g = 0; g < GATEWAYS; g++) {
		struct gateway *gateway = &w.gateway[g];

		for (i = 0; i < gateway->queued; i++) {
			const struct order *o = &gateway->queue[i];

			set_mapping(gateway, &(struct mapping){
					!o->del, o->slot, o->remote, o->end });
			engine_confirm(&w.engine, g, &o->slot, o->number, true);
		}
		gateway->queued = 0;
	}
	engine_commit(&w.engine);
}

static void request_and_confirm(int client)
{
	discover_and_request(client, true);
	confirm_all();
}

/* Also where there is no other lease, of which something would have to be written. */
static void lends_after_a_full_disk(void **state)
{
	unsigned int g;

	(void)state;
	for (g = 0; g < GATEWAYS; g++)
		w.gateway[g].up = true;
	set_full(true);
	request_and_confirm(0);
	assert_int_equal(w.refused, 1);
	/* Nobody is asked in vain, but now and then. */
	request_and_confirm(0);
	assert_int_equal(w.asked, 1);
	set_full(false);
	pass(1001);
	request_and_confirm(0);
	assert_int_equal(w.granted, 1);
	request_and_confirm(1);
	assert_int_equal(w.granted, 2);
	assert_false(w.engine.failing);
	engine_destroy(&w.engine);
	store_close(w.store);
}

static void against_the_model(void **state)
{
	long steps = number_of("MODEL_STEPS", 100000), i;
	long seed = number_of("MODEL_SEED", 1);

	(void)state;
	srand((unsigned int)seed);
	for (i = 0; i < steps; i++) {
		one_step();
		check_pool();
	}
	print_message("# %ld steps, seed %ld: %u grants, %u renewals tried, %u refused, %u crashes\n",
		      steps, seed, w.granted, w.renewed, w.refused, w.crashes);
	assert_true(w.granted > steps / 100);
	assert_true(w.crashes > steps / 2000);
	crash();
	settle();
	engine_destroy(&w.engine);
	store_close(w.store);
}

/* The pool of a lease that was being taken back is configured no more. */
static void taken_back_from_no_pool(void **state)
{
	static const struct store_time time = { "boot", 1000000, 1700000000 };
	const struct record record = {
		.slot = { .ipv4 = NET + 256 }, .remote = address(0, 0),
		.state = LEASE_RELEASING, .end = 1000000,
	};
	struct lease *lease;
	char error[STORE_ERROR];
	uint64_t number;
	unsigned int g;

	(void)state;
	memset(&w, 0, sizeof(w));
	assert_int_equal(store_open(&w.store, ":memory:", &time, error), 0);
	assert_int_equal(store_begin(w.store), 0);
	assert_int_equal(store_put(w.store, &record), 0);
	assert_int_equal(store_commit(w.store), 0);
	w.engine = (struct engine){ .policy = rules(), .store = w.store,
				    .order = order, .now = time.now,
				    .wall = time.wall };
	assert_int_equal(engine_init(&w.engine), 0);
	for (g = 0; g < GATEWAYS; g++) {
		lease = lease_by_slot(&w.engine.leases, &record.slot);
		assert_non_null(lease);
		assert_int_equal(lease->state, LEASE_RELEASING);
		assert_int_equal(engine_sync(&w.engine, g, NULL, NULL, &number),
				 0);
		engine_synced(&w.engine, g, number);
	}
	/* No gateway has it: then nothing has to be known of it either. */
	engine_run(&w.engine);
	engine_commit(&w.engine);
	w.engine.now += 1000;
	engine_run(&w.engine);
	assert_null(lease_by_slot(&w.engine.leases, &record.slot));
	engine_destroy(&w.engine);
	store_close(w.store);
}

/* The same, and the gateway that it waited for is configured no more either. */
static void taken_back_from_no_gateway(void **state)
{
	struct policy *policy = rules();
	const struct slot slot = { .ipv4 = NET };
	unsigned int g;

	(void)state;
	for (g = 0; g < GATEWAYS; g++)
		w.gateway[g].up = true;
	request_and_confirm(0);
	give_up(0, false);
	engine_confirm(&w.engine, 0, &slot, w.gateway[0].queue[0].number,
		       true);
	w.gateway[0].queued = 0;
	w.gateway[1].queued = 0;
	assert_int_equal(lease_by_slot(&w.engine.leases, &slot)->waiting, 2);
	pool_free(policy->supplies[0].pool);
	policy->supplies[0].pool = pool_new(0, 0);
	assert_int_equal(pool_prefix(policy->supplies[0].pool, NET + 256, 29),
			 0);
	assert_int_equal(pool_ready(policy->supplies[0].pool), 0);
	policy->supplies[0].gateways = 1;
	policy->supplies[1].gateways = 1;
	assert_int_equal(engine_configure(&w.engine, policy), 0);
	engine_run(&w.engine);
	engine_commit(&w.engine);
	pass(1000);
	assert_null(lease_by_slot(&w.engine.leases, &slot));
	engine_destroy(&w.engine);
	store_close(w.store);
}

static bool room_for_one_more(int client)
{
	static const uint8_t id[] = { 255, 0, 0, 0, 0, 'w', 1 };
	const struct dhcpv6_slice other = { id, sizeof(id) };
	struct in6_addr remote = address(client, 9);

	return quota_left(&w.engine.quota, w.engine.policy, 0, &other, &remote,
			  NULL);
}

static void put_resting(int client, int64_t end)
{
	const struct record record = {
		.slot = { .ipv4 = NET + (unsigned int)client },
		.remote = address(client, 0), .client = w.id[client],
		.client_len = sizeof(w.id[client]), .class = "whole",
		.state = LEASE_RESTING, .end = end,
	};

	assert_int_equal(store_begin(w.store), 0);
	assert_int_equal(store_put(w.store, &record), 0);
	assert_int_equal(store_commit(w.store), 0);
}

/* An address that rests counts as one of its prefix, also after a restart. */
static void rests_within_the_quota(void **state)
{
	int64_t end = w.engine.now + 20000;
	const struct lease *lease;
	struct slot want = { 0 };
	struct asker asker;

	(void)state;
	put_resting(0, end);
	put_resting(1, w.engine.now + REST * 2 * 1000);	/* declined */
	crash();
	assert_false(room_for_one_more(0));
	assert_true(room_for_one_more(1));
	assert_int_equal(engine_configure(&w.engine, rules()), 0);
	assert_false(room_for_one_more(0));
	/* Its client may have it, and if it does not take it, it rests on. */
	asker_of(0, &asker);
	assert_int_equal(engine_offer(&w.engine, &asker, 0, &want, &lease),
			 OUTCOME_GRANTED);
	assert_int_equal(lease->slot.ipv4, NET);
	pass(10001);
	assert_int_equal(lease_of(0)->state, LEASE_RESTING);
	assert_false(room_for_one_more(0));
	pass(end - w.engine.now);
	assert_true(room_for_one_more(0));
	engine_destroy(&w.engine);
	store_close(w.store);
}

/* A gateway that does not answer does not keep a client from another address. */
static void another_while_one_is_taken_back(void **state)
{
	uint8_t id[sizeof(w.id[0])];
	const struct dhcpv6_slice again = { id, sizeof(id) };
	struct in6_addr remote = address(3, 0);
	unsigned int g;

	(void)state;
	w.engine.policy->classes[0].quota_prefix = POLICY_UNLIMITED;
	memcpy(id, w.id[0], sizeof(id));
	id[1] = 1;
	for (g = 0; g < GATEWAYS; g++)
		w.gateway[g].up = true;
	request_and_confirm(0);
	assert_int_equal(w.granted, 1);
	give_up(0, false);
	discover_and_request(0, false);
	assert_int_equal(w.engine.leases.count[LEASE_OFFERED], 0);
	pass(5001);
	discover_and_request(0, false);
	assert_int_equal(w.engine.leases.count[LEASE_OFFERED], 1);
	/* The first is counted no more, and not less than that. */
	confirm_all();
	assert_int_equal(w.engine.leases.count[LEASE_RESTING], 1);
	assert_false(quota_left(&w.engine.quota, w.engine.policy, 0, &again,
				&remote, NULL));
	engine_destroy(&w.engine);
	store_close(w.store);
}

/* A client's request for the lease that it has, from an end of the tunnel. */
static enum outcome ask_from(int client, const struct in6_addr *tunnel)
{
	struct waiter *waiter = &w.waiter[w.asked++ % 4096];
	struct slot want = lease_of(client)->slot;
	struct asker asker;

	asker_of(client, &asker);
	asker.tunnel = *tunnel;
	*waiter = (struct waiter){ { answer }, true, client, *tunnel };
	return engine_request(&w.engine, &asker, (uint16_t)SHARING(client),
			      &want, &waiter->query);
}

/* Gateways may have the mapping of a move that failed, until they have the former one. */
static void back_after_a_failed_move(void **state)
{
	struct in6_addr here, there = address(0, 2);
	const struct lease *lease;
	unsigned int g;

	(void)state;
	for (g = 0; g < GATEWAYS; g++)
		w.gateway[g].up = true;
	request_and_confirm(0);
	lease = lease_of(0);
	here = lease->remote;
	assert_int_equal(ask_from(0, &there), OUTCOME_LATER);
	engine_confirm(&w.engine, 0, &lease->slot, lease->order, false);
	assert_int_equal(w.refused, 1);
	assert_int_equal(ask_from(0, &here), OUTCOME_LATER);
	confirm_all();
	assert_int_equal(w.granted, 2);
	engine_destroy(&w.engine);
	store_close(w.store);
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	set_full(false);
	snprintf(command, sizeof(command), "rm -rf %s", w.dir);
	return w.dir[0] ? system(command) : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_back_from_no_pool),
		cmocka_unit_test_setup_teardown(taken_back_from_no_gateway,
						in_a_folder, remove_dir),
		cmocka_unit_test_setup_teardown(lends_after_a_full_disk,
						in_a_folder, remove_dir),
		cmocka_unit_test_setup_teardown(rests_within_the_quota,
						in_a_folder, remove_dir),
		cmocka_unit_test_setup_teardown(another_while_one_is_taken_back,
						in_a_folder, remove_dir),
		cmocka_unit_test_setup_teardown(back_after_a_failed_move,
						in_a_folder, remove_dir),
		cmocka_unit_test_setup_teardown(against_the_model, in_a_folder,
						remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
