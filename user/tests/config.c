// SPDX-License-Identifier: GPL-2.0
/* Configuration files: what is taken, and what the errors say. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/config.h"

static const char * const colours[] = { "red", "green", NULL };

struct pool {
	char *name;
	struct in_addr prefix;
	uint8_t len;
	uint32_t rest;
};

struct example {
	char *name;
	bool on;
	int32_t limit;
	int colour;
	struct in6_addr local;
	struct pool pool[4];
	size_t pools;
	uint8_t lens[4];
	size_t prefixes;
};

static void read_prefix(struct dstm_config *c, void *data)
{
	struct example *e = data;
	struct in6_addr addr;

	if (dstm_config_ipv6_prefix(c, NULL, &addr, &e->lens[e->prefixes]))
		e->prefixes++;
}

static void read_pool(struct dstm_config *c, void *data)
{
	struct example *e = data;
	struct pool *pool = &e->pool[e->pools++];

	pool->rest = 60;
	dstm_config_need(c, "name");
	dstm_config_string(c, "name", &pool->name);
	dstm_config_ipv4_prefix(c, "prefix", &pool->prefix, &pool->len);
	dstm_config_duration(c, "rest", 0, 7 * 86400, &pool->rest);
}

static void read_device(struct dstm_config *c, void *data)
{
	struct example *e = data;

	dstm_config_ipv6(c, "local", &e->local);
	dstm_config_int(c, "limit", -1, 255, &e->limit);
}

static void read_example(struct dstm_config *c, void *data)
{
	struct example *e = data;

	dstm_config_string(c, "name", &e->name);
	dstm_config_bool(c, "on", &e->on);
	dstm_config_choice(c, "colour", colours, &e->colour);
	dstm_config_object(c, "device", read_device, e);
	dstm_config_array(c, "pools", read_pool, e);
	dstm_config_array(c, "prefixes", read_prefix, e);
	if (e->on && !e->name)
		dstm_config_refuse(c, "on", "expected a name with it");
}

static int parse(struct example *e, const char *text, char *error)
{
	memset(e, 0, sizeof(*e));
	error[0] = '\0';
	return dstm_config_parse("x.json", text, strlen(text), read_example, e,
				 error);
}

static void example_free(struct example *e)
{
	size_t i;

	free(e->name);
	for (i = 0; i < e->pools; i++)
		free(e->pool[i].name);
}

static void sound(void **state)
{
	char error[DSTM_CONFIG_ERROR];
	struct example e;

	(void)state;
	assert_int_equal(parse(&e, "{\"name\": \"a\", \"on\": true, \"colour\": \"green\","
		"\"device\": {\"local\": \"2001:db8::1\", \"limit\": -1},"
		"\"pools\": [{\"name\": \"p\", \"prefix\": \"192.0.2.0/24\", \"rest\": \"1h30m\"},"
		"            {\"name\": \"q\", \"rest\": 5}, {\"name\": \"r\"}],"
		"\"prefixes\": [\"2001:db8::/32\", \"2001:db8::1\"]}", error), 0);
	assert_string_equal(e.name, "a");
	assert_true(e.on);
	assert_int_equal(e.colour, 1);
	assert_int_equal(e.limit, -1);
	assert_int_equal(e.local.s6_addr[15], 1);
	assert_int_equal(e.pools, 3);
	assert_int_equal(e.pool[0].rest, 5400);
	assert_int_equal(e.pool[0].len, 24);
	assert_int_equal(e.pool[1].rest, 5);
	assert_int_equal(e.pool[2].rest, 60);
	assert_int_equal(e.prefixes, 2);
	assert_int_equal(e.lens[0], 32);
	assert_int_equal(e.lens[1], 128);
	example_free(&e);
}

static const struct {
	const char *text;
	const char *error;
} wrongs[] = {
	{ "", "x.json:1:1: " },
	{ "[]", "x.json:1:1: expected an object" },
	{ "{\"name\": 5}",
	  "x.json:1:2: name: expected a string that is not empty" },
	{ "{\"name\": \"\"}",
	  "x.json:1:2: name: expected a string that is not empty" },
	{ "{\n  \"on\": 1\n}", "x.json:2:3: on: expected true or false" },
	{ "{\n  \"on\": true\n}", "x.json:2:3: on: expected a name with it" },
	{ "{\"colour\": \"blue\"}",
	  "x.json:1:2: colour: expected one of \"red\", \"green\"" },
	{ "{\"name\": \"a\",\n\"size\": [1, {\"name\": 2}]}",
	  "x.json:2:1: size: there is no such key here; see the manual page" },
	{ "{\"device\": []}", "x.json:1:2: device: expected an object" },
	{ "{\"pools\": {}}", "x.json:1:2: pools: expected an array" },
	{ "{\"device\": {\"limit\": 256}}",
	  "x.json:1:13: device.limit: expected a number from -1 to 255" },
	{ "{\"device\": {\"limit\": 1.5}}",
	  "x.json:1:13: device.limit: expected a number from -1 to 255" },
	{ "{\"device\": {\"local\": \"192.0.2.1\"}}",
	  "x.json:1:13: device.local: expected an IPv6 address such as \"2001:db8::1\"" },
	{ "{\"pools\": [{\"name\": \"p\"},\n  {\"rest\": 5}]}",
	  "x.json:2:3: pools[1]: the key \"name\" is missing" },
	{ "{\"pools\": [{\"name\": \"},{\\\"\"},\n {\"name\": \"q\", \"rest\":\n \"5x\"}]}",
	  "x.json:2:16: pools[1].rest: expected a time from 0 to 604800 seconds, "
	  "as a number of seconds or such as \"90s\", \"10m\", \"1h30m\", \"7d\"" },
	{ "{\"pools\": [{\"name\": \"p\", \"prefix\": \"192.0.2.1/24\"}]}",
	  "x.json:1:26: pools[0].prefix: expected an IPv4 prefix such as "
	  "\"192.0.2.0/24\", with no bit set beyond its length" },
	{ "{\"prefixes\": [\"2001:db8::/32\", 7]}",
	  "x.json:1:32: prefixes[1]: expected an IPv6 prefix such as "
	  "\"2001:db8::/32\", with no bit set beyond its length" },
	{ "{\"name\": \"a\", \"name\": \"b\"}", "x.json:1:" },
	{ "{\"name\": \"a\",}", "x.json:1:" },
};

static void wrong(void **state)
{
	char error[DSTM_CONFIG_ERROR];
	struct example e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		assert_int_not_equal(parse(&e, wrongs[i].text, error), 0);
		if (strncmp(error, wrongs[i].error, strlen(wrongs[i].error)))
			assert_string_equal(error, wrongs[i].error);
		example_free(&e);
	}
}

static void no_file(void **state)
{
	char error[DSTM_CONFIG_ERROR];
	struct example e = {0};

	(void)state;
	assert_int_not_equal(dstm_config_read("/nowhere/x.json", read_example,
					      &e, error), 0);
	assert_string_equal(error, "/nowhere/x.json: No such file or directory");
	assert_int_not_equal(dstm_config_read("/", read_example, &e, error), 0);
	assert_string_equal(error, "/: Is a directory");
}

static const struct {
	const char *text;
	int64_t seconds;
} durations[] = {
	{ "\"90s\"", 90 }, { "\"2w\"", 1209600 }, { "\"1h30m\"", 5400 },
	{ "0", 0 }, { "4294967295", 4294967295 }, { "4294967296", -1 },
	{ "-1", -1 }, { "\"\"", -1 }, { "\"5\"", -1 }, { "\"m\"", -1 },
	{ "\"99999999999s\"", -1 }, { "\"7102w\"", -1 }, { "\"1h-5m\"", -1 },
	{ "1e3", -1 }, { "null", -1 },
};

static void read_duration(struct dstm_config *c, void *data)
{
	uint32_t value;

	if (dstm_config_duration(c, "t", 0, UINT32_MAX, &value))
		*(int64_t *)data = value;
}

static void duration(void **state)
{
	char error[DSTM_CONFIG_ERROR], text[64];
	int64_t value;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		value = -1;
		n = snprintf(text, sizeof(text), "{\"t\": %s}",
			     durations[i].text);
		dstm_config_parse("x", text, (size_t)n, read_duration, &value,
				  error);
		assert_int_equal(value, durations[i].seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound),
		cmocka_unit_test(wrong),
		cmocka_unit_test(no_file),
		cmocka_unit_test(duration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
