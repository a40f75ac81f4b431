// SPDX-License-Identifier: GPL-2.0
/* What a gateway tells a server. The kernel's table and the clock are the test's own. */
#include <arpa/inet.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "gateway/peer.h"
#include "lib/log.h"
#include "proto/gateway.h"
#include "proto/rpc.h"

#define NET	0xc0000200U

static int64_t seconds = 1000;
static unsigned int told;

/* They are called by the linker's --wrap only. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_dstm_table_dump(struct dstm_table *table, uint32_t ifindex,
			   const struct dstm_filter *filter,
			   dstm_mapping_fn *fn, void *data);

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	(void)clock;
	*t = (struct timespec){ .tv_sec = seconds };
	return 0;
}

/* One mapping, which is idle since second 1000. */
int __wrap_dstm_table_dump(struct dstm_table *table, uint32_t ifindex,
			   const struct dstm_filter *filter,
			   dstm_mapping_fn *fn, void *data)
{
	const struct dstm_mapping m = {
		.ipv4.s_addr = htonl(NET + 2),
		.have = 1U << DSTM_A_MAPPING_IPV4 | 1U << DSTM_A_MAPPING_REMOTE,
	};
	const struct dstm_usage usage = {
		.idle = (uint32_t)(seconds - 1000),
		.have = 1U << DSTM_A_MAPPING_IDLE,
	};

	(void)table;
	(void)filter;
	return fn(ifindex, &m, &usage, data);
}

static void on_idle(struct dstm_rpc_call *call, json_t *params, void *data)
{
	(void)call;
	(void)params;
	(void)data;
	told++;
}

static void on_hello(json_t *result, const struct dstm_rpc_error *error,
		     void *data)
{
	(void)error;
	(void)data;
	assert_non_null(result);
}

/* Told each time that it has been idle for another period, and not between. */
static void idle(void **state)
{
	static const struct dstm_rpc_method methods[] = {
		{ DSTM_GATEWAY_MAP_IDLE, on_idle },
		{ NULL, NULL }
	};
	static const struct dstm_rpc_ops ops = { .methods = methods };
	static const unsigned int wanted[] = { 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3 };
	struct config_pool pool = { .prefix.s_addr = htonl(NET), .len = 24 };
	struct config_server server = { .name = (char[]){ "one" } };
	struct config_device device = { .ipv4.s_addr = 0 };
	uint32_t ifindex = 1;
	bool restarted = true;
	struct gateway gw = {
		.daemon.base = event_base_new(),
		.config = { .pools = &pool, .pool_count = 1,
			    .servers = &server, .server_count = 1,
			    .devices = &device, .device_count = 1,
			    .name = (char[]){ "gw" }, .idle = 100 },
		.host.ifindex = &ifindex, .told = &restarted,
	};
	struct bufferevent *pair[2];
	struct dstm_rpc *rpc;
	size_t i;

	(void)state;
	dstm_log_most(DSTM_LOG_ERR);
	LIST_INIT(&gw.peers);
	assert_int_equal(bufferevent_pair_new(gw.daemon.base,
					      BEV_OPT_DEFER_CALLBACKS, pair), 0);
	peer_new(&gw, pair[0], 0);
	rpc = dstm_rpc_new(pair[1], &ops, NULL);
	assert_int_equal(dstm_rpc_request(rpc, DSTM_GATEWAY_HELLO,
		json_pack("{s:i}", "protocol", DSTM_GATEWAY_PROTOCOL),
		on_hello, NULL), 0);
	event_base_loop(gw.daemon.base, EVLOOP_NONBLOCK);
	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		seconds = 1050 + 25 * (int64_t)i;
		peers_idle(&gw);
		event_base_loop(gw.daemon.base, EVLOOP_NONBLOCK);
		event_base_loop(gw.daemon.base, EVLOOP_NONBLOCK);
		assert_int_equal(told, wanted[i]);
	}
	peers_close(&gw);
	dstm_rpc_free(rpc);
	event_base_free(gw.daemon.base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
