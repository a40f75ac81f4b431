// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "mapping.h"
#include "netlink.h"

enum kind { NONE, IPV4, IPV6, U8, U16, U32, U64 };

static const size_t kind_size[] = {
	[IPV4] = 4, [IPV6] = 16, [U8] = 1, [U16] = 2, [U32] = 4, [U64] = 8,
};

static const char * const kind_expected[] = {
	[IPV4] = "an IPv4 address",
	[IPV6] = "an IPv6 address",
	[U8] = "a number from 0 to 255",
	[U16] = "a number from 0 to 65535",
	[U32] = "a number from 0 to 4294967295",
	[U64] = "a number",
};

#define ORDERED(_name, _kind, _field) \
	{ _name, _kind, false, offsetof(struct dstm_mapping, _field) }
#define COUNTED(_name, _kind, _field) \
	{ _name, _kind, true, offsetof(struct dstm_usage, _field) }

/* Everything a mapping consists of, by DSTM_A_MAPPING_*. */
static const struct field {
	const char *name;
	enum kind kind;
	bool usage;
	size_t offset;
} fields[DSTM_A_MAPPING_MAX + 1] = {
	[DSTM_A_MAPPING_IPV4] = ORDERED("ipv4", IPV4, ipv4),
	[DSTM_A_MAPPING_PSID] = ORDERED("psid", U16, psid),
	[DSTM_A_MAPPING_PSID_LEN] = ORDERED("psid-len", U8, psid_len),
	[DSTM_A_MAPPING_PSID_OFFSET] = ORDERED("psid-offset", U8, psid_offset),
	[DSTM_A_MAPPING_REMOTE] = ORDERED("remote", IPV6, remote),
	[DSTM_A_MAPPING_LOCAL] = ORDERED("local", IPV6, local),
	[DSTM_A_MAPPING_LIFETIME] = ORDERED("lifetime", U32, lifetime),
	[DSTM_A_MAPPING_RX_PACKETS] = COUNTED("rx-packets", U64, rx_packets),
	[DSTM_A_MAPPING_RX_BYTES] = COUNTED("rx-bytes", U64, rx_bytes),
	[DSTM_A_MAPPING_TX_PACKETS] = COUNTED("tx-packets", U64, tx_packets),
	[DSTM_A_MAPPING_TX_BYTES] = COUNTED("tx-bytes", U64, tx_bytes),
	[DSTM_A_MAPPING_IDLE] = COUNTED("idle", U32, idle),
};

static int field_find(const char *name)
{
	int i;

	for (i = 1; i <= DSTM_A_MAPPING_MAX; i++)
		if (fields[i].name && !strcmp(fields[i].name, name))
			return i;
	return 0;
}

static void *member(const void *base, const struct field *field)
{
	return (char *)base + field->offset;
}

static uint64_t number_load(const struct field *field, const void *from)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (field->kind) {
	case U8:
		memcpy(&u8, from, sizeof(u8));
		return u8;
	case U16:
		memcpy(&u16, from, sizeof(u16));
		return u16;
	case U32:
		memcpy(&u32, from, sizeof(u32));
		return u32;
	default:
		memcpy(&u64, from, sizeof(u64));
		return u64;
	}
}

static uint64_t kind_max(enum kind kind)
{
	return kind == U64 ? UINT64_MAX :
	       ((uint64_t)1 << 8 * kind_size[kind]) - 1;
}

static void number_store(const struct field *field, void *to, uint64_t number)
{
	uint8_t u8 = (uint8_t)number;
	uint16_t u16 = (uint16_t)number;
	uint32_t u32 = (uint32_t)number;

	switch (field->kind) {
	case U8:
		memcpy(to, &u8, sizeof(u8));
		break;
	case U16:
		memcpy(to, &u16, sizeof(u16));
		break;
	case U32:
		memcpy(to, &u32, sizeof(u32));
		break;
	default:
		memcpy(to, &number, sizeof(number));
	}
}

void dstm_mapping_put(struct nlmsghdr *nlh, const struct dstm_mapping *m)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, DSTM_A_MAPPING);
	int i;

	for (i = 1; i <= DSTM_A_MAPPING_LIFETIME; i++)
		if (dstm_mapping_has(m, i))
			mnl_attr_put(nlh, (uint16_t)i,
				     kind_size[fields[i].kind],
				     member(m, &fields[i]));
	mnl_attr_nest_end(nlh, nest);
}

