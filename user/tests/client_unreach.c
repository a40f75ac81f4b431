// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "client/unreach.h"

/* UDP from 192.0.0.2 to 198.51.100.2, of 40 bytes. */
static const uint8_t udp[40] = {
	0x45, 0, 0, 40, 0, 1, 0, 0, 64, 17, 0, 0,
	192, 0, 0, 2, 198, 51, 100, 2,
	0x30, 0x39, 0, 53, 0, 20, 0, 0, 'q',
};

static uint8_t packet[1500];
static uint8_t answer[UNREACH_SIZE];

static int fresh(void **state)
{
	(void)state;
	memset(packet, 0, sizeof(packet));
	memcpy(packet, udp, sizeof(udp));
	return 0;
}

static size_t build(size_t len)
{
	return unreach_build(answer, (struct in_addr){ htonl(0xc0000001) },
			     packet, len);
}

static uint32_t sum(const uint8_t *data, size_t len)
{
	uint32_t total = 0;
	size_t i;

	for (i = 0; i < len; i++)
		total += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

static void wants_out(void **state)
{
	static const uint8_t nowhere[] = { 0, 127, 224, 239, 255 };
	size_t i;

	(void)state;
	assert_true(unreach_wants_out(packet, 40));
	assert_true(unreach_wants_out(packet, 44));
	assert_false(unreach_wants_out(packet, 39));
	assert_false(unreach_wants_out(packet, 19));
	assert_false(unreach_wants_out(packet, 0));
	for (i = 0; i < sizeof(nowhere); i++) {
		packet[16] = nowhere[i];
		assert_false(unreach_wants_out(packet, 40));
	}
	fresh(NULL);
	packet[0] = 0x65;
	assert_false(unreach_wants_out(packet, 40));
	packet[0] = 0x44;
	assert_false(unreach_wants_out(packet, 40));
	packet[0] = 0x4f;
	assert_false(unreach_wants_out(packet, 40));
}

static void answers(void **state)
{
	size_t len = build(40);

	(void)state;
	assert_int_equal(len, 68);
	assert_int_equal(answer[0], 0x45);
	assert_int_equal(answer[3], 68);
	assert_int_equal(answer[9], IPPROTO_ICMP);
	assert_memory_equal(answer + 12, ((uint8_t[]){ 192, 0, 0, 1 }), 4);
	assert_memory_equal(answer + 16, udp + 12, 4);
	assert_int_equal(sum(answer, 20), 0xffff);
	assert_int_equal(answer[20], 3);
	assert_int_equal(answer[21], 9);
	assert_int_equal(sum(answer + 20, len - 20), 0xffff);
	assert_memory_equal(answer + 28, udp, sizeof(udp));
}

static void code_of_others(void **state)
{
	(void)state;
	packet[9] = IPPROTO_TCP;
	assert_int_equal(build(40), 68);
	assert_int_equal(answer[21], 0);
}

static void long_packets_are_cut(void **state)
{
	(void)state;
	packet[2] = 1500 >> 8;
	packet[3] = 1500 & 0xff;
	assert_int_equal(build(1500), UNREACH_SIZE);
	assert_int_equal(sum(answer + 20, UNREACH_SIZE - 20), 0xffff);
	/* An odd length, for the checksum's sake. */
	packet[2] = 0;
	packet[3] = 41;
	assert_int_equal(build(41), 69);
	assert_int_equal(sum(answer + 20, 49), 0xffff);
}

static void never_answered(void **state)
{
	static const uint8_t sources[] = { 0, 127, 224, 255 };
	size_t i;

	(void)state;
	packet[9] = IPPROTO_ICMP;
	packet[20] = 3;
	assert_int_equal(build(40), 0);
	packet[20] = 8;
	assert_int_equal(build(40), 68);
	assert_int_equal(build(20), 0);
	fresh(NULL);
	packet[7] = 1;		/* not the first fragment */
	assert_int_equal(build(40), 0);
	for (i = 0; i < sizeof(sources); i++) {
		fresh(NULL);
		packet[12] = sources[i];
		assert_int_equal(build(40), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(wants_out, fresh),
		cmocka_unit_test_setup(answers, fresh),
		cmocka_unit_test_setup(code_of_others, fresh),
		cmocka_unit_test_setup(long_packets_are_cut, fresh),
		cmocka_unit_test_setup(never_answered, fresh),
	};

	return cmocka_run_group_tests_name("client_unreach", tests, NULL, NULL);
}
