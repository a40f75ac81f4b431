// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../server/store.h"

#define NOW	50000000
#define WALL	1700000000

static char dir[] = "/tmp/dstm-store-XXXXXX";
static char path[64];

static const struct store_time first_boot = { "boot-1", NOW, WALL };

static const uint8_t client[] = { 255, 1, 2, 3, 4, 5, 6 };

static struct record lease(uint32_t ipv4, uint16_t psid, uint8_t len)
{
	struct record record = {
		.slot = { ipv4, { psid, len, 0 } },
		.client = client, .client_len = sizeof(client),
		.class = "home", .state = LEASE_BOUND, .began = NOW,
		.end = NOW + 3600500, .since = WALL, .renewals = 3,
	};

	inet_pton(AF_INET6, "2001:db8::7", &record.remote);
	return record;
}

static struct store *open_store(const struct store_time *time)
{
	char error[STORE_ERROR] = "";
	struct store *store = NULL;

	if (store_open(&store, path, time, error))
		fail_msg("%s", error);
	return store;
}

static void put(struct store *store, const struct record *record)
{
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put(store, record), 0);
	assert_int_equal(store_commit(store), 0);
}

struct loaded {
	struct record record;
	unsigned int count;
};

static int keep(const struct record *record, void *data)
{
	struct loaded *loaded = data;

	loaded->record = *record;
	loaded->count++;
	assert_int_equal(record->client_len, sizeof(client));
	assert_memory_equal(record->client, client, sizeof(client));
	return 0;
}

static void round_trip(void **state)
{
	struct record record = lease(0xc0000207, 5, 6);
	struct store *store = open_store(&first_boot);
	struct loaded loaded = { .count = 0 };

	(void)state;
	put(store, &record);
	record.renewals = 4;
	put(store, &record);
	store_close(store);
	store = open_store(&first_boot);
	assert_int_equal(store_load(store, keep, &loaded), 0);
	assert_int_equal(loaded.count, 1);
	assert_memory_equal(&loaded.record.slot, &record.slot,
			    sizeof(record.slot));
	assert_memory_equal(&loaded.record.remote, &record.remote, 16);
	assert_int_equal(loaded.record.renewals, 4);
	assert_int_equal(loaded.record.state, LEASE_BOUND);
	assert_int_equal(loaded.record.since, WALL);
	/* On disk are seconds; it never ends too early. */
	assert_int_equal(loaded.record.end, NOW + 3601000);
	record.end = LEASE_NEVER;
	put(store, &record);
	assert_int_equal(store_load(store, keep, &loaded), 0);
	assert_true(loaded.record.end == LEASE_NEVER);
	store_close(store);
}

/* What begins again in the same boot does not look at the wall clock. */
static void clock_steps(void **state)
{
	struct store_time later = first_boot;
	struct record record = lease(0xc0000207, 0, 0);
	struct store *store = open_store(&first_boot);
	struct loaded loaded = { .count = 0 };

	(void)state;
	put(store, &record);
	store_close(store);
	later.now += 60000;
	later.wall += 86400;
	store = open_store(&later);
	assert_int_equal(store_load(store, keep, &loaded), 0);
	assert_int_equal(loaded.record.end, NOW + 3601000);
	store_close(store);

	strcpy(later.boot, "boot-2");
	later.now = 1000;
	later.wall = WALL + 1000;
	store = open_store(&later);
	assert_int_equal(store_load(store, keep, &loaded), 0);
	assert_int_equal(loaded.record.end, 1000 + 2601000);
	store_close(store);
}

static void count_holder(const struct record *record, int64_t until, void *data)
{
	unsigned int *count = data;

	assert_string_equal(record->class, "home");
	assert_true(until == LEASE_NEVER || until == WALL + 100);
	(*count)++;
}

static unsigned int holders(struct store *store, int port, int64_t at)
{
	unsigned int count = 0;

	assert_int_equal(store_who(store, 0xc0000207, port, at, count_holder,
				   &count), 0);
	return count;
}

