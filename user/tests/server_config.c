// SPDX-License-Identifier: GPL-2.0
/* server.json: what is refused, and in which words; and what is read. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/config.h"
#include "server/config.h"

#define GATEWAYS "{\"gateways\": [{\"name\": \"g\", \"socket\": \"/s\"}],\n"
#define POOL	"{\"name\": \"p\", \"prefixes\": [\"192.0.2.0/24\"], \"gateways\": [\"g\"], " \
		"\"tep\": {\"ipv6\": \"2001:db8::1\", \"ipv4\": \"192.0.2.1\"}"
#define TEP(ipv6) "\"pools\": [{\"name\": \"p\", \"prefixes\": [\"192.0.2.0/24\"], \"gateways\": [\"g\"], " \
		"\"tep\": {\"ipv6\": \"" ipv6 "\", \"ipv4\": \"192.0.2.1\"}}],\n"
#define POOLS	"\"pools\": [" POOL "}],\n"
#define CLASSES "\"classes\": [{\"name\": \"c\", \"pools\": [\"p\"]}]"

/* More than a path of a socket may have. */
#define TEN	"0123456789"
#define LONG	TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "0123456"

static const struct {
	const char *text;
	const char *error;
} wrongs[] = {
	{ "{}", "1:1: the key \"gateways\" is missing" },
	{ "{\"gateways\": []}", "gateways: expected 1 to 64 gateways" },
	{ "{\"gateways\": [{\"name\": \"g\", \"socket\": \"/" LONG "\"}]}",
	  "gateways[0].socket: expected a path of at most 107 bytes" },
	{ "{\"control\": \"/" LONG "\"}", "control: expected a path of at most 107 bytes" },
	{ "{\"gateways\": [{\"name\": \"g\"}]}",
	  "gateways[0]: the key \"address\" is missing" },
	{ "{\"gateways\": [{\"name\": \"g\", \"address\": \"x\", \"certificate\": \"c\", \"key\": \"k\", \"authorities\": \"a\"}]}",
	  "gateways[0].address: expected an IPv6 or IPv4 address" },
	{ GATEWAYS "\"classes\": [1]}", "1:1: the key \"pools\" is missing" },
	{ GATEWAYS "\"pools\": [{\"name\": \"p\"}],\n" CLASSES "}",
	  "pools[0]: the key \"tep\" is missing" },
	{ GATEWAYS "\"pools\": [" POOL "}, " POOL "}],\n" CLASSES "}",
	  "pools[1].name: another pool has that name" },
	{ GATEWAYS "\"pools\": [" POOL ", \"psid-offset\": 16}],\n" CLASSES "}",
	  "pools[0].psid-offset: expected a number from 0 to 15" },
	{ GATEWAYS POOLS "\"classes\": [{\"name\": \"c\", \"pools\": [\"q\"]}]}",
	  "classes[0].pools[0]: expected the name of one of the pools" },
	{ GATEWAYS POOLS "\"classes\": [{\"name\": \"c\"}]}",
	  "classes[0]: the key \"pools\" is missing" },
	{ GATEWAYS POOLS "\"classes\": [{\"name\": \"c\", \"pools\": [\"p\"]}, {\"name\": \"d\", \"pools\": [\"p\"]}]}",
	  "classes[1]: expected \"match\": another class is for everybody else already" },
	{ GATEWAYS POOLS "\"classes\": [{\"name\": \"c\", \"pools\": [\"p\"], \"match\": {\"duid\": [\"0g\"]}}]}",
	  "classes[0].match.duid[0]: expected a DUID in hexadecimal" },
	{ GATEWAYS POOLS "\"classes\": [{\"name\": \"c\", \"pools\": [\"p\"], \"match\": {\"prefix\": [\"::/0\", \"::/0\"]}}]}",
	  "classes[0].match.prefix[1]: expected a prefix that no other class has" },
	{ GATEWAYS POOLS "\"classes\": [{\"name\": \"c\", \"pools\": [\"p\"], \"lifetime\": 5}]}",
	  "classes[0].lifetime: expected" },
	{ GATEWAYS POOLS "\"classes\": [{\"name\": \"c\", \"pools\": [\"p\"], \"gateway-failure\": \"ignore\"}]}",
	  "classes[0].gateway-failure: expected" },
	{ GATEWAYS POOLS "\"fixed\": [{\"duid\": \"00030001\", \"ipv4\": \"198.51.100.1\"}],\n" CLASSES "}",
	  "fixed[0].ipv4: expected an address of one of the pools" },
	{ GATEWAYS POOLS "\"fixed\": [{\"duid\": \"00030001\", \"ipv4\": \"192.0.2.1\"}],\n" CLASSES "}",
	  "fixed[0].ipv4: expected what is not excluded and not assigned to another" },
	{ GATEWAYS POOLS "\"fixed\": [{\"duid\": \"00030001\", \"ipv4\": \"192.0.2.2\"}, {\"duid\": \"00030002\", \"ipv4\": \"192.0.2.2\"}],\n" CLASSES "}",
	  "fixed[1].ipv4: expected what is not excluded and not assigned to another" },
	{ GATEWAYS POOLS "\"fixed\": [{\"duid\": \"00030001\", \"ipv4\": \"192.0.2.2\", \"psid\": 1, \"psid-len\": 6}, {\"duid\": \"00030002\", \"ipv4\": \"192.0.2.2\", \"psid\": 1, \"psid-len\": 6}],\n" CLASSES "}",
	  "fixed[1].ipv4: expected what is not excluded and not assigned to another" },
	{ GATEWAYS POOLS "\"fixed\": [{\"duid\": \"00030001\", \"ipv4\": \"192.0.2.2\", \"psid-offset\": 4}],\n" CLASSES "}",
	  "fixed[0]: the key \"psid-len\" is missing" },
	{ GATEWAYS POOLS "\"fixed\": [{\"duid\": \"00030001\", \"ipv4\": \"192.0.2.2\", \"psid-offset\": 4, \"psid-len\": 0}],\n" CLASSES "}",
	  "fixed[0].psid-offset: expected none without a port set" },
	{ GATEWAYS TEP("::") CLASSES "}", "pools[0].tep.ipv6: expected an IPv6 address that is reached" },
	{ GATEWAYS TEP("::1") CLASSES "}", "pools[0].tep.ipv6: expected an IPv6 address that is reached" },
	{ GATEWAYS TEP("fe80::1") CLASSES "}", "pools[0].tep.ipv6: expected an IPv6 address that is reached" },
	{ GATEWAYS TEP("ff0e::1") CLASSES "}", "pools[0].tep.ipv6: expected an IPv6 address that is reached" },
	{ GATEWAYS TEP("::ffff:192.0.2.1") CLASSES "}", "pools[0].tep.ipv6: expected an IPv6 address that is reached" },
	{ GATEWAYS "\"pools\": [{\"name\": \"p\", \"prefixes\": [], \"gateways\": [\"g\"], \"tep\": {\"ipv6\": \"2001:db8::1\", \"ipv4\": \"192.0.2.1\"}}],\n" CLASSES "}",
	  "pools[0].prefixes: expected at least one prefix" },
	{ GATEWAYS POOLS "\"classes\": [{\"name\": \"" TEN TEN TEN TEN TEN TEN "0123\", \"pools\": [\"p\"]}]}",
	  "classes[0].name: expected at most 63 bytes" },
	{ GATEWAYS POOLS "\"classes\": [{\"name\": \"c\", \"pools\": [\"p\"], \"idle\": 600}]}",
	  "classes[0]: the key \"lifetime\" is missing" },
	{ GATEWAYS POOLS CLASSES ",\n\"poools\": []}", "poools: there is no such key" },
};

