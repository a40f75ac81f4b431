// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "proto/gateway.h"
#include "proto/rpc.h"

#include "orders.h"
#include "peer.h"

/* So many connections may a server have that said no hello yet, and so long, in seconds. */
#define UNGREETED	4
#define HELLO_SECONDS	10

/**
 * struct peer - a connection of a server's
 * @gw: the gateway
 * @link: in the list of the gateway's
 * @rpc: the connection
 * @server: index of the server
 * @greeted: whether it said hello
 * @limit: the time until when it has to
 * @sync: what it has sent of a sync, or NULL
 * @looked: when it was last told of idle mappings, by CLOCK_BOOTTIME; 0 for never
 */
struct peer {
	struct gateway *gw;
	LIST_ENTRY(peer) link;
	struct dstm_rpc *rpc;
	int server;
	bool greeted;
	struct event *limit;
	struct sync *sync;
	int64_t looked;
};

static const char *name_of(const struct peer *peer)
{
	return peer->gw->config.servers[peer->server].name;
}

static void peer_free(struct peer *peer)
{
	LIST_REMOVE(peer, link);
	event_free(peer->limit);
	sync_free(peer->sync);
	dstm_rpc_free(peer->rpc);
	free(peer);
}

static void on_closed(struct dstm_rpc *rpc, const char *reason, void *data)
{
	struct peer *peer = data;

	(void)rpc;
	dstm_log(DSTM_LOG_NOTICE, "server %s is gone: %s", name_of(peer),
		 reason);
	peer_free(peer);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void refuse(struct dstm_rpc_call *call, const struct order *order)
{
	json_t *data = NULL;

	if (order->index >= 0)
		data = json_pack("{s:i}", "index", order->index);
	order->gw->figures.refused++;
	dstm_log(DSTM_LOG_DEBUG, "server %s is refused: %s",
		 order->gw->config.servers[order->server].name, order->error);
	dstm_rpc_refuse(call, order->code, data, "%s", order->error);
}

/* Whether the peer may ask; if not, that was the answer. */
static bool may_ask(struct peer *peer, struct dstm_rpc_call *call)
{
	if (!call)
		return false;
	if (!peer->greeted) {
		peer->gw->figures.refused++;
		dstm_rpc_refuse(call, DSTM_RPC_FORBIDDEN, NULL,
				"say hello first");
	}
	return peer->greeted;
}

static struct order order_of(struct peer *peer)
{
	return (struct order){
		.gw = peer->gw, .server = peer->server, .sync = peer->sync,
		.index = -1,
	};
}

/* Also the answer, when it returns -1. */
static int mappings_read(struct dstm_rpc_call *call, struct order *order,
			 json_t *params, struct dstm_mapping *m, size_t *n)
{
	char error[DSTM_MAPPING_ERROR];

	if (!dstm_gateway_mappings_read(params, m, n, error))
		return 0;
	order->code = DSTM_RPC_INVALID_PARAMS;
	snprintf(order->error, sizeof(order->error), "%s", error);
	refuse(call, order);
	return -1;
}

static void done(struct peer *peer, struct dstm_rpc_call *call, double begin,
		 json_t *result)
{
	peer->gw->figures.orders++;
	dstm_histogram_add(&peer->gw->figures.duration, now() - begin);
	dstm_rpc_reply(call, result);
}

static void pool_append(json_t *pools, const struct config *config,
			const struct config_pool *pool)
{
	const struct config_device *device = &config->devices[pool->device];
	char prefix[INET_ADDRSTRLEN + 4], local[INET6_ADDRSTRLEN];
	char ipv4[INET_ADDRSTRLEN];
	json_t *json;
	size_t n;

	inet_ntop(AF_INET, &pool->prefix, prefix, sizeof(prefix));
	n = strlen(prefix);
	snprintf(prefix + n, sizeof(prefix) - n, "/%u", pool->len);
	inet_ntop(AF_INET6, &device->link.local, local, sizeof(local));
	json = json_pack("{s:s, s:s, s:s}", "prefix", prefix, "dev",
			 device->link.name, "local", local);
	if (device->ipv4.s_addr) {
		inet_ntop(AF_INET, &device->ipv4, ipv4, sizeof(ipv4));
		json_object_set_new(json, "ipv4", json_string(ipv4));
	}
	json_array_append_new(pools, json);
}

static json_t *hello_result(const struct peer *peer)
{
	const struct config *config = &peer->gw->config;
	json_t *pools = json_array();
	size_t i;

	for (i = 0; i < config->pool_count; i++)
		if (config->pools[i].server == peer->server)
			pool_append(pools, config, &config->pools[i]);
	return json_pack("{s:i, s:s, s:s, s:I, s:o}",
			 "protocol", DSTM_GATEWAY_PROTOCOL,
			 "gateway", config->name,
			 "instance", peer->gw->instance,
			 "idle", (json_int_t)config->idle, "pools", pools);
}

static void tell_restarted(struct peer *peer, const char *reason)
{
	dstm_rpc_notify(peer->rpc, DSTM_GATEWAY_RESTARTED,
			json_pack("{s:s, s:s}", "instance", peer->gw->instance,
				  "reason", reason));
	peer->gw->told[peer->server] = true;
}

/* The latest connection of a server is the one that counts. */
static void others_close(struct peer *peer)
{
	struct peer *other, *next;

	for (other = LIST_FIRST(&peer->gw->peers); other; other = next) {
		next = LIST_NEXT(other, link);
		if (other == peer || other->server != peer->server ||
		    !other->greeted)
			continue;
		dstm_log(DSTM_LOG_NOTICE,
			 "server %s has connected anew, the old connection is closed",
			 name_of(peer));
		peer_free(other);
	}
}

static void do_hello(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct peer *peer = data;
	const char *name = "";
	int protocol = 0;

	if (!call)
		return;
	if (json_unpack(params, "{s:i, s?s}", "protocol", &protocol,
			"server", &name) ||
	    protocol != DSTM_GATEWAY_PROTOCOL) {
		dstm_rpc_refuse(call, DSTM_RPC_INVALID_PARAMS, NULL,
				"protocol: this gateway speaks protocol %d",
				DSTM_GATEWAY_PROTOCOL);
		return;
	}
	others_close(peer);
	event_del(peer->limit);
	peer->greeted = true;
	dstm_log(DSTM_LOG_NOTICE, "server %s is here, and calls itself \"%.64s\"",
		 name_of(peer), name);
	dstm_rpc_reply(call, hello_result(peer));
	if (!peer->gw->told[peer->server])
		tell_restarted(peer, "the gateway was started");
}

static void do_map_add(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct dstm_mapping m[DSTM_GATEWAY_BATCH];
	struct order order = order_of(data);
	struct peer *peer = data;
	double begin = now();
	size_t n;

	if (!may_ask(peer, call) || mappings_read(call, &order, params, m, &n))
		return;
	if (order_set(&order, m, n)) {
		refuse(call, &order);
		return;
	}
	dstm_log(DSTM_LOG_DEBUG, "server %s: %zu mappings set", name_of(peer), n);
	done(peer, call, begin, json_pack("{s:I}", "count", (json_int_t)n));
}

static void do_map_del(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct dstm_mapping m[DSTM_GATEWAY_BATCH];
	struct order order = order_of(data);
	struct peer *peer = data;
	double begin = now();
	size_t n, count;

	if (!may_ask(peer, call) || mappings_read(call, &order, params, m, &n))
		return;
	if (order_del(&order, m, n, &count)) {
		refuse(call, &order);
		return;
	}
	dstm_log(DSTM_LOG_DEBUG, "server %s: %zu of %zu mappings deleted",
		 name_of(peer), count, n);
	done(peer, call, begin, json_pack("{s:I}", "count", (json_int_t)count));
}

static void sync_start(struct peer *peer, struct dstm_rpc_call *call)
{
	sync_free(peer->sync);
	peer->sync = sync_new();
	if (peer->sync)
		dstm_rpc_reply(call, json_object());
	else
		dstm_rpc_refuse(call, DSTM_RPC_INTERNAL, NULL, "no memory");
}

static void sync_more(struct peer *peer, struct dstm_rpc_call *call,
		      json_t *params)
{
	struct dstm_mapping m[DSTM_GATEWAY_BATCH];
	struct order order = order_of(peer);
	double begin = now();
	size_t n;

	if (mappings_read(call, &order, params, m, &n))
		return;
	if (sync_chunk(&order, m, n))
		refuse(call, &order);
	else
		done(peer, call, begin,
		     json_pack("{s:I}", "count", (json_int_t)n));
}

static void sync_finish(struct peer *peer, struct dstm_rpc_call *call)
{
	struct order order = order_of(peer);
	json_t *refused = json_array();
	size_t wanted, deleted;
	double begin = now();

	if (sync_end(&order, &wanted, &deleted, refused)) {
		dstm_log(DSTM_LOG_ERR, "sync of server %s: %s", name_of(peer),
			 order.error);
		refuse(call, &order);
	} else {
		dstm_log(DSTM_LOG_INFO,
			 "sync of server %s: %zu mappings, %zu others deleted",
			 name_of(peer), wanted, deleted);
		done(peer, call, begin,
		     json_pack("{s:I, s:I, s:O}", "count", (json_int_t)wanted,
			       "deleted", (json_int_t)deleted,
			       "refused", refused));
	}
	json_decref(refused);
	sync_free(peer->sync);
	peer->sync = NULL;
}

static void do_map_sync(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct peer *peer = data;
	const char *step = json_string_value(json_object_get(params, "step"));

	if (!may_ask(peer, call))
		return;
	if (step && !strcmp(step, DSTM_GATEWAY_SYNC_BEGIN))
		sync_start(peer, call);
	else if (!step || (strcmp(step, DSTM_GATEWAY_SYNC_CHUNK) &&
			   strcmp(step, DSTM_GATEWAY_SYNC_END)))
		dstm_rpc_refuse(call, DSTM_RPC_INVALID_PARAMS, NULL,
				"step: expected \"begin\", \"chunk\" or \"end\"");
	else if (!peer->sync)
		dstm_rpc_refuse(call, DSTM_RPC_REFUSED, NULL,
				"there is no sync: begin one");
	else if (!strcmp(step, DSTM_GATEWAY_SYNC_CHUNK))
		sync_more(peer, call, params);
	else
		sync_finish(peer, call);
}

static void do_map_list(struct dstm_rpc_call *call, json_t *params, void *data)
{
	const char *prefix = json_string_value(json_object_get(params, "prefix"));
	struct order order = order_of(data);
	struct peer *peer = data;
	double begin = now();
	json_t *list;

	if (!may_ask(peer, call))
		return;
	if (order_list(&order, prefix ? prefix : "", &list))
		refuse(call, &order);
	else
		done(peer, call, begin, json_pack("{s:o}", "mappings", list));
}

/* Whether one of the server's pools is on the device. */
static bool uses_device(const struct peer *peer, size_t device)
{
	const struct config *config = &peer->gw->config;
	size_t i;

	for (i = 0; i < config->pool_count; i++)
		if (config->pools[i].server == peer->server &&
		    config->pools[i].device == device)
			return true;
	return false;
}

static json_t *link_json(const struct dstm_link *link)
{
	char local[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &link->local, local, sizeof(local));
	return json_pack("{s:s, s:s, s:b, s:I, s:s, s:i, s:i, s:b, s:b}",
			 "dev", link->name,
			 "role", link->role == DSTM_ROLE_GATEWAY ?
			 "gateway" : "client",
			 "up", link->up, "mtu", (json_int_t)link->mtu,
			 "local", local, "hoplimit", link->hoplimit,
			 "encap-limit", link->encap_limit,
			 "hairpin", link->hairpin,
			 "icmp-errors", link->icmp_errors);
}

static void do_link_show(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct peer *peer = data;
	struct gateway *gw = peer->gw;
	double begin = now();
	json_t *links;
	size_t i;

	(void)params;
	if (!may_ask(peer, call))
		return;
	links = json_array();
	for (i = 0; i < gw->config.device_count; i++) {
		struct dstm_link link;

		if (uses_device(peer, i) &&
		    !dstm_link_get(gw->host.nl,
				   gw->config.devices[i].link.name, &link))
			json_array_append_new(links, link_json(&link));
	}
	done(peer, call, begin, json_pack("{s:o}", "links", links));
}

struct stats_reader {
	const struct peer *peer;
	json_t *list;
};

static int stats_append(const struct dstm_stats *stats, void *data)
{
	struct stats_reader *reader = data;
	const struct gateway *gw = reader->peer->gw;
	int device = host_device(&gw->host, stats->ifindex);
	json_t *counters;
	int i;

	if (device < 0 || !uses_device(reader->peer, (size_t)device))
		return 0;
	counters = json_object();
	for (i = 1; i <= DSTM_A_STATS_MAX; i++)
		if (stats->have >> i & 1)
			json_object_set_new(counters, dstm_stats_name(i),
					    json_integer((json_int_t)
							 stats->value[i]));
	json_array_append_new(reader->list,
			      json_pack("{s:s, s:I, s:o}", "dev",
					gw->config.devices[device].link.name,
					"count", (json_int_t)stats->count,
					"stats", counters));
	return 0;
}

static void do_stats(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct stats_reader reader = { .peer = data };
	struct peer *peer = data;
	double begin = now();

	(void)params;
	if (!may_ask(peer, call))
		return;
	reader.list = json_array();
	dstm_table_stats(&peer->gw->table, 0, stats_append, &reader);
	done(peer, call, begin, json_pack("{s:o}", "stats", reader.list));
}

static const struct dstm_rpc_method methods[] = {
	{ DSTM_GATEWAY_HELLO, do_hello },
	{ DSTM_GATEWAY_MAP_ADD, do_map_add },
	{ DSTM_GATEWAY_MAP_DEL, do_map_del },
	{ DSTM_GATEWAY_MAP_SYNC, do_map_sync },
	{ DSTM_GATEWAY_MAP_LIST, do_map_list },
	{ DSTM_GATEWAY_LINK_SHOW, do_link_show },
	{ DSTM_GATEWAY_STATS, do_stats },
	{ NULL, NULL },
};

static const struct dstm_rpc_ops ops = {
	.methods = methods,
	.closed = on_closed,
};

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct peer *peer = arg;

	(void)fd;
	(void)what;
	dstm_log(DSTM_LOG_NOTICE, "server %s said no hello in time",
		 name_of(peer));
	peer_free(peer);
}

