// SPDX-License-Identifier: GPL-2.0
/* KUnit: port set arithmetic and the mapping table. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../mapping.c"
#include "../tep.h"

static struct dstm_tep tep1 = { .start.tep = &tep1 };
static struct dstm_tep tep2 = { .start.tep = &tep2 };

static struct dstm_mapping *make(u32 ipv4, int psid, u8 len, u8 offset,
				 u8 remote)
{
	struct dstm_mapping *m = dstm_mapping_alloc();

	m->node.key.ipv4 = htonl(ipv4);
	m->node.key.slot = len ? psid + 1 : 0;
	m->node.psid_len = len;
	m->node.psid_offset = offset;
	m->remote.s6_addr[15] = remote;
	RCU_INIT_POINTER(m->path, &tep1.start);
	return m;
}

static int set_at(struct dstm_table *t, struct dstm_mapping *m,
		  enum dstm_set_mode mode, u16 sync, u64 now,
		  struct dstm_change *change, struct hlist_head *evicted)
{
	struct dstm_set how = { .mode = mode, .sync = sync, .now = now };
	struct netlink_ext_ack extack = {};

	return dstm_table_set(t, m, &how, change, evicted, &extack);
}

static int set(struct dstm_table *t, struct dstm_mapping *m,
	       enum dstm_set_mode mode, u16 sync, struct dstm_change *change,
	       struct hlist_head *evicted)
{
	return set_at(t, m, mode, sync, dstm_now(), change, evicted);
}

/* Whether what is said in fewer steps is the same. */
static bool agrees(struct dstm_table *t, u32 ipv4, u16 port,
		   const struct dstm_mapping *m)
{
	const struct dstm_mapping *usual;

	usual = dstm_table_usual_owner(t, htonl(ipv4), port);
	return (!usual || usual == m) && (!m || dstm_table_spans(t, htonl(ipv4)));
}

/* The remote's last byte of who owns a port, or -1; -2: it depends on who is asked. */
static int owner(struct dstm_table *t, u32 ipv4, u16 port)
{
	const struct dstm_node *address;
	struct dstm_mapping *m = NULL;
	int remote;

	rcu_read_lock();
	address = dstm_table_address(t, htonl(ipv4));
	if (address)
		m = dstm_table_owner(t, address, port);
	remote = m ? m->remote.s6_addr[15] : -1;
	if (!agrees(t, ipv4, port, m))
		remote = -2;
	rcu_read_unlock();
	return remote;
}

static int table_setup(struct kunit *test)
{
	struct dstm_table *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	return dstm_table_init(t);
}

static void table_teardown(struct kunit *test)
{
	struct dstm_table *t = test->priv;
	struct dstm_mapping *m;

	while ((m = dstm_table_first(t, 0, 0))) {
		dstm_table_remove(t, m);
		dstm_mapping_free(m);
	}
	KUNIT_EXPECT_EQ(test, t->count, 0);
	KUNIT_EXPECT_EQ(test, t->mortal, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&t->hash.nelems), 0);
	dstm_table_destroy(t);
}

/* RFC 7597 section 5.1: every port is in one set, or reserved, of each shape. */
static void portset_every_shape(struct kunit *test)
{
	u32 port, in_set;
	u8 a, k;

	for (a = 0; a <= 15; a++) {
		for (k = 0; a + k <= 16; k++) {
			u16 psid = (1U << k) - 1;

			in_set = 0;
			for (port = 0; port <= U16_MAX; port++)
				in_set += !dstm_portset_reserved(port, a) &&
					  dstm_portset_psid(port, k, a) == psid;
			KUNIT_EXPECT_EQ(test, in_set,
					((1U << a) - !!a) << (16 - a - k));
		}
	}
}

static void portset_examples(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, dstm_portset_psid(5120, 6, 0), 5);
	KUNIT_EXPECT_EQ(test, dstm_portset_psid(6143, 6, 0), 5);
	KUNIT_EXPECT_EQ(test, dstm_portset_psid(6144, 6, 0), 6);
	KUNIT_EXPECT_EQ(test, dstm_portset_psid(4928, 8, 4), 0x34);
	KUNIT_EXPECT_EQ(test, dstm_portset_psid(62287, 8, 4), 0x34);
	KUNIT_EXPECT_EQ(test, dstm_portset_psid(4927, 8, 4), 0x33);
	KUNIT_EXPECT_TRUE(test, dstm_portset_reserved(1023, 6));
	KUNIT_EXPECT_FALSE(test, dstm_portset_reserved(1024, 6));
	KUNIT_EXPECT_FALSE(test, dstm_portset_reserved(0, 0));
}

