// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../server/lease.h"
#include "../server/limit.h"
#include "../server/policy.h"
#include "../server/quota.h"

#define NOW	1000000

static struct in6_addr v6(const char *text)
{
	struct in6_addr addr;

	assert_int_equal(inet_pton(AF_INET6, text, &addr), 1);
	return addr;
}

static struct policy *classes(uint16_t count)
{
	struct policy *policy = policy_new();
	uint16_t i;

	assert_non_null(policy);
	policy->classes = calloc(count, sizeof(*policy->classes));
	policy->classes_count = count;
	for (i = 0; i < count; i++) {
		struct class *class = &policy->classes[i];

		class->name = strdup((char [2]){ (char)('a' + i) });
		class->lifetime = 3600;
		class->max_total = POLICY_UNLIMITED;
		class->max_renewals = POLICY_UNLIMITED;
		class->quota_client = POLICY_UNLIMITED;
		class->quota_prefix = POLICY_UNLIMITED;
	}
	return policy;
}

static void prefix_to(struct policy *policy, const char *text, uint8_t len,
		      uint16_t class)
{
	struct in6_addr prefix = v6(text);

	assert_int_equal(policy_match_prefix(policy, &prefix, len, class), 0);
}

static void which_class(void **state)
{
	static const uint8_t duid[] = { 0, 3, 0, 1, 7 };
	struct policy *policy = classes(6);
	struct asker asker = { .source = v6("2001:db8:1:2::9"),
			       .tunnel = v6("2001:db8:1:2::9") };
	struct in6_addr again = v6("2001:db8::");

	(void)state;
	prefix_to(policy, "2001:db8::", 32, 1);
	prefix_to(policy, "2001:db8:1::", 48, 2);
	prefix_to(policy, "2001:db8:1:3::", 64, 3);
	assert_int_equal(policy_match_prefix(policy, &again, 32, 2), -EEXIST);
	assert_int_equal(policy_match(policy, MATCH_INTERFACE_ID, "eth1", 4, 4),
			 0);
	assert_int_equal(policy_match(policy, MATCH_DUID, duid, 5, 5), 0);
	assert_int_equal(policy_class(policy, &asker), 2);

	asker.interface_id = (struct dhcpv6_slice){ (const void *)"eth1", 4 };
	assert_int_equal(policy_class(policy, &asker), 4);
	asker.duid = (struct dhcpv6_slice){ duid, 5 };
	assert_int_equal(policy_class(policy, &asker), 5);
	policy->classes[5].deny = true;
	assert_int_equal(policy_class(policy, &asker), -1);
	assert_int_equal(policy_known(policy, &asker), -1);

	memset(&asker, 0, sizeof(asker));
	asker.source = asker.tunnel = v6("2001:db9::1");
	assert_int_equal(policy_class(policy, &asker), -1);
	policy->fallback = 0;
	assert_int_equal(policy_class(policy, &asker), 0);
	policy_free(policy);
}

static void tunnel_sources(void **state)
{
	static const struct {
		const char *source, *link, *tunnel;
		enum tunnel_source rule;
		bool good;
	} cases[] = {
		{ "2001:db8::1", "::", "2001:db8::1", SOURCE_PREFIX, true },
		{ "2001:db8::1", "::", "2001:db8::2", SOURCE_PREFIX, true },
		{ "2001:db8::1", "::", "2001:db8:0:1::1", SOURCE_PREFIX, false },
		{ "fe80::1", "2001:db8:0:1::", "2001:db8:0:1::1", SOURCE_PREFIX, true },
		{ "fe80::1", "2001:db8:0:1::", "2001:db8::1", SOURCE_PREFIX, false },
		{ "fe80::1", "::", "::1", SOURCE_PREFIX, false },
		{ "fe80::1", "::", "fe80::1", SOURCE_PREFIX, false },
		{ "2001:db8::1", "::", "2001:db8::1", SOURCE_ADDRESS, true },
		{ "2001:db8::1", "::", "2001:db8::2", SOURCE_ADDRESS, false },
		{ "2001:db8::1", "::", "2001:db9::2", SOURCE_ANY, true },
		{ "2001:db8::1", "::", "ff02::1", SOURCE_ANY, false },
		{ "2001:db8::1", "::", "::ffff:192.0.2.1", SOURCE_ANY, false },
		{ "2001:db8::1", "::", "::", SOURCE_ANY, false },
	};
	struct policy *policy = classes(1);
	size_t i;

	(void)state;
	policy->fallback = 0;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct asker asker = { .source = v6(cases[i].source),
				       .link = v6(cases[i].link),
				       .tunnel = v6(cases[i].tunnel) };

		policy->classes[0].source = cases[i].rule;
		assert_int_equal(policy_class(policy, &asker),
				 cases[i].good ? 0 : -1);
	}
	policy_free(policy);
}