/* A server that means to say hello says it at once, so it is the oldest that goes. */
static void ungreeted_close(struct gateway *gw, int server)
{
	struct peer *peer, *oldest = NULL;
	unsigned int count = 0;

	LIST_FOREACH(peer, &gw->peers, link) {
		if (peer->server != server || peer->greeted)
			continue;
		oldest = peer;
		count++;
	}
	if (count > UNGREETED)
		peer_free(oldest);
}

void peer_new(struct gateway *gw, struct bufferevent *bev, int server)
{
	static const struct timeval limit = { .tv_sec = HELLO_SECONDS };
	struct peer *peer = calloc(1, sizeof(*peer));

	if (peer)
		peer->limit = evtimer_new(gw->daemon.base, on_limit, peer);
	if (!peer || !peer->limit || evtimer_add(peer->limit, &limit)) {
		bufferevent_free(bev);
		goto failed;
	}
	peer->gw = gw;
	peer->server = server;
	peer->rpc = dstm_rpc_new(bev, &ops, peer);
	if (!peer->rpc)
		goto failed;
	LIST_INSERT_HEAD(&gw->peers, peer, link);
	ungreeted_close(gw, server);
	return;

failed:
	if (peer && peer->limit)
		event_free(peer->limit);
	free(peer);
}

