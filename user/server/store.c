// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store.h"

/* One step from each version of the schema to the next; never changed. */
static const char * const migrations[] = {
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE leases (ipv4 INTEGER, \"psid-len\" INTEGER, psid INTEGER,"
	" \"psid-offset\" INTEGER, remote BLOB, client BLOB, class TEXT,"
	" state TEXT, began INTEGER, expires INTEGER, since INTEGER,"
	" renewals INTEGER, PRIMARY KEY (ipv4, \"psid-len\", psid))"
	" WITHOUT ROWID;",

	"CREATE TABLE history (id INTEGER PRIMARY KEY, ipv4 INTEGER,"
	" \"psid-len\" INTEGER, psid INTEGER, \"psid-offset\" INTEGER,"
	" remote BLOB, client BLOB, class TEXT, since INTEGER,"
	" until INTEGER);"
	"CREATE INDEX history_by_ipv4 ON history (ipv4, until);",

	"CREATE INDEX leases_by_remote ON leases (remote);",
};

#define VERSION_NOW	(int)(sizeof(migrations) / sizeof(*migrations))

enum statement {
	BEGIN, COMMIT, ROLLBACK, LOAD, PUT, PAST, WHO, WHO_PAST, FIND_IPV4,
	FIND_REMOTE, PRUNE, STATEMENTS
};

#define COLUMNS	"ipv4, \"psid-len\", psid, \"psid-offset\", remote, client, class"

static const char * const statements[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[LOAD] = "SELECT " COLUMNS ", since, state, began, expires, renewals"
		 " FROM leases ORDER BY state",
	[PUT] = "REPLACE INTO leases (" COLUMNS
		", since, state, began, expires, renewals)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[PAST] = "INSERT INTO history (" COLUMNS ", since, until)"
		 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[WHO] = "SELECT " COLUMNS ", since FROM leases"
		" WHERE ipv4 = ? AND since <= ? AND state <> 'resting'",
	[WHO_PAST] = "SELECT " COLUMNS ", since, until FROM history"
		     " WHERE ipv4 = ? AND since <= ? AND until >= ?",
	[FIND_IPV4] = "SELECT " COLUMNS ", since FROM leases WHERE ipv4 = ?",
	[FIND_REMOTE] = "SELECT " COLUMNS ", since FROM leases WHERE remote = ?",
	/* In the order of id, which is that of until. */
	[PRUNE] = "DELETE FROM history WHERE id IN"
		  " (SELECT id FROM history ORDER BY id LIMIT ?)"
		  " AND until < ?",
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENTS];
	int64_t offset;		/* wall time less ours, milliseconds */
};

void store_time_now(struct store_time *time)
{
	struct timespec ts;
	FILE *file;

	memset(time, 0, sizeof(*time));
	file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (file) {
		if (fscanf(file, "%39s", time->boot) != 1)
			time->boot[0] = '\0';
		fclose(file);
	}
	clock_gettime(CLOCK_BOOTTIME, &ts);
	time->now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	clock_gettime(CLOCK_REALTIME, &ts);
	time->wall = ts.tv_sec;
}

const char *store_error(const struct store *store)
{
	return sqlite3_errmsg(store->db);
}

static int failed(struct store *store, char *error, const char *path)
{
	snprintf(error, STORE_ERROR, "%s: %s", path,
		 store->db ? store_error(store) : "no memory");
	return -EIO;
}

static int version(void *data, int count, char **values, char **names)
{
	int *number = data;

	(void)count;
	(void)names;
	*number = values[0] ? atoi(values[0]) : 0;
	return 0;
}

static int migrate(struct store *store, const char *path, char *error)
{
	char pragma[64];
	int from = 0;

	if (sqlite3_exec(store->db, "BEGIN IMMEDIATE; PRAGMA user_version;",
			 version, &from, NULL))
		return failed(store, error, path);
	if (from > VERSION_NOW) {
		snprintf(error, STORE_ERROR,
			 "%s: written by a newer dstm-server (version %d, this one knows %d); use that one",
			 path, from, VERSION_NOW);
		return -EIO;
	}
	for (; from < VERSION_NOW; from++)
		if (sqlite3_exec(store->db, migrations[from], NULL, NULL, NULL))
			return failed(store, error, path);
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d; COMMIT;",
		 VERSION_NOW);
	if (sqlite3_exec(store->db, pragma, NULL, NULL, NULL))
		return failed(store, error, path);
	return 0;
}

/* The boot in which the difference of the clocks was found. */
static int clock_load(void *data, int count, char **values, char **names)
{
	struct store_time *found = data;

	(void)count;
	(void)names;
	if (!strcmp(values[0], "boot"))
		snprintf(found->boot, sizeof(found->boot), "%s", values[1]);
	else
		found->now = atoll(values[1]);
	return 0;
}

