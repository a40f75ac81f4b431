// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "client/discovery.h"

#define S	UINT64_C(1000)

static const uint8_t duid[] = { 0, 4, 1, 2, 3 };
static const uint8_t server_duid[] = { 0, 4, 9, 9, 9 };
static struct dhcpv6_message sent;
static unsigned int sends;
static struct discovery discovery;
static struct dhcpv6_message reply;

static void do_send(const struct dhcpv6_message *m, void *data)
{
	(void)data;
	sent = *m;
	sends++;
}

/* A multiple of 1000, so that nothing is delayed, after the number of the exchange. */
static uint32_t randoms[] = { 0xdeadbeef, 1000000000 };
static unsigned int random_next;

static uint32_t do_random(void *data)
{
	(void)data;
	return randoms[random_next++ % 2];
}

static int fresh(void **state)
{
	(void)state;
	sends = random_next = 0;
	discovery = (struct discovery){
		.send = do_send,
		.random = do_random,
		.duid = { duid, sizeof(duid) },
	};
	discovery_start(&discovery, 0);
	discovery_run(&discovery, discovery.next);
	memset(&reply, 0, sizeof(reply));
	reply.type = DHCPV6_REPLY;
	reply.xid = sent.xid;
	inet_pton(AF_INET6, "2001:db8::53", &reply.servers[0]);
	reply.servers_count = 1;
	dhcpv6_give(&reply, DHCPV6_OPT_4O6_SERVER);
	reply.server_id = (struct dhcpv6_slice){ server_duid, sizeof(server_duid) };
	dhcpv6_give(&reply, DHCPV6_OPT_SERVER_ID);
	reply.client_id = (struct dhcpv6_slice){ duid, sizeof(duid) };
	dhcpv6_give(&reply, DHCPV6_OPT_CLIENT_ID);
	return 0;
}

static void asks(void **state)
{
	(void)state;
	assert_int_equal(sent.type, DHCPV6_INFORMATION_REQUEST);
	assert_int_equal(sent.xid, 0xadbeef);
	assert_true(dhcpv6_wants(&sent, DHCPV6_OPT_4O6_SERVER));
	assert_true(dhcpv6_wants(&sent, DHCPV6_OPT_S46_BR));
	assert_true(dhcpv6_wants(&sent, DHCPV6_OPT_S46_BIND_PREFIX));
	assert_true(dhcpv6_wants(&sent, DHCPV6_OPT_INF_MAX_RT));
	assert_ptr_equal(sent.client_id.data, duid);
	assert_in_range(discovery.next, 900, 1100);

	discovery_run(&discovery, discovery.next - 1);
	assert_int_equal(sends, 1);
	discovery_run(&discovery, 1 * S);
	assert_int_equal(sends, 2);
	assert_int_equal(sent.elapsed, 100);
	assert_in_range(discovery.next - 1 * S, 1800, 2200);
}

static void finds(void **state)
{
	(void)state;
	inet_pton(AF_INET6, "2001:db8::1", &reply.br[0]);
	reply.br_count = 1;
	reply.bind_prefix_len = 48;
	assert_true(discovery_receive(&discovery, &reply, 5 * S));
	assert_true(discovery.found);
	assert_int_equal(discovery.servers_count, 1);
	assert_memory_equal(&discovery.tep, &reply.br[0], 16);
	assert_int_equal(discovery.prefix_len, 48);
	assert_int_equal(discovery.next, 86405 * S);
	assert_false(discovery_receive(&discovery, &reply, 6 * S));

	/* The day after, it asks again, and knows what it knew until then. */
	discovery_run(&discovery, 86405 * S);
	discovery_run(&discovery, discovery.next);
	assert_int_equal(sends, 2);
	assert_true(discovery.found);
}

static void multicast(void **state)
{
	(void)state;
	reply.servers_count = 0;
	assert_true(discovery_receive(&discovery, &reply, 0));
	assert_true(discovery.found);
	assert_int_equal(discovery.servers_count, 0);
}

static void refreshes(void **state)
{
	(void)state;
	reply.refresh_time = 5;
	dhcpv6_give(&reply, DHCPV6_OPT_REFRESH_TIME);
	assert_true(discovery_receive(&discovery, &reply, 0));
	assert_int_equal(discovery.next, 600 * S);

	fresh(NULL);
	reply.refresh_time = UINT32_MAX;
	dhcpv6_give(&reply, DHCPV6_OPT_REFRESH_TIME);
	assert_true(discovery_receive(&discovery, &reply, 0));
	assert_int_equal(discovery.next, DISCOVERY_NEVER);
}

/* The first question waits, so that not all hosts of a link ask at the same time. */
static void delays(void **state)
{
	(void)state;
	randoms[1] = 617;
	sends = random_next = 0;
	discovery_start(&discovery, 5 * S);
	assert_int_equal(sends, 0);
	assert_int_equal(discovery.next, 5617);
	discovery_run(&discovery, 5617);
	assert_int_equal(sends, 1);
	assert_int_equal(sent.elapsed, 0);
	randoms[1] = 1000000000;
}

static void asks_less_often(void **state)
{
	unsigned int i;

	(void)state;
	/* What has no address of a server is no answer, but says how often to ask. */
	memset(reply.have, 0, sizeof(reply.have));
	dhcpv6_give(&reply, DHCPV6_OPT_SERVER_ID);
	dhcpv6_give(&reply, DHCPV6_OPT_CLIENT_ID);
	dhcpv6_give(&reply, DHCPV6_OPT_INF_MAX_RT);
	reply.inf_max_rt = 60;
	assert_false(discovery_receive(&discovery, &reply, 0));
	reply.inf_max_rt = 59;
	assert_false(discovery_receive(&discovery, &reply, 0));
	for (i = 0; i < 10; i++)
		discovery_run(&discovery, discovery.next);
	assert_int_equal(discovery.interval, 60 * S);
}

static void no_answers(void **state)
{
	static const uint8_t other[] = { 0, 4, 1, 2, 4 };
	static const unsigned int needed[] = {
		DHCPV6_OPT_CLIENT_ID, DHCPV6_OPT_SERVER_ID, DHCPV6_OPT_4O6_SERVER,
	};
	unsigned int i;

	(void)state;
	reply.xid++;
	assert_false(discovery_receive(&discovery, &reply, 0));
	fresh(NULL);
	reply.type = DHCPV6_DHCPV4_RESPONSE;
	assert_false(discovery_receive(&discovery, &reply, 0));
	fresh(NULL);
	reply.client_id = (struct dhcpv6_slice){ other, sizeof(other) };
	assert_false(discovery_receive(&discovery, &reply, 0));
	for (i = 0; i < 3; i++) {
		fresh(NULL);
		reply.have[needed[i] / 64] &= ~(UINT64_C(1) << needed[i] % 64);
		assert_false(discovery_receive(&discovery, &reply, 0));
	}
	assert_false(discovery.found);
	assert_true(discovery.asking);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(asks, fresh),
		cmocka_unit_test_setup(finds, fresh),
		cmocka_unit_test_setup(multicast, fresh),
		cmocka_unit_test_setup(refreshes, fresh),
		cmocka_unit_test_setup(delays, fresh),
		cmocka_unit_test_setup(asks_less_often, fresh),
		cmocka_unit_test_setup(no_answers, fresh),
	};

	return cmocka_run_group_tests_name("client_discovery", tests, NULL,
					   NULL);
}
