// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "bitmap.h"
#include "hash.h"
#include "pool.h"

struct prefix {
	uint32_t first;
	uint32_t last;
	uint32_t index;		/* of the first, in the bitmap of free ones */
};

/* An address that is lent in port sets. */
struct split {
	uint32_t ipv4;
	uint8_t len;
	uint32_t total;		/* port sets that may be lent */
	uint32_t left;		/* those of them that are free */
	uint32_t next;		/* where to look for a free one first */
	UT_hash_handle hh;
	TAILQ_ENTRY(split) list;	/* only while there is a free one */
	uint64_t free[];
};

TAILQ_HEAD(splits, split);

struct reserved {
	struct slot slot;
	UT_hash_handle hh;
};

struct pool {
	uint8_t offset;
	struct prefix *prefixes;
	unsigned int n_prefixes;
	struct bitmap free;
	uint32_t next;		/* where to look for a free address first */
	struct pool_use use;
	struct split *splits;
	/* By the length of a port set: */
	struct splits partial[17];	/* addresses that have a free one */
	uint32_t left[17];		/* how many are free on those */
	uint32_t first_psid[17];	/* none below is lent */
	struct reserved *reserved;
};

/* Below this number no port set is lent, because of the pool's lowest port. */
static uint32_t first_psid(struct dstm_portset set, uint16_t lowest_port)
{
	uint32_t sets = (uint32_t)1 << set.len;
	uint16_t first, last;
	uint32_t psid;

	for (psid = 0; psid < sets; psid++) {
		set.psid = (uint16_t)psid;
		dstm_portset_range(&set, 0, &first, &last);
		if (first >= lowest_port)
			break;
	}
	return psid;
}

struct pool *pool_new(uint8_t offset, uint16_t lowest_port)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	struct dstm_portset set = { .offset = offset };

	if (!pool)
		return NULL;
	pool->offset = offset;
	for (set.len = 0; set.len <= 16; set.len++) {
		TAILQ_INIT(&pool->partial[set.len]);
		if (set.len && set.len + offset <= 16)
			pool->first_psid[set.len] = first_psid(set, lowest_port);
	}
	return pool;
}

void pool_free(struct pool *pool)
{
	struct reserved *reserved, *next_reserved;
	struct split *split, *next_split;

	if (!pool)
		return;
	HASH_ITER(hh, pool->splits, split, next_split) {
		HASH_DEL(pool->splits, split);
		free(split);
	}
	HASH_ITER(hh, pool->reserved, reserved, next_reserved) {
		HASH_DEL(pool->reserved, reserved);
		free(reserved);
	}
	bitmap_destroy(&pool->free);
	free(pool->prefixes);
	free(pool);
}

