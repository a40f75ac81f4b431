/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many addresses clients have declined lately. A declined address is lent to
 * nobody for a long time, so there is a limit, or one client could empty a pool.
 */
#ifndef DSTM_DECLINE_H
#define DSTM_DECLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lease.h"
#include "policy.h"

/* For so long a decline counts, milliseconds. */
#define DECLINE_TIME	(INT64_C(24) * 3600 * 1000)

struct decline;

/**
 * struct declines - the counts; begin with declines_init()
 * @by_key: by class, and client or prefix
 * @by_age: the oldest first
 */
struct declines {
	struct decline *by_key;
	TAILQ_HEAD(, decline) by_age;
};

/**
 * declines_init - begin, with none counted
 * @d: the counts
 */
void declines_init(struct declines *d);

/**
 * declines_reset - forget all counts
 * @d: the counts
 */
void declines_reset(struct declines *d);

/**
 * declines_add - count that a lease was declined, where that is within the limits
 * @d: the counts
 * @policy: the rules
 * @lease: the lease, not one given by hand
 * @now: milliseconds
 *
 * Return: whether it was; if not, the client or its prefix has declined enough.
 */
bool declines_add(struct declines *d, const struct policy *policy,
		  const struct lease *lease, int64_t now);

#endif
