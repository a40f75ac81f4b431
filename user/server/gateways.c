// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/log.h"
#include "link.h"
#include "proto/gateway.h"
#include "proto/tls.h"

/* The longest wait before connecting again, milliseconds. */
#define BACKOFF_MAX	4000

/* A gateway that does not answer for so long is taken for lost, seconds. */
#define ANSWER_TIME	10

/* What may wait to be sent to one gateway, in bytes. */
#define QUEUE_MAX	(256U << 20)

/* Orders of one kind for one device, sent as one request. */
struct batch {
	struct link *link;
	uint32_t device;
	bool del;
	size_t count;
	struct order orders[];
};

static void link_connect(struct link *link);

void link_mapping(const struct engine *engine, const struct order *order,
		  struct dstm_mapping *m)
{
	memset(m, 0, sizeof(*m));
	m->ipv4.s_addr = htonl(order->slot.ipv4);
	m->remote = order->remote;
	m->have = 1U << DSTM_A_MAPPING_IPV4 | 1U << DSTM_A_MAPPING_REMOTE;
	if (order->slot.set.len) {
		m->psid = order->slot.set.psid;
		m->psid_len = order->slot.set.len;
		m->psid_offset = order->slot.set.offset;
		m->have |= 1U << DSTM_A_MAPPING_PSID |
			   1U << DSTM_A_MAPPING_PSID_LEN |
			   1U << DSTM_A_MAPPING_PSID_OFFSET;
	}
	if (order->del)
		return;
	m->local = order->local;
	m->have |= 1U << DSTM_A_MAPPING_LOCAL;
	if (order->end != LEASE_NEVER) {
		int64_t left = (order->end - engine->now + 999) / 1000;

		m->lifetime = (uint32_t)(left > 0 ? left : 1);
		m->have |= 1U << DSTM_A_MAPPING_LIFETIME;
	}
}

void link_slot(const struct dstm_mapping *m, struct slot *slot)
{
	slot->ipv4 = ntohl(m->ipv4.s_addr);
	slot->set = (struct dstm_portset){ m->psid, m->psid_len,
					   m->psid_offset };
}

uint32_t link_device(const struct link *link, uint32_t ipv4)
{
	size_t i;

	for (i = 0; i < link->prefixes_count; i++) {
		const struct prefix *prefix = &link->prefixes[i];

		if (!prefix->len || !((ipv4 ^ prefix->ipv4) >> (32 - prefix->len)))
			return prefix->device;
	}
	return NO_DEVICE;
}

/* Nothing that was under way counts any more; the next sync settles it. */
static void link_down(struct link *link)
{
	struct dstm_rpc *rpc = link->rpc;

	link->state = DOWN;
	link->rpc = NULL;
	free(link->batch);
	link->batch = NULL;
	dstm_rpc_free(rpc);
}

static void link_retry(struct link *link)
{
	struct timeval delay;
	unsigned int ms = link->backoff;

	/* Not all servers at once, after a gateway comes back. */
	ms += (unsigned int)random() % (ms / 2 + 1);
	link->backoff = link->backoff * 2 < BACKOFF_MAX ? link->backoff * 2 :
							  BACKOFF_MAX;
	delay = (struct timeval){ ms / 1000, ms % 1000 * 1000 };
	evtimer_add(link->retry, &delay);
}

void link_lost(struct link *link, const char *reason)
{
	dstm_log(link->state == UP ? DSTM_LOG_WARNING : DSTM_LOG_INFO,
		 "gateway %s: %s; connecting again", link->config->name,
		 reason);
	link_down(link);
	link_retry(link);
}

static void on_closed(struct dstm_rpc *rpc, const char *reason, void *data)
{
	struct link *link = data;
	char why[DSTM_TLS_ERROR] = "";

	if (!link->config->socket)
		dstm_tls_why(dstm_rpc_bufferevent(rpc), why);
	link_lost(link, why[0] ? why : reason);
}

bool link_unusable(struct link *link, const struct dstm_rpc_error *error)
{
	if (!error || (error->code != DSTM_RPC_TIMEOUT &&
		       error->code != DSTM_RPC_CLOSED))
		return false;
	if (error->code == DSTM_RPC_TIMEOUT && link->state != DOWN)
		link_lost(link, "no answer in time");
	return true;
}

bool link_refused(struct link *link, const struct dstm_rpc_error *error)
{
	if (error && !link_unusable(link, error))
		link_lost(link, error->message);
	return error;
}

static void batch_send(struct batch *batch);

static struct batch *batch_new(struct link *link, uint32_t device, bool del,
			       size_t room)
{
	struct batch *batch = malloc(sizeof(*batch) +
				     room * sizeof(struct order));

	if (batch)
		*batch = (struct batch){ link, device, del, 0 };
	return batch;
}