static void portset_validity(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, dstm_portset_valid(0, 0, 0));
	KUNIT_EXPECT_FALSE(test, dstm_portset_valid(1, 0, 0));
	KUNIT_EXPECT_TRUE(test, dstm_portset_valid(63, 6, 0));
	KUNIT_EXPECT_FALSE(test, dstm_portset_valid(64, 6, 0));
	KUNIT_EXPECT_TRUE(test, dstm_portset_valid(65535, 16, 0));
	KUNIT_EXPECT_FALSE(test, dstm_portset_valid(0, 16, 1));
	KUNIT_EXPECT_FALSE(test, dstm_portset_valid(0, 17, 0));
	KUNIT_EXPECT_FALSE(test, dstm_portset_valid(0, 0, 16));
}

static void table_whole_and_shared(struct kunit *test)
{
	struct dstm_table *t = test->priv;
	struct dstm_change change;
	struct dstm_mapping *m;
	HLIST_HEAD(evicted);

	KUNIT_EXPECT_EQ(test, set(t, make(1, 0, 0, 0, 7), DSTM_SET_ADD, 0,
				  &change, &evicted), 0);
	KUNIT_EXPECT_EQ(test, set(t, make(2, 5, 6, 0, 8), DSTM_SET_ADD, 0,
				  &change, &evicted), 0);
	KUNIT_EXPECT_EQ(test, set(t, make(2, 6, 6, 0, 9), DSTM_SET_ADD, 0,
				  &change, &evicted), 0);
	KUNIT_EXPECT_EQ(test, owner(t, 1, 0), 7);
	KUNIT_EXPECT_EQ(test, owner(t, 1, 65535), 7);
	KUNIT_EXPECT_EQ(test, owner(t, 2, 5119), -1);
	KUNIT_EXPECT_EQ(test, owner(t, 2, 5120), 8);
	KUNIT_EXPECT_EQ(test, owner(t, 2, 6144), 9);
	KUNIT_EXPECT_EQ(test, owner(t, 3, 6144), -1);

	/* A whole address, another length and another offset overlap. */
	m = make(2, 0, 0, 0, 1);
	KUNIT_EXPECT_EQ(test, set(t, m, DSTM_SET_PUT, 0, &change, &evicted),
			-EEXIST);
	dstm_mapping_free(m);
	m = make(2, 1, 5, 0, 1);
	KUNIT_EXPECT_EQ(test, set(t, m, DSTM_SET_PUT, 0, &change, &evicted),
			-EEXIST);
	dstm_mapping_free(m);
	m = make(2, 1, 6, 4, 1);
	KUNIT_EXPECT_EQ(test, set(t, m, DSTM_SET_PUT, 0, &change, &evicted),
			-EEXIST);
	dstm_mapping_free(m);
	m = make(1, 1, 6, 0, 1);
	KUNIT_EXPECT_EQ(test, set(t, m, DSTM_SET_PUT, 0, &change, &evicted),
			-EEXIST);
	dstm_mapping_free(m);
	KUNIT_EXPECT_TRUE(test, hlist_empty(&evicted));
	KUNIT_EXPECT_EQ(test, t->count, 3);
}

static bool is_usual(struct dstm_table *t, u32 ipv4, u16 port)
{
	bool is;

	rcu_read_lock();
	is = dstm_table_usual_owner(t, htonl(ipv4), port);
	rcu_read_unlock();
	return is;
}

