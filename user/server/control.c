// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "control.h"
#include "leasejson.h"
#include "lib/config.h"
#include "lib/listener.h"
#include "lib/log.h"
#include "lib/mapping.h"
#include "proto/rpc.h"

struct peer {
	struct control *control;
	struct dstm_rpc *rpc;
	LIST_ENTRY(peer) list;
};

struct control {
	struct server *server;
	struct dstm_listener *listener;
	LIST_HEAD(, peer) peers;
};

static struct server *server_of(void *data)
{
	return ((struct peer *)data)->control->server;
}

static const char *text_of(json_t *params, const char *key)
{
	return json_string_value(json_object_get(params, key));
}

/* Where a page begins: after a certain lease, or at the first. */
static const struct lease *page_begin(struct dstm_rpc_call *call,
				      const struct leases *leases,
				      json_t *params, bool *bad)
{
	json_t *after = json_object_get(params, "after");
	char error[DSTM_MAPPING_ERROR];
	const struct lease *lease;
	struct slot slot;

	*bad = false;
	if (!after)
		return leases->by_slot;
	*bad = true;
	if (slot_read(after, &slot, NULL, error)) {
		dstm_rpc_refuse(call, DSTM_RPC_INVALID_PARAMS, NULL,
				"after: %s", error);
		return NULL;
	}
	lease = lease_by_slot(leases, &slot);
	if (!lease) {
		dstm_rpc_refuse(call, DSTM_RPC_BUSY, NULL,
				"the leases changed meanwhile; ask again from the first");
		return NULL;
	}
	*bad = false;
	return lease->by_slot.next;
}

static bool chosen(const struct engine *engine, const struct lease *lease,
		   json_t *params)
{
	const char *pool = text_of(params, "pool");
	const char *state = text_of(params, "state");
	const char *its = engine->policy->supplies[lease->pool].name;

	if (lease->state == LEASE_FREE)
		return false;
	return (!pool || (its && !strcmp(pool, its))) &&
	       (!state ||
		!strcmp(state, lease_state_name((enum lease_state)lease->state)));
}

static void leases_list(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct server *server = server_of(data);
	const struct lease *lease, *last = NULL;
	json_t *list = json_array(), *after;
	bool bad;

	turn_begin(&server->turn);
	lease = page_begin(call, &server->engine.leases, params, &bad);
	if (bad) {
		json_decref(list);
		return;
	}
	for (; lease && json_array_size(list) < CONTROL_PAGE;
	     lease = lease->by_slot.next) {
		last = lease;
		if (chosen(&server->engine, lease, params))
			json_array_append_new(list, lease_json(&server->engine,
							       lease));
	}
	after = lease ? lease_json(&server->engine, last) : json_null();
	dstm_rpc_reply(call, json_pack("{s:o, s:o}", "leases", list, "after",
				       after));
}

/* What was found on disk: so much of it as a page has, and whether there is more. */
struct finding {
	const struct engine *engine;
	json_t *list;
	bool more;
};

static bool full(struct finding *finding)
{
	if (json_array_size(finding->list) < CONTROL_PAGE)
		return false;
	finding->more = true;
	return true;
}

static void reply_found(struct dstm_rpc_call *call, const struct finding *finding,
			const char *key)
{
	dstm_rpc_reply(call, json_pack("{s:o, s:b}", key, finding->list,
				       "more", finding->more));
}

/* As it stands now. */
static void found(const struct record *record, int64_t until, void *data)
{
	struct finding *finding = data;
	const struct lease *lease = lease_by_slot(&finding->engine->leases,
						  &record->slot);

	(void)until;
	if (lease && lease->state != LEASE_FREE && !full(finding))
		json_array_append_new(finding->list,
				      lease_json(finding->engine, lease));
}

/* The store has an index for each; to look through all leases would stall service. */
static void leases_find(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct server *server = server_of(data);
	const char *text = text_of(params, "address");
	struct finding finding = { .engine = &server->engine };
	struct in6_addr v6;
	struct in_addr v4;
	bool is_v4 = text && inet_pton(AF_INET, text, &v4) == 1;
	int ret;

	if (!is_v4 && (!text || inet_pton(AF_INET6, text, &v6) != 1)) {
		dstm_rpc_refuse(call, DSTM_RPC_INVALID_PARAMS, NULL,
				"address: an IPv4 or IPv6 address");
		return;
	}
	turn_begin(&server->turn);
	finding.list = json_array();
	ret = is_v4 ? store_find_ipv4(server->store, ntohl(v4.s_addr), found,
				      &finding) :
		      store_find_remote(server->store, &v6, found, &finding);
	if (ret) {
		json_decref(finding.list);
		dstm_rpc_refuse(call, DSTM_RPC_REFUSED, NULL, "%s",
				store_error(server->store));
		return;
	}
	reply_found(call, &finding, "leases");
}

/* Somebody who waits for a lease that he gave by hand. */
struct granting {
	struct query query;
	struct server *server;
	struct dstm_rpc_call *call;
};

