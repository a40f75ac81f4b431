/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Leases on disk, in SQLite: what is committed survives a reset of the machine.
 * And who had an address at any time.
 *
 * On disk is wall time. A process that begins in the same boot of the machine
 * goes on with the difference between both clocks that it finds there, so that a
 * step of the wall clock does not change when a lease ends.
 */
#ifndef DSTM_STORE_H
#define DSTM_STORE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "lease.h"

#define STORE_ERROR	512

/* Room for the name of a class. */
#define STORE_CLASS	64

/* Length of the server's DUID. */
#define STORE_DUID	18

/* So much of the history is forgotten at once: it takes some milliseconds. */
#define STORE_PRUNE	1000

/* Without a port, in store_who(). */
#define STORE_ANY_PORT	(-1)

struct store;

/**
 * struct store_time - the clocks
 * @boot: names the boot of the machine
 * @now: milliseconds since then
 * @wall: seconds since 1970
 */
struct store_time {
	char boot[40];
	int64_t now;
	int64_t wall;
};

/**
 * struct record - a lease on disk
 * @slot: what is lent
 * @remote: the client's end of the tunnel
 * @client: the client identifier
 * @client_len: its length in bytes
 * @class: name of its class; NULL if an operator gave it by hand
 * @state: LEASE_BOUND, LEASE_RELEASING or LEASE_RESTING
 * @began: since when the client has it, milliseconds of the engine's clock
 * @end: the end of the lease or the rest, or LEASE_NEVER
 * @since: since when it has this remote, seconds of wall time
 * @renewals: how often it was renewed
 */
struct record {
	struct slot slot;
	struct in6_addr remote;
	const uint8_t *client;
	uint8_t client_len;
	const char *class;
	enum lease_state state;
	int64_t began;
	int64_t end;
	int64_t since;
	uint32_t renewals;
};

/**
 * store_time_now - read the clocks
 * @time: the result
 */
void store_time_now(struct store_time *time);

/**
 * store_open - open a store, made or migrated where needed
 * @store: the store, to be closed with store_close()
 * @path: path of the file; ":memory:" for none
 * @time: the clocks
 * @error: STORE_ERROR bytes for what is wrong
 *
 * Return: 0, or -EIO with @error filled.
 */
int store_open(struct store **store, const char *path,
	       const struct store_time *time, char *error);

/**
 * store_close - close a store
 * @store: the store, or NULL
 */
void store_close(struct store *store);

/**
 * store_error - what the last failed function failed of
 * @store: the store
 *
 * Return: a text, valid until the next function of the store.
 */
const char *store_error(const struct store *store);

/**
 * store_duid - the server's DUID, made when the store was (RFC 8415 section 11.5)
 * @store: the store
 * @duid: STORE_DUID bytes for it
 *
 * Return: 0, or -EIO.
 */
int store_duid(struct store *store, uint8_t *duid);

/**
 * store_record_fn - takes a lease
 * @record: the lease; borrowed
 * @data: what was given with it
 *
 * Return: 0, or a negative errno that ends the reading.
 */
typedef int store_record_fn(const struct record *record, void *data);

/**
 * store_load - read all leases, those that are in use first
 * @store: the store
 * @fn: called for each
 * @data: for @fn
 *
 * Return: 0, -EIO, or what @fn returned.
 */
int store_load(struct store *store, store_record_fn *fn, void *data);

/**
 * store_begin - begin changes that are made together, or not at all
 * @store: the store
 *
 * Return: 0, or -EIO.
 */
int store_begin(struct store *store);

/**
 * store_put - write a lease in the place of what was known of its slot
 * @store: the store, after store_begin()
 * @record: the lease
 *
 * Return: 0, or -EIO.
 */
int store_put(struct store *store, const struct record *record);

/**
 * store_past - write down who had what, now that it is over
 * @store: the store, after store_begin()
 * @record: the lease as it was
 * @until: until when it was so, seconds of wall time
 *
 * Return: 0, or -EIO.
 */
int store_past(struct store *store, const struct record *record, int64_t until);

/**
 * store_commit - make the changes last
 * @store: the store, after store_begin()
 *
 * Return: 0, or -EIO; then nothing was changed.
 */
int store_commit(struct store *store);

/**
 * store_rollback - drop the changes
 * @store: the store, after store_begin()
 */
void store_rollback(struct store *store);

/**
 * store_who_fn - takes one holder
 * @record: what was held
 * @until: until when, seconds of wall time; LEASE_NEVER if it is held still
 * @data: what was given with it
 */
typedef void store_who_fn(const struct record *record, int64_t until,
			  void *data);

/**
 * store_who - who held an address
 * @store: the store
 * @ipv4: the address, host byte order
 * @port: the port, or STORE_ANY_PORT
 * @at: when, seconds of wall time
 * @fn: called for each holder
 * @data: for @fn
 *
 * Return: 0, or -EIO.
 */
int store_who(struct store *store, uint32_t ipv4, int port, int64_t at,
	      store_who_fn *fn, void *data);

/**
 * store_find_ipv4 - what is written down of an address
 * @store: the store
 * @ipv4: the address, host byte order
 * @fn: called for each lease, whatever its state
 * @data: for @fn
 *
 * Return: 0, or -EIO.
 */
int store_find_ipv4(struct store *store, uint32_t ipv4, store_who_fn *fn,
		    void *data);

/**
 * store_find_remote - what is written down of a client's end of the tunnel
 * @store: the store
 * @remote: the client's end
 * @fn: called for each lease, whatever its state
 * @data: for @fn
 *
 * Return: 0, or -EIO.
 */
int store_find_remote(struct store *store, const struct in6_addr *remote,
		      store_who_fn *fn, void *data);

/**
 * store_prune - forget some of what ended long ago
 * @store: the store
 * @before: what ended before, seconds of wall time
 * @most: so many at once, so that it takes no time
 * @count: how many it were
 *
 * Return: 0, or -EIO.
 */
int store_prune(struct store *store, int64_t before, unsigned int most,
		unsigned int *count);

#endif
