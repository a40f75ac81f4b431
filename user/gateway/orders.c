// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "proto/gateway.h"
#include "proto/rpc.h"

#include "orders.h"

/* Beyond it, a sync is no wanted state of IPv4 addresses that anybody has. */
#define SYNC_MAX	(32 * 1024 * 1024)

__attribute__((format(printf, 4, 5)))
static int refuse(struct order *order, int code, int index, const char *format,
		  ...)
{
	va_list ap;

	order->code = code;
	order->index = index;
	va_start(ap, format);
	vsnprintf(order->error, sizeof(order->error), format, ap);
	va_end(ap);
	return -1;
}

static int refuse_kernel(struct order *order, int index)
{
	return refuse(order, DSTM_RPC_REFUSED, index, "%s",
		      dstm_nl_error(order->gw->table.nl));
}

/* The device that all of the mappings are for, if the server may map them. */
static int device_of(struct order *order, const struct dstm_mapping *m,
		     size_t n, uint32_t *ifindex)
{
	const struct gateway *gw = order->gw;
	char text[INET_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < n; i++) {
		const struct config_pool *pool;

		inet_ntop(AF_INET, &m[i].ipv4, text, sizeof(text));
		pool = config_pool_of(&gw->config, m[i].ipv4);
		if (!pool || pool->server != order->server)
			return refuse(order, DSTM_RPC_FORBIDDEN, (int)i,
				      "%s is in no pool of this server", text);
		if (i && gw->host.ifindex[pool->device] != *ifindex)
			return refuse(order, DSTM_RPC_INVALID_PARAMS, (int)i,
				      "%s is of another device than the one before it",
				      text);
		*ifindex = gw->host.ifindex[pool->device];
	}
	return 0;
}

/* The key of a mapping in 64 bits. */
static uint64_t key_of(const struct dstm_mapping *m)
{
	uint64_t offset = m->psid_len ? m->psid_offset : 0;

	return (uint64_t)ntohl(m->ipv4.s_addr) << 32 | offset << 24 |
	       (uint64_t)m->psid_len << 16 | m->psid;
}

/* A mapping that waits for the end of its sync, and how many did before it. */
struct waiting {
	struct dstm_mapping m;
	uint64_t number;
};

/**
 * struct sync - the wanted state of a server's pools
 * @key: of each mapping that is wanted, some of them more than once
 * @count: how many
 * @room: for how many there is room
 * @waiting: mappings that wait; where there are some of one key, the latest counts
 * @waiting_count: how many
 * @waiting_room: for how many there is room
 * @number: how many ever waited
 */
struct sync {
	uint64_t *key;
	size_t count;
	size_t room;
	struct waiting *waiting;
	size_t waiting_count;
	size_t waiting_room;
	uint64_t number;
};

struct sync *sync_new(void)
{
	return calloc(1, sizeof(struct sync));
}

void sync_free(struct sync *sync)
{
	if (!sync)
		return;
	free(sync->key);
	free(sync->waiting);
	free(sync);
}

static int key_compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Sort the keys, and leave one of each. */
static void keys_settle(struct sync *sync)
{
	size_t i, kept = 0;

	if (!sync->count)
		return;
	qsort(sync->key, sync->count, sizeof(*sync->key), key_compare);
	for (i = 0; i < sync->count; i++)
		if (!kept || sync->key[i] != sync->key[kept - 1])
			sync->key[kept++] = sync->key[i];
	sync->count = kept;
}