/* Part of a batch that was refused as a whole, to find the one at fault. */
static void batch_part(const struct batch *batch, size_t from, size_t to)
{
	struct batch *part = batch_new(batch->link, batch->device, batch->del,
				       to - from);

	if (!part)
		return;
	for (; from < to; from++)
		if (engine_current(batch->link->gateways->engine,
				   &batch->orders[from].slot,
				   batch->orders[from].number))
			part->orders[part->count++] = batch->orders[from];
	batch_send(part);
}

static void batch_done(json_t *result, const struct dstm_rpc_error *error,
		       void *data)
{
	static struct dstm_log_limit limit;
	struct batch *batch = data;
	struct link *link = batch->link;
	bool sync = false;
	size_t i;

	(void)result;
	if (link_unusable(link, error))
		goto out;
	if (error && batch->count > 1) {
		batch_part(batch, 0, batch->count / 2);
		batch_part(batch, batch->count / 2, batch->count);
		goto out;
	}
	if (error)
		dstm_log_limited(&limit, DSTM_LOG_WARNING,
				 "gateway %s: refused: %s", link->config->name,
				 error->message);
	turn_begin(link->gateways->turn);
	for (i = 0; i < batch->count; i++)
		sync |= engine_confirm(link->gateways->engine, link->index,
				       &batch->orders[i].slot,
				       batch->orders[i].number, !error);
	turn_end(link->gateways->turn);
	/* What it will not take it would not take in a sync either. */
	sync &= batch->del;
	/* Not at once: what it can not do now it can not in a moment. */
	if (sync && link->state == UP)
		link_lost(link, "would not take a mapping away");
	else if (sync)
		link->again = true;
out:
	free(batch);
}

static void batch_send(struct batch *batch)
{
	struct dstm_mapping m[DSTM_GATEWAY_BATCH];
	struct link *link = batch->link;
	json_t *params;
	size_t i;

	for (i = 0; i < batch->count; i++)
		link_mapping(link->gateways->engine, &batch->orders[i], &m[i]);
	params = dstm_gateway_mappings(m, batch->count);
	if (!batch->count || !params || !link->rpc ||
	    dstm_rpc_request(link->rpc, batch->del ? DSTM_GATEWAY_MAP_DEL :
						     DSTM_GATEWAY_MAP_ADD,
			     params, batch_done, batch)) {
		if (!link->rpc || !batch->count)
			json_decref(params);
		free(batch);
	}
}

/* Send a copy, no longer than needed, of what was collected. */
void link_flush(struct link *link)
{
	struct batch *all = link->batch, *batch;

	if (!all || !all->count)
		return;
	batch = batch_new(link, all->device, all->del, all->count);
	if (!batch) {
		link_lost(link, "no memory");
		return;
	}
	batch->count = all->count;
	memcpy(batch->orders, all->orders, all->count * sizeof(*all->orders));
	all->count = 0;
	batch_send(batch);
}

static void on_flush(evutil_socket_t fd, short what, void *data)
{
	struct gateways *gateways = data;
	unsigned int i;

	(void)fd;
	(void)what;
	for (i = 0; i < ENGINE_GATEWAYS; i++)
		link_flush(&gateways->links[i]);
}

bool gateways_order(struct gateways *gateways, unsigned int gateway,
		    const struct order *order)
{
	static const struct timeval at_once;
	struct link *link = &gateways->links[gateway];
	uint32_t device = link_device(link, order->slot.ipv4);
	struct batch *batch = link->batch;

	if (link->state != UP && link->state != SYNCING)
		return false;
	if (!batch)
		batch = link->batch = batch_new(link, device, order->del,
						DSTM_GATEWAY_BATCH);
	if (!batch)
		return false;
	if (batch->count == DSTM_GATEWAY_BATCH || batch->del != order->del ||
	    batch->device != device)
		link_flush(link);
	if (!link->batch)
		return false;
	batch->del = order->del;
	batch->device = device;
	if (!batch->count)
		evtimer_add(gateways->flush, &at_once);
	batch->orders[batch->count++] = *order;
	return true;
}

/* Pools of one device get one number. */
static uint32_t device_number(json_t *pools, size_t i)
{
	const char *dev = json_string_value(
		json_object_get(json_array_get(pools, i), "dev"));
	size_t k;

	for (k = 0; k < i; k++) {
		const char *other = json_string_value(
			json_object_get(json_array_get(pools, k), "dev"));

		if (dev && other && !strcmp(dev, other))
			break;
	}
	return (uint32_t)k;
}

