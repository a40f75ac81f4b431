// SPDX-License-Identifier: GPL-2.0
/*
 * The server's side of the gateway protocol, with an engine behind it and a gateway of
 * the test's own that holds no kernel's table and refuses what it is told to.
 */
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/config.h"
#include "lib/log.h"
#include "proto/gateway.h"
#include "proto/rpc.h"
#include "proto/tls.h"
#include "server/gateways.h"

#define NET	0xc0000200U

static const char text[] =
	"{\"gateways\": [{\"name\": \"g\", \"socket\": \"%s\"}],"
	"\"pools\": [{\"name\": \"p\", \"prefixes\": [\"192.0.2.0/27\"], \"gateways\": [\"g\"],"
	"  \"tep\": {\"ipv6\": \"2001:db8::1\", \"ipv4\": \"192.0.2.1\"}}],"
	"\"classes\": [{\"name\": \"c\", \"pools\": [\"p\"], \"tunnel-source\": \"any\"}]}";

static const char text_tls[] =
	"{\"gateways\": [{\"name\": \"g\", \"address\": \"::1\", \"port\": %u, \"peer\": \"gw\","
	"  \"certificate\": \"%s.crt\", \"key\": \"%s.key\", \"authorities\": \"%s.crt\"}],"
	"\"pools\": [{\"name\": \"p\", \"prefixes\": [\"192.0.2.0/27\"], \"gateways\": [\"g\"],"
	"  \"tep\": {\"ipv6\": \"2001:db8::1\", \"ipv4\": \"192.0.2.1\"}}],"
	"\"classes\": [{\"name\": \"c\", \"pools\": [\"p\"], \"tunnel-source\": \"any\"}]}";

enum blame { INDEX, NOTHING, LATE };

static struct {
	struct event_base *base;
	struct config config;
	struct store *store;
	struct engine engine;
	struct turn turn;
	struct gateways *gateways;
	char path[64];
	struct evconnlistener *listener;
	SSL_CTX *ctx;
	struct dstm_rpc *rpc;		/* the gateway's end */
	const char *pool;		/* that it serves */
	unsigned int hellos;
	bool bad[32];			/* addresses that it refuses */
	enum blame blame;		/* how */
	bool stubborn;			/* it takes no mapping away */
	bool has[32];			/* mappings that it has */
	bool wanted[32];
	const char *state;
	struct query query;
	enum outcome outcome;
} w;

static void hello(struct dstm_rpc_call *call, json_t *params, void *data)
{
	(void)params;
	(void)data;
	w.hellos++;
	dstm_rpc_reply(call, json_pack("{s:i, s:[{s:s, s:s}]}", "protocol",
				       DSTM_GATEWAY_PROTOCOL, "pools", "prefix",
				       w.pool, "dev", "dstm0"));
}

/* Whether one of them is refused; if so, that was the answer. */
static bool refused(struct dstm_rpc_call *call, const struct dstm_mapping *m,
		    size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (w.bad[ntohl(m[i].ipv4.s_addr) - NET])
			break;
	if (i == n)
		return false;
	if (w.blame == NOTHING)
		dstm_rpc_refuse(call, DSTM_RPC_INVALID_PARAMS, NULL, "no");
	else
		dstm_rpc_refuse(call, DSTM_RPC_REFUSED,
				json_pack("{s:i}", "index", (int)i), "no");
	return true;
}

static void set(struct dstm_rpc_call *call, json_t *params, bool *table,
		bool value)
{
	struct dstm_mapping m[DSTM_GATEWAY_BATCH];
	char error[DSTM_MAPPING_ERROR];
	size_t n, i;

	assert_int_equal(dstm_gateway_mappings_read(params, m, &n, error), 0);
	if (value && w.blame != LATE && refused(call, m, n))
		return;
	for (i = 0; i < n; i++)
		table[ntohl(m[i].ipv4.s_addr) - NET] = value;
	dstm_rpc_reply(call, json_object());
}

