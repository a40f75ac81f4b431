// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libmnl/libmnl.h>

#include "../lib/mapping.h"

static const char full[] =
	"ipv4 192.0.2.7 psid 5 psid-len 6 psid-offset 0 remote 2001:db8:1::7 local 2001:db8::1 lifetime 3600";

static void from_text(struct dstm_mapping *m, const char *text)
{
	char error[DSTM_MAPPING_ERROR];
	char *copy = strdup(text);
	char *save, *name, *value;

	memset(m, 0, sizeof(*m));
	for (name = strtok_r(copy, " ", &save); name;
	     name = strtok_r(NULL, " ", &save)) {
		value = strtok_r(NULL, " ", &save);
		assert_int_equal(dstm_mapping_word(m, name, value, error), 1);
	}
	free(copy);
}

static void text_round_trip(void **state)
{
	char text[DSTM_MAPPING_TEXT];
	struct dstm_mapping m;

	(void)state;
	from_text(&m, full);
	assert_int_equal(m.psid, 5);
	assert_int_equal(m.lifetime, 3600);
	assert_int_equal(dstm_mapping_text(&m, text), strlen(full));
	assert_string_equal(text, full);
}

static void text_longest(void **state)
{
	char text[DSTM_MAPPING_TEXT];
	struct dstm_usage usage;
	struct dstm_mapping m;

	(void)state;
	memset(&m, 0xff, sizeof(m));
	memset(&usage, 0xff, sizeof(usage));
	m.have = (2U << DSTM_A_MAPPING_LIFETIME) - (1U << DSTM_A_MAPPING_IPV4);
	usage.have = (2U << DSTM_A_MAPPING_IDLE) -
		     (1U << DSTM_A_MAPPING_RX_PACKETS);
	assert_true(dstm_mapping_text(&m, text) < sizeof(text));
	assert_true(dstm_usage_text(&usage, text) < sizeof(text));
	assert_non_null(strstr(text, "idle 4294967295"));
}

static void text_refused(void **state)
{
	char error[DSTM_MAPPING_ERROR];
	struct dstm_mapping m = {0};

	(void)state;
	assert_int_equal(dstm_mapping_word(&m, "colour", "red", error), 0);
	assert_int_equal(dstm_mapping_word(&m, "idle", "3", error), 0);
	assert_int_equal(dstm_mapping_word(&m, "ipv4", "1.2.3", error), -EINVAL);
	assert_non_null(strstr(error, "1.2.3"));
	assert_int_equal(dstm_mapping_word(&m, "psid", "65536", error), -EINVAL);
	assert_int_equal(dstm_mapping_word(&m, "psid", "1", error), 1);
	assert_int_equal(dstm_mapping_word(&m, "psid", "1", error), -EINVAL);
	assert_non_null(strstr(error, "twice"));
}

static void json_round_trip(void **state)
{
	struct dstm_mapping m, again;
	struct dstm_usage usage = {
		.rx_packets = 7,
		.have = 1U << DSTM_A_MAPPING_RX_PACKETS,
	};
	char error[DSTM_MAPPING_ERROR];
	struct dstm_jsonw w = {0};
	const char *key;
	size_t size;
	char *text;
	json_t *json;

	(void)state;
	from_text(&m, full);
	w.file = open_memstream(&text, &size);
	dstm_jsonw_open(&w, NULL, '{');
	dstm_jsonw_string(&w, "dev", "dstm0");
	dstm_mapping_json_members(&w, &m, &usage);
	dstm_jsonw_close(&w, '}');
	fclose(w.file);

	json = json_loads(text, 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "rx-packets")), 7);
	assert_int_equal(dstm_mapping_from_json(json, "dstm0", &again, &key,
						error), 0);
	assert_memory_equal(&m, &again, sizeof(m));
	assert_int_equal(dstm_mapping_from_json(json, "dstm1", &again, &key,
						error), -EINVAL);
	assert_string_equal(key, "dev");
	json_decref(json);
	free(text);
}

static void json_escapes(void **state)
{
	struct dstm_jsonw w = {0};
	size_t size;
	char *text;
	json_t *json;

	(void)state;
	w.file = open_memstream(&text, &size);
	w.pretty = true;
	dstm_jsonw_open(&w, NULL, '[');
	dstm_jsonw_string(&w, NULL, "a\"\\\n\x01z");
	dstm_jsonw_int(&w, NULL, -1);
	dstm_jsonw_bool(&w, NULL, true);
	dstm_jsonw_close(&w, ']');
	fclose(w.file);
	json = json_loads(text, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_array_get(json, 0)),
			    "a\"\\\n\x01z");
	json_decref(json);
	free(text);
}

static void netlink_round_trip(void **state)
{
	_Alignas(struct nlmsghdr) char buffer[256];
	struct dstm_mapping m, again;
	struct dstm_usage usage;
	struct nlmsghdr *nlh;
	size_t before;

	(void)state;
	memset(buffer, 0, sizeof(buffer));
	from_text(&m, full);
	nlh = mnl_nlmsg_put_header(buffer);
	before = nlh->nlmsg_len;
	dstm_mapping_put(nlh, &m);
	assert_true(nlh->nlmsg_len - before <= DSTM_MAPPING_NLSIZE);
	dstm_mapping_parse(mnl_nlmsg_get_payload(nlh), &again, &usage);
	assert_memory_equal(&m, &again, sizeof(m));
	assert_int_equal(usage.have, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_round_trip),
		cmocka_unit_test(text_longest),
		cmocka_unit_test(text_refused),
		cmocka_unit_test(json_round_trip),
		cmocka_unit_test(json_escapes),
		cmocka_unit_test(netlink_round_trip),
	};

	return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