static void read_pools(struct link *link, json_t *pools)
{
	size_t count = json_array_size(pools), i;

	free(link->prefixes);
	link->prefixes_count = 0;
	link->prefixes = calloc(count + 1, sizeof(*link->prefixes));
	for (i = 0; link->prefixes && i < count; i++) {
		const char *text = json_string_value(
			json_object_get(json_array_get(pools, i), "prefix"));
		struct in_addr addr;
		uint8_t len;

		if (!text || dstm_ipv4_prefix_parse(text, &addr, &len))
			continue;
		link->prefixes[link->prefixes_count++] = (struct prefix){
			ntohl(addr.s_addr), len, device_number(pools, i) };
	}
}

static void hello_done(json_t *result, const struct dstm_rpc_error *error,
		       void *data)
{
	struct link *link = data;

	if (link_refused(link, error))
		return;
	read_pools(link, json_object_get(result, "pools"));
	if (link->prefixes)
		sync_begin(link);
	else
		link_lost(link, "no memory");
}

static void on_restarted(struct dstm_rpc_call *call, json_t *params,
			 void *data)
{
	struct link *link = data;

	(void)params;
	if (call)
		dstm_rpc_reply(call, json_null());
	if (link->state == UP)
		sync_begin(link);
	else
		link->again |= link->begun;
}

static void each_mapping(struct link *link, json_t *params,
			 void (*fn)(struct link *link, const struct slot *slot,
				    json_t *mapping))
{
	struct dstm_mapping m[DSTM_GATEWAY_BATCH];
	char error[DSTM_MAPPING_ERROR];
	struct slot slot;
	size_t n, i;

	if (dstm_gateway_mappings_read(params, m, &n, error)) {
		dstm_log(DSTM_LOG_WARNING, "gateway %s: %s",
			 link->config->name, error);
		return;
	}
	turn_begin(link->gateways->turn);
	for (i = 0; i < n; i++) {
		link_slot(&m[i], &slot);
		fn(link, &slot, json_array_get(
			json_object_get(params, "mappings"), i));
	}
	turn_end(link->gateways->turn);
}

static void expired(struct link *link, const struct slot *slot,
		    json_t *mapping)
{
	(void)mapping;
	engine_expired(link->gateways->engine, link->index, slot);
}

static void on_expired(struct dstm_rpc_call *call, json_t *params, void *data)
{
	if (call)
		dstm_rpc_reply(call, json_null());
	each_mapping(data, params, expired);
}

static void idle(struct link *link, const struct slot *slot, json_t *mapping)
{
	json_int_t seconds =
		json_integer_value(json_object_get(mapping, "idle"));

	engine_idle(link->gateways->engine, slot,
		    seconds > 0 && seconds < UINT32_MAX ? (uint32_t)seconds : 0);
}

static void on_idle(struct dstm_rpc_call *call, json_t *params, void *data)
{
	if (call)
		dstm_rpc_reply(call, json_null());
	each_mapping(data, params, idle);
}

static const struct dstm_rpc_method methods[] = {
	{ DSTM_GATEWAY_MAP_EXPIRED, on_expired },
	{ DSTM_GATEWAY_MAP_IDLE, on_idle },
	{ DSTM_GATEWAY_RESTARTED, on_restarted },
	{ NULL, NULL }
};

static const struct dstm_rpc_ops rpc_ops = {
	.methods = methods,
	.closed = on_closed,
	.timeout = ANSWER_TIME,
	.queue = QUEUE_MAX,
};

static struct bufferevent *connect_unix(struct link *link)
{
	return dstm_rpc_stream(link->gateways->turn->base,
			       link->config->socket);
}

/* Read certificate and key; what was read before stays if that fails. */
static bool read_keys(struct link *link)
{
	const struct gateway_config *config = link->config;
	struct dstm_tls_files files = { config->certificate, config->key,
					config->authorities };
	static struct dstm_log_limit limit;
	char error[DSTM_TLS_ERROR];
	SSL_CTX *ctx;

	if (dstm_tls_context(&ctx, &files, false, error)) {
		dstm_log_limited(&limit, DSTM_LOG_ERR, "gateway %s: %s",
				 config->name, error);
		return false;
	}
	/* Connections that are there hold the former one. */
	SSL_CTX_free(link->ctx);
	link->ctx = ctx;
	return true;
}

