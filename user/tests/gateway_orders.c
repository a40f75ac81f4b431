// SPDX-License-Identifier: GPL-2.0
/* What a gateway does with orders. The kernel's table is the test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "gateway/orders.h"
#include "proto/gateway.h"

#define NET	0xc0000200U

static struct {
	bool has[8];
	struct dstm_mapping at[8];
	bool bad;		/* the last of them is refused */
	bool full;		/* something excludes what is new */
} kernel;

/* They are called by the linker's --wrap only. */
int __wrap_dstm_table_set(struct dstm_table *table, uint32_t ifindex, int flags,
			  const uint32_t *sync, const struct dstm_mapping *m,
			  size_t n, size_t *bad);
int __wrap_dstm_table_del(struct dstm_table *table, uint32_t ifindex,
			  const struct dstm_mapping *m);
int __wrap_dstm_table_dump(struct dstm_table *table, uint32_t ifindex,
			   const struct dstm_filter *filter,
			   dstm_mapping_fn *fn, void *data);
const char *__wrap_dstm_nl_error(const struct dstm_nl *nl);

/* The most that was ever asked for at once, in bytes. */
static size_t largest;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_realloc(void *p, size_t size)
{
	if (size > largest)
		largest = size;
	return __real_realloc(p, size);
}

static bool excludes(const struct dstm_mapping *a, const struct dstm_mapping *b)
{
	return a->psid_len != b->psid_len || a->psid_offset != b->psid_offset;
}

static uint32_t place(const struct dstm_mapping *m)
{
	return ntohl(m->ipv4.s_addr) - NET;
}

int __wrap_dstm_table_set(struct dstm_table *table, uint32_t ifindex, int flags,
			  const uint32_t *sync, const struct dstm_mapping *m,
			  size_t n, size_t *bad)
{
	(void)table;
	(void)ifindex;
	(void)flags;
	(void)sync;
	for (*bad = 0; *bad < n; ++*bad) {
		uint32_t i = place(&m[*bad]);

		if (kernel.full ||
		    (kernel.has[i] && excludes(&kernel.at[i], &m[*bad])))
			return -EEXIST;
		if (kernel.bad && i == 7)
			return -EADDRINUSE;
	}
	while (n--) {
		kernel.has[place(&m[n])] = true;
		kernel.at[place(&m[n])] = m[n];
	}
	return 0;
}

int __wrap_dstm_table_del(struct dstm_table *table, uint32_t ifindex,
			  const struct dstm_mapping *m)
{
	bool had = kernel.has[place(m)];

	(void)table;
	(void)ifindex;
	assert_false(dstm_mapping_has(m, DSTM_A_MAPPING_REMOTE));
	kernel.has[place(m)] = false;
	kernel.full = false;
	return had ? 0 : -ENOENT;
}

int __wrap_dstm_table_dump(struct dstm_table *table, uint32_t ifindex,
			   const struct dstm_filter *filter,
			   dstm_mapping_fn *fn, void *data)
{
	uint32_t i;

	(void)table;
	(void)filter;
	for (i = 0; i < 8; i++) {
		struct dstm_mapping m = kernel.at[i];

		m.have = 1U << DSTM_A_MAPPING_IPV4;
		m.ipv4.s_addr = htonl(NET + i);
		if (kernel.has[i])
			assert_int_equal(fn(ifindex, &m, NULL, data), 0);
	}
	return 0;
}

const char *__wrap_dstm_nl_error(const struct dstm_nl *nl)
{
	(void)nl;
	return "of the gateway itself";
}

static struct gateway gateway(struct config_pool *pool)
{
	*pool = (struct config_pool){ .prefix.s_addr = htonl(NET), .len = 24 };
	return (struct gateway){
		.config = { .pools = pool, .pool_count = 1 },
	};
}

static struct dstm_mapping whole(uint32_t i)
{
	return (struct dstm_mapping){
		.ipv4.s_addr = htonl(NET + i),
		.have = 1U << DSTM_A_MAPPING_IPV4 | 1U << DSTM_A_MAPPING_REMOTE,
	};
}

/* One that has to wait and is then refused leaves the others their sync. */
static void refused_late(void **state)
{
	struct dstm_mapping m[8] = { { .lifetime = 0 } };
	struct config_pool pool;
	struct gateway gw = gateway(&pool);
	struct order order = { .gw = &gw, .sync = sync_new(), .index = -1 };
	json_t *refused = json_array(), *mapping;
	size_t wanted, deleted;
	uint32_t ifindex[] = { 1 };
	uint32_t i;

	(void)state;
	gw.host.ifindex = ifindex;
	for (i = 2; i < 8; i++)
		m[i] = whole(i);
	/* The last lies there for another remote. */
	kernel.has[1] = true;
	kernel.has[7] = true;
	kernel.full = true;
	kernel.bad = true;
	assert_int_equal(sync_chunk(&order, m + 2, 6), 0);
	assert_int_equal(sync_end(&order, &wanted, &deleted, refused), 0);
	assert_int_equal(deleted, 1);
	for (i = 0; i < 8; i++)
		assert_int_equal(kernel.has[i], i > 1 && i < 7);
	assert_int_equal(json_array_size(refused), 1);
	mapping = json_object_get(json_array_get(refused, 0), "mapping");
	assert_string_equal(json_string_value(json_object_get(mapping, "ipv4")),
			    "192.0.2.7");
	json_decref(refused);
	sync_free(order.sync);
}