void dstm_mapping_parse(const struct nlattr *nest, struct dstm_mapping *m,
			struct dstm_usage *usage)
{
	const struct nlattr *attr;

	memset(m, 0, sizeof(*m));
	memset(usage, 0, sizeof(*usage));
	dstm_nl_for_each_nested(attr, nest) {
		uint16_t type = mnl_attr_get_type(attr);
		const struct field *field;

		if (type > DSTM_A_MAPPING_MAX)
			continue;
		field = &fields[type];
		if (field->kind == NONE ||
		    mnl_attr_get_payload_len(attr) != kind_size[field->kind])
			continue;
		if (field->usage) {
			memcpy(member(usage, field), mnl_attr_get_payload(attr),
			       kind_size[field->kind]);
			usage->have |= 1U << type;
		} else {
			memcpy(member(m, field), mnl_attr_get_payload(attr),
			       kind_size[field->kind]);
			m->have |= 1U << type;
		}
	}
}

static int expected(char *error, int i, const char *got)
{
	snprintf(error, DSTM_MAPPING_ERROR, "%s: expected %s%s%.60s%s",
		 fields[i].name, kind_expected[fields[i].kind],
		 got ? ", not \"" : "", got ? got : "", got ? "\"" : "");
	return -EINVAL;
}

static int address_set(struct dstm_mapping *m, int i, const char *text)
{
	int family = fields[i].kind == IPV4 ? AF_INET : AF_INET6;

	if (inet_pton(family, text, member(m, &fields[i])) != 1)
		return -EINVAL;
	m->have |= 1U << i;
	return 0;
}

static int number_set(struct dstm_mapping *m, int i, uint64_t number)
{
	if (number > kind_max(fields[i].kind))
		return -EINVAL;
	number_store(&fields[i], member(m, &fields[i]), number);
	m->have |= 1U << i;
	return 0;
}

static bool is_address(int i)
{
	return fields[i].kind == IPV4 || fields[i].kind == IPV6;
}

int dstm_mapping_word(struct dstm_mapping *m, const char *name,
		      const char *value, char *error)
{
	int i = field_find(name);
	uint64_t number;

	if (!i || fields[i].usage)
		return 0;
	if (dstm_mapping_has(m, i)) {
		snprintf(error, DSTM_MAPPING_ERROR, "%s: given twice", name);
		return -EINVAL;
	}
	if (is_address(i)) {
		if (address_set(m, i, value))
			return expected(error, i, value);
	} else if (dstm_number_parse(value, kind_max(fields[i].kind),
				     &number) || number_set(m, i, number)) {
		return expected(error, i, value);
	}
	return 1;
}

static size_t value_text(const struct field *field, const void *from,
			 char *text, size_t size)
{
	if (field->kind == IPV4 || field->kind == IPV6) {
		inet_ntop(field->kind == IPV4 ? AF_INET : AF_INET6, from, text,
			  (socklen_t)size);
		return strlen(text);
	}
	return (size_t)snprintf(text, size, "%" PRIu64,
				number_load(field, from));
}

static size_t fields_text(const void *base, uint32_t have, char *text)
{
	size_t n = 0;
	int i;

	text[0] = '\0';
	for (i = 1; i <= DSTM_A_MAPPING_MAX; i++) {
		size_t len;

		if (!(have >> i & 1))
			continue;
		if (n)
			text[n++] = ' ';
		len = strlen(fields[i].name);
		memcpy(text + n, fields[i].name, len);
		n += len;
		text[n++] = ' ';
		n += value_text(&fields[i], member(base, &fields[i]), text + n,
				DSTM_MAPPING_TEXT - n);
	}
	return n;
}

size_t dstm_mapping_text(const struct dstm_mapping *m, char *text)
{
	return fields_text(m, m->have, text);
}

size_t dstm_usage_text(const struct dstm_usage *usage, char *text)
{
	return fields_text(usage, usage->have, text);
}

static int unknown_key(const char *key, char *error)
{
	size_t n;
	int i;

	n = (size_t)snprintf(error, DSTM_MAPPING_ERROR,
			     "unknown key \"%.40s\"; a mapping has dev", key);
	for (i = 1; i <= DSTM_A_MAPPING_MAX; i++)
		if (fields[i].name && n < DSTM_MAPPING_ERROR)
			n += (size_t)snprintf(error + n, DSTM_MAPPING_ERROR - n,
					      ", %s", fields[i].name);
	return -EINVAL;
}