static void who_had_it(void **state)
{
	struct record record = lease(0xc0000207, 5, 6);
	struct store *store = open_store(&first_boot);

	(void)state;
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_past(store, &record, WALL + 100), 0);
	record.state = LEASE_RESTING;
	assert_int_equal(store_put(store, &record), 0);
	record.slot.set.psid = 6;
	record.state = LEASE_BOUND;
	record.since = WALL + 50;
	assert_int_equal(store_put(store, &record), 0);
	assert_int_equal(store_commit(store), 0);

	assert_int_equal(holders(store, STORE_ANY_PORT, WALL - 1), 0);
	assert_int_equal(holders(store, STORE_ANY_PORT, WALL), 1);
	assert_int_equal(holders(store, 5130, WALL + 99), 1);
	assert_int_equal(holders(store, 5130, WALL + 101), 0);
	assert_int_equal(holders(store, 6150, WALL + 60), 1);
	assert_int_equal(holders(store, 6150, WALL + 49), 0);
	assert_int_equal(holders(store, STORE_ANY_PORT, WALL + 60), 2);
	store_close(store);
}

static unsigned int found(struct store *store, const struct record *record)
{
	unsigned int by_ipv4 = 0, by_remote = 0;

	assert_int_equal(store_find_ipv4(store, record->slot.ipv4,
					 count_holder, &by_ipv4), 0);
	assert_int_equal(store_find_remote(store, &record->remote,
					   count_holder, &by_remote), 0);
	assert_int_equal(by_ipv4, by_remote);
	return by_ipv4;
}

static void found_by_either_address(void **state)
{
	struct record record = lease(0xc0000207, 5, 6);
	struct store *store = open_store(&first_boot);

	(void)state;
	assert_int_equal(found(store, &record), 0);
	put(store, &record);
	assert_int_equal(found(store, &record), 1);
	record.slot.set.psid = 6;
	put(store, &record);
	assert_int_equal(found(store, &record), 2);
	store_close(store);
}

static sqlite3 *database;

static int remember(sqlite3 *db, char **error, const void *api)
{
	(void)error;
	(void)api;
	database = db;
	return SQLITE_OK;
}

/* What operators ask of one address is answered by an index, however much there is. */
static void no_question_reads_all(void **state)
{
	struct store *store;
	sqlite3_stmt *stmt, *plan;
	unsigned int questions = 0;
	const char *sql;
	char *explain;

	(void)state;
	sqlite3_auto_extension((void (*)(void))remember);
	store = open_store(&first_boot);
	sqlite3_reset_auto_extension();
	for (stmt = sqlite3_next_stmt(database, NULL); stmt;
	     stmt = sqlite3_next_stmt(database, stmt)) {
		sql = sqlite3_sql(stmt);
		if (!strstr(sql, "= ?"))
			continue;
		questions++;
		explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
		assert_int_equal(sqlite3_prepare_v2(database, explain, -1, &plan,
						    NULL), SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW)
			assert_memory_equal(sqlite3_column_text(plan, 3),
					    "SEARCH", 6);
		sqlite3_finalize(plan);
		sqlite3_free(explain);
	}
	/* Two of "ctl who", two of "ctl leases find". */
	assert_int_equal(questions, 4);
	store_close(store);
}

