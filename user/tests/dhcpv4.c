// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "proto/dhcpv4.h"

#define HEADER	240

/* A packet: a header with nothing unusual in it, and options. */
struct packet {
	uint8_t data[4096];
	size_t len;
};

static void begin(struct packet *p)
{
	static const uint8_t start[] = {
		1, 0, 0, 0, 0x12, 0x34, 0x56, 0x78, 0, 3, 0, 0,
		192, 0, 2, 7,
	};
	static const uint8_t cookie[] = { 0x63, 0x82, 0x53, 0x63 };

	memset(p, 0, sizeof(*p));
	memcpy(p->data, start, sizeof(start));
	memcpy(p->data + HEADER - 4, cookie, sizeof(cookie));
	p->len = HEADER;
}

static void add(struct packet *p, const void *data, size_t len)
{
	memcpy(p->data + p->len, data, len);
	p->len += len;
}

#define ADD(p, ...) \
	add((p), (const uint8_t[]){ __VA_ARGS__ }, \
	    sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* In memory of exactly its length, so that the sanitizer sees the end. */
static int parse(struct dhcpv4_message *m, const struct packet *p)
{
	uint8_t *copy = test_malloc(p->len ? p->len : 1);
	int ret;

	memcpy(copy, p->data, p->len);
	ret = dhcpv4_parse(m, copy, p->len);
	test_free(copy);
	return ret;
}

static void assert_ipv4(struct in_addr addr, const char *text)
{
	char have[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &addr, have, sizeof(have));
	assert_string_equal(have, text);
}

static void discover(void **state)
{
	struct dhcpv4_message m;
	const uint8_t *duid;
	struct packet p;
	uint32_t iaid;
	size_t len;

	(void)state;
	begin(&p);
	ADD(&p, 53, 1, 1);
	ADD(&p, 0, 0, 61, 11, 255, 0, 0, 0, 9, 0, 3, 0, 1, 0xaa, 0xbb);
	ADD(&p, 50, 4, 192, 0, 2, 9);
	ADD(&p, 55, 4, 51, 3, 159, 109);
	ADD(&p, 159, 4, 0, 0, 0, 0);
	ADD(&p, 109, 16, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7);
	ADD(&p, 200, 2, 1, 2, 255, 99, 99);

	assert_int_equal(parse(&m, &p), 0);
	assert_int_equal(m.op, DHCPV4_BOOTREQUEST);
	assert_int_equal(m.xid, 0x12345678);
	assert_int_equal(m.secs, 3);
	assert_ipv4(m.ciaddr, "192.0.2.7");
	assert_int_equal(m.type, DHCPV4_DISCOVER);
	assert_ipv4(m.requested, "192.0.2.9");
	assert_true(dhcpv4_wants(&m, DHCPV4_OPT_ROUTER));
	assert_false(dhcpv4_wants(&m, DHCPV4_OPT_DNS));
	assert_true(dhcpv4_accepts_ports(&m));
	assert_int_equal(m.ports.len, 0);
	assert_true(dhcpv4_has(&m, DHCPV4_OPT_SOFTWIRE_SOURCE));
	assert_int_equal(m.softwire_source.s6_addr[15], 7);
	assert_false(dhcpv4_has(&m, DHCPV4_OPT_LEASE_TIME));
	assert_int_equal(dhcpv4_client_id_split(&m, &iaid, &duid, &len), 0);
	assert_int_equal(iaid, 9);
	assert_int_equal(len, 6);
	assert_memory_equal(duid, ((uint8_t[]){ 0, 3, 0, 1, 0xaa, 0xbb }), 6);
}

static void ack(void **state)
{
	struct dhcpv4_message m;
	struct packet p;

	(void)state;
	begin(&p);
	p.data[0] = DHCPV4_BOOTREPLY;
	memcpy(p.data + 16, (uint8_t[]){ 192, 0, 2, 8 }, 4);
	ADD(&p, 53, 1, 5, 51, 4, 0, 0, 14, 16, 58, 4, 0, 0, 7, 8);
	ADD(&p, 59, 4, 0, 0, 12, 78, 54, 4, 10, 0, 0, 1);
	ADD(&p, 1, 4, 255, 255, 255, 255, 3, 4, 192, 0, 2, 1);
	ADD(&p, 6, 8, 198, 51, 100, 1, 198, 51, 100, 2, 26, 2, 5, 0xdc);
	ADD(&p, 159, 4, 0, 6, 5 << 2, 0, 255);

	assert_int_equal(parse(&m, &p), 0);
	assert_ipv4(m.yiaddr, "192.0.2.8");
	assert_int_equal(m.lease_time, 3600);
	assert_int_equal(m.t1, 1800);
	assert_int_equal(m.t2, 3150);
	assert_ipv4(m.server_id, "10.0.0.1");
	assert_ipv4(m.mask, "255.255.255.255");
	assert_int_equal(m.routers_count, 1);
	assert_ipv4(m.routers[0], "192.0.2.1");
	assert_int_equal(m.dns_count, 2);
	assert_ipv4(m.dns[1], "198.51.100.2");
	assert_int_equal(m.mtu, 1500);
	assert_int_equal(m.ports.psid, 5);
	assert_int_equal(m.ports.len, 6);
	assert_int_equal(m.ports.offset, 0);
}

/* RFC 3396: parts of one option, over three fields. */
static void joined(void **state)
{
	struct dhcpv4_message m;
	struct packet p;

	(void)state;
	begin(&p);
	memcpy(p.data + 108, (uint8_t[]){ 61, 2, 3, 4, 0, 255 }, 6);
	memcpy(p.data + 44, (uint8_t[]){ 61, 1, 5, 255 }, 4);
	ADD(&p, 53, 1, 1, 61, 1, 1, 52, 1, 3, 61, 1, 2, 255);
	assert_int_equal(parse(&m, &p), 0);
	assert_int_equal(m.client_id_len, 5);
	assert_memory_equal(m.client_id, ((uint8_t[]){ 1, 2, 3, 4, 5 }), 5);

	/* Without overload, those fields are no options. */
	begin(&p);
	memcpy(p.data + 108, (uint8_t[]){ 61, 2, 3, 4, 255 }, 5);
	ADD(&p, 53, 1, 1, 61, 2, 1, 2, 255);
	assert_int_equal(parse(&m, &p), 0);
	assert_int_equal(m.client_id_len, 2);
}

static void joined_too_long(void **state)
{
	struct dhcpv4_message m;
	uint8_t half[130] = { 61, 128 };
	struct packet p;

	(void)state;
	begin(&p);
	ADD(&p, 53, 1, 1);
	add(&p, half, sizeof(half));
	add(&p, half, sizeof(half));
	assert_int_equal(parse(&m, &p), -EBADMSG);
}

static int parse_option(const uint8_t *option, size_t len)
{
	struct dhcpv4_message m;
	struct packet p;

	begin(&p);
	ADD(&p, 53, 1, 1);
	add(&p, option, len);
	return parse(&m, &p);
}

#define OPTION(...) \
	parse_option((const uint8_t[]){ __VA_ARGS__ }, \
		     sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void malformed(void **state)
{
	struct dhcpv4_message m;
	struct packet p;
	size_t len;

	(void)state;
	assert_int_equal(OPTION(0), 0);
	assert_int_equal(OPTION(50), -EBADMSG);
	assert_int_equal(OPTION(50, 4, 1, 2, 3), -EBADMSG);
	assert_int_equal(OPTION(50, 3, 1, 2, 3), -EBADMSG);
	assert_int_equal(OPTION(51, 0), -EBADMSG);
	assert_int_equal(OPTION(3, 0), -EBADMSG);
	assert_int_equal(OPTION(6, 5, 1, 2, 3, 4, 5), -EBADMSG);
	assert_int_equal(OPTION(26, 1, 1), -EBADMSG);
	assert_int_equal(OPTION(52, 1, 4), -EBADMSG);
	assert_int_equal(OPTION(52, 0), -EBADMSG);
	assert_int_equal(OPTION(53, 1, 1), -EBADMSG);
	assert_int_equal(OPTION(55, 0), -EBADMSG);
	assert_int_equal(OPTION(61, 1, 0), -EBADMSG);
	assert_int_equal(OPTION(109, 4, 1, 2, 3, 4), -EBADMSG);
	assert_int_equal(OPTION(159, 4, 0, 17, 0, 0), -EBADMSG);
	assert_int_equal(OPTION(159, 4, 9, 8, 0, 0), -EBADMSG);
	assert_int_equal(OPTION(159, 3, 0, 0, 0), -EBADMSG);

	for (len = 0; len < HEADER; len++) {
		begin(&p);
		p.len = len;
		assert_int_equal(parse(&m, &p), -EBADMSG);
	}
	begin(&p);		/* no message type */
	assert_int_equal(parse(&m, &p), -EBADMSG);
	ADD(&p, 53, 1, 9);	/* an unknown one */
	assert_int_equal(parse(&m, &p), -EBADMSG);
	begin(&p);
	p.data[0] = 3;		/* neither request nor reply */
	ADD(&p, 53, 1, 1);
	assert_int_equal(parse(&m, &p), -EBADMSG);
	begin(&p);
	p.data[2] = 17;		/* hardware address too long */
	ADD(&p, 53, 1, 1);
	assert_int_equal(parse(&m, &p), -EBADMSG);
}

static void text(void **state)
{
	struct dhcpv4_message m;
	struct packet p;

	(void)state;
	begin(&p);
	ADD(&p, 53, 1, 6, 56, 5, 'n', 'o', '\n', 0x1b, '!', 255);
	assert_int_equal(parse(&m, &p), 0);
	assert_string_equal(m.text, "no?""?!");
}

static void full_message(struct dhcpv4_message *m)
{
	static const uint8_t duid[] = { 0, 2, 0, 0, 0, 9, 1, 2, 3 };
	size_t i;

	memset(m, 0, sizeof(*m));
	m->op = DHCPV4_BOOTREPLY;
	m->xid = 0xdeadbeef;
	m->secs = 4;
	m->flags = 0x8000;
	m->yiaddr.s_addr = htonl(0xc0000207);
	m->type = DHCPV4_ACK;
	m->mask.s_addr = UINT32_MAX;
	m->routers_count = DHCPV4_ADDRS;
	m->dns_count = DHCPV4_ADDRS;
	for (i = 0; i < DHCPV4_ADDRS; i++) {
		m->routers[i].s_addr = htonl((uint32_t)i);
		m->dns[i].s_addr = htonl((uint32_t)i + 1000);
	}
	m->mtu = 1460;
	m->requested.s_addr = htonl(0xc0000207);
	m->lease_time = UINT32_MAX;
	m->t1 = 1;
	m->t2 = 2;
	m->server_id.s_addr = htonl(0x0a000001);
	memset(m->parameters, 159, sizeof(m->parameters));
	m->parameters_count = DHCPV4_VALUE;
	memset(m->text, 'x', DHCPV4_VALUE);
	m->softwire_source.s6_addr[0] = 0x20;
	m->ports = (struct dstm_portset){ .psid = 0x34, .len = 8, .offset = 4 };
	m->have[0] = UINT64_C(1) << 1 | UINT64_C(1) << 3 | UINT64_C(1) << 6 |
		     UINT64_C(1) << 26 | UINT64_C(1) << 50 | UINT64_C(1) << 51 |
		     UINT64_C(1) << 53 | UINT64_C(1) << 54 | UINT64_C(1) << 55 |
		     UINT64_C(1) << 56 | UINT64_C(1) << 58 | UINT64_C(1) << 59;
	dhcpv4_give(m, DHCPV4_OPT_SOFTWIRE_SOURCE);
	dhcpv4_give(m, DHCPV4_OPT_PORTPARAMS);
	dhcpv4_client_id_join(m, 5, duid, sizeof(duid));
}

static void round_trip(void **state)
{
	struct dhcpv4_message m, back;
	uint8_t data[DHCPV4_MESSAGE];
	int len;

	(void)state;
	full_message(&m);
	len = dhcpv4_build(&m, data, sizeof(data));
	assert_true(len > HEADER);
	assert_int_equal(dhcpv4_parse(&back, data, (size_t)len), 0);
	assert_memory_equal(&m, &back, sizeof(m));
}

static void no_room(void **state)
{
	struct dhcpv4_message m;
	uint8_t data[DHCPV4_MESSAGE];
	int len, size;

	(void)state;
	full_message(&m);
	len = dhcpv4_build(&m, data, sizeof(data));
	for (size = 0; size < len; size++) {
		uint8_t *room = test_malloc((size_t)size + 1);

		assert_int_equal(dhcpv4_build(&m, room, (size_t)size), -ENOSPC);
		test_free(room);
	}
}

static void not_to_be_built(void **state)
{
	struct dhcpv4_message m;
	uint8_t data[DHCPV4_MESSAGE];

	(void)state;
	full_message(&m);
	m.type = 0;
	assert_int_equal(dhcpv4_build(&m, data, sizeof(data)), -EINVAL);
	full_message(&m);
	m.dns_count = DHCPV4_ADDRS + 1;
	assert_int_equal(dhcpv4_build(&m, data, sizeof(data)), -EINVAL);
	full_message(&m);
	m.ports.psid = 0x100;
	assert_int_equal(dhcpv4_build(&m, data, sizeof(data)), -EINVAL);
}

static void client_ids(void **state)
{
	struct dhcpv4_message m = {0};
	const uint8_t *duid;
	uint32_t iaid;
	size_t len;

	(void)state;
	assert_int_equal(dhcpv4_client_id_split(&m, &iaid, &duid, &len),
			 -ENOENT);
	/* A hardware address, as clients before RFC 4361 send it. */
	memcpy(m.client_id, (uint8_t[]){ 1, 2, 0, 0, 0, 0, 1, 0, 0 }, 9);
	m.client_id_len = 7;
	dhcpv4_give(&m, DHCPV4_OPT_CLIENT_ID);
	assert_int_equal(dhcpv4_client_id_split(&m, &iaid, &duid, &len),
			 -EINVAL);
	m.client_id[0] = 255;
	assert_int_equal(dhcpv4_client_id_split(&m, &iaid, &duid, &len),
			 -EINVAL);
	m.client_id_len = 8;
	assert_int_equal(dhcpv4_client_id_split(&m, &iaid, &duid, &len), 0);
	assert_int_equal(len, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discover),
		cmocka_unit_test(ack),
		cmocka_unit_test(joined),
		cmocka_unit_test(joined_too_long),
		cmocka_unit_test(malformed),
		cmocka_unit_test(text),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(no_room),
		cmocka_unit_test(not_to_be_built),
		cmocka_unit_test(client_ids),
	};

	return cmocka_run_group_tests_name("dhcpv4", tests, NULL, NULL);
}
