// SPDX-License-Identifier: GPL-2.0
#include "hash.h"
#include "limit.h"

/* At most a second's worth may come at once. */
#define BURST	1000000

/* When the next packet would have to come, were they evenly spread. */
static int64_t next(int64_t at, uint32_t rate, int64_t now)
{
	return (at > now ? at : now) + BURST / (rate < BURST ? rate : BURST);
}

enum limit_verdict limit_check(struct limits *limits, const void *source,
			       size_t len, uint32_t rate, uint32_t rate_all,
			       int64_t now)
{
	int64_t *place = &limits->source[hash_bytes(source, len) %
					 LIMIT_PLACES];
	int64_t its = next(*place, rate, now);
	int64_t all = next(limits->all, rate_all, now);

	if (its > now + BURST)
		return LIMIT_SOURCE;
	if (all > now + BURST)
		return LIMIT_ALL;
	*place = its;
	limits->all = all;
	return LIMIT_PASS;
}
