// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "../server/bitmap.h"
#include "../server/heap.h"
#include "../server/pool.h"

#define NET	0xc0000200U	/* 192.0.2.0 */

static struct pool *pool_of(uint32_t ipv4, uint8_t len, uint16_t lowest_port)
{
	struct pool *pool = pool_new(0, lowest_port);

	assert_non_null(pool);
	assert_int_equal(pool_prefix(pool, ipv4, len), 0);
	assert_int_equal(pool_ready(pool), 0);
	return pool;
}

static void bitmap_like_an_array(void **state)
{
	static const uint32_t sizes[] = { 1, 63, 64, 65, 4096, 4097, 300000 };
	unsigned int i, k;

	(void)state;
	srand(1);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint32_t size = sizes[i], from, want;
		bool *plain = calloc(size, sizeof(*plain));
		struct bitmap map;

		assert_int_equal(bitmap_init(&map, size), 0);
		assert_int_equal(bitmap_next(&map, 0), size);
		for (k = 0; k < 3000; k++) {
			uint32_t n = (uint32_t)rand() % size;

			plain[n] = rand() % 8 == 0;
			if (plain[n])
				bitmap_add(&map, n);
			else
				bitmap_del(&map, n);
			assert_int_equal(bitmap_has(&map, n), plain[n]);
			from = want = (uint32_t)rand() % size;
			while (want < size && !plain[want])
				want++;
			assert_int_equal(bitmap_next(&map, from), want);
		}
		bitmap_fill(&map);
		for (from = 0; from < size; from++)
			assert_int_equal(bitmap_next(&map, from), from);
		for (from = 0; from + 1 < size; from++)
			bitmap_del(&map, from);
		assert_int_equal(bitmap_next(&map, 0), size - 1);
		bitmap_destroy(&map);
		free(plain);
	}
}

static void heap_in_order(void **state)
{
	struct heap_node nodes[500] = { 0 };
	struct heap heap = { 0 };
	int64_t last = -1;
	uint32_t i, n = 0;

	(void)state;
	srand(2);
	assert_int_equal(heap_reserve(&heap, 500), 0);
	for (i = 0; i < 20000; i++) {
		struct heap_node *node = &nodes[rand() % 500];

		if (rand() % 3)
			heap_set(&heap, node, rand() % 1000);
		else
			heap_remove(&heap, node);
	}
	for (i = 0; i < 500; i++)
		n += nodes[i].place != 0;
	assert_int_equal(heap.count, n);
	while (heap_first(&heap)) {
		assert_true(heap_first(&heap)->due >= last);
		last = heap_first(&heap)->due;
		heap_remove(&heap, heap_first(&heap));
		n--;
	}
	assert_int_equal(n, 0);
	heap_destroy(&heap);
}

static void whole_addresses(void **state)
{
	struct pool *pool = pool_of(NET, 29, 0);
	struct slot slot, first = { 0 };
	struct pool_use use;
	unsigned int i;

	(void)state;
	assert_int_equal(pool_prefix(pool, NET + 4, 30), -EEXIST);
	pool_exclude(pool, NET, NET);
	for (i = 0; i < 7; i++) {
		assert_int_equal(pool_take(pool, 0, &slot), 0);
		assert_int_equal(slot.ipv4, NET + 1 + i);
		if (!i)
			first = slot;
	}
	assert_int_equal(pool_take(pool, 0, &slot), -ENOSPC);
	assert_int_equal(pool_take(pool, 6, &slot), -ENOSPC);
	assert_int_equal(pool_left(pool, 0), 0);
	pool_put(pool, &first);
	assert_int_equal(pool_take_this(pool, &first, false), 0);
	assert_int_equal(pool_take_this(pool, &first, false), -EBUSY);
	first.ipv4 = NET;
	assert_int_equal(pool_take_this(pool, &first, false), -EBUSY);
	first.ipv4 = NET + 8;
	assert_int_equal(pool_take_this(pool, &first, false), -ENOENT);
	pool_use(pool, &use);
	assert_int_equal(use.addresses, 7);
	assert_int_equal(use.free, 0);
	assert_int_equal(use.whole, 7);
	pool_free(pool);
}

