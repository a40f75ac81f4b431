// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/dhcpv6.h"

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, \
	sizeof((const uint8_t[]){ __VA_ARGS__ })

/* Two addresses of 16 bytes as vectors have them. */
#define LINK 0x20, 1, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define PEER 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2

static void assert_ipv6(const struct in6_addr *addr, const char *text)
{
	char have[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, addr, have, sizeof(have));
	assert_string_equal(have, text);
}

/* In memory of exactly its length; the slices may be used no longer. */
static int parse_copy(const uint8_t *data, size_t len)
{
	struct dhcpv6_packet p;
	uint8_t *copy = test_malloc(len ? len : 1);
	int ret;

	if (len)
		memcpy(copy, data, len);
	ret = dhcpv6_parse(&p, copy, len);
	test_free(copy);
	return ret;
}

#define PARSE(...) parse_copy(BYTES(__VA_ARGS__))

static void query(void **state)
{
	static const uint8_t data[] = {
		20, 0x80, 0, 0,
		0, 99, 0, 2, 7, 7,
		0, 87, 0, 3, 1, 2, 3,
	};
	struct dhcpv6_packet p;

	(void)state;
	assert_int_equal(dhcpv6_parse(&p, data, sizeof(data)), 0);
	assert_int_equal(p.relays, 0);
	assert_int_equal(p.message.type, DHCPV6_DHCPV4_QUERY);
	assert_int_equal(p.message.flags, DHCPV6_FLAG_UNICAST);
	assert_int_equal(p.message.xid, 0);
	assert_true(dhcpv6_has(&p.message, DHCPV6_OPT_DHCPV4_MSG));
	assert_int_equal(p.message.dhcpv4.len, 3);
	assert_ptr_equal(p.message.dhcpv4.data, data + sizeof(data) - 3);
}

static void information_request(void **state)
{
	static const uint8_t data[] = {
		11, 0x11, 0x22, 0x33,
		0, 1, 0, 6, 0, 3, 0, 1, 0xaa, 0xbb,
		0, 6, 0, 6, 0, 88, 0, 90, 1, 1,
		0, 8, 0, 2, 0, 10,
	};
	struct dhcpv6_packet p;

	(void)state;
	assert_int_equal(dhcpv6_parse(&p, data, sizeof(data)), 0);
	assert_int_equal(p.message.xid, 0x112233);
	assert_int_equal(p.message.client_id.len, 6);
	assert_true(dhcpv6_wants(&p.message, DHCPV6_OPT_4O6_SERVER));
	assert_true(dhcpv6_wants(&p.message, DHCPV6_OPT_S46_BR));
	assert_true(dhcpv6_wants(&p.message, 257));
	assert_false(dhcpv6_wants(&p.message, DHCPV6_OPT_S46_BIND_PREFIX));
	assert_int_equal(p.message.elapsed, 10);
}

static void reply(void **state)
{
	static const uint8_t data[] = {
		7, 0, 0, 1,
		0, 2, 0, 4, 0, 4, 1, 2,
		0, 32, 0, 4, 0, 0, 2, 88,
		0, 88, 0, 32, LINK, PEER,
		0, 90, 0, 16, LINK,
		0, 90, 0, 16, PEER,
		0, 137, 0, 6, 36, 0x20, 1, 0x0d, 0xb8, 0x1f,
	};
	struct dhcpv6_packet p;

	(void)state;
	assert_int_equal(dhcpv6_parse(&p, data, sizeof(data)), 0);
	assert_int_equal(p.message.server_id.len, 4);
	assert_int_equal(p.message.refresh_time, 600);
	assert_int_equal(p.message.servers_count, 2);
	assert_ipv6(&p.message.servers[1], "fe80::2");
	assert_int_equal(p.message.br_count, 2);
	assert_ipv6(&p.message.br[0], "2001:db8:1::1");
	/* What is beyond the prefix's length does not belong to it. */
	assert_int_equal(p.message.bind_prefix_len, 36);
	assert_ipv6(&p.message.bind_prefix, "2001:db8:1000::");
}

/* Present and empty is not the same as absent. */
static void multicast(void **state)
{
	static const uint8_t data[] = { 7, 0, 0, 1, 0, 88, 0, 0 };
	struct dhcpv6_packet p;

	(void)state;
	assert_int_equal(dhcpv6_parse(&p, data, sizeof(data)), 0);
	assert_true(dhcpv6_has(&p.message, DHCPV6_OPT_4O6_SERVER));
	assert_int_equal(p.message.servers_count, 0);
	assert_int_equal(dhcpv6_parse(&p, data, 4), 0);
	assert_false(dhcpv6_has(&p.message, DHCPV6_OPT_4O6_SERVER));
}