static int dev_check(json_t *value, const char *dev, char *error)
{
	if (!json_is_string(value)) {
		snprintf(error, DSTM_MAPPING_ERROR,
			 "dev: expected the name of a device");
		return -EINVAL;
	}
	if (dev && strcmp(dev, json_string_value(value))) {
		snprintf(error, DSTM_MAPPING_ERROR,
			 "dev: a mapping of %.40s, not of %s",
			 json_string_value(value), dev);
		return -EINVAL;
	}
	return 0;
}

int dstm_mapping_from_json(json_t *json, const char *dev,
			   struct dstm_mapping *m, const char **key,
			   char *error)
{
	static const int needed[] = {
		DSTM_A_MAPPING_IPV4, DSTM_A_MAPPING_REMOTE
	};
	const char *name;
	json_t *value;
	size_t n;

	memset(m, 0, sizeof(*m));
	*key = NULL;
	if (!json_is_object(json)) {
		snprintf(error, DSTM_MAPPING_ERROR,
			 "expected an object, which is a mapping");
		return -EINVAL;
	}

	json_object_foreach(json, name, value) {
		int i = field_find(name);
		int ret = 0;

		*key = name;
		if (!strcmp(name, "dev"))
			ret = dev_check(value, dev, error);
		else if (!i)
			ret = unknown_key(name, error);
		else if (fields[i].usage)
			ret = json_is_integer(value) ? 0 :
			      expected(error, i, NULL);
		else if (is_address(i) && !json_is_string(value))
			ret = expected(error, i, NULL);
		else if (is_address(i) &&
			 address_set(m, i, json_string_value(value)))
			ret = expected(error, i, json_string_value(value));
		else if (!is_address(i) &&
			 (!json_is_integer(value) ||
			  json_integer_value(value) < 0 ||
			  number_set(m, i,
				     (uint64_t)json_integer_value(value))))
			ret = expected(error, i, NULL);
		if (ret)
			return ret;
	}

	*key = NULL;
	for (n = 0; n < sizeof(needed) / sizeof(needed[0]); n++) {
		if (!dstm_mapping_has(m, needed[n])) {
			snprintf(error, DSTM_MAPPING_ERROR,
				 "the mapping has no %s",
				 fields[needed[n]].name);
			return -EINVAL;
		}
	}
	return 0;
}

static int fields_set(json_t *object, const void *base, uint32_t have)
{
	char text[INET6_ADDRSTRLEN];
	int i, ret = 0;

	for (i = 1; i <= DSTM_A_MAPPING_MAX; i++) {
		const void *from = member(base, &fields[i]);
		json_t *value;

		if (!(have >> i & 1))
			continue;
		if (is_address(i)) {
			value_text(&fields[i], from, text, sizeof(text));
			value = json_string(text);
		} else {
			value = json_integer((json_int_t)
					     number_load(&fields[i], from));
		}
		ret |= json_object_set_new(object, fields[i].name, value);
	}
	return ret;
}

json_t *dstm_mapping_json(const struct dstm_mapping *m,
			  const struct dstm_usage *usage)
{
	json_t *object = json_object();

	if (!object || fields_set(object, m, m->have) ||
	    (usage && fields_set(object, usage, usage->have))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static void fields_json(struct dstm_jsonw *w, const void *base, uint32_t have)
{
	char text[INET6_ADDRSTRLEN];
	int i;

	for (i = 1; i <= DSTM_A_MAPPING_MAX; i++) {
		const void *from = member(base, &fields[i]);

		if (!(have >> i & 1))
			continue;
		if (is_address(i)) {
			value_text(&fields[i], from, text, sizeof(text));
			dstm_jsonw_string(w, fields[i].name, text);
		} else {
			dstm_jsonw_uint(w, fields[i].name,
					number_load(&fields[i], from));
		}
	}
}

void dstm_mapping_json_members(struct dstm_jsonw *w,
			       const struct dstm_mapping *m,
			       const struct dstm_usage *usage)
{
	fields_json(w, m, m->have);
	if (usage)
		fields_json(w, usage, usage->have);
}
