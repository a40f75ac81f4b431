// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "lease.h"
#include "policy.h"

/* Something to know a client by: kind, then the bytes that must be equal. */
struct match {
	struct fixed fixed;
	uint16_t class;
	UT_hash_handle hh;
	unsigned int len;
	uint8_t key[1 + 255];
};

struct policy *policy_new(void)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (policy)
		policy->fallback = -1;
	return policy;
}

void policy_free(struct policy *policy)
{
	struct match *match, *next;
	unsigned int i;

	if (!policy)
		return;
	HASH_ITER(hh, policy->matches, match, next) {
		HASH_DEL(policy->matches, match);
		free(match);
	}
	for (i = 0; i < policy->supplies_count; i++) {
		pool_free(policy->supplies[i].pool);
		free(policy->supplies[i].name);
	}
	for (i = 0; i < policy->classes_count; i++)
		free(policy->classes[i].name);
	free(policy->supplies);
	free(policy->classes);
	free(policy);
}

static struct match *match_find(const struct policy *policy,
				enum match_kind kind, const void *data,
				size_t len)
{
	uint8_t key[1 + 255] = { (uint8_t)kind };
	struct match *match;

	if (!data || len > 255)
		return NULL;
	memcpy(key + 1, data, len);
	HASH_FIND(hh, policy->matches, key, 1 + len, match);
	return match;
}

static int match_add(struct policy *policy, enum match_kind kind,
		     const void *data, size_t len, struct match **result)
{
	struct match *match;

	if (match_find(policy, kind, data, len))
		return -EEXIST;
	match = calloc(1, sizeof(*match));
	if (!match)
		return -ENOMEM;
	match->key[0] = (uint8_t)kind;
	memcpy(match->key + 1, data, len);
	match->len = (unsigned int)len + 1;
	HASH_ADD(hh, policy->matches, key, match->len, match);
	if (!match->hh.tbl) {
		free(match);
		return -ENOMEM;
	}
	*result = match;
	return 0;
}

int policy_match(struct policy *policy, enum match_kind kind, const void *data,
		 size_t len, uint16_t class)
{
	struct match *match;
	int ret = match_add(policy, kind, data, len, &match);

	if (!ret)
		match->class = class;
	return ret;
}

void policy_prefix_cut(struct in6_addr *addr, uint8_t len)
{
	unsigned int i = len / 8;

	if (i < 16 && len % 8)
		addr->s6_addr[i++] &= (uint8_t)(0xff00 >> len % 8);
	for (; i < 16; i++)
		addr->s6_addr[i] = 0;
}

/* A prefix as bytes: its length, then itself. */
static void prefix_key(uint8_t *key, const struct in6_addr *prefix, uint8_t len)
{
	struct in6_addr addr = *prefix;

	policy_prefix_cut(&addr, len);
	key[0] = len;
	memcpy(key + 1, &addr, sizeof(addr));
}

int policy_match_prefix(struct policy *policy, const struct in6_addr *prefix,
			uint8_t len, uint16_t class)
{
	uint8_t key[17];
	int ret;

	prefix_key(key, prefix, len);
	ret = policy_match(policy, MATCH_PREFIX, key, sizeof(key), class);
	if (!ret)
		policy->prefix_lens[len]++;
	return ret;
}

int policy_fix(struct policy *policy, const void *duid, size_t len,
	       const struct fixed *fixed)
{
	struct match *match;
	int ret = match_add(policy, MATCH_FIXED, duid, len, &match);

	if (!ret)
		match->fixed = *fixed;
	return ret;
}

static const struct match *longest_prefix(const struct policy *policy,
					  const struct in6_addr *addr)
{
	struct match *match;
	uint8_t key[17];
	int len;

	for (len = 128; len >= 0; len--) {
		if (!policy->prefix_lens[len])
			continue;
		prefix_key(key, addr, (uint8_t)len);
		match = match_find(policy, MATCH_PREFIX, key, sizeof(key));
		if (match)
			return match;
	}
	return NULL;
}