static void relayed(void **state)
{
	static const uint8_t data[] = {
		12, 1, LINK, PEER,
		0, 9, 0, 57,
			12, 0, PEER, LINK,
			0, 18, 0, 3, 'e', 't', 'h',
			0, 9, 0, 12,
				20, 0, 0, 0,
				0, 87, 0, 4, 9, 8, 7, 6,
		0, 37, 0, 5, 0, 0, 0, 9, 1,
	};
	struct dhcpv6_packet p;

	(void)state;
	assert_int_equal(dhcpv6_parse(&p, data, sizeof(data)), 0);
	assert_int_equal(p.relays, 2);
	assert_int_equal(p.relay[0].hop_count, 1);
	assert_ipv6(&p.relay[0].link, "2001:db8:1::1");
	assert_null(p.relay[0].interface_id.data);
	assert_int_equal(p.relay[0].remote_id.len, 5);
	assert_ipv6(&p.relay[1].peer, "2001:db8:1::1");
	assert_memory_equal(p.relay[1].interface_id.data, "eth", 3);
	assert_int_equal(p.message.type, DHCPV6_DHCPV4_QUERY);
	assert_int_equal(p.message.dhcpv4.len, 4);
}

static void malformed(void **state)
{
	(void)state;
	assert_int_equal(parse_copy(NULL, 0), -EBADMSG);
	assert_int_equal(PARSE(20, 0, 0), -EBADMSG);
	assert_int_equal(PARSE(1, 0, 0, 1), -ENOTSUP);
	assert_int_equal(PARSE(20, 0, 0, 0, 0), -EBADMSG);
	assert_int_equal(PARSE(20, 0, 0, 0, 0, 87, 0), -EBADMSG);
	assert_int_equal(PARSE(20, 0, 0, 0, 0, 87, 0, 1), -EBADMSG);
	assert_int_equal(PARSE(20, 0, 0, 0, 0, 87, 255, 255, 1), -EBADMSG);
	assert_int_equal(PARSE(20, 0, 0, 0, 0, 87, 0, 1, 1, 0, 87, 0, 1, 1),
			 -EBADMSG);
	assert_int_equal(PARSE(11, 0, 0, 0, 0, 6, 0, 1, 1), -EBADMSG);
	assert_int_equal(PARSE(11, 0, 0, 0, 0, 1, 0, 2, 1, 1), -EBADMSG);
	assert_int_equal(PARSE(11, 0, 0, 0, 0, 8, 0, 1, 1), -EBADMSG);
	assert_int_equal(PARSE(7, 0, 0, 0, 0, 32, 0, 2, 1, 1), -EBADMSG);
	assert_int_equal(PARSE(7, 0, 0, 0, 0, 88, 0, 1, 1), -EBADMSG);
	assert_int_equal(PARSE(7, 0, 0, 0, 0, 90, 0, 4, 1, 1, 1, 1), -EBADMSG);
	assert_int_equal(PARSE(7, 0, 0, 0, 0, 137, 0, 0), -EBADMSG);
	assert_int_equal(PARSE(7, 0, 0, 0, 0, 137, 0, 2, 9, 0), -EBADMSG);
	assert_int_equal(PARSE(7, 0, 0, 0, 0, 137, 0, 1, 129), -EBADMSG);
}

static void malformed_relay(void **state)
{
	(void)state;
	assert_int_equal(PARSE(12, 0, LINK), -EBADMSG);
	assert_int_equal(PARSE(12, 0, LINK, PEER), -EBADMSG);
	assert_int_equal(PARSE(12, 0, LINK, PEER, 0, 9, 0, 0), -EBADMSG);
	assert_int_equal(PARSE(12, 0, LINK, PEER, 0, 9, 0, 9, 20, 0, 0, 0),
			 -EBADMSG);
	assert_int_equal(PARSE(12, 0, LINK, PEER, 0, 9, 0, 4, 20, 0, 0, 0,
			       0, 9, 0, 4, 20, 0, 0, 0), -EBADMSG);
	assert_int_equal(PARSE(12, 0, LINK, PEER, 0, 9, 0, 42,
			       13, 0, LINK, PEER, 0, 9, 0, 4, 20, 0, 0, 0),
			 -EBADMSG);
}