void peers_close(struct gateway *gw)
{
	while (!LIST_EMPTY(&gw->peers))
		peer_free(LIST_FIRST(&gw->peers));
}

static struct peer *peer_of(const struct gateway *gw, int server)
{
	struct peer *peer;

	LIST_FOREACH(peer, &gw->peers, link)
		if (peer->server == server && peer->greeted)
			return peer;
	return NULL;
}

bool peers_connected(const struct gateway *gw, int server)
{
	return peer_of(gw, server);
}

void peers_restarted(struct gateway *gw, const char *reason)
{
	struct peer *peer;

	memset(gw->told, 0, gw->config.server_count * sizeof(*gw->told));
	LIST_FOREACH(peer, &gw->peers, link)
		if (peer->greeted)
			tell_restarted(peer, reason);
}

/* A list of mappings that goes out when it is full, and at its end. */
struct telling {
	struct peer *peer;
	const char *what;
	json_t *list;
};

static void tell_now(struct telling *telling)
{
	if (json_array_size(telling->list))
		dstm_rpc_notify(telling->peer->rpc, telling->what,
				json_pack("{s:O}", "mappings", telling->list));
	json_decref(telling->list);
	telling->list = NULL;
}

static void tell(struct telling *telling, json_t *mapping)
{
	if (!telling->list)
		telling->list = json_array();
	json_array_append_new(telling->list, mapping);
	if (json_array_size(telling->list) == DSTM_GATEWAY_BATCH)
		tell_now(telling);
}