static int clock_set(struct store *store, const struct store_time *time)
{
	struct store_time found = { .boot = "" };
	char *sql;
	int ret;

	if (sqlite3_exec(store->db,
			 "SELECT key, value FROM meta WHERE key IN ('boot', 'offset')",
			 clock_load, &found, NULL))
		return -EIO;
	if (time->boot[0] && !strcmp(found.boot, time->boot)) {
		store->offset = found.now;
		return 0;
	}
	store->offset = time->wall * 1000 - time->now;
	sql = sqlite3_mprintf("REPLACE INTO meta VALUES ('boot', %Q), ('offset', %lld)",
			      time->boot, (long long)store->offset);
	if (!sql)
		return -EIO;
	ret = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	sqlite3_free(sql);
	return ret ? -EIO : 0;
}

static int prepare(struct store *store)
{
	int i;

	for (i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(store->db, statements[i], -1,
				       SQLITE_PREPARE_PERSISTENT,
				       &store->statement[i], NULL))
			return -EIO;
	return 0;
}

int store_open(struct store **result, const char *path,
	       const struct store_time *time, char *error)
{
	struct store *store = calloc(1, sizeof(*store));
	int ret;

	if (!store) {
		snprintf(error, STORE_ERROR, "%s: no memory", path);
		return -EIO;
	}
	/*
	 * FULL makes a commit last through a loss of power. The write-ahead log
	 * is kept at its size, so that on a full disk there still is room for
	 * what only changes.
	 */
	if (sqlite3_open(path, &store->db) ||
	    sqlite3_exec(store->db,
			 "PRAGMA locking_mode = EXCLUSIVE;"
			 "PRAGMA journal_mode = WAL;"
			 "PRAGMA synchronous = FULL;"
			 "PRAGMA journal_size_limit = -1;", NULL, NULL, NULL)) {
		ret = failed(store, error, path);
		goto fail;
	}
	ret = migrate(store, path, error);
	if (ret)
		goto fail;
	if (clock_set(store, time) || prepare(store)) {
		ret = failed(store, error, path);
		goto fail;
	}
	*result = store;
	return 0;
fail:
	store_close(store);
	return ret;
}

void store_close(struct store *store)
{
	int i;

	if (!store)
		return;
	for (i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->statement[i]);
	sqlite3_close(store->db);
	free(store);
}

int store_duid(struct store *store, uint8_t *duid)
{
	sqlite3_stmt *stmt;
	int ret = -EIO;

	/* Type 4, a UUID. */
	if (sqlite3_exec(store->db,
			 "INSERT OR IGNORE INTO meta"
			 " VALUES ('duid', x'0004' || randomblob(16))",
			 NULL, NULL, NULL) ||
	    sqlite3_prepare_v2(store->db, "SELECT CAST(value AS BLOB)"
			       " FROM meta WHERE key = 'duid'", -1, &stmt,
			       NULL))
		return -EIO;
	if (sqlite3_step(stmt) == SQLITE_ROW &&
	    sqlite3_column_bytes(stmt, 0) == STORE_DUID) {
		memcpy(duid, sqlite3_column_blob(stmt, 0), STORE_DUID);
		ret = 0;
	}
	sqlite3_finalize(stmt);
	return ret;
}

/* To disk: rounded up, so that nothing ends there before it ends here. */
static int64_t to_disk(const struct store *store, int64_t time)
{
	return (time + store->offset + 999) / 1000;
}

static int64_t from_disk(const struct store *store, int64_t wall)
{
	return wall * 1000 - store->offset;
}

static int run(struct store *store, enum statement which)
{
	sqlite3_stmt *stmt = store->statement[which];
	int ret = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return ret == SQLITE_DONE ? 0 : -EIO;
}

/* The columns that both tables have. */
static void bind_columns(sqlite3_stmt *stmt, const struct record *record)
{
	sqlite3_bind_int64(stmt, 1, record->slot.ipv4);
	sqlite3_bind_int(stmt, 2, record->slot.set.len);
	sqlite3_bind_int(stmt, 3, record->slot.set.psid);
	sqlite3_bind_int(stmt, 4, record->slot.set.offset);
	sqlite3_bind_blob(stmt, 5, &record->remote, sizeof(record->remote),
			  SQLITE_STATIC);
	if (record->client_len)
		sqlite3_bind_blob(stmt, 6, record->client, record->client_len,
				  SQLITE_STATIC);
	if (record->class)
		sqlite3_bind_text(stmt, 7, record->class, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 8, record->since);
}

/* What is not as this program writes it is left out. */
static bool column_read(sqlite3_stmt *stmt, struct record *record)
{
	int len = sqlite3_column_bytes(stmt, 5);

	memset(record, 0, sizeof(*record));
	record->slot.ipv4 = (uint32_t)sqlite3_column_int64(stmt, 0);
	record->slot.set.len = (uint8_t)sqlite3_column_int(stmt, 1);
	record->slot.set.psid = (uint16_t)sqlite3_column_int(stmt, 2);
	record->slot.set.offset = (uint8_t)sqlite3_column_int(stmt, 3);
	if (sqlite3_column_bytes(stmt, 4) != sizeof(record->remote) ||
	    len > UINT8_MAX || dstm_portset_wrong(&record->slot.set))
		return false;
	memcpy(&record->remote, sqlite3_column_blob(stmt, 4),
	       sizeof(record->remote));
	record->client = sqlite3_column_blob(stmt, 5);
	record->client_len = (uint8_t)len;
	record->class = (const char *)sqlite3_column_text(stmt, 6);
	record->since = sqlite3_column_int64(stmt, 7);
	return true;
}

