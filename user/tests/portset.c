// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../lib/portset.h"

static void contiguous(void **state)
{
	struct dstm_portset set = { .psid = 5, .len = 6 };
	uint16_t first, last;

	(void)state;
	assert_null(dstm_portset_wrong(&set));
	assert_int_equal(dstm_portset_ranges(&set), 1);
	dstm_portset_range(&set, 0, &first, &last);
	assert_int_equal(first, 5120);
	assert_int_equal(last, 6143);
}

static void scattered(void **state)
{
	struct dstm_portset set = { .psid = 0x34, .len = 8, .offset = 4 };
	uint16_t first, last;

	(void)state;
	assert_int_equal(dstm_portset_ranges(&set), 15);
	dstm_portset_range(&set, 0, &first, &last);
	assert_int_equal(first, 4928);
	assert_int_equal(last, 4943);
	dstm_portset_range(&set, 14, &first, &last);
	assert_int_equal(first, 62272);
	assert_int_equal(last, 62287);
}

static void whole(void **state)
{
	struct dstm_portset set = { .len = 0 };
	uint16_t first, last;

	(void)state;
	assert_null(dstm_portset_wrong(&set));
	dstm_portset_range(&set, 0, &first, &last);
	assert_int_equal(first, 0);
	assert_int_equal(last, 65535);
}

static void wrong(void **state)
{
	struct dstm_portset psid = { .psid = 64, .len = 6 };
	struct dstm_portset len = { .len = 17 };
	struct dstm_portset offset = { .offset = 16 };
	struct dstm_portset both = { .len = 8, .offset = 9 };

	(void)state;
	assert_non_null(dstm_portset_wrong(&psid));
	assert_non_null(dstm_portset_wrong(&len));
	assert_non_null(dstm_portset_wrong(&offset));
	assert_non_null(dstm_portset_wrong(&both));
}

static unsigned int has_count(const struct dstm_portset *set)
{
	unsigned int port, n = 0;

	for (port = 0; port < 65536; port++)
		n += dstm_portset_has(set, (uint16_t)port);
	return n;
}

/* Ranges are ascending, hold what the set has, and nothing else is in it. */
static void ranges_agree(void **state)
{
	struct dstm_portset set = {0};
	unsigned int i, len, offset;

	(void)state;
	for (len = 1; len <= 16; len++) {
		for (offset = 0; offset + len <= 16 && offset < 16; offset++) {
			unsigned int n = 0;
			int before = -1;

			set.len = (uint8_t)len;
			set.offset = (uint8_t)offset;
			set.psid = (uint16_t)((1U << len) - 1);
			assert_null(dstm_portset_wrong(&set));
			for (i = 0; i < dstm_portset_ranges(&set); i++) {
				uint16_t first, last;

				dstm_portset_range(&set, i, &first, &last);
				assert_true(first > before && last >= first);
				assert_true(dstm_portset_has(&set, first));
				assert_true(dstm_portset_has(&set, last));
				before = last;
				n += last - first + 1U;
			}
			assert_int_equal(n, has_count(&set));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contiguous),
		cmocka_unit_test(scattered),
		cmocka_unit_test(whole),
		cmocka_unit_test(wrong),
		cmocka_unit_test(ranges_agree),
	};

	return cmocka_run_group_tests_name("portset", tests, NULL, NULL);
}