static void refused(void **state)
{
	char error[DSTM_CONFIG_ERROR];
	struct config config;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		error[0] = '\0';
		assert_int_not_equal(config_parse(&config, wrongs[i].text,
						  strlen(wrongs[i].text),
						  error), 0);
		if (!strstr(error, wrongs[i].error))
			fail_msg("%s\nis not: %s", error, wrongs[i].error);
		config_free(&config);
	}
}

static void parse(struct config *config, const char *text)
{
	char error[DSTM_CONFIG_ERROR] = "";

	if (config_parse(config, text, strlen(text), error))
		fail_msg("%s", error);
}

static void usual(void **state)
{
	const struct class *class;
	struct config config;
	struct pool_use use;

	(void)state;
	parse(&config, GATEWAYS POOLS CLASSES "}");
	assert_int_equal(config.listen.port, 547);
	assert_int_equal(config.history, 180 * 86400);
	assert_null(config.metrics_address);
	assert_int_equal(ntohl(config.server_id.s_addr), 0xc0000201);
	assert_int_equal(config.policy->fallback, 0);
	class = config.policy->classes;
	assert_int_equal(class->lifetime, POLICY_LIFE);
	assert_int_equal(class->source, SOURCE_PREFIX);
	assert_false(class->degrade);
	pool_use(config.policy->supplies[0].pool, &use);
	assert_int_equal(use.free, 255);	/* without the end point */
	assert_int_equal(config.policy->supplies[0].gateways, 1);
	assert_int_equal(config.policy->supplies[1].gateways, 1);
	config_free(&config);
}

/* A gateway keeps its bit, wherever it stands in the next file. */
static void indices(void **state)
{
	struct config former, config;

	(void)state;
	parse(&former, "{\"gateways\": [{\"name\": \"a\", \"socket\": \"/a\"}, {\"name\": \"g\", \"socket\": \"/g\"}],\n"
	      POOLS CLASSES "}");
	assert_int_equal(former.policy->supplies[0].gateways, 2);
	parse(&config, "{\"gateways\": [{\"name\": \"new\", \"socket\": \"/n\"}, {\"name\": \"g\", \"socket\": \"/g\"}, {\"name\": \"a\", \"socket\": \"/a\"}],\n"
	      POOLS CLASSES "}");
	assert_int_equal(config_follow(&config, &former), 0);
	assert_int_equal(config.gateways[0].index, 2);
	assert_int_equal(config.gateways[1].index, 1);
	assert_int_equal(config.gateways[2].index, 0);
	assert_int_equal(config.policy->supplies[0].gateways, 2);
	config_free(&former);
	config_free(&config);
}

static void bytes(void **state)
{
	uint8_t got[4];

	(void)state;
	assert_int_equal(config_bytes("00:03:ff", true, got, 4), 3);
	assert_memory_equal(got, "\0\3\xff", 3);
	assert_int_equal(config_bytes("0003FF", true, got, 4), 3);
	assert_int_equal(config_bytes("0x0003", false, got, 4), 2);
	assert_int_equal(config_bytes("eth1", false, got, 4), 4);
	assert_memory_equal(got, "eth1", 4);
	assert_true(config_bytes("eth10", false, got, 4) < 0);
	assert_true(config_bytes("000", true, got, 4) < 0);
	assert_true(config_bytes("", true, got, 4) < 0);
	assert_true(config_bytes("0x", false, got, 4) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(usual),
		cmocka_unit_test(indices),
		cmocka_unit_test(bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