static void table_usual_split(struct kunit *test)
{
	struct dstm_table *t = test->priv;
	struct dstm_change change;
	struct dstm_mapping *whole = make(9, 0, 0, 0, 1);
	HLIST_HEAD(evicted);

	KUNIT_ASSERT_EQ(test, set(t, whole, DSTM_SET_ADD, 0, &change, &evicted), 0);
	KUNIT_EXPECT_FALSE(test, is_usual(t, 9, 5120));
	KUNIT_ASSERT_EQ(test, set(t, make(2, 5, 6, 0, 8), DSTM_SET_ADD, 0,
				  &change, &evicted), 0);
	/* Half of them is not most. */
	KUNIT_EXPECT_FALSE(test, is_usual(t, 2, 5120));
	KUNIT_ASSERT_EQ(test, set(t, make(2, 6, 6, 0, 9), DSTM_SET_ADD, 0,
				  &change, &evicted), 0);
	KUNIT_EXPECT_TRUE(test, is_usual(t, 2, 5120));
	KUNIT_EXPECT_FALSE(test, is_usual(t, 2, 5119));
	KUNIT_EXPECT_FALSE(test, is_usual(t, 9, 5120));
	KUNIT_EXPECT_EQ(test, owner(t, 9, 5120), 1);

	/* Another shape, of which sets with the same numbers are others. */
	KUNIT_ASSERT_EQ(test, set(t, make(3, 1, 6, 4, 5), DSTM_SET_ADD, 0,
				  &change, &evicted), 0);
	KUNIT_EXPECT_TRUE(test, is_usual(t, 3, 0x1040));
	KUNIT_EXPECT_FALSE(test, is_usual(t, 3, 0x0040));
	KUNIT_EXPECT_EQ(test, owner(t, 3, 0x0040), -1);
	KUNIT_EXPECT_EQ(test, owner(t, 3, 0x1040), 5);
	KUNIT_EXPECT_EQ(test, owner(t, 2, 5120), 8);
	KUNIT_EXPECT_EQ(test, owner(t, 2, 0x1040), -1);
	KUNIT_EXPECT_EQ(test, owner(t, 9, 0), 1);
}

static void table_span(struct kunit *test)
{
	struct dstm_table *t = test->priv;
	struct dstm_change change;
	struct dstm_mapping *low = make(10, 0, 0, 0, 1), *high = make(30, 3, 6, 0, 3);
	HLIST_HEAD(evicted);

	KUNIT_EXPECT_FALSE(test, dstm_table_spans(t, htonl(10)));
	KUNIT_ASSERT_EQ(test, set(t, high, DSTM_SET_ADD, 0, &change, &evicted), 0);
	KUNIT_ASSERT_EQ(test, set(t, low, DSTM_SET_ADD, 0, &change, &evicted), 0);
	KUNIT_ASSERT_EQ(test, set(t, make(20, 0, 0, 0, 2), DSTM_SET_ADD, 0,
				  &change, &evicted), 0);
	KUNIT_EXPECT_TRUE(test, dstm_table_spans(t, htonl(10)));
	KUNIT_EXPECT_TRUE(test, dstm_table_spans(t, htonl(30)));
	KUNIT_EXPECT_FALSE(test, dstm_table_spans(t, htonl(9)));
	KUNIT_EXPECT_FALSE(test, dstm_table_spans(t, htonl(31)));

	dstm_table_remove(t, low);
	dstm_mapping_free(low);
	KUNIT_EXPECT_FALSE(test, dstm_table_spans(t, htonl(19)));
	KUNIT_EXPECT_TRUE(test, dstm_table_spans(t, htonl(20)));
	dstm_table_remove(t, high);
	dstm_mapping_free(high);
	KUNIT_EXPECT_FALSE(test, dstm_table_spans(t, htonl(21)));
	KUNIT_EXPECT_TRUE(test, dstm_table_spans(t, htonl(20)));
}

static bool holds(struct dstm_table *t, const struct dstm_mapping *m)
{
	struct dstm_key key = m->node.key;
	bool held;

	rcu_read_lock();
	held = dstm_table_holds(t, &key, m);
	rcu_read_unlock();
	return held;
}