static void renewals(void **state)
{
	struct policy *policy = classes(1);
	struct class *class = policy->classes;
	struct supply supply = { .pool = pool_new(0, 0) };
	int64_t end = NOW + 1800000;
	struct slot slot;

	(void)state;
	assert_int_equal(pool_prefix(supply.pool, 0xc0000200, 30), 0);
	assert_int_equal(pool_ready(supply.pool), 0);
	assert_int_equal(policy_end(class, NOW), NOW + 3600000);
#define RENEWED(_renewals) \
	policy_renewed(class, &supply, 0, NOW - 1800000, end, _renewals, NOW)
	assert_int_equal(RENEWED(0), NOW + 3600000);
	class->max_renewals = 2;
	assert_int_equal(RENEWED(1), NOW + 3600000);
	assert_int_equal(RENEWED(2), end);
	class->max_renewals = POLICY_UNLIMITED;
	class->max_total = 4000;
	assert_int_equal(RENEWED(0), NOW - 1800000 + 4000000);
	class->max_total = 2000;
	assert_int_equal(RENEWED(0), end);
	class->max_total = POLICY_UNLIMITED;
	class->renew_above = 600;
	assert_int_equal(RENEWED(0), NOW + 3600000);
	assert_int_equal(pool_take(supply.pool, 0, &slot), 0);
	assert_int_equal(RENEWED(0), NOW + 3600000);
	assert_int_equal(pool_take(supply.pool, 0, &slot), 0);
	assert_int_equal(RENEWED(0), end);
	class->renew_above = 0;
	supply.drain = true;
	assert_int_equal(RENEWED(0), end);
	supply.drain = false;
	class->lifetime = POLICY_LIFE;
	assert_true(RENEWED(0) == LEASE_NEVER);
	assert_true(policy_end(class, NOW) == LEASE_NEVER);
	pool_free(supply.pool);
	policy_free(policy);
}

static void quotas(void **state)
{
	static const uint8_t one[] = { 255, 0, 0, 0, 1, 0, 3, 0, 1, 9 };
	static const uint8_t two[] = { 255, 0, 0, 0, 2, 0, 3, 0, 1, 9 };
	static const uint8_t other[] = { 255, 0, 0, 0, 1, 0, 3, 0, 1, 8 };
	struct dhcpv6_slice first = { one, sizeof(one) };
	struct dhcpv6_slice second = { two, sizeof(two) };
	struct dhcpv6_slice third = { other, sizeof(other) };
	struct in6_addr here = v6("2001:db8:0:1::1");
	struct in6_addr near = v6("2001:db8:0:2::1");
	struct in6_addr far = v6("2001:db8:1::1");
	struct policy *policy = classes(1);
	struct leases leases = { 0 };
	struct slot slot = { .ipv4 = 1 };
	struct quota quota = { 0 };
	struct lease *lease, *more;

	(void)state;
	policy->classes[0].quota_client = 1;
	policy->classes[0].quota_prefix = 2;
	policy->classes[0].quota_prefix_len = 48;
	lease = lease_new(&leases, &slot, one, sizeof(one));
	lease->remote = here;
	assert_true(quota_left(&quota, policy, 0, &first, &here, NULL));
	quota_add(&quota, policy, lease);
	/* Another identity association of the same DUID. */
	assert_false(quota_left(&quota, policy, 0, &second, &far, NULL));
	assert_true(quota_left(&quota, policy, 0, &third, &near, NULL));
	slot.ipv4++;
	more = lease_new(&leases, &slot, two, sizeof(two));
	more->remote = near;
	more->class = LEASE_STATIC;
	quota_add(&quota, policy, more);
	assert_true(quota_left(&quota, policy, 0, &third, &near, NULL));
	more->class = 0;
	quota_add(&quota, policy, more);
	assert_false(quota_left(&quota, policy, 0, &third, &near, NULL));
	assert_true(quota_left(&quota, policy, 0, &third, &far, NULL));
	/* What has a place there needs none. */
	assert_true(quota_left(&quota, policy, 0, &second, &near, more));
	/* Its client's place may be another's, and its prefix's is not. */
	quota_sub_client(&quota, policy, more);
	quota_sub_client(&quota, policy, lease);
	assert_true(quota_left(&quota, policy, 0, &first, &far, NULL));
	assert_false(quota_left(&quota, policy, 0, &first, &near, NULL));
	quota_reset(&quota);
	quota_again(&quota, policy, lease);
	quota_again(&quota, policy, more);
	assert_true(quota_left(&quota, policy, 0, &first, &far, NULL));
	assert_false(quota_left(&quota, policy, 0, &first, &near, NULL));
	quota_sub(&quota, policy, lease);
	quota_sub(&quota, policy, more);
	quota_sub(&quota, policy, more);
	assert_null(quota.counts);
	lease_delete(&leases, more);
	lease_delete(&leases, lease);
	heap_destroy(&leases.timers);
	policy_free(policy);
}

static void rates(void **state)
{
	struct limits *limits = calloc(1, sizeof(*limits));
	unsigned int i, passed = 0;
	int64_t now = 5000000;

	(void)state;
	for (i = 0; i < 100; i++)
		passed += limit_check(limits, "source a", 8, 10, 1000, now) ==
			  LIMIT_PASS;
	assert_int_equal(passed, 10);
	assert_int_equal(limit_check(limits, "source b", 8, 10, 1000, now),
			 LIMIT_PASS);
	assert_int_equal(limit_check(limits, "source a", 8, 10, 1000, now),
			 LIMIT_SOURCE);
	now += 100000;
	assert_int_equal(limit_check(limits, "source a", 8, 10, 1000, now),
			 LIMIT_PASS);
	for (i = 0; i < 20; i++)
		limit_check(limits, &i, sizeof(i), 10, 10, now);
	assert_int_equal(limit_check(limits, &i, sizeof(i), 10, 10, now),
			 LIMIT_ALL);
	free(limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_class),
		cmocka_unit_test(tunnel_sources),
		cmocka_unit_test(renewals),
		cmocka_unit_test(quotas),
		cmocka_unit_test(rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
