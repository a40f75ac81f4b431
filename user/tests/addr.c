// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/addr.h"

static void ipv4_prefix(void **state)
{
	static const char * const wrong[] = {
		"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "/24",
		"192.0.2", "192.0.2.0/24/1", "192.0.2.0/ 4", "2001:db8::/32",
		"192.0.2.0000000000000000000000000000000000000000000000000/1",
	};
	struct in_addr addr;
	uint8_t len;
	size_t i;

	(void)state;
	assert_int_equal(dstm_ipv4_prefix_parse("192.0.2.0/24", &addr, &len), 0);
	assert_int_equal(addr.s_addr, htonl(0xc0000200));
	assert_int_equal(len, 24);
	assert_int_equal(dstm_ipv4_prefix_parse("192.0.2.1", &addr, &len), 0);
	assert_int_equal(len, 32);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(dstm_ipv4_prefix_parse(wrong[i], &addr, &len),
				 -EINVAL);
}

static void ipv6_prefix(void **state)
{
	struct in6_addr addr;
	uint8_t len;

	(void)state;
	assert_int_equal(dstm_ipv6_prefix_parse("2001:db8::/32", &addr, &len), 0);
	assert_int_equal(addr.s6_addr[1], 1);
	assert_int_equal(len, 32);
	assert_int_equal(dstm_ipv6_prefix_parse("::/0", &addr, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(dstm_ipv6_prefix_parse("::1", &addr, &len), 0);
	assert_int_equal(len, 128);
	assert_int_equal(dstm_ipv6_prefix_parse("::/129", &addr, &len), -EINVAL);
	assert_int_equal(dstm_ipv6_prefix_parse("192.0.2.1", &addr, &len), -EINVAL);
}

static void number(void **state)
{
	uint64_t n;

	(void)state;
	assert_int_equal(dstm_number_parse("65535", 65535, &n), 0);
	assert_int_equal(n, 65535);
	assert_int_equal(dstm_number_parse("0x34", 255, &n), 0);
	assert_int_equal(n, 0x34);
	assert_int_equal(dstm_number_parse("010", 255, &n), 0);
	assert_int_equal(n, 10);
	assert_int_equal(dstm_number_parse("65536", 65535, &n), -ERANGE);
	assert_int_equal(dstm_number_parse("99999999999999999999", UINT64_MAX, &n),
			 -ERANGE);
	assert_int_equal(dstm_number_parse("", 9, &n), -EINVAL);
	assert_int_equal(dstm_number_parse("-1", 9, &n), -EINVAL);
	assert_int_equal(dstm_number_parse(" 1", 9, &n), -EINVAL);
	assert_int_equal(dstm_number_parse("1 ", 9, &n), -EINVAL);
	assert_int_equal(dstm_number_parse("0x", 9, &n), -EINVAL);
	assert_int_equal(dstm_number_parse("0x0x5", 9, &n), -EINVAL);
	assert_int_equal(dstm_number_parse("0x-1", 9, &n), -EINVAL);
	assert_int_equal(dstm_number_parse("ten", 9, &n), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_prefix),
		cmocka_unit_test(ipv6_prefix),
		cmocka_unit_test(number),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