static int class_of(const struct policy *policy, const struct asker *asker)
{
	const struct match *match;

	match = match_find(policy, MATCH_DUID, asker->duid.data,
			   asker->duid.len);
	if (!match)
		match = match_find(policy, MATCH_INTERFACE_ID,
				   asker->interface_id.data,
				   asker->interface_id.len);
	if (!match)
		match = match_find(policy, MATCH_REMOTE_ID,
				   asker->remote_id.data, asker->remote_id.len);
	if (!match)
		match = longest_prefix(policy, &asker->tunnel);
	return match ? match->class : policy->fallback;
}

static bool same_64(const struct in6_addr *a, const struct in6_addr *b)
{
	return !memcmp(a, b, 8);
}

/* Nothing that could not be the other end of a tunnel. */
static bool usable(const struct in6_addr *addr)
{
	return !IN6_IS_ADDR_UNSPECIFIED(addr) && !IN6_IS_ADDR_LOOPBACK(addr) &&
	       !IN6_IS_ADDR_MULTICAST(addr) && !IN6_IS_ADDR_LINKLOCAL(addr) &&
	       !IN6_IS_ADDR_V4MAPPED(addr);
}

static bool may_use(enum tunnel_source rule, const struct asker *asker)
{
	if (!usable(&asker->tunnel))
		return false;
	if (rule == SOURCE_ANY ||
	    IN6_ARE_ADDR_EQUAL(&asker->tunnel, &asker->source))
		return true;
	if (rule == SOURCE_ADDRESS)
		return false;
	return same_64(&asker->tunnel, &asker->source) ||
	       (!IN6_IS_ADDR_UNSPECIFIED(&asker->link) &&
		same_64(&asker->tunnel, &asker->link));
}

int policy_known(const struct policy *policy, const struct asker *asker)
{
	int class = class_of(policy, asker);

	return class >= 0 && policy->classes[class].deny ? -1 : class;
}

int policy_class(const struct policy *policy, const struct asker *asker)
{
	int class = policy_known(policy, asker);

	if (class >= 0 && !may_use(policy->classes[class].source, asker))
		return -1;
	return class;
}

const struct fixed *policy_fixed(const struct policy *policy,
				 const struct dhcpv6_slice *duid)
{
	const struct match *match;

	match = match_find(policy, MATCH_FIXED, duid->data, duid->len);
	return match ? &match->fixed : NULL;
}

static int64_t after(int64_t start, uint32_t seconds)
{
	if (seconds == POLICY_UNLIMITED)
		return LEASE_NEVER;
	return start + (int64_t)seconds * 1000;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t policy_end(const struct class *class, int64_t now)
{
	return earlier(after(now, class->lifetime), after(now, class->max_total));
}

int64_t policy_renewed(const struct class *class, const struct supply *supply,
		       uint8_t psid_len, int64_t began, int64_t end,
		       uint32_t renewals, int64_t now)
{
	int64_t longer;

	if (supply->drain || (class->max_renewals != POLICY_UNLIMITED &&
			      renewals >= class->max_renewals))
		return end;
	if (class->renew_above &&
	    pool_left(supply->pool, psid_len) < class->renew_above)
		return end;
	longer = earlier(after(now, class->lifetime),
			 after(began, class->max_total));
	return longer > end ? longer : end;
}

int policy_supply(const struct policy *policy, const char *name)
{
	int i;

	for (i = 0; i < policy->supplies_count; i++)
		if (!strcmp(policy->supplies[i].name, name))
			return i;
	return -1;
}

int policy_class_find(const struct policy *policy, const char *name)
{
	int i;

	for (i = 0; i < policy->classes_count; i++)
		if (!strcmp(policy->classes[i].name, name))
			return i;
	return -1;
}