static bool is_of(const struct peer *peer, const struct dstm_mapping *m)
{
	const struct config_pool *pool;

	pool = config_pool_of(&peer->gw->config, m->ipv4);
	return pool && pool->server == peer->server;
}

void peers_expired(struct gateway *gw, const struct dstm_mapping *m, size_t n)
{
	struct peer *peer;
	size_t i;

	gw->figures.expired += n;
	LIST_FOREACH(peer, &gw->peers, link) {
		struct telling telling = {
			.peer = peer, .what = DSTM_GATEWAY_MAP_EXPIRED,
		};

		for (i = 0; i < n && peer->greeted; i++)
			if (is_of(peer, &m[i]))
				tell(&telling, dstm_mapping_json(&m[i], NULL));
		tell_now(&telling);
	}
}

/* The look at one server's mappings. */
struct idle {
	struct telling telling;
	uint32_t period;
	int64_t since;		/* the last look, seconds */
};

/*
 * A mapping is told when it has been idle for a period, or for one more, that was not
 * over at the last look: so nothing needs to be remembered of it. Once is not enough,
 * for the server may wait for more than one.
 */
static int idle_look(uint32_t ifindex, const struct dstm_mapping *m,
		     const struct dstm_usage *usage, void *data)
{
	struct idle *idle = data;

	(void)ifindex;
	if (usage->have >> DSTM_A_MAPPING_IDLE & 1 &&
	    usage->idle >= idle->period &&
	    usage->idle % idle->period < idle->since &&
	    is_of(idle->telling.peer, m))
		tell(&idle->telling, dstm_mapping_json(m, usage));
	return 0;
}

static int64_t boottime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec;
}

static void peer_idle(struct peer *peer)
{
	struct gateway *gw = peer->gw;
	int64_t time = boottime();
	struct idle idle = {
		.telling = { .peer = peer, .what = DSTM_GATEWAY_MAP_IDLE },
		.period = gw->config.idle,
		.since = INT64_MAX,
	};
	size_t i;

	if (peer->looked)
		idle.since = time - peer->looked;
	peer->looked = time;
	for (i = 0; i < gw->config.device_count; i++)
		if (uses_device(peer, i))
			dstm_table_dump(&gw->table, gw->host.ifindex[i], NULL,
					idle_look, &idle);
	tell_now(&idle.telling);
}

void peers_idle(struct gateway *gw)
{
	struct peer *peer;

	LIST_FOREACH(peer, &gw->peers, link)
		if (peer->greeted)
			peer_idle(peer);
}