static void fill(struct dhcpv6_packet *p, unsigned int relays)
{
	static const uint8_t bytes[] = { 0, 4, 0, 88, 0, 90 };
	struct dhcpv6_message *m = &p->message;
	unsigned int i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < relays; i++) {
		p->relay[i].type = DHCPV6_RELAY_REPL;
		p->relay[i].hop_count = (uint8_t)(relays - i - 1);
		inet_pton(AF_INET6, "2001:db8::1", &p->relay[i].link);
		inet_pton(AF_INET6, "fe80::1", &p->relay[i].peer);
		if (i % 2)
			p->relay[i].interface_id =
				(struct dhcpv6_slice){ bytes, 2 };
	}
	p->relays = relays;
	m->type = DHCPV6_REPLY;
	m->xid = 0xabcdef;
	m->client_id = (struct dhcpv6_slice){ bytes, 3 };
	m->server_id = (struct dhcpv6_slice){ bytes, 4 };
	m->oro = (struct dhcpv6_slice){ bytes + 2, 4 };
	m->elapsed = 65535;
	m->refresh_time = 86400;
	m->inf_max_rt = 7200;
	m->dhcpv4 = (struct dhcpv6_slice){ bytes, 5 };
	for (i = 0; i < DHCPV6_ADDRS; i++)
		m->servers[i].s6_addr[15] = m->br[i].s6_addr[15] = (uint8_t)i;
	m->servers_count = m->br_count = DHCPV6_ADDRS;
	inet_pton(AF_INET6, "2001:db8:7:8000::", &m->bind_prefix);
	m->bind_prefix_len = 49;
	dhcpv6_give(m, DHCPV6_OPT_CLIENT_ID);
	dhcpv6_give(m, DHCPV6_OPT_SERVER_ID);
	dhcpv6_give(m, DHCPV6_OPT_ORO);
	dhcpv6_give(m, DHCPV6_OPT_ELAPSED);
	dhcpv6_give(m, DHCPV6_OPT_REFRESH_TIME);
	dhcpv6_give(m, DHCPV6_OPT_INF_MAX_RT);
	dhcpv6_give(m, DHCPV6_OPT_DHCPV4_MSG);
	dhcpv6_give(m, DHCPV6_OPT_4O6_SERVER);
	dhcpv6_give(m, DHCPV6_OPT_S46_BR);
	dhcpv6_give(m, DHCPV6_OPT_S46_BIND_PREFIX);
}

static void assert_slice(const struct dhcpv6_slice *a,
			 const struct dhcpv6_slice *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
}

static void round_trip(void **state)
{
	struct dhcpv6_packet p, back;
	uint8_t data[4096], again[4096];
	unsigned int relays;
	int len;

	(void)state;
	for (relays = 0; relays <= DHCPV6_RELAYS; relays++) {
		fill(&p, relays);
		len = dhcpv6_build(&p, data, sizeof(data));
		assert_true(len > 0);
		assert_int_equal(dhcpv6_parse(&back, data, (size_t)len), 0);
		assert_int_equal(back.relays, relays);
		assert_slice(&back.message.dhcpv4, &p.message.dhcpv4);
		assert_slice(&back.message.client_id, &p.message.client_id);
		assert_int_equal(back.message.inf_max_rt, 7200);
		assert_int_equal(back.message.br_count, DHCPV6_ADDRS);
		assert_ipv6(&back.message.bind_prefix, "2001:db8:7:8000::");
		assert_int_equal(dhcpv6_build(&back, again, sizeof(again)), len);
		assert_memory_equal(data, again, (size_t)len);
	}
}

static void too_many_relays(void **state)
{
	uint8_t data[1024];
	size_t i, len = 4;

	(void)state;
	memset(data, 0, sizeof(data));
	data[sizeof(data) - 4] = DHCPV6_DHCPV4_QUERY;
	for (i = 0; i < DHCPV6_RELAYS + 1; i++) {
		uint8_t *at = data + sizeof(data) - len - 38;

		at[0] = DHCPV6_RELAY_FORW;
		at[35] = DHCPV6_OPT_RELAY_MSG;
		at[36] = (uint8_t)(len >> 8);
		at[37] = (uint8_t)len;
		len += 38;
	}
	assert_int_equal(parse_copy(data + sizeof(data) - len, len),
			 -EMULTIHOP);
	assert_int_equal(parse_copy(data + sizeof(data) - len + 38, len - 38),
			 0);
}

static void no_room(void **state)
{
	struct dhcpv6_packet p;
	uint8_t data[4096];
	int len, size;

	(void)state;
	fill(&p, 3);
	len = dhcpv6_build(&p, data, sizeof(data));
	for (size = 0; size < len; size++) {
		uint8_t *room = test_malloc((size_t)size + 1);

		assert_int_equal(dhcpv6_build(&p, room, (size_t)size), -ENOSPC);
		test_free(room);
	}
	p.relays = DHCPV6_RELAYS + 1;
	assert_int_equal(dhcpv6_build(&p, data, sizeof(data)), -EINVAL);
}

/* Longer than a UDP packet can be, though the caller's buffer is not. */
static void too_long(void **state)
{
	struct dhcpv6_packet p;
	uint8_t *inside = calloc(1, 70000), *data = malloc(80000);

	(void)state;
	fill(&p, 0);
	p.message.dhcpv4 = (struct dhcpv6_slice){ inside, 65535 };
	assert_int_equal(dhcpv6_build(&p, data, 80000), -ENOSPC);
	p.message.dhcpv4.len = 70000;
	assert_int_equal(dhcpv6_build(&p, data, 80000), -ENOSPC);
	free(inside);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(query),
		cmocka_unit_test(information_request),
		cmocka_unit_test(reply),
		cmocka_unit_test(multicast),
		cmocka_unit_test(relayed),
		cmocka_unit_test(malformed),
		cmocka_unit_test(malformed_relay),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(too_many_relays),
		cmocka_unit_test(no_room),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests_name("dhcpv6", tests, NULL, NULL);
}
