// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "decline.h"
#include "quota.h"

/* Those of one client, or prefix, since the first of them. */
struct decline {
	UT_hash_handle hh;
	TAILQ_ENTRY(decline) list;
	int64_t since;
	uint32_t count;
	unsigned int len;
	uint8_t key[];
};

void declines_init(struct declines *d)
{
	d->by_key = NULL;
	TAILQ_INIT(&d->by_age);
}

static void forget(struct declines *d, struct decline *decline)
{
	TAILQ_REMOVE(&d->by_age, decline, list);
	HASH_DEL(d->by_key, decline);
	free(decline);
}

static void forget_old(struct declines *d, int64_t before)
{
	struct decline *decline;

	while (d->by_key && (decline = TAILQ_FIRST(&d->by_age)) &&
	       decline->since <= before)
		forget(d, decline);
}

void declines_reset(struct declines *d)
{
	forget_old(d, INT64_MAX);
}

static struct decline *find_or_make(struct declines *d, const uint8_t *key,
				    unsigned int len, int64_t now)
{
	struct decline *decline;

	HASH_FIND(hh, d->by_key, key, len, decline);
	if (decline)
		return decline;
	decline = calloc(1, sizeof(*decline) + len);
	if (!decline)
		return NULL;
	memcpy(decline->key, key, len);
	decline->len = len;
	decline->since = now;
	HASH_ADD(hh, d->by_key, key, len, decline);
	if (!decline->hh.tbl) {
		free(decline);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&d->by_age, decline, list);
	return decline;
}

bool declines_add(struct declines *d, const struct policy *policy,
		  const struct lease *lease, int64_t now)
{
	const struct class *class = &policy->classes[lease->class];
	struct dhcpv6_slice id = { lease->client, lease->client_len };
	struct decline *client, *prefix;
	uint8_t key[QUOTA_KEY];
	unsigned int len;

	forget_old(d, now - DECLINE_TIME);
	len = quota_client_key(key, lease->class, &id);
	client = find_or_make(d, key, len, now);
	len = quota_prefix_key(key, policy, lease->class, &lease->remote);
	prefix = find_or_make(d, key, len, now);
	/* What can not be counted is not let pass. */
	if (!client || !prefix || client->count >= class->decline_client ||
	    prefix->count >= class->decline_prefix)
		return false;
	client->count++;
	prefix->count++;
	return true;
}