static void freed_last(void **state)
{
	struct pool *pool = pool_of(NET, 28, 0);
	struct slot first, slot;
	int i;

	(void)state;
	assert_int_equal(pool_take(pool, 0, &first), 0);
	pool_put(pool, &first);
	for (i = 0; i < 15; i++) {
		assert_int_equal(pool_take(pool, 0, &slot), 0);
		assert_int_not_equal(slot.ipv4, first.ipv4);
	}
	assert_int_equal(pool_take(pool, 0, &slot), 0);
	assert_int_equal(slot.ipv4, first.ipv4);
	pool_free(pool);
}

static void port_sets(void **state)
{
	struct pool *pool = pool_of(NET, 31, 1024);
	struct slot slot, whole = { .ipv4 = NET };
	struct pool_use use;
	int i;

	(void)state;
	/* Six bits are 1024 ports: set 0 has those below 1024. */
	for (i = 1; i < 64; i++) {
		assert_int_equal(pool_take(pool, 6, &slot), 0);
		assert_int_equal(slot.ipv4, NET);
		assert_int_equal(slot.set.psid, i);
	}
	assert_int_equal(pool_take_this(pool, &whole, false), -EBUSY);
	assert_int_equal(pool_left(pool, 6), 500);
	assert_int_equal(pool_take(pool, 4, &slot), 0);
	assert_int_equal(slot.ipv4, NET + 1);
	assert_int_equal(pool_take(pool, 6, &slot), -ENOSPC);
	assert_int_equal(pool_take(pool, 0, &slot), -ENOSPC);
	slot.set.len = 6;
	assert_int_equal(pool_take_this(pool, &slot, false), -EBUSY);
	slot.set.len = 4;
	pool_put(pool, &slot);
	assert_int_equal(pool_take(pool, 0, &slot), 0);
	assert_int_equal(slot.ipv4, NET + 1);

	slot = (struct slot){ NET, { .len = 6 } };
	for (i = 63; i > 0; i--) {
		slot.set.psid = (uint16_t)i;
		pool_put(pool, &slot);
	}
	assert_int_equal(pool_take_this(pool, &whole, false), 0);
	pool_use(pool, &use);
	assert_int_equal(use.split, 0);
	assert_int_equal(use.sets, 0);
	assert_int_equal(use.whole, 2);
	pool_free(pool);
}

static void reserved(void **state)
{
	struct pool *pool = pool_of(NET, 31, 0);
	struct slot fixed = { NET, { .psid = 1, .len = 1 } }, slot;

	(void)state;
	assert_int_equal(pool_reserve(pool, &fixed), 0);
	assert_int_equal(pool_take(pool, 1, &slot), 0);
	assert_int_equal(slot.set.psid, 0);
	assert_int_equal(pool_take_this(pool, &fixed, false), -EBUSY);
	assert_int_equal(pool_take_this(pool, &fixed, true), 0);
	pool_put(pool, &fixed);
	pool_put(pool, &slot);
	assert_int_equal(pool_take(pool, 0, &slot), 0);
	assert_int_equal(slot.ipv4, NET + 1);
	assert_int_equal(pool_take(pool, 0, &slot), -ENOSPC);
	pool_free(pool);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A full pool of 16 million addresses is as fast as an empty one. */
static void sixteen_million(void **state)
{
	struct pool *pool = pool_of(0x0a000000, 8, 0);
	struct slot slot;
	double start;
	uint32_t i;

	(void)state;
	for (i = 0; i < 1U << 24; i++)
		assert_int_equal(pool_take(pool, 0, &slot), 0);
	assert_int_equal(pool_take(pool, 0, &slot), -ENOSPC);
	start = seconds();
	for (i = 0; i < 100000; i++) {
		slot.ipv4 = 0x0a000000 + (i * 7919U) % (1U << 24);
		pool_put(pool, &slot);
		assert_int_equal(pool_take(pool, 0, &slot), 0);
	}
	assert_true(seconds() - start < 1.0);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bitmap_like_an_array),
		cmocka_unit_test(heap_in_order),
		cmocka_unit_test(whole_addresses),
		cmocka_unit_test(freed_last),
		cmocka_unit_test(port_sets),
		cmocka_unit_test(reserved),
		cmocka_unit_test(sixteen_million),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