/* Of two mappings with the same key it is the one in the table. */
static void table_holds(struct kunit *test)
{
	struct dstm_table *t = test->priv;
	struct dstm_change change;
	struct dstm_mapping *first = make(1, 3, 6, 0, 7);
	struct dstm_mapping *second = make(1, 3, 6, 0, 8);
	HLIST_HEAD(evicted);

	KUNIT_ASSERT_EQ(test, set(t, first, DSTM_SET_ADD, 0, &change, &evicted), 0);
	KUNIT_EXPECT_TRUE(test, holds(t, first));
	KUNIT_EXPECT_FALSE(test, holds(t, second));
	KUNIT_ASSERT_EQ(test, set(t, second, DSTM_SET_REPLACE, 0, &change, &evicted), 0);
	KUNIT_EXPECT_FALSE(test, holds(t, first));
	KUNIT_EXPECT_TRUE(test, holds(t, second));
	dstm_mapping_free(change.old);
	dstm_table_remove(t, second);
	KUNIT_EXPECT_FALSE(test, holds(t, second));
	dstm_mapping_free(second);
}

static void table_modes(struct kunit *test)
{
	struct dstm_table *t = test->priv;
	struct dstm_change change;
	struct dstm_mapping *first = make(1, 0, 0, 0, 7), *m;
	HLIST_HEAD(evicted);

	KUNIT_EXPECT_EQ(test, set(t, first, DSTM_SET_REPLACE, 0, &change,
				  &evicted), -ENOENT);
	KUNIT_EXPECT_EQ(test, set(t, first, DSTM_SET_ADD, 0, &change,
				  &evicted), 0);

	/* Same addresses: the mapping stays, its end is new. */
	m = make(1, 0, 0, 0, 7);
	m->expires = dstm_now() + 100 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, set(t, m, DSTM_SET_ADD, 0, &change, &evicted),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, set(t, m, DSTM_SET_EXTEND, 0, &change, &evicted),
			0);
	KUNIT_EXPECT_PTR_EQ(test, change.new, first);
	KUNIT_EXPECT_EQ(test, first->expires, m->expires);
	KUNIT_EXPECT_EQ(test, t->mortal, 1);
	dstm_table_undo(t, &change);
	KUNIT_EXPECT_EQ(test, first->expires, 0);
	KUNIT_EXPECT_EQ(test, t->mortal, 0);

	/* Other addresses: can be replaced, not extended; and undone. */
	m->remote.s6_addr[15] = 8;
	KUNIT_EXPECT_EQ(test, set(t, m, DSTM_SET_EXTEND, 0, &change, &evicted),
			-EADDRNOTAVAIL);
	KUNIT_EXPECT_EQ(test, set(t, m, DSTM_SET_PUT, 0, &change, &evicted), 0);
	KUNIT_EXPECT_EQ(test, owner(t, 1, 1), 8);
	dstm_table_undo(t, &change);
	KUNIT_EXPECT_EQ(test, owner(t, 1, 1), 7);
	m->remote = first->remote;
	RCU_INIT_POINTER(m->path, &tep2.start);
	KUNIT_EXPECT_EQ(test, set(t, m, DSTM_SET_EXTEND, 0, &change, &evicted),
			-EADDRNOTAVAIL);
	dstm_mapping_free(m);
}

static void table_expiry(struct kunit *test)
{
	struct dstm_table *t = test->priv;
	struct dstm_change change;
	struct dstm_mapping *m = make(1, 0, 0, 0, 7);
	HLIST_HEAD(gone);

	m->expires = dstm_now() + 5 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, set(t, m, DSTM_SET_ADD, 0, &change, &gone), 0);
	dstm_table_expire(t, m->expires - 1, &gone);
	KUNIT_EXPECT_EQ(test, t->count, 1);
	dstm_table_expire(t, m->expires + NSEC_PER_SEC, &gone);
	KUNIT_EXPECT_EQ(test, t->count, 0);
	KUNIT_EXPECT_FALSE(test, hlist_empty(&gone));

	/* What is over is not seen, even where nobody swept. */
	hlist_del_init(&m->wheel);
	m->expires = dstm_now() - 1;
	KUNIT_EXPECT_EQ(test, set(t, m, DSTM_SET_ADD, 0, &change, &gone), 0);
	KUNIT_EXPECT_EQ(test, owner(t, 1, 1), -1);
}