static void refuse_grant(struct dstm_rpc_call *call, enum outcome outcome)
{
	static const char * const why[OUTCOMES] = {
		[OUTCOME_NO_ADDRESS] = "it is lent, resting or excluded, or its address is lent in another way",
		[OUTCOME_NOT_YOURS] = "it is in none of the pools, or not a port set as the pool has them",
		[OUTCOME_GATEWAY] = "a gateway did not confirm it",
		[OUTCOME_STORE] = "it could not be written down",
	};

	dstm_rpc_refuse(call, DSTM_RPC_REFUSED, NULL, "%s", why[outcome] ?
			why[outcome] : "it was taken back at once");
}

static void granted(struct query *query, const struct lease *lease,
		    enum outcome outcome)
{
	struct granting *granting = (struct granting *)query;

	if (outcome == OUTCOME_GRANTED)
		dstm_rpc_reply(granting->call,
			       lease_json(&granting->server->engine, lease));
	else
		refuse_grant(granting->call, outcome);
	free(granting);
}

static void leases_add(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct server *server = server_of(data);
	struct granting *granting;
	char error[DSTM_MAPPING_ERROR];
	struct in6_addr remote;
	enum outcome outcome;
	struct slot slot;

	if (slot_read(params, &slot, &remote, error)) {
		dstm_rpc_refuse(call, DSTM_RPC_INVALID_PARAMS, NULL, "%s",
				error);
		return;
	}
	granting = malloc(sizeof(*granting));
	if (!granting) {
		refuse_grant(call, OUTCOME_STORE);
		return;
	}
	*granting = (struct granting){ { granted }, server, call };
	turn_begin(&server->turn);
	outcome = engine_grant(&server->engine, &slot, &remote,
			       &granting->query);
	if (outcome != OUTCOME_LATER)
		granted(&granting->query, NULL, outcome);
	turn_end(&server->turn);
}

static void leases_revoke(struct dstm_rpc_call *call, json_t *params,
			  void *data)
{
	struct server *server = server_of(data);
	char error[DSTM_MAPPING_ERROR];
	struct lease *lease;
	struct slot slot;

	if (slot_read(params, &slot, NULL, error)) {
		dstm_rpc_refuse(call, DSTM_RPC_INVALID_PARAMS, NULL, "%s",
				error);
		return;
	}
	turn_begin(&server->turn);
	lease = lease_by_slot(&server->engine.leases, &slot);
	if (lease && !engine_revoke(&server->engine, lease))
		dstm_rpc_reply(call, json_pack("{s:i}", "count", 1));
	else
		dstm_rpc_refuse(call, DSTM_RPC_REFUSED, NULL,
				"nobody has that lease");
	turn_end(&server->turn);
}

/* How many leases of a pool there are. */
struct tally {
	unsigned int leased;
	unsigned int resting;
};

static json_t *pool_json(const struct supply *supply,
			 const struct tally *tally)
{
	struct pool_use use;

	pool_use(supply->pool, &use);
	return json_pack("{s:s, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i}",
			 "name", supply->name, "drain", supply->drain,
			 "addresses", (int)use.addresses,
			 "free", (int)use.free, "whole", (int)use.whole,
			 "split", (int)use.split, "port-sets", (int)use.sets,
			 "leases", (int)tally->leased,
			 "resting", (int)tally->resting);
}

static void pools_show(struct dstm_rpc_call *call, json_t *params, void *data)
{
	const struct engine *engine = &server_of(data)->engine;
	const struct policy *policy = engine->policy;
	/* One more, for leases that are in no pool any more. */
	struct tally *tally = calloc(policy->supplies_count + 1U, sizeof(*tally));
	const struct lease *lease, *next;
	json_t *list = json_array();
	uint16_t i;

	(void)params;
	if (!tally) {
		json_decref(list);
		dstm_rpc_refuse(call, DSTM_RPC_INTERNAL, NULL, "no memory");
		return;
	}
	HASH_ITER(by_slot, engine->leases.by_slot, lease, next) {
		tally[lease->pool].resting += lease->state == LEASE_RESTING;
		tally[lease->pool].leased += lease->state != LEASE_RESTING &&
					     lease->state != LEASE_FREE;
	}
	for (i = 0; i < policy->supplies_count; i++)
		json_array_append_new(list, pool_json(&policy->supplies[i],
						      &tally[i]));
	free(tally);
	dstm_rpc_reply(call, json_pack("{s:o}", "pools", list));
}

static void gateway_json(const char *name, const char *state, void *data)
{
	json_array_append_new(data, json_pack("{s:s, s:s}", "name", name,
					      "state", state));
}

static void gateways_show(struct dstm_rpc_call *call, json_t *params,
			  void *data)
{
	json_t *list = json_array();

	(void)params;
	gateways_status(server_of(data)->gateways, gateway_json, list);
	dstm_rpc_reply(call, json_pack("{s:o}", "gateways", list));
}

static void holder(const struct record *record, int64_t until, void *data)
{
	struct finding *finding = data;

	if (!full(finding))
		json_array_append_new(finding->list, record_json(record, until));
}