static int waiting_compare(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;
	uint64_t k = key_of(&x->m), l = key_of(&y->m);

	if (k != l)
		return k < l ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Sort what waits, and leave the latest of each key. */
static void waiting_settle(struct sync *sync)
{
	struct waiting *w = sync->waiting;
	size_t i, kept = 0;

	if (!sync->waiting_count)
		return;
	qsort(w, sync->waiting_count, sizeof(*w), waiting_compare);
	for (i = 0; i < sync->waiting_count; i++) {
		if (kept && key_of(&w[kept - 1].m) == key_of(&w[i].m))
			kept--;
		w[kept++] = w[i];
	}
	sync->waiting_count = kept;
}

/* Room for the keys of @n more mappings. */
static int sync_reserve(struct order *order, size_t n)
{
	struct sync *sync = order->sync;
	uint64_t *more = NULL;
	size_t room;

	if (sync->count + n <= sync->room)
		return 0;
	keys_settle(sync);
	room = 2 * (sync->count + n);
	if (room <= SYNC_MAX)
		more = realloc(sync->key, room * sizeof(*more));
	if (!more)
		return refuse(order, DSTM_RPC_REFUSED, -1,
			      "no memory for so many mappings");
	sync->key = more;
	sync->room = room;
	return 0;
}

/* There is room. */
static void sync_note(struct sync *sync, const struct dstm_mapping *m, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		sync->key[sync->count++] = key_of(&m[i]);
}

/* The keys of these are noted too, so they are no more than SYNC_MAX either. */
static int waiting_reserve(struct order *order, size_t n)
{
	struct sync *sync = order->sync;
	struct waiting *more;
	size_t room;

	if (sync->waiting_count + n <= sync->waiting_room)
		return 0;
	waiting_settle(sync);
	room = 2 * (sync->waiting_count + n);
	more = realloc(sync->waiting, room * sizeof(*more));
	if (!more)
		return refuse(order, DSTM_RPC_REFUSED, -1, "no memory");
	sync->waiting = more;
	sync->waiting_room = room;
	return 0;
}

static int sync_defer(struct order *order, const struct dstm_mapping *m,
		      size_t n)
{
	struct sync *sync = order->sync;
	size_t i;

	if (waiting_reserve(order, n))
		return -1;
	for (i = 0; i < n; i++)
		sync->waiting[sync->waiting_count++] = (struct waiting){
			.m = m[i], .number = sync->number++,
		};
	return 0;
}

/* What was ordered since does not become again what it was in the sync. */
static void sync_forget(struct sync *sync, const struct dstm_mapping *m,
			size_t n)
{
	size_t i, k, kept = 0;

	for (i = 0; i < sync->waiting_count; i++) {
		uint64_t key = key_of(&sync->waiting[i].m);

		for (k = 0; k < n && key_of(&m[k]) != key; )
			k++;
		if (k == n)
			sync->waiting[kept++] = sync->waiting[i];
	}
	sync->waiting_count = kept;
}

/* 0, -1 with the reason, or -EEXIST if mappings that are there exclude these. */
static int kernel_set(struct order *order, const struct dstm_mapping *m,
		      size_t n)
{
	uint32_t ifindex = 0;
	size_t bad = n;
	int ret;

	if (device_of(order, m, n, &ifindex))
		return -1;
	if (!n)
		return 0;
	ret = dstm_table_set(&order->gw->table, ifindex,
			     NLM_F_CREATE | NLM_F_REPLACE, NULL, m, n, &bad);
	if (ret)
		refuse_kernel(order, bad < n ? (int)bad : -1);
	else
		order->gw->figures.mappings_set += n;
	return ret && ret != -EEXIST ? -1 : ret;
}

int order_set(struct order *order, const struct dstm_mapping *m, size_t n)
{
	if (order->sync && sync_reserve(order, n))
		return -1;
	if (kernel_set(order, m, n))
		return -1;
	if (!order->sync)
		return 0;
	sync_note(order->sync, m, n);
	sync_forget(order->sync, m, n);
	return 0;
}

int sync_chunk(struct order *order, const struct dstm_mapping *m, size_t n)
{
	int ret;

	if (sync_reserve(order, n))
		return -1;
	ret = kernel_set(order, m, n);
	if (ret == -EEXIST)
		ret = sync_defer(order, m, n);
	if (!ret)
		sync_note(order->sync, m, n);
	return ret;
}

int order_del(struct order *order, const struct dstm_mapping *m, size_t n,
	      size_t *count)
{
	uint32_t ifindex = 0;
	size_t i;

	*count = 0;
	if (device_of(order, m, n, &ifindex))
		return -1;
	if (order->sync)
		sync_forget(order->sync, m, n);
	for (i = 0; i < n; i++) {
		int ret = dstm_table_del(&order->gw->table, ifindex, &m[i]);

		if (!ret) {
			++*count;
			order->gw->figures.mappings_deleted++;
		} else if (ret != -ENOENT && ret != -EADDRNOTAVAIL) {
			return refuse_kernel(order, (int)i);
		}
	}
	return 0;
}

/* Part of a pool. */
struct range {
	struct in_addr prefix;
	uint8_t len;
	uint32_t ifindex;
};

static int dump(struct order *order, const struct range *range,
		dstm_mapping_fn *fn, void *data)
{
	struct dstm_filter filter = {
		.ipv4 = range->prefix,
		.ipv4_len = range->len,
		.have = 1U << DSTM_A_FILTER_IPV4,
	};

	return dstm_table_dump(&order->gw->table, range->ifindex, &filter, fn,
			       data);
}

static int list_add(uint32_t ifindex, const struct dstm_mapping *m,
		    const struct dstm_usage *usage, void *data)
{
	json_t *list = data;

	(void)ifindex;
	if (json_array_size(list) == DSTM_GATEWAY_BATCH)
		return -E2BIG;
	return json_array_append_new(list, dstm_mapping_json(m, usage)) ?
	       -ENOMEM : 0;
}

int order_list(struct order *order, const char *prefix, json_t **result)
{
	const struct gateway *gw = order->gw;
	const struct config_pool *pool;
	struct range range;
	int ret;

	if (dstm_ipv4_prefix_parse(prefix, &range.prefix, &range.len))
		return refuse(order, DSTM_RPC_INVALID_PARAMS, -1,
			      "prefix: expected an IPv4 prefix");
	pool = config_pool_of(&gw->config, range.prefix);
	if (!pool || pool->server != order->server || range.len < pool->len)
		return refuse(order, DSTM_RPC_FORBIDDEN, -1,
			      "prefix: it is in no pool of this server");
	range.ifindex = gw->host.ifindex[pool->device];

	*result = json_array();
	ret = dump(order, &range, list_add, *result);
	if (!ret)
		return 0;
	json_decref(*result);
	if (ret == -E2BIG)
		return refuse(order, DSTM_RPC_REFUSED, -1,
			      "there are more than %d mappings: ask for a longer prefix",
			      DSTM_GATEWAY_BATCH);
	return refuse_kernel(order, -1);
}

/* Mappings that are there and not wanted. */
struct surplus {
	const struct sync *sync;
	struct dstm_mapping *m;
	size_t count;
};

static int surplus_add(uint32_t ifindex, const struct dstm_mapping *m,
		       const struct dstm_usage *usage, void *data)
{
	struct surplus *surplus = data;
	const struct sync *sync = surplus->sync;
	uint64_t key = key_of(m);
	struct dstm_mapping *more;

	(void)ifindex;
	(void)usage;
	if (sync->count && bsearch(&key, sync->key, sync->count, sizeof(key),
				   key_compare))
		return 0;
	/* As long as it is a power of two, there is no more room. */
	if (!(surplus->count & (surplus->count - 1))) {
		size_t room = surplus->count ? 2 * surplus->count : 1;

		more = realloc(surplus->m, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		surplus->m = more;
	}
	surplus->m[surplus->count++] = *m;
	return 0;
}

static int sweep(struct order *order, const struct range *range,
		 size_t *deleted)
{
	struct surplus surplus = { .sync = order->sync };
	int ret;
	size_t i;

	ret = dump(order, range, surplus_add, &surplus);
	for (i = 0; i < surplus.count && !ret; i++) {
		ret = dstm_table_del(&order->gw->table, range->ifindex,
				     &surplus.m[i]);
		if (!ret) {
			++*deleted;
			order->gw->figures.mappings_deleted++;
		}
		/* It may have expired meanwhile. */
		if (ret == -ENOENT)
			ret = 0;
	}
	free(surplus.m);
	return ret ? refuse_kernel(order, -1) : 0;
}

/*
 * A mapping that waited, and is refused, does not keep all others from their end. What
 * was under its key is not wanted any more.
 */
static void late_refused(struct order *order, const struct dstm_mapping *m,
			 json_t *refused)
{
	struct order look = { .gw = order->gw, .server = order->server };
	struct dstm_mapping key = *m;
	uint32_t ifindex = 0;

	json_array_append_new(refused, json_pack("{s:o, s:s}", "mapping",
						 dstm_mapping_json(m, NULL),
						 "reason", order->error));
	/* Whose it was does not matter. */
	key.have &= 1U << DSTM_A_MAPPING_IPV4 | 1U << DSTM_A_MAPPING_PSID |
		    1U << DSTM_A_MAPPING_PSID_LEN |
		    1U << DSTM_A_MAPPING_PSID_OFFSET;
	if (!device_of(&look, m, 1, &ifindex) &&
	    !dstm_table_del(&order->gw->table, ifindex, &key))
		order->gw->figures.mappings_deleted++;
}

int sync_end(struct order *order, size_t *wanted, size_t *deleted,
	     json_t *refused)
{
	const struct gateway *gw = order->gw;
	struct sync *sync = order->sync;
	size_t i;

	keys_settle(sync);
	waiting_settle(sync);
	*wanted = sync->count;
	*deleted = 0;
	for (i = 0; i < gw->config.pool_count; i++) {
		const struct config_pool *pool = &gw->config.pools[i];
		struct range range = {
			.prefix = pool->prefix,
			.len = pool->len,
			.ifindex = gw->host.ifindex[pool->device],
		};

		if (pool->server == order->server &&
		    sweep(order, &range, deleted))
			return -1;
	}
	for (i = 0; i < sync->waiting_count; i++) {
		const struct dstm_mapping *m = &sync->waiting[i].m;

		if (!kernel_set(order, m, 1))
			continue;
		/* Not for the mapping's sake. */
		if (order->index < 0)
			return -1;
		late_refused(order, m, refused);
	}
	return 0;
}
