/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The addresses of a pool, and which of them are free, whole or by port sets.
 * An address is lent whole or in port sets of one length, never in both ways.
 * Finding a free one takes constant time; an address that came free is found
 * again as late as can be, so that its last client may still get it back.
 */
#ifndef DSTM_POOL_H
#define DSTM_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "../lib/portset.h"

/* No pool may have more addresses. */
#define POOL_MAX	(1U << 26)

/**
 * struct slot - what is lent
 * @ipv4: the address, host byte order
 * @set: the share of its ports
 *
 * Without padding, so that it can be a key as it is.
 */
struct slot {
	uint32_t ipv4;
	struct dstm_portset set;
};

_Static_assert(sizeof(struct slot) == 8, "a slot is a key without padding");

/**
 * struct pool_use - how a pool is used
 * @addresses: those that it has, without the excluded ones
 * @free: those of which nothing is taken
 * @whole: those that are taken whole
 * @split: those that are taken in port sets
 * @sets: how many port sets are taken
 */
struct pool_use {
	uint32_t addresses;
	uint32_t free;
	uint32_t whole;
	uint32_t split;
	uint32_t sets;
};

struct pool;

/**
 * pool_new - make a pool without addresses
 * @offset: the psid-offset of its port sets
 * @lowest_port: port sets with a port below are not lent
 *
 * Return: the pool, to be freed with pool_free(), or NULL.
 */
struct pool *pool_new(uint8_t offset, uint16_t lowest_port);

/**
 * pool_free - free a pool
 * @pool: the pool, or NULL
 */
void pool_free(struct pool *pool);

/**
 * pool_prefix - give a pool more addresses; all before pool_ready()
 * @pool: the pool
 * @ipv4: the first address, host byte order
 * @len: the prefix length in bits
 *
 * Return: 0, -EEXIST if some are in it already, -E2BIG, or -ENOMEM.
 */
int pool_prefix(struct pool *pool, uint32_t ipv4, uint8_t len);

/**
 * pool_ready - the pool has its prefixes
 * @pool: the pool
 *
 * Return: 0, or -ENOMEM.
 */
int pool_ready(struct pool *pool);

/**
 * pool_exclude - take addresses out of what is lent; before any is taken
 * @pool: the pool
 * @first: the first address, host byte order
 * @last: the last address
 */
void pool_exclude(struct pool *pool, uint32_t first, uint32_t last);

/**
 * pool_reserve - keep a slot for pool_take_this()
 * @pool: the pool
 * @slot: the slot
 *
 * Return: 0, -EBUSY if it is taken, kept already or excluded, -ENOENT if it is
 * none of the pool, or -ENOMEM.
 */
int pool_reserve(struct pool *pool, const struct slot *slot);

/**
 * pool_reserved - whether a slot is kept for pool_take_this()
 * @pool: the pool
 * @slot: the slot
 */
bool pool_reserved(const struct pool *pool, const struct slot *slot);

/**
 * pool_has - whether a slot is one of the pool, taken or not
 * @pool: the pool
 * @slot: the slot
 */
bool pool_has(const struct pool *pool, const struct slot *slot);

/**
 * pool_take - take any free slot
 * @pool: the pool
 * @psid_len: the length of its port set; 0 for a whole address
 * @slot: what was taken
 *
 * Return: 0, -ENOSPC, or -ENOMEM.
 */
int pool_take(struct pool *pool, uint8_t psid_len, struct slot *slot);

/**
 * pool_take_this - take a certain slot
 * @pool: the pool
 * @slot: the slot
 * @reserved: also when it is reserved; that nobody has it is for the caller to know
 *
 * Return: 0, -EBUSY if it is taken or not to be lent, -ENOENT if it is none of
 * the pool, or -ENOMEM.
 */
int pool_take_this(struct pool *pool, const struct slot *slot, bool reserved);

/**
 * pool_put - give back what was taken
 * @pool: the pool
 * @slot: the slot
 */
void pool_put(struct pool *pool, const struct slot *slot);

/**
 * pool_lends - whether a pool has port sets of a length
 * @pool: the pool
 * @psid_len: the length, not 0
 */
bool pool_lends(const struct pool *pool, uint8_t psid_len);

/**
 * pool_overlap - whether an address is in both of two pools
 * @a: a pool
 * @b: another pool
 */
bool pool_overlap(const struct pool *a, const struct pool *b);

/**
 * pool_use - how a pool is used
 * @pool: the pool
 * @use: the result
 */
void pool_use(const struct pool *pool, struct pool_use *use);

/**
 * pool_left - how much is free for one kind of client
 * @pool: the pool
 * @psid_len: the length of its port set
 *
 * Return: what is free of all, in thousandths.
 */
unsigned int pool_left(const struct pool *pool, uint8_t psid_len);

#endif