static void who(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct server *server = server_of(data);
	const char *text = text_of(params, "ipv4");
	json_t *port = json_object_get(params, "port");
	json_t *at = json_object_get(params, "at");
	struct in_addr ipv4;
	struct finding finding = { .engine = &server->engine };

	if (!text || inet_pton(AF_INET, text, &ipv4) != 1 ||
	    (port && (!json_is_integer(port) || json_integer_value(port) < 0 ||
		      json_integer_value(port) > UINT16_MAX)) ||
	    (at && !json_is_integer(at))) {
		dstm_rpc_refuse(call, DSTM_RPC_INVALID_PARAMS, NULL,
				"ipv4 is an address, port is a port, at is in seconds since 1970");
		return;
	}
	turn_begin(&server->turn);
	finding.list = json_array();
	if (store_who(server->store, ntohl(ipv4.s_addr), port ?
		      (int)json_integer_value(port) : STORE_ANY_PORT, at ?
		      json_integer_value(at) : server->engine.wall, holder,
		      &finding)) {
		json_decref(finding.list);
		dstm_rpc_refuse(call, DSTM_RPC_REFUSED, NULL, "%s",
				store_error(server->store));
		return;
	}
	reply_found(call, &finding, "holders");
}

static void reload(struct dstm_rpc_call *call, json_t *params, void *data)
{
	char error[DSTM_CONFIG_ERROR];

	(void)params;
	if (server_reload(server_of(data), error))
		dstm_rpc_refuse(call, DSTM_RPC_REFUSED, NULL, "%s", error);
	else
		dstm_rpc_reply(call, json_object());
}

static void drain(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct policy *policy = server_of(data)->engine.policy;
	const char *name = text_of(params, "pool");
	json_t *on = json_object_get(params, "on");
	int i = name ? policy_supply(policy, name) : -1;

	if (i < 0 || !json_is_boolean(on)) {
		dstm_rpc_refuse(call, DSTM_RPC_INVALID_PARAMS, NULL,
				"pool is the name of a pool, on is true or false");
		return;
	}
	policy->supplies[i].drain = json_is_true(on);
	dstm_log(DSTM_LOG_NOTICE, "pool %s: %s", name,
		 policy->supplies[i].drain ? "drained" : "lent from again");
	dstm_rpc_reply(call, json_object());
}

/* A call is needed: there is nobody to tell otherwise. */
#define METHOD(_fn) \
	static void call_##_fn(struct dstm_rpc_call *call, json_t *params, \
			       void *data) \
	{ \
		if (call) \
			_fn(call, params, data); \
	}

METHOD(leases_list)
METHOD(leases_find)
METHOD(leases_add)
METHOD(leases_revoke)
METHOD(pools_show)
METHOD(gateways_show)
METHOD(who)
METHOD(reload)
METHOD(drain)

static const struct dstm_rpc_method methods[] = {
	{ "leases.list", call_leases_list },
	{ "leases.find", call_leases_find },
	{ "leases.add", call_leases_add },
	{ "leases.revoke", call_leases_revoke },
	{ "pools.show", call_pools_show },
	{ "gateways.show", call_gateways_show },
	{ "who", call_who },
	{ "reload", call_reload },
	{ "drain", call_drain },
	{ NULL, NULL }
};

static void peer_free(struct peer *peer)
{
	LIST_REMOVE(peer, list);
	dstm_rpc_free(peer->rpc);
	free(peer);
}

static void on_closed(struct dstm_rpc *rpc, const char *reason, void *data)
{
	(void)rpc;
	(void)reason;
	peer_free(data);
}

static const struct dstm_rpc_ops rpc_ops = {
	.methods = methods,
	.closed = on_closed,
	.timeout = 10,
};

static void on_accept(int fd, void *data)
{
	struct control *control = data;
	struct peer *peer = calloc(1, sizeof(*peer));
	struct bufferevent *bev;

	bev = bufferevent_socket_new(control->server->daemon.base, fd,
				     BEV_OPT_CLOSE_ON_FREE);
	if (!bev)
		close(fd);
	if (!peer || !bev) {
		if (bev)
			bufferevent_free(bev);
		free(peer);
		return;
	}
	peer->control = control;
	peer->rpc = dstm_rpc_new(bev, &rpc_ops, peer);
	if (!peer->rpc) {
		free(peer);
		return;
	}
	LIST_INSERT_HEAD(&control->peers, peer, list);
}

int control_open(struct control **result, struct server *server)
{
	struct control *control = calloc(1, sizeof(*control));
	int ret;

	if (!control)
		return -ENOMEM;
	control->server = server;
	LIST_INIT(&control->peers);
	ret = dstm_listener_at(&control->listener, server->daemon.base,
			       server->config.control, 0660, on_accept, control);
	if (ret) {
		dstm_log(DSTM_LOG_ERR, "control: %s: %s",
			 server->config.control, strerror(-ret));
		control_close(control);
		return ret;
	}
	*result = control;
	return 0;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	while (!LIST_EMPTY(&control->peers))
		peer_free(LIST_FIRST(&control->peers));
	dstm_listener_free(control->listener);
	free(control);
}