/* However long a message takes, it takes away nothing that it has set. */
static void table_message_is_one_instant(struct kunit *test)
{
	struct dstm_table *t = test->priv;
	struct dstm_change first, second;
	struct dstm_mapping *m = make(1, 0, 0, 0, 7);
	/* Long ago, however young the machine is. */
	const u64 begin = 1;
	HLIST_HEAD(evicted);

	m->expires = begin + 1;
	KUNIT_EXPECT_EQ(test, set_at(t, m, DSTM_SET_PUT, 0, begin, &first,
				     &evicted), 0);
	KUNIT_EXPECT_EQ(test, set_at(t, m, DSTM_SET_PUT, 0, begin, &second,
				     &evicted), 0);
	KUNIT_EXPECT_PTR_EQ(test, second.old, m);
	m = make(1, 3, 6, 0, 8);
	KUNIT_EXPECT_EQ(test, set_at(t, m, DSTM_SET_PUT, 0, begin, &second,
				     &evicted), -EEXIST);
	dstm_mapping_free(m);
	KUNIT_EXPECT_TRUE(test, hlist_empty(&evicted));
	dstm_table_undo(t, &first);
	KUNIT_EXPECT_EQ(test, t->count, 0);
	dstm_mapping_free(first.new);
}

static void table_sync_gives_way(struct kunit *test)
{
	struct dstm_table *t = test->priv;
	struct dstm_change change;
	struct dstm_mapping *old = make(1, 0, 0, 0, 7);
	HLIST_HEAD(evicted);

	KUNIT_EXPECT_EQ(test, set(t, old, DSTM_SET_ADD, 0, &change, &evicted),
			0);
	t->sync = 1;
	KUNIT_EXPECT_EQ(test, set(t, make(1, 3, 6, 0, 8), DSTM_SET_PUT, 1,
				  &change, &evicted), 0);
	KUNIT_EXPECT_EQ(test, owner(t, 1, 3 << 10), 8);
	KUNIT_EXPECT_EQ(test, owner(t, 1, 1), -1);

	/* All of it can be taken back. */
	dstm_table_undo(t, &change);
	dstm_mapping_free(change.new);
	dstm_table_restore(t, &evicted);
	KUNIT_EXPECT_TRUE(test, hlist_empty(&evicted));
	KUNIT_EXPECT_EQ(test, owner(t, 1, 1), 7);
}

static void table_order(struct kunit *test)
{
	struct dstm_table *t = test->priv;
	struct dstm_change change;
	struct dstm_mapping *m;
	HLIST_HEAD(evicted);
	u32 n = 0, last = 0;
	int i;

	for (i = 0; i < 5000; i++)
		KUNIT_ASSERT_EQ(test, set(t, make((i * 7919u) % 5000 + 1, 0, 0,
						  0, 1), DSTM_SET_ADD, 0,
					  &change, &evicted), 0);
	for (m = dstm_table_first(t, 0, 0); m; m = dstm_table_next(m)) {
		KUNIT_EXPECT_GT(test, ntohl(m->node.key.ipv4), last);
		last = ntohl(m->node.key.ipv4);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, 5000);
	m = dstm_table_first(t, htonl(4000), 1);
	KUNIT_EXPECT_EQ(test, ntohl(m->node.key.ipv4), 4001);
}

static int cache_init(struct kunit_suite *suite)
{
	return dstm_mapping_init();
}

static void cache_exit(struct kunit_suite *suite)
{
	dstm_mapping_exit();
}

static struct kunit_case portset_cases[] = {
	KUNIT_CASE(portset_every_shape),
	KUNIT_CASE(portset_examples),
	KUNIT_CASE(portset_validity),
	{}
};

static struct kunit_case table_cases[] = {
	KUNIT_CASE(table_whole_and_shared),
	KUNIT_CASE(table_usual_split),
	KUNIT_CASE(table_span),
	KUNIT_CASE(table_holds),
	KUNIT_CASE(table_modes),
	KUNIT_CASE(table_expiry),
	KUNIT_CASE(table_message_is_one_instant),
	KUNIT_CASE(table_sync_gives_way),
	KUNIT_CASE(table_order),
	{}
};

static struct kunit_suite portset_suite = {
	.name = "dstm-portset",
	.test_cases = portset_cases,
};

static struct kunit_suite table_suite = {
	.name = "dstm-table",
	.suite_init = cache_init,
	.suite_exit = cache_exit,
	.init = table_setup,
	.exit = table_teardown,
	.test_cases = table_cases,
};

kunit_test_suites(&portset_suite, &table_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests of the DSTM mapping table");