static void map_add(struct dstm_rpc_call *call, json_t *params, void *data)
{
	(void)data;
	set(call, params, w.has, true);
}

static void map_del(struct dstm_rpc_call *call, json_t *params, void *data)
{
	(void)data;
	if (w.stubborn)
		dstm_rpc_refuse(call, DSTM_RPC_REFUSED, NULL, "no");
	else
		set(call, params, w.has, false);
}

static json_t *refused_late(void)
{
	json_t *list = json_array();
	char addr[32];
	unsigned int i;

	for (i = 0; i < 32; i++) {
		if (!w.wanted[i] || !w.bad[i])
			continue;
		w.has[i] = false;
		snprintf(addr, sizeof(addr), "192.0.2.%u", i);
		json_array_append_new(list, json_pack("{s:{s:s, s:s}, s:s}",
			"mapping", "ipv4", addr, "remote", "2001:db8:1::7",
			"reason", "no"));
	}
	return json_pack("{s:o}", "refused", list);
}

static void map_sync(struct dstm_rpc_call *call, json_t *params, void *data)
{
	const char *step = json_string_value(json_object_get(params, "step"));

	(void)data;
	if (!strcmp(step, DSTM_GATEWAY_SYNC_CHUNK)) {
		set(call, params, w.wanted, true);
	} else if (!strcmp(step, DSTM_GATEWAY_SYNC_BEGIN)) {
		memset(w.wanted, 0, sizeof(w.wanted));
		dstm_rpc_reply(call, json_object());
	} else {
		memcpy(w.has, w.wanted, sizeof(w.has));
		dstm_rpc_reply(call, refused_late());
	}
}

static const struct dstm_rpc_method methods[] = {
	{ DSTM_GATEWAY_HELLO, hello },
	{ DSTM_GATEWAY_MAP_ADD, map_add },
	{ DSTM_GATEWAY_MAP_DEL, map_del },
	{ DSTM_GATEWAY_MAP_SYNC, map_sync },
	{ NULL, NULL }
};

static void on_closed(struct dstm_rpc *rpc, const char *reason, void *data)
{
	(void)reason;
	(void)data;
	dstm_rpc_free(rpc);
	w.rpc = NULL;
}

static const struct dstm_rpc_ops ops = {
	.methods = methods, .closed = on_closed,
};

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *addr, int len, void *data)
{
	(void)listener;
	(void)addr;
	(void)len;
	(void)data;
	/* What was there before is of a server that has gone. */
	dstm_rpc_free(w.rpc);
	w.rpc = dstm_rpc_new(w.ctx ? dstm_tls_accept(w.base, w.ctx, fd) :
			     bufferevent_socket_new(w.base, fd,
						    BEV_OPT_CLOSE_ON_FREE),
			     &ops, NULL);
}

static bool order(void *data, unsigned int gateway, const struct order *o)
{
	(void)data;
	return gateways_order(w.gateways, gateway, o);
}

static void answer(struct query *query, const struct lease *lease,
		   enum outcome outcome)
{
	(void)query;
	(void)lease;
	w.outcome = outcome;
}

static void state_is(const char *name, const char *state, void *data)
{
	(void)name;
	(void)data;
	w.state = state;
}

/* Until nothing happens any more, but no longer than it may take. */
static void settle(void)
{
	int i;

	for (i = 0; i < 100; i++) {
		event_base_loop(w.base, EVLOOP_NONBLOCK);
		usleep(3000);
	}
	gateways_status(w.gateways, state_is, NULL);
}

static void grant(unsigned int n)
{
	static const struct in6_addr base = { { { 0x20, 1, 0xd, 0xb8, 0, 1 } } };
	struct slot slot = { .ipv4 = NET + n };
	struct in6_addr remote = base;

	remote.s6_addr[15] = (uint8_t)n;
	turn_begin(&w.turn);
	w.outcome = engine_grant(&w.engine, &slot, &remote, &w.query);
	turn_end(&w.turn);
}

