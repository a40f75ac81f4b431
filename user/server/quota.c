// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "quota.h"
#include "steps.h"

/* Class, kind ('c' or 'p'), then the client's DUID or the prefix. */
#define KEY_HEAD	3

struct quota_count {
	UT_hash_handle hh;
	uint32_t count;
	unsigned int len;
	uint8_t key[];
};

void client_duid(const struct dhcpv6_slice *client, struct dhcpv6_slice *duid)
{
	/* Type 255, four bytes of IAID, the DUID. */
	*duid = (struct dhcpv6_slice){ NULL, 0 };
	if (client->len > 5 && client->data[0] == 255)
		*duid = (struct dhcpv6_slice){ client->data + 5,
					       client->len - 5 };
}

static unsigned int key_of(uint8_t *key, uint16_t class, char kind,
			   const void *data, size_t len)
{
	key[0] = (uint8_t)(class >> 8);
	key[1] = (uint8_t)class;
	key[2] = (uint8_t)kind;
	memcpy(key + KEY_HEAD, data, len);
	return (unsigned int)(KEY_HEAD + len);
}

unsigned int quota_client_key(uint8_t *key, uint16_t class,
			      const struct dhcpv6_slice *client)
{
	struct dhcpv6_slice duid;

	client_duid(client, &duid);
	if (!duid.data)
		duid = *client;
	return key_of(key, class, 'c', duid.data, duid.len);
}

unsigned int quota_prefix_key(uint8_t *key, const struct policy *policy,
			      uint16_t class, const struct in6_addr *remote)
{
	struct in6_addr prefix = *remote;

	policy_prefix_cut(&prefix, policy->classes[class].quota_prefix_len);
	return key_of(key, class, 'p', &prefix, sizeof(prefix));
}

static struct quota_count *find(const struct quota *quota, const uint8_t *key,
				unsigned int len)
{
	struct quota_count *count;

	HASH_FIND(hh, quota->counts, key, len, count);
	return count;
}

static bool below(const struct quota *quota, const uint8_t *key,
		  unsigned int len, uint32_t limit)
{
	const struct quota_count *count = find(quota, key, len);

	return (count ? count->count : 0) < limit;
}

/* One that moves counts where it goes to, or many could go there at once. */
static const struct in6_addr *place_of(const struct lease *lease)
{
	return lease->request ? &lease->request->remote : &lease->remote;
}

/* Whether a lease is counted by this prefix already. */
static bool in_prefix(const struct policy *policy, const struct lease *own,
		      uint16_t class, const uint8_t *key, unsigned int len)
{
	uint8_t own_key[QUOTA_KEY];

	return own && own->class == class && own->counts_prefix &&
	       quota_prefix_key(own_key, policy, class, place_of(own)) == len &&
	       !memcmp(own_key, key, len);
}

static bool client_left(const struct quota *quota, const struct policy *policy,
			uint16_t class, const struct dhcpv6_slice *client,
			const struct lease *own)
{
	uint32_t limit = policy->classes[class].quota_client;
	uint8_t key[QUOTA_KEY];

	return limit == POLICY_UNLIMITED ||
	       (own && own->class == class && own->counts_client) ||
	       below(quota, key, quota_client_key(key, class, client), limit);
}

static bool prefix_left(const struct quota *quota, const struct policy *policy,
			uint16_t class, const struct in6_addr *remote,
			const struct lease *own)
{
	uint32_t limit = policy->classes[class].quota_prefix;
	uint8_t key[QUOTA_KEY];
	unsigned int len;

	if (limit == POLICY_UNLIMITED)
		return true;
	len = quota_prefix_key(key, policy, class, remote);
	return in_prefix(policy, own, class, key, len) ||
	       below(quota, key, len, limit);
}

bool quota_left(const struct quota *quota, const struct policy *policy,
		uint16_t class, const struct dhcpv6_slice *client,
		const struct in6_addr *remote, const struct lease *own)
{
	return client_left(quota, policy, class, client, own) &&
	       prefix_left(quota, policy, class, remote, own);
}

static void change(struct quota *quota, const uint8_t *key, unsigned int len,
		   int by)
{
	struct quota_count *count = find(quota, key, len);

	if (!count && by > 0) {
		count = calloc(1, sizeof(*count) + len);
		if (!count)
			return;
		memcpy(count->key, key, len);
		count->len = len;
		HASH_ADD(hh, quota->counts, key, len, count);
		if (!count->hh.tbl) {
			free(count);
			return;
		}
	}
	if (!count)
		return;
	count->count += (uint32_t)by;
	if (count->count)
		return;
	HASH_DEL(quota->counts, count);
	free(count);
}

/* Only what has a limit is counted. */
static void change_client(struct quota *quota, const struct policy *policy,
			  const struct lease *lease, int by)
{
	struct dhcpv6_slice client = { lease->client, lease->client_len };
	uint8_t key[QUOTA_KEY];

	if (!lease->counts_client || lease->class == LEASE_STATIC ||
	    policy->classes[lease->class].quota_client == POLICY_UNLIMITED)
		return;
	change(quota, key, quota_client_key(key, lease->class, &client), by);
}

static void change_prefix(struct quota *quota, const struct policy *policy,
			  const struct lease *lease, int by)
{
	uint8_t key[QUOTA_KEY];

	if (!lease->counts_prefix || lease->class == LEASE_STATIC ||
	    policy->classes[lease->class].quota_prefix == POLICY_UNLIMITED)
		return;
	change(quota, key, quota_prefix_key(key, policy, lease->class,
					    place_of(lease)), by);
}

void quota_again(struct quota *quota, const struct policy *policy,
		 const struct lease *lease)
{
	change_client(quota, policy, lease, 1);
	change_prefix(quota, policy, lease, 1);
}

void quota_add(struct quota *quota, const struct policy *policy,
	       struct lease *lease)
{
	lease->counts_client = true;
	lease->counts_prefix = true;
	quota_again(quota, policy, lease);
}

void quota_sub_client(struct quota *quota, const struct policy *policy,
		      struct lease *lease)
{
	change_client(quota, policy, lease, -1);
	lease->counts_client = false;
}

void quota_sub(struct quota *quota, const struct policy *policy,
	       struct lease *lease)
{
	quota_sub_client(quota, policy, lease);
	change_prefix(quota, policy, lease, -1);
	lease->counts_prefix = false;
}

void quota_reset(struct quota *quota)
{
	struct quota_count *count, *next;

	HASH_ITER(hh, quota->counts, count, next) {
		HASH_DEL(quota->counts, count);
		free(count);
	}
}