/* Pruning takes no longer the more there is to prune, or to keep. */
static void pruned_in_no_time(void **state)
{
	struct record record = lease(0xc0000207, 5, 6);
	struct store *store = open_store(&first_boot);
	struct timespec begin, end;
	unsigned int i, count, steps = 0;
	double took, longest = 0;

	(void)state;
	assert_int_equal(store_begin(store), 0);
	for (i = 0; i < 200000; i++)
		assert_int_equal(store_past(store, &record, WALL + i), 0);
	assert_int_equal(store_commit(store), 0);
	do {
		clock_gettime(CLOCK_MONOTONIC, &begin);
		assert_int_equal(store_prune(store, WALL + 100000,
					     STORE_PRUNE, &count), 0);
		clock_gettime(CLOCK_MONOTONIC, &end);
		took = (double)(end.tv_sec - begin.tv_sec) +
		       (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
		longest = took > longest ? took : longest;
		steps++;
	} while (count == STORE_PRUNE);
	print_message("# %u steps, the longest of %.1f ms\n", steps,
		      longest * 1000);
	assert_int_equal(steps, 100000 / STORE_PRUNE + 1);
	assert_true(longest < 1);
	store_close(store);
}

static void pruned_in_steps(void **state)
{
	struct record record = lease(0xc0000207, 0, 0);
	struct store *store = open_store(&first_boot);
	unsigned int count;
	int i;

	(void)state;
	assert_int_equal(store_begin(store), 0);
	for (i = 0; i < 25; i++)
		assert_int_equal(store_past(store, &record, WALL + i), 0);
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(store_prune(store, WALL + 20, 15, &count), 0);
	assert_int_equal(count, 15);
	assert_int_equal(store_prune(store, WALL + 20, 15, &count), 0);
	assert_int_equal(count, 5);
	assert_int_equal(store_prune(store, WALL + 20, 15, &count), 0);
	assert_int_equal(count, 0);
	store_close(store);
}

static void all_or_nothing(void **state)
{
	struct record record = lease(0xc0000207, 0, 0);
	struct store *store = open_store(&first_boot);
	struct rlimit none = { 0, RLIM_INFINITY }, all = { RLIM_INFINITY,
							   RLIM_INFINITY };
	struct loaded loaded = { .count = 0 };
	int ret;

	(void)state;
	put(store, &record);
	record.slot.ipv4++;
	assert_int_equal(store_begin(store), 0);
	assert_int_equal(store_put(store, &record), 0);
	store_rollback(store);

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	ret = store_begin(store) || store_put(store, &record) ||
	      store_commit(store);
	store_rollback(store);
	setrlimit(RLIMIT_FSIZE, &all);
	assert_int_not_equal(ret, 0);
	assert_string_not_equal(store_error(store), "");
	assert_int_equal(store_load(store, keep, &loaded), 0);
	assert_int_equal(loaded.count, 1);
	put(store, &record);
	loaded.count = 0;
	assert_int_equal(store_load(store, keep, &loaded), 0);
	assert_int_equal(loaded.count, 2);
	store_close(store);
}

static void migrated(void **state)
{
	struct loaded loaded = { .count = 0 };
	struct record record = lease(0xc0000207, 0, 0);
	struct store *store;
	char error[STORE_ERROR];
	sqlite3 *db;

	(void)state;
	store = open_store(&first_boot);
	put(store, &record);
	store_close(store);
	/* As the first version left it. */
	assert_int_equal(sqlite3_open(path, &db), 0);
	assert_int_equal(sqlite3_exec(db, "DROP INDEX leases_by_remote;"
				      "DROP TABLE history;"
				      "PRAGMA user_version = 1",
				      NULL, NULL, NULL), 0);
	sqlite3_close(db);
	store = open_store(&first_boot);
	assert_int_equal(store_load(store, keep, &loaded), 0);
	assert_int_equal(loaded.count, 1);
	assert_int_equal(holders(store, STORE_ANY_PORT, WALL), 1);
	store_close(store);

	assert_int_equal(sqlite3_open(path, &db), 0);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL,
				      NULL, NULL), 0);
	sqlite3_close(db);
	assert_int_not_equal(store_open(&store, path, &first_boot, error), 0);
	assert_non_null(strstr(error, "newer"));
}

static void one_at_a_time(void **state)
{
	struct store *store = open_store(&first_boot), *other = NULL;
	char error[STORE_ERROR];

	(void)state;
	assert_int_not_equal(store_open(&other, path, &first_boot, error), 0);
	assert_non_null(strstr(error, "locked"));
	store_close(store);
}

static void same_duid(void **state)
{
	uint8_t duid[STORE_DUID], again[STORE_DUID], zero[16] = { 0 };
	struct store *store = open_store(&first_boot);

	(void)state;
	assert_int_equal(store_duid(store, duid), 0);
	store_close(store);
	store = open_store(&first_boot);
	assert_int_equal(store_duid(store, again), 0);
	assert_memory_equal(duid, again, sizeof(duid));
	assert_int_equal(duid[0], 0);
	assert_int_equal(duid[1], 4);
	assert_memory_not_equal(duid + 2, zero, sizeof(zero));
	store_close(store);
}

static int fresh(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -f %s/*", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(round_trip, fresh),
		cmocka_unit_test_setup(clock_steps, fresh),
		cmocka_unit_test_setup(who_had_it, fresh),
		cmocka_unit_test_setup(found_by_either_address, fresh),
		cmocka_unit_test_setup(no_question_reads_all, fresh),
		cmocka_unit_test_setup(pruned_in_steps, fresh),
		cmocka_unit_test_setup(pruned_in_no_time, fresh),
		cmocka_unit_test_setup(all_or_nothing, fresh),
		cmocka_unit_test_setup(migrated, fresh),
		cmocka_unit_test_setup(one_at_a_time, fresh),
		cmocka_unit_test_setup(same_duid, fresh),
	};
	int ret;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/leases", dir);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	fresh(NULL);
	rmdir(dir);
	return ret;
}