static void granted(unsigned int n)
{
	int i;

	grant(n);
	for (i = 0; i < 1000 && w.outcome == OUTCOME_LATER; i++)
		event_base_loop(w.base, EVLOOP_ONCE);
	assert_int_equal(w.outcome, OUTCOME_GRANTED);
}

static enum lease_state lease_state(unsigned int n)
{
	struct slot slot = { .ipv4 = NET + n };

	return lease_by_slot(&w.engine.leases, &slot)->state;
}

/* The connection breaks, and there is another. */
static void connect_anew(void)
{
	dstm_rpc_free(w.rpc);
	w.rpc = NULL;
	settle();
}

static void listen_at(const void *addr, int size)
{
	if (w.listener)
		evconnlistener_free(w.listener);
	w.listener = evconnlistener_new_bind(w.base, on_accept, NULL,
					     LEV_OPT_CLOSE_ON_FREE, 4, addr,
					     size);
	assert_non_null(w.listener);
}

static int set_up(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct store_time time;
	char file[1024], error[DSTM_CONFIG_ERROR];

	(void)state;
	memset(&w, 0, sizeof(w));
	w.pool = "192.0.2.0/27";
	w.query.answer = answer;
	dstm_log_most(DSTM_LOG_ERR);
	w.base = event_base_new();
	snprintf(w.path, sizeof(w.path), "/tmp/dstm-gateways.%d", getpid());
	memcpy(addr.sun_path, w.path, sizeof(w.path));
	listen_at(&addr, sizeof(addr));
	snprintf(file, sizeof(file), text, w.path);
	if (config_parse(&w.config, file, strlen(file), error))
		fail_msg("%s", error);
	store_time_now(&time);
	assert_int_equal(store_open(&w.store, ":memory:", &time, error), 0);
	w.engine = (struct engine){ .policy = w.config.policy,
				    .store = w.store, .order = order };
	w.config.policy = NULL;
	assert_int_equal(turn_init(&w.turn, w.base, &w.engine), 0);
	turn_begin(&w.turn);
	assert_int_equal(engine_init(&w.engine), 0);
	w.gateways = gateways_new(&w.turn);
	gateways_configure(w.gateways, &w.config);
	turn_end(&w.turn);
	settle();
	assert_string_equal(w.state, "up");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	gateways_free(w.gateways);
	engine_destroy(&w.engine);
	turn_destroy(&w.turn);
	store_close(w.store);
	config_free(&w.config);
	dstm_rpc_free(w.rpc);
	SSL_CTX_free(w.ctx);
	evconnlistener_free(w.listener);
	unlink(w.path);
	event_base_free(w.base);
	return 0;
}

/* Leases 2 to 9, of which the gateway will not have two any more. */
static void two_refused(enum blame blame)
{
	unsigned int i, hellos;

	for (i = 2; i < 10; i++)
		granted(i);
	w.blame = blame;
	w.bad[4] = true;
	w.bad[9] = true;
	hellos = w.hellos;
	connect_anew();
	assert_string_equal(w.state, "up");
	assert_int_equal(w.hellos, hellos + 1);
	for (i = 2; i < 10; i++) {
		assert_int_equal(w.has[i], !w.bad[i]);
		assert_int_equal(lease_state(i), LEASE_BOUND);
	}
}

static void refused_by_index(void **state)
{
	(void)state;
	two_refused(INDEX);
}

static void refused_without_index(void **state)
{
	(void)state;
	two_refused(NOTHING);
}

static void refused_at_the_end(void **state)
{
	(void)state;
	two_refused(LATE);
}

static void pool_gone(void **state)
{
	unsigned int hellos;

	(void)state;
	granted(2);
	granted(20);
	w.pool = "192.0.2.0/28";
	hellos = w.hellos;
	connect_anew();
	assert_string_equal(w.state, "up");
	assert_int_equal(w.hellos, hellos + 1);
	assert_true(w.has[2]);
	assert_false(w.has[20]);
}