static struct bufferevent *connect_tls(struct link *link)
{
	const struct gateway_config *config = link->config;
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)config->port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)config->port) };
	bool is_v6 = inet_pton(AF_INET6, config->address, &v6.sin6_addr) == 1;
	struct bufferevent *bev;
	int ret;

	if (!link->ctx && !read_keys(link)) {
		errno = ENOKEY;		/* what is wrong with them is said already */
		return NULL;
	}
	inet_pton(AF_INET, config->address, &v4.sin_addr);
	bev = dstm_tls_connect(link->gateways->turn->base, link->ctx, config->peer ?
			       config->peer : config->address);
	if (!bev)
		return NULL;
	ret = is_v6 ? bufferevent_socket_connect(bev, (struct sockaddr *)&v6,
						 sizeof(v6)) :
		      bufferevent_socket_connect(bev, (struct sockaddr *)&v4,
						 sizeof(v4));
	if (!ret)
		return bev;
	ret = errno;
	bufferevent_free(bev);
	errno = ret;
	return NULL;
}

static void link_connect(struct link *link)
{
	struct bufferevent *bev = link->config->socket ? connect_unix(link) :
							 connect_tls(link);
	json_t *params;

	if (bev)
		link->rpc = dstm_rpc_new(bev, &rpc_ops, link);
	if (!link->rpc) {
		link_lost(link, strerror(errno));
		return;
	}
	link->state = HELLO;
	params = json_pack("{s:i, s:s}", "protocol", DSTM_GATEWAY_PROTOCOL,
			   "server", "dstm-server");
	if (dstm_rpc_request(link->rpc, DSTM_GATEWAY_HELLO, params, hello_done,
			     link))
		link_lost(link, "no memory");
}

static void on_retry(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	link_connect(data);
}

static void link_close(struct link *link)
{
	if (link->rpc)
		link_down(link);
	if (link->retry)
		event_free(link->retry);
	SSL_CTX_free(link->ctx);
	free(link->prefixes);
	free(link->sync);
	*link = (struct link){ .gateways = link->gateways,
			       .index = link->index };
}

static void link_open(struct link *link, const struct gateway_config *config)
{
	link->config = config;
	link->backoff = BACKOFF_MIN;
	link->retry = evtimer_new(link->gateways->turn->base, on_retry, link);
	if (link->retry)
		link_connect(link);
}

/* The place is the same; what is in its files need not be. */
static void link_keep(struct link *link, const struct gateway_config *config)
{
	link->config = config;
	if (!config->socket && read_keys(link) && link->state == DOWN &&
	    link->retry) {
		link->backoff = BACKOFF_MIN;
		link_retry(link);
	}
	if (link->state == UP)
		sync_begin(link);
	/* What is told is what was wanted when it began. */
	else if (link->state == SYNCING)
		link->again = true;
}

static bool equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_place(const struct gateway_config *a,
		       const struct gateway_config *b)
{
	return equal(a->socket, b->socket) && equal(a->address, b->address) &&
	       a->port == b->port && equal(a->peer, b->peer) &&
	       equal(a->certificate, b->certificate) &&
	       equal(a->key, b->key) && equal(a->authorities, b->authorities);
}

struct gateways *gateways_new(struct turn *turn)
{
	struct gateways *gateways = calloc(1, sizeof(*gateways));
	unsigned int i;

	if (!gateways)
		return NULL;
	gateways->turn = turn;
	gateways->engine = turn->engine;
	gateways->flush = evtimer_new(turn->base, on_flush, gateways);
	if (!gateways->flush) {
		free(gateways);
		return NULL;
	}
	for (i = 0; i < ENGINE_GATEWAYS; i++) {
		gateways->links[i].gateways = gateways;
		gateways->links[i].index = i;
	}
	return gateways;
}

void gateways_free(struct gateways *gateways)
{
	unsigned int i;

	if (!gateways)
		return;
	for (i = 0; i < ENGINE_GATEWAYS; i++)
		link_close(&gateways->links[i]);
	event_free(gateways->flush);
	free(gateways);
}

void gateways_configure(struct gateways *gateways, const struct config *config)
{
	const struct gateway_config *wanted[ENGINE_GATEWAYS] = { NULL };
	unsigned int i;

	for (i = 0; i < config->gateways_count; i++)
		wanted[config->gateways[i].index] = &config->gateways[i];
	for (i = 0; i < ENGINE_GATEWAYS; i++) {
		struct link *link = &gateways->links[i];

		if (link->config && wanted[i] &&
		    same_place(link->config, wanted[i])) {
			link_keep(link, wanted[i]);
			continue;
		}
		if (link->config)
			link_close(link);
		if (wanted[i])
			link_open(link, wanted[i]);
	}
}

void gateways_status(const struct gateways *gateways, gateways_status_fn *fn,
		     void *data)
{
	static const char * const names[] = { "down", "down", "syncing", "up" };
	unsigned int i;

	for (i = 0; i < ENGINE_GATEWAYS; i++)
		if (gateways->links[i].config)
			fn(gateways->links[i].config->name,
			   names[gateways->links[i].state], data);
}
