// SPDX-License-Identifier: GPL-2.0
/*
 * A gateway is told of all mappings that it is to have, in chunks; what it will not
 * take it has to do without.
 */
#include <stdlib.h>

#include "lib/log.h"
#include "link.h"
#include "proto/gateway.h"

static int sync_slot(const struct order *order, void *data)
{
	struct link *link = data;

	if (link->sync_count == link->sync_room) {
		size_t room = link->sync_room ? link->sync_room * 2 : 1024;
		struct slot *sync = realloc(link->sync, room * sizeof(*sync));

		if (!sync)
			return -ENOMEM;
		link->sync = sync;
		link->sync_room = room;
	}
	link->sync[link->sync_count++] = order->slot;
	return 0;
}

/* It has to do without this mapping, and the lease without this gateway. */
static void sync_without(struct link *link, const struct slot *slot,
			 uint64_t number, const char *reason)
{
	static struct dstm_log_limit limit;
	struct order order = { .slot = *slot, .del = true };
	char text[DSTM_MAPPING_TEXT];
	struct dstm_mapping m;

	link_mapping(link->gateways->engine, &order, &m);
	m.have &= ~(1U << DSTM_A_MAPPING_REMOTE);
	dstm_mapping_text(&m, text);
	dstm_log_limited(&limit, DSTM_LOG_WARNING,
			 "gateway %s: does not take %s: %s", link->config->name,
			 text, reason);
	link->sync_refused++;
	turn_begin(link->gateways->turn);
	engine_confirm(link->gateways->engine, link->index, slot, number,
		       false);
	turn_end(link->gateways->turn);
}

/* One that had to wait for the end of the sync, where it was refused. */
static void refused_late(struct link *link, json_t *refusal)
{
	json_t *mapping = json_object_get(refusal, "mapping");
	const char *key, *reason = json_string_value(
		json_object_get(refusal, "reason"));
	char error[DSTM_MAPPING_ERROR];
	struct dstm_mapping m;
	struct order order;
	struct slot slot;

	if (dstm_mapping_from_json(mapping, NULL, &m, &key, error))
		return;
	link_slot(&m, &slot);
	/* What was ordered since is answered for itself. */
	if (engine_mapping(link->gateways->engine, link->index, &slot,
			   &order) && order.number <= link->sync_number)
		sync_without(link, &slot, order.number,
			     reason ? reason : "refused");
}

static void sync_end(json_t *result, const struct dstm_rpc_error *error,
		     void *data)
{
	struct link *link = data;
	json_t *refusal;
	size_t i;

	if (link_refused(link, error))
		return;
	link->state = UP;
	link->backoff = BACKOFF_MIN;
	free(link->sync);
	link->sync = NULL;
	link->sync_room = 0;
	json_array_foreach(json_object_get(result, "refused"), i, refusal)
		refused_late(link, refusal);
	if (link->sync_refused)
		dstm_log(DSTM_LOG_WARNING, "gateway %s: refused %zu of %zu mappings",
			 link->config->name, link->sync_refused,
			 link->sync_count);
	else
		dstm_log(DSTM_LOG_NOTICE, "gateway %s: has all mappings (%zu)",
			 link->config->name, link->sync_count);
	turn_begin(link->gateways->turn);
	engine_synced(link->gateways->engine, link->index, link->sync_number);
	turn_end(link->gateways->turn);
	if (link->again)
		sync_begin(link);
}

static void sync_request(struct link *link, const char *step,
			 const struct dstm_mapping *m, size_t n,
			 dstm_rpc_answer_fn *fn)
{
	json_t *params = dstm_gateway_sync(step, m, n);

	if (!params || dstm_rpc_request(link->rpc, DSTM_GATEWAY_MAP_SYNC,
					params, fn, link))
		link_lost(link, "no memory");
}

/*
 * As many mappings as go into one chunk. Each is told as it is now, for orders have
 * gone out since the sync began.
 */
