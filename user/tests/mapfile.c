// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../lib/mapfile.h"

static char error[512];

/* A copy without an end mark, so that reading beyond it is seen. */
static int parse(struct dstm_mapfile *file, const char *text)
{
	size_t size = strlen(text);
	char *copy = malloc(size ? size : 1);

	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	memcpy(copy, text, size);
	error[0] = '\0';
	return dstm_mapfile_parse(file, "f", copy, size, "dstm0", error);
}

static void sound(void **state)
{
	static const struct {
		const char *text;
		size_t count;
	} cases[] = {
		{ "[]", 0 },
		{ " \n[ ]\n", 0 },
		{ "[{\"ipv4\":\"192.0.2.7\",\"remote\":\"2001:db8::7\"}]", 1 },
		{ "[ { \"ipv4\" : \"192.0.2.7\" , \"remote\" : \"2001:db8::7\" }\n,\n{\"dev\":\"dstm0\",\"psid\":0,\"psid-len\":4,\"ipv4\":\"192.0.2.8\",\"remote\":\"2001:db8::7\"}]", 2 },
		{ "[{\"ipv4\":\"192.0.2.7\",\"remote\":\"2001:db8::7\",\"idle\":4,\"rx-bytes\":12345678901}]", 1 },
		{ "[{\"i\\u0070v4\":\"192.0.2.7\",\"remote\":\"2001:db8::7\"}]", 1 },
	};
	struct dstm_mapfile file;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(&file, cases[i].text), 0);
		assert_int_equal(file.count, cases[i].count);
		dstm_mapfile_free(&file);
	}
}

#define OK	"{\"ipv4\":\"192.0.2.7\",\"remote\":\"2001:db8::7\"}"

static void refused(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{ "", "f:1:1: expected an array" },
		{ "{}", "f:1:1: expected an array" },
		{ "[", "f:1:2: expected a mapping" },
		{ "[" OK, "the file ends" },
		{ "[" OK ",]", "expected a mapping" },
		{ "[" OK "]\n x", "f:2:2: expected the file's end" },
		{ "[" OK " " OK "]", "expected , or ]" },
		{ "[\n3]", "f:2:1: expected a mapping" },
		{ "[{}]", "f:1:2: the mapping has no ipv4" },
		{ "[" OK ",\n{\"ipv4\":\"192.0.2.7\"}]", "f:2:1: the mapping has no remote" },
		{ "[" OK ",\n {\"ipv4\":\"192.0.2.7\",\n  \"colour\" : 1}]", "f:3:3: unknown key \"colour\"; a mapping has dev, ipv4" },
		{ "[" OK ",\n {\"ipv4\":\"192.0.2\",\"remote\":\"::1\"}]", "f:2:3: ipv4: expected an IPv4 address, not \"192.0.2\"" },
		{ "[{\"ipv4\":5}]", "ipv4: expected" },
		{ "[{\"psid\":\"5\"}]", "psid: expected a number from 0 to 65535" },
		{ "[{\"psid\":5.0}]", "psid: expected" },
		{ "[{\"psid\":-1}]", "psid: expected" },
		{ "[{\"psid\":65536}]", "psid: expected" },
		{ "[{\"psid\":05}]", "f:1:" },
		{ "[{\"psid-len\":256}]", "psid-len: expected a number from 0 to 255" },
		{ "[{\"dev\":\"dstm1\"}]", "f:1:3: dev: a mapping of dstm1, not of dstm0" },
		{ "[{\"ipv4\":\"192.0.2.7\",\"ipv4\":\"192.0.2.7\"}]", "duplicate" },
		{ "[{\"ipv4\":\"192.0.2.7\",}]", "f:1:" },
		{ "[{\"ipv4\":\"192.0.2.7\"", "f:1:" },
		{ "[{\"ipv4\":\"192.0.2.7", "f:1:" },
		{ "[{\"ipv4\"", "f:1:" },
		{ "[{", "f:1:" },
		{ "[{\"ipv4\":\"\xff\xfe\"}]", "f:1:" },
	};
	struct dstm_mapfile file;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int ret = parse(&file, cases[i].text);

		if (ret != -EINVAL || !strstr(error, cases[i].error))
			fail_msg("%s: %d \"%s\", expected \"%s\"",
				 cases[i].text, ret, error, cases[i].error);
		dstm_mapfile_free(&file);
	}
}

/* What the fast reader takes, jansson must take as the same. */
static void readers_agree(void **state)
{
	static const char plain[] =
		"[{\"dev\":\"dstm0\",\"ipv4\":\"192.0.2.7\",\"psid\":5,\"psid-len\":6,\"remote\":\"2001:db8::7\",\"lifetime\":4294967295}]";
	static const char odd[] =
		"[{\"d\\u0065v\":\"dstm0\",\"ipv4\":\"192.0.2.7\",\"psid\":5,\"psid-len\":6,\"remote\":\"2001:db8::7\",\"lifetime\":4294967295}]";
	struct dstm_mapfile a, b;

	(void)state;
	assert_int_equal(parse(&a, plain), 0);
	assert_int_equal(parse(&b, odd), 0);
	assert_memory_equal(a.mappings, b.mappings, sizeof(*a.mappings));
	dstm_mapfile_free(&a);
	dstm_mapfile_free(&b);
}

static void far_line(void **state)
{
	struct dstm_mapfile file;
	char *text = malloc(80000 * 64);
	char *p = text;
	int i;

	(void)state;
	p += sprintf(p, "[\n");
	for (i = 2; i < 80000; i++)
		p += sprintf(p, "%s%s\n", i == 70000 ? "{\"ipv4\":}" : OK,
			     i < 79999 ? "," : "]");
	assert_int_equal(parse(&file, text), -EINVAL);
	assert_non_null(strstr(error, "f:70000:"));
	assert_int_equal(dstm_mapfile_line(&file, 60000), 60002);
	dstm_mapfile_free(&file);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound),
		cmocka_unit_test(refused),
		cmocka_unit_test(readers_agree),
		cmocka_unit_test(far_line),
	};

	return cmocka_run_group_tests_name("mapfile", tests, NULL, NULL);
}