/* What the kernel did not take is not wanted: the former one goes. */
static void refused_order(void **state)
{
	struct dstm_mapping m = whole(7);
	struct config_pool pool;
	struct gateway gw = gateway(&pool);
	struct order order = { .gw = &gw, .sync = sync_new(), .index = -1 };
	json_t *refused = json_array();
	size_t wanted, deleted;
	uint32_t ifindex[] = { 1 };

	(void)state;
	gw.host.ifindex = ifindex;
	memset(&kernel, 0, sizeof(kernel));
	kernel.has[7] = true;
	kernel.bad = true;
	assert_int_equal(order_set(&order, &m, 1), -1);
	assert_int_equal(sync_end(&order, &wanted, &deleted, refused), 0);
	assert_int_equal(wanted, 0);
	assert_int_equal(deleted, 1);
	assert_false(kernel.has[7]);
	json_decref(refused);
	sync_free(order.sync);
}

/* A server that says the same again and again takes no more room for it. */
static void repeated(void **state)
{
	struct dstm_mapping m[8];
	struct config_pool pool;
	struct gateway gw = gateway(&pool);
	struct order order = { .gw = &gw, .sync = sync_new(), .index = -1 };
	json_t *refused = json_array();
	size_t wanted, deleted;
	uint32_t ifindex[] = { 1 };
	uint32_t i;

	(void)state;
	gw.host.ifindex = ifindex;
	memset(&kernel, 0, sizeof(kernel));
	kernel.has[1] = true;
	for (i = 0; i < 8; i++)
		m[i] = whole(i);
	largest = 0;
	for (i = 0; i < 5000; i++)
		assert_int_equal(sync_chunk(&order, m + 2, 6), 0);
	kernel.full = true;
	for (i = 0; i < 5000; i++) {
		m[2].remote.s6_addr[15] = (uint8_t)i;
		assert_int_equal(sync_chunk(&order, m + 2, 1), 0);
	}
	assert_in_range(largest, 1, 16384);
	assert_int_equal(sync_end(&order, &wanted, &deleted, refused), 0);
	assert_int_equal(wanted, 6);
	assert_int_equal(deleted, 1);
	assert_int_equal(json_array_size(refused), 0);
	assert_int_equal(kernel.at[2].remote.s6_addr[15], 4999 % 256);
	json_decref(refused);
	sync_free(order.sync);
}

/* The same port set at another offset is another one, which has to go before. */
static void other_offset(void **state)
{
	struct dstm_mapping m = whole(1);
	struct config_pool pool;
	struct gateway gw = gateway(&pool);
	struct order order = { .gw = &gw, .sync = sync_new(), .index = -1 };
	json_t *refused = json_array();
	size_t wanted, deleted;
	uint32_t ifindex[] = { 1 };

	(void)state;
	gw.host.ifindex = ifindex;
	memset(&kernel, 0, sizeof(kernel));
	m.psid = 5;
	m.psid_len = 6;
	kernel.has[1] = true;
	kernel.at[1] = m;
	m.psid_offset = 4;
	assert_int_equal(sync_chunk(&order, &m, 1), 0);
	assert_int_equal(sync_end(&order, &wanted, &deleted, refused), 0);
	assert_int_equal(deleted, 1);
	assert_int_equal(json_array_size(refused), 0);
	assert_true(kernel.has[1]);
	assert_int_equal(kernel.at[1].psid_offset, 4);
	json_decref(refused);
	sync_free(order.sync);
}

/* A port set that can not be is refused before anything is done, in these words. */
static void impossible(void **state)
{
	static const char * const wrongs[][2] = {
		{ "{\"psid\": 5}", "psid without psid-len" },
		{ "{\"psid-len\": 6}", "psid-len without psid" },
		{ "{\"psid-offset\": 4}", "psid-offset without psid-len" },
		{ "{\"psid\": 64, \"psid-len\": 6}",
		  "psid does not fit into psid-len bits" },
		{ "{\"psid\": 1, \"psid-len\": 17}", "psid-len must be 0 to 16" },
		{ "{\"psid-len\": 0}", NULL },
		{ "{\"psid\": 63, \"psid-len\": 6, \"psid-offset\": 4}", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		struct dstm_mapping m[DSTM_GATEWAY_BATCH];
		char error[DSTM_MAPPING_ERROR] = "";
		json_t *params, *second;
		size_t n;

		second = json_loads(wrongs[i][0], 0, NULL);
		assert_non_null(second);
		params = json_pack("{s:[{s:s, s:s}, o]}", "mappings",
				   "ipv4", "192.0.2.1", "remote", "2001:db8::1",
				   second);
		json_object_set_new(second, "ipv4", json_string("192.0.2.2"));
		json_object_set_new(second, "remote", json_string("2001:db8::2"));
		assert_int_equal(dstm_gateway_mappings_read(params, m, &n, error),
				 wrongs[i][1] ? -EINVAL : 0);
		if (wrongs[i][1])
			assert_string_equal(strchr(error, ' ') + 1, wrongs[i][1]);
		json_decref(params);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_late),
		cmocka_unit_test(refused_order),
		cmocka_unit_test(repeated),
		cmocka_unit_test(other_offset),
		cmocka_unit_test(impossible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