int pool_prefix(struct pool *pool, uint32_t ipv4, uint8_t len)
{
	uint64_t count = (uint64_t)1 << (32 - len);
	uint32_t last = (uint32_t)(ipv4 + count - 1);
	struct prefix *more;
	unsigned int i;

	if (count > POOL_MAX || pool->use.addresses + count > POOL_MAX)
		return -E2BIG;
	for (i = 0; i < pool->n_prefixes; i++)
		if (ipv4 <= pool->prefixes[i].last &&
		    last >= pool->prefixes[i].first)
			return -EEXIST;
	more = realloc(pool->prefixes, (pool->n_prefixes + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	more[pool->n_prefixes++] = (struct prefix){ ipv4, last,
						    pool->use.addresses };
	pool->prefixes = more;
	pool->use.addresses += (uint32_t)count;
	return 0;
}

int pool_ready(struct pool *pool)
{
	if (bitmap_init(&pool->free, pool->use.addresses))
		return -ENOMEM;
	bitmap_fill(&pool->free);
	pool->use.free = pool->use.addresses;
	return 0;
}

/* The place of an address in the bitmap, or the bitmap's size. */
static uint32_t index_of(const struct pool *pool, uint32_t ipv4)
{
	unsigned int i;

	for (i = 0; i < pool->n_prefixes; i++) {
		const struct prefix *prefix = &pool->prefixes[i];

		if (ipv4 >= prefix->first && ipv4 <= prefix->last)
			return prefix->index + (ipv4 - prefix->first);
	}
	return pool->free.size;
}

static uint32_t address_of(const struct pool *pool, uint32_t index)
{
	unsigned int i = pool->n_prefixes - 1;

	while (pool->prefixes[i].index > index)
		i--;
	return pool->prefixes[i].first + (index - pool->prefixes[i].index);
}

bool pool_reserved(const struct pool *pool, const struct slot *slot)
{
	struct reserved *reserved;

	HASH_FIND(hh, pool->reserved, slot, sizeof(*slot), reserved);
	return reserved;
}

static void address_take(struct pool *pool, uint32_t index)
{
	bitmap_del(&pool->free, index);
	pool->use.free--;
}

static void address_put(struct pool *pool, uint32_t index)
{
	bitmap_add(&pool->free, index);
	pool->use.free++;
}

void pool_exclude(struct pool *pool, uint32_t first, uint32_t last)
{
	unsigned int i;
	uint32_t index;

	for (i = 0; i < pool->n_prefixes; i++) {
		const struct prefix *prefix = &pool->prefixes[i];
		uint32_t ipv4 = first > prefix->first ? first : prefix->first;
		uint32_t end = last < prefix->last ? last : prefix->last;

		for (; ipv4 <= end; ipv4++) {
			index = prefix->index + (ipv4 - prefix->first);
			if (bitmap_has(&pool->free, index)) {
				address_take(pool, index);
				pool->use.addresses--;
			}
			if (ipv4 == UINT32_MAX)
				break;
		}
	}
}

bool pool_has(const struct pool *pool, const struct slot *slot)
{
	if (slot->set.len && slot->set.offset != pool->offset)
		return false;
	return !dstm_portset_wrong(&slot->set) &&
	       index_of(pool, slot->ipv4) < pool->free.size;
}

static struct split *split_find(const struct pool *pool, uint32_t ipv4)
{
	struct split *split;

	HASH_FIND(hh, pool->splits, &ipv4, sizeof(ipv4), split);
	return split;
}

static int split_new(struct pool *pool, uint32_t index, uint8_t len,
		     struct split **result)
{
	uint32_t sets = (uint32_t)1 << len;
	struct split *split;
	uint32_t psid;

	split = calloc(1, sizeof(*split) + (sets / 64 + 1) * sizeof(uint64_t));
	if (!split)
		return -ENOMEM;
	split->ipv4 = address_of(pool, index);
	split->len = len;
	for (psid = pool->first_psid[len]; psid < sets; psid++) {
		split->free[psid / 64] |= (uint64_t)1 << psid % 64;
		split->total++;
	}
	split->left = split->total;
	if (split->left)
		HASH_ADD(hh, pool->splits, ipv4, sizeof(split->ipv4), split);
	if (!split->left || !split->hh.tbl) {
		int ret = split->left ? -ENOMEM : -ENOSPC;

		free(split);
		return ret;
	}
	pool->left[len] += split->left;
	TAILQ_INSERT_HEAD(&pool->partial[len], split, list);
	address_take(pool, index);
	pool->use.split++;
	*result = split;
	return 0;
}

static void set_take(struct pool *pool, struct split *split, uint32_t psid)
{
	split->free[psid / 64] &= ~((uint64_t)1 << psid % 64);
	pool->left[split->len]--;
	if (!--split->left)
		TAILQ_REMOVE(&pool->partial[split->len], split, list);
	pool->use.sets++;
}

static void set_put(struct pool *pool, struct split *split, uint32_t psid)
{
	split->free[psid / 64] |= (uint64_t)1 << psid % 64;
	pool->left[split->len]++;
	if (!split->left++)
		TAILQ_INSERT_TAIL(&pool->partial[split->len], split, list);
	pool->use.sets--;
	if (split->left < split->total)
		return;
	pool->left[split->len] -= split->total;
	TAILQ_REMOVE(&pool->partial[split->len], split, list);
	HASH_DEL(pool->splits, split);
	pool->use.split--;
	address_put(pool, index_of(pool, split->ipv4));
	free(split);
}

/* A free port set, the last found one's successors first. */
static uint32_t set_next(struct split *split)
{
	uint32_t sets = (uint32_t)1 << split->len;
	uint32_t i, psid;

	for (i = 0; ; i++) {
		psid = (split->next + i) % sets;
		if (split->free[psid / 64] >> psid % 64 & 1)
			break;
	}
	split->next = psid + 1;
	return psid;
}

static uint32_t address_next(struct pool *pool)
{
	uint32_t index = bitmap_next(&pool->free, pool->next);

	if (index == pool->free.size)
		index = bitmap_next(&pool->free, 0);
	return index;
}

int pool_take(struct pool *pool, uint8_t psid_len, struct slot *slot)
{
	struct split *split = TAILQ_FIRST(&pool->partial[psid_len]);
	uint32_t index;
	int ret;

	if (psid_len && split)
		goto set;
	index = address_next(pool);
	if (index == pool->free.size)
		return -ENOSPC;
	if (!psid_len) {
		*slot = (struct slot){ .ipv4 = address_of(pool, index) };
		address_take(pool, index);
		pool->use.whole++;
		pool->next = index + 1;
		return 0;
	}
	ret = split_new(pool, index, psid_len, &split);
	if (ret)
		return ret;
	pool->next = index + 1;
set:
	slot->ipv4 = split->ipv4;
	slot->set.psid = (uint16_t)set_next(split);
	slot->set.len = psid_len;
	slot->set.offset = pool->offset;
	set_take(pool, split, slot->set.psid);
	return 0;
}

int pool_take_this(struct pool *pool, const struct slot *slot, bool reserved)
{
	uint32_t index = index_of(pool, slot->ipv4);
	struct split *split;
	int ret;

	if (!pool_has(pool, slot))
		return -ENOENT;
	if (reserved && pool_reserved(pool, slot))
		return 0;
	if (!slot->set.len) {
		if (!bitmap_has(&pool->free, index))
			return -EBUSY;
		address_take(pool, index);
		pool->use.whole++;
		return 0;
	}
	split = split_find(pool, slot->ipv4);
	if (!split) {
		if (!bitmap_has(&pool->free, index) ||
		    slot->set.psid < pool->first_psid[slot->set.len])
			return -EBUSY;
		ret = split_new(pool, index, slot->set.len, &split);
		if (ret)
			return ret;
	}
	if (split->len != slot->set.len ||
	    !(split->free[slot->set.psid / 64] >> slot->set.psid % 64 & 1))
		return -EBUSY;
	set_take(pool, split, slot->set.psid);
	return 0;
}

int pool_reserve(struct pool *pool, const struct slot *slot)
{
	struct reserved *reserved;
	int ret;

	ret = pool_take_this(pool, slot, false);
	if (ret)
		return ret;
	reserved = calloc(1, sizeof(*reserved));
	if (reserved) {
		reserved->slot = *slot;
		HASH_ADD(hh, pool->reserved, slot, sizeof(*slot), reserved);
		if (reserved->hh.tbl)
			return 0;
	}
	free(reserved);
	pool_put(pool, slot);
	return -ENOMEM;
}

void pool_put(struct pool *pool, const struct slot *slot)
{
	struct split *split;

	if (pool_reserved(pool, slot))
		return;
	if (!slot->set.len) {
		address_put(pool, index_of(pool, slot->ipv4));
		pool->use.whole--;
		return;
	}
	split = split_find(pool, slot->ipv4);
	if (split)
		set_put(pool, split, slot->set.psid);
}

bool pool_lends(const struct pool *pool, uint8_t psid_len)
{
	return psid_len + pool->offset <= 16 &&
	       pool->first_psid[psid_len] < (uint32_t)1 << psid_len;
}

bool pool_overlap(const struct pool *a, const struct pool *b)
{
	unsigned int i, k;

	for (i = 0; i < a->n_prefixes; i++)
		for (k = 0; k < b->n_prefixes; k++)
			if (a->prefixes[i].first <= b->prefixes[k].last &&
			    b->prefixes[k].first <= a->prefixes[i].last)
				return true;
	return false;
}

void pool_use(const struct pool *pool, struct pool_use *use)
{
	*use = pool->use;
}

unsigned int pool_left(const struct pool *pool, uint8_t psid_len)
{
	uint64_t sets, left, all;

	if (!pool->use.addresses)
		return 0;
	if (!psid_len)
		return (unsigned int)((uint64_t)pool->use.free * 1000 /
				      pool->use.addresses);
	sets = ((uint64_t)1 << psid_len) - pool->first_psid[psid_len];
	all = sets * pool->use.addresses;
	left = sets * pool->use.free + pool->left[psid_len];
	return all ? (unsigned int)(left * 1000 / all) : 0;
}