static void chunk_fill(struct link *link, struct dstm_mapping *m)
{
	struct engine *engine = link->gateways->engine;
	struct chunk *chunk = &link->chunk;
	uint32_t device = NO_DEVICE;
	struct order order;

	chunk->from = link->sync_next;
	chunk->count = 0;
	for (; link->sync_next < link->sync_count && chunk->count < chunk->most;
	     link->sync_next++) {
		const struct slot *slot = &link->sync[link->sync_next];

		if (!engine_mapping(engine, link->index, slot, &order))
			continue;
		if (chunk->count && link_device(link, slot->ipv4) != device)
			break;
		device = link_device(link, slot->ipv4);
		/* A whole pool of them is not asked for one by one. */
		if (device == NO_DEVICE) {
			sync_without(link, slot, order.number,
				     "the address is in none of its pools for this server");
			chunk->from = link->sync_next + 1;
			continue;
		}
		chunk->at[chunk->count] = link->sync_next;
		chunk->number[chunk->count] = order.number;
		link_mapping(engine, &order, &m[chunk->count++]);
	}
}

static void chunk_done(json_t *result, const struct dstm_rpc_error *error,
		       void *data);

static void chunk_next(struct link *link)
{
	struct dstm_mapping m[DSTM_GATEWAY_BATCH];

	link_flush(link);
	chunk_fill(link, m);
	if (link->chunk.count)
		sync_request(link, DSTM_GATEWAY_SYNC_CHUNK, m,
			     link->chunk.count, chunk_done);
	else
		sync_request(link, DSTM_GATEWAY_SYNC_END, NULL, 0, sync_end);
}

/* Go on with the same chunk but for one of it; the first moves into its place. */
static void chunk_without(struct link *link, size_t i, const char *reason)
{
	struct chunk *chunk = &link->chunk;
	struct slot slot = link->sync[chunk->at[i]];

	link->sync[chunk->at[i]] = link->sync[chunk->from];
	link->sync_next = chunk->from + 1;
	sync_without(link, &slot, chunk->number[i], reason);
}

/*
 * A chunk was refused as a whole: for one mapping, or it has to be found by fewer at
 * once. Return whether that is of use: what is refused for no mapping's sake would be
 * refused for each.
 */
static bool chunk_refused(struct link *link, const struct dstm_rpc_error *error)
{
	json_t *index = json_object_get(error->data, "index");
	struct chunk *chunk = &link->chunk;
	json_int_t i = json_integer_value(index);

	if (json_is_integer(index) && i >= 0 && (size_t)i < chunk->count) {
		chunk_without(link, (size_t)i, error->message);
	} else if (chunk->count > 1) {
		chunk->most = chunk->count / 2;
		link->sync_next = chunk->from;
	} else if (error->code == DSTM_RPC_INVALID_PARAMS) {
		chunk_without(link, 0, error->message);
	} else {
		return false;
	}
	return true;
}

static void chunk_done(json_t *result, const struct dstm_rpc_error *error,
		       void *data)
{
	struct link *link = data;

	(void)result;
	if (link_unusable(link, error))
		return;
	if (error && !chunk_refused(link, error)) {
		link_lost(link, error->message);
		return;
	}
	if (!error)
		link->chunk.most = DSTM_GATEWAY_BATCH;
	chunk_next(link);
}

static void sync_begun(json_t *result, const struct dstm_rpc_error *error,
		       void *data)
{
	struct link *link = data;

	(void)result;
	if (link_refused(link, error))
		return;
	link->begun = true;
	link->chunk.most = DSTM_GATEWAY_BATCH;
	chunk_next(link);
}

void sync_begin(struct link *link)
{
	/* What was ordered before goes before. */
	link_flush(link);
	link->state = SYNCING;
	link->sync_count = 0;
	link->sync_next = 0;
	link->sync_refused = 0;
	link->begun = false;
	link->again = false;
	if (engine_sync(link->gateways->engine, link->index, sync_slot, link,
			&link->sync_number)) {
		link_lost(link, "no memory to synchronise it");
		return;
	}
	sync_request(link, DSTM_GATEWAY_SYNC_BEGIN, NULL, 0, sync_begun);
}