/* What is asked for while the gateway is synchronised is refused to the client. */
static void pending(enum blame blame)
{
	granted(2);
	w.blame = blame;
	w.bad[3] = true;
	w.bad[4] = true;
	/* It is sent, but the connection breaks before there is an answer. */
	grant(3);
	assert_int_equal(w.outcome, OUTCOME_LATER);
	connect_anew();
	assert_int_equal(w.outcome, OUTCOME_GATEWAY);
	assert_string_equal(w.state, "up");
	assert_true(w.has[2]);
	assert_false(w.has[3]);
	assert_int_equal(w.engine.leases.count[LEASE_PENDING], 0);
	assert_int_equal(w.engine.leases.count[LEASE_RELEASING], 0);
}

static void pending_refused(void **state)
{
	(void)state;
	pending(INDEX);
}

static void pending_refused_late(void **state)
{
	(void)state;
	pending(LATE);
}

/* What it would not take away while it was synchronised goes with the next sync. */
static void stubborn(void **state)
{
	(void)state;
	w.stubborn = true;
	pending(INDEX);
}

/* A mapping that it does not take again is no reason to begin anew. */
static void expired_and_refused(void **state)
{
	unsigned int hellos = w.hellos;

	(void)state;
	granted(2);
	w.bad[2] = true;
	dstm_rpc_notify(w.rpc, DSTM_GATEWAY_MAP_EXPIRED,
			json_pack("{s:[{s:s, s:s}]}", "mappings", "ipv4",
				  "192.0.2.2", "remote", "2001:db8:1::2"));
	settle();
	assert_string_equal(w.state, "up");
	assert_int_equal(w.hellos, hellos);
}

/* Another key, which is the only one that either side trusts from here on. */
static void new_key(void)
{
	char command[512], error[DSTM_TLS_ERROR], crt[80], key[80];
	struct dstm_tls_files files = { crt, key, crt };

	snprintf(crt, sizeof(crt), "%s.crt", w.path);
	snprintf(key, sizeof(key), "%s.key", w.path);
	snprintf(command, sizeof(command),
		 "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
		 " -nodes -days 2 -subj /CN=gw -addext subjectAltName=DNS:gw"
		 " -out %s -keyout %s 2>/dev/null", crt, key);
	assert_int_equal(system(command), 0);
	SSL_CTX_free(w.ctx);
	assert_int_equal(dstm_tls_context(&w.ctx, &files, true, error), 0);
}

/* Keys may come late, and others in the place of the former ones. */
static void keys(void **state)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback,
		.sin6_port = htons((uint16_t)(20000 + getpid() % 20000)),
	};
	char file[1024], error[DSTM_CONFIG_ERROR];
	struct config former = w.config;

	(void)state;
	listen_at(&addr, sizeof(addr));
	snprintf(file, sizeof(file), text_tls, ntohs(addr.sin6_port), w.path,
		 w.path, w.path);
	if (config_parse(&w.config, file, strlen(file), error))
		fail_msg("%s", error);
	gateways_configure(w.gateways, &w.config);
	config_free(&former);
	settle();
	assert_string_equal(w.state, "down");
	new_key();
	settle();
	settle();
	assert_string_equal(w.state, "up");

	new_key();
	turn_begin(&w.turn);
	gateways_configure(w.gateways, &w.config);
	turn_end(&w.turn);
	settle();
	assert_string_equal(w.state, "up");
	connect_anew();
	settle();
	assert_string_equal(w.state, "up");
	snprintf(file, sizeof(file), "%s.crt", w.path);
	unlink(file);
	snprintf(file, sizeof(file), "%s.key", w.path);
	unlink(file);
}

int main(void)
{
#define TEST(_name) cmocka_unit_test_setup_teardown(_name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(refused_by_index),
		TEST(refused_without_index),
		TEST(refused_at_the_end),
		TEST(pool_gone),
		TEST(pending_refused),
		TEST(pending_refused_late),
		TEST(stubborn),
		TEST(expired_and_refused),
		TEST(keys),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