static bool state_read(sqlite3_stmt *stmt, struct record *record)
{
	const char *name = (const char *)sqlite3_column_text(stmt, 8);
	enum lease_state state;

	for (state = LEASE_BOUND; state < LEASE_STATES; state++) {
		if (name && !strcmp(name, lease_state_name(state))) {
			record->state = state;
			return true;
		}
	}
	return false;
}

int store_load(struct store *store, store_record_fn *fn, void *data)
{
	sqlite3_stmt *stmt = store->statement[LOAD];
	struct record record;
	int ret = 0, step;

	while ((step = sqlite3_step(stmt)) == SQLITE_ROW && !ret) {
		if (!column_read(stmt, &record) || !state_read(stmt, &record))
			continue;
		record.began = from_disk(store, sqlite3_column_int64(stmt, 9));
		record.end = sqlite3_column_type(stmt, 10) == SQLITE_NULL ?
			     LEASE_NEVER :
			     from_disk(store, sqlite3_column_int64(stmt, 10));
		record.renewals = (uint32_t)sqlite3_column_int64(stmt, 11);
		ret = fn(&record, data);
	}
	sqlite3_reset(stmt);
	if (!ret && step != SQLITE_DONE)
		ret = -EIO;
	return ret;
}

int store_begin(struct store *store)
{
	return run(store, BEGIN);
}

int store_put(struct store *store, const struct record *record)
{
	sqlite3_stmt *stmt = store->statement[PUT];

	bind_columns(stmt, record);
	sqlite3_bind_text(stmt, 9, lease_state_name(record->state), -1,
			  SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 10, to_disk(store, record->began));
	if (record->end != LEASE_NEVER)
		sqlite3_bind_int64(stmt, 11, to_disk(store, record->end));
	sqlite3_bind_int64(stmt, 12, record->renewals);
	return run(store, PUT);
}

int store_past(struct store *store, const struct record *record, int64_t until)
{
	sqlite3_stmt *stmt = store->statement[PAST];

	bind_columns(stmt, record);
	sqlite3_bind_int64(stmt, 9, until);
	return run(store, PAST);
}

int store_commit(struct store *store)
{
	if (!run(store, COMMIT))
		return 0;
	store_rollback(store);
	return -EIO;
}

void store_rollback(struct store *store)
{
	/* A full disk has rolled back already. */
	if (!sqlite3_get_autocommit(store->db))
		run(store, ROLLBACK);
}

static int holders(struct store *store, enum statement which, int port,
		   store_who_fn *fn, void *data)
{
	sqlite3_stmt *stmt = store->statement[which];
	struct record record;
	int step;

	while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!column_read(stmt, &record))
			continue;
		if (port != STORE_ANY_PORT &&
		    !dstm_portset_has(&record.slot.set, (uint16_t)port))
			continue;
		fn(&record, which == WHO_PAST ? sqlite3_column_int64(stmt, 8) :
		   LEASE_NEVER, data);
	}
	sqlite3_reset(stmt);
	return step == SQLITE_DONE ? 0 : -EIO;
}

int store_who(struct store *store, uint32_t ipv4, int port, int64_t at,
	      store_who_fn *fn, void *data)
{
	enum statement which;
	int ret = 0;

	for (which = WHO; which <= WHO_PAST && !ret; which++) {
		sqlite3_stmt *stmt = store->statement[which];

		sqlite3_bind_int64(stmt, 1, ipv4);
		sqlite3_bind_int64(stmt, 2, at);
		if (which == WHO_PAST)
			sqlite3_bind_int64(stmt, 3, at);
		ret = holders(store, which, port, fn, data);
	}
	return ret;
}

int store_find_ipv4(struct store *store, uint32_t ipv4, store_who_fn *fn,
		    void *data)
{
	sqlite3_bind_int64(store->statement[FIND_IPV4], 1, ipv4);
	return holders(store, FIND_IPV4, STORE_ANY_PORT, fn, data);
}

int store_find_remote(struct store *store, const struct in6_addr *remote,
		      store_who_fn *fn, void *data)
{
	sqlite3_bind_blob(store->statement[FIND_REMOTE], 1, remote,
			  sizeof(*remote), SQLITE_STATIC);
	return holders(store, FIND_REMOTE, STORE_ANY_PORT, fn, data);
}

int store_prune(struct store *store, int64_t before, unsigned int most,
		unsigned int *count)
{
	sqlite3_stmt *stmt = store->statement[PRUNE];
	int ret;

	sqlite3_bind_int64(stmt, 1, most);
	sqlite3_bind_int64(stmt, 2, before);
	ret = run(store, PRUNE);
	*count = ret ? 0 : (unsigned int)sqlite3_changes(store->db);
	return ret;
}
