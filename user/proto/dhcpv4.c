// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "dhcpv4.h"

/* Where things are in the header (RFC 2131 section 2). */
#define CHADDR		28
#define SNAME		44
#define SNAME_LEN	64
#define FILE_		(SNAME + SNAME_LEN)
#define FILE_LEN	128
#define COOKIE		(FILE_ + FILE_LEN)
#define OPTIONS		(COOKIE + 4)

#define MAGIC		0x63825363U
#define OPT_PAD		0
#define OPT_END		255
#define OVERLOAD_FILE	1
#define OVERLOAD_SNAME	2

/* RFC 4361 section 6.1 */
#define CLIENT_ID_DUID	255
#define CLIENT_ID_IAID	1
#define CLIENT_ID_START	5

/* A known option's value while its parts come in. */
struct value {
	size_t len;
	uint8_t data[DHCPV4_VALUE];
};

static const uint8_t known[] = {
	DHCPV4_OPT_MASK, DHCPV4_OPT_ROUTER, DHCPV4_OPT_DNS, DHCPV4_OPT_MTU,
	DHCPV4_OPT_REQUESTED, DHCPV4_OPT_LEASE_TIME, DHCPV4_OPT_OVERLOAD,
	DHCPV4_OPT_TYPE, DHCPV4_OPT_SERVER_ID, DHCPV4_OPT_PARAMETERS,
	DHCPV4_OPT_TEXT, DHCPV4_OPT_T1, DHCPV4_OPT_T2, DHCPV4_OPT_CLIENT_ID,
	DHCPV4_OPT_SOFTWIRE_SOURCE, DHCPV4_OPT_PORTPARAMS,
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

/* Its place in known[], or KNOWN. */
static size_t place(uint8_t code)
{
	size_t i;

	for (i = 0; i < KNOWN && known[i] != code; i++)
		;
	return i;
}

/* RFC 3396 section 7: what comes again continues what came before. */
static int collect(struct dhcpv4_message *m, struct value *values,
		   const uint8_t *data, size_t size)
{
	size_t at = 0;

	while (at < size && data[at] != OPT_END) {
		uint8_t code = data[at++];
		struct value *v;
		size_t i, len;

		if (code == OPT_PAD)
			continue;
		if (at == size || data[at] > size - at - 1)
			return -EBADMSG;
		len = data[at++];
		i = place(code);
		if (i < KNOWN) {
			v = &values[i];
			if (len > sizeof(v->data) - v->len)
				return -EBADMSG;
			memcpy(v->data + v->len, data + at, len);
			v->len += len;
			dhcpv4_give(m, code);
		}
		at += len;
	}
	return 0;
}

static int addrs_parse(struct in_addr *addrs, uint8_t *count,
		       const struct value *v)
{
	if (!v->len || v->len % 4)
		return -EBADMSG;
	memcpy(addrs, v->data, v->len);
	*count = (uint8_t)(v->len / 4);
	return 0;
}

static int addr_parse(struct in_addr *addr, const struct value *v)
{
	if (v->len != 4)
		return -EBADMSG;
	memcpy(addr, v->data, 4);
	return 0;
}

static int u32_parse(uint32_t *number, const struct value *v)
{
	if (v->len != 4)
		return -EBADMSG;
	*number = bytes_u32(v->data);
	return 0;
}

static int u8_parse(uint8_t *number, const struct value *v)
{
	if (v->len != 1)
		return -EBADMSG;
	*number = v->data[0];
	return 0;
}

static int u16_parse(uint16_t *number, const struct value *v)
{
	if (v->len != 2)
		return -EBADMSG;
	*number = bytes_u16(v->data);
	return 0;
}

static int bytes_parse(uint8_t *data, uint8_t *count, const struct value *v,
		       size_t least)
{
	if (v->len < least)
		return -EBADMSG;
	memcpy(data, v->data, v->len);
	*count = (uint8_t)v->len;
	return 0;
}

/* Others show it: leave no control characters in it. */
static int text_parse(char *text, const struct value *v)
{
	size_t i;

	for (i = 0; i < v->len && v->data[i]; i++)
		text[i] = v->data[i] >= ' ' && v->data[i] < 127 ?
			  (char)v->data[i] : '?';
	text[i] = '\0';
	return 0;
}

/* RFC 7618 section 9: the identifier is left-justified. */
static int ports_parse(struct dstm_portset *ports, const struct value *v)
{
	if (v->len != 4)
		return -EBADMSG;
	ports->offset = v->data[0];
	ports->len = v->data[1];
	ports->psid = 0;
	if (ports->len > 16)
		return -EBADMSG;
	if (ports->len)
		ports->psid = (uint16_t)(bytes_u16(v->data + 2) >>
					 (16 - ports->len));
	return dstm_portset_wrong(ports) ? -EBADMSG : 0;
}

static int softwire_parse(struct in6_addr *addr, const struct value *v)
{
	if (v->len != sizeof(*addr))
		return -EBADMSG;
	memcpy(addr, v->data, sizeof(*addr));
	return 0;
}

static int option_parse(struct dhcpv4_message *m, uint8_t code,
			const struct value *v)
{
	switch (code) {
	case DHCPV4_OPT_MASK:
		return addr_parse(&m->mask, v);
	case DHCPV4_OPT_ROUTER:
		return addrs_parse(m->routers, &m->routers_count, v);
	case DHCPV4_OPT_DNS:
		return addrs_parse(m->dns, &m->dns_count, v);
	case DHCPV4_OPT_MTU:
		return u16_parse(&m->mtu, v);
	case DHCPV4_OPT_REQUESTED:
		return addr_parse(&m->requested, v);
	case DHCPV4_OPT_LEASE_TIME:
		return u32_parse(&m->lease_time, v);
	case DHCPV4_OPT_TYPE:
		return u8_parse(&m->type, v);
	case DHCPV4_OPT_SERVER_ID:
		return addr_parse(&m->server_id, v);
	case DHCPV4_OPT_PARAMETERS:
		return bytes_parse(m->parameters, &m->parameters_count, v, 1);
	case DHCPV4_OPT_TEXT:
		return text_parse(m->text, v);
	case DHCPV4_OPT_T1:
		return u32_parse(&m->t1, v);
	case DHCPV4_OPT_T2:
		return u32_parse(&m->t2, v);
	case DHCPV4_OPT_CLIENT_ID:
		return bytes_parse(m->client_id, &m->client_id_len, v, 2);
	case DHCPV4_OPT_SOFTWIRE_SOURCE:
		return softwire_parse(&m->softwire_source, v);
	case DHCPV4_OPT_PORTPARAMS:
		return ports_parse(&m->ports, v);
	default:
		return 0;
	}
}

static int header_parse(struct dhcpv4_message *m, const uint8_t *data,
			size_t size)
{
	if (size < OPTIONS || bytes_u32(data + COOKIE) != MAGIC)
		return -EBADMSG;
	memset(m, 0, sizeof(*m));
	m->op = data[0];
	m->htype = data[1];
	m->hlen = data[2];
	m->xid = bytes_u32(data + 4);
	m->secs = bytes_u16(data + 8);
	m->flags = bytes_u16(data + 10);
	memcpy(&m->ciaddr, data + 12, 4);
	memcpy(&m->yiaddr, data + 16, 4);
	memcpy(&m->siaddr, data + 20, 4);
	memcpy(&m->giaddr, data + 24, 4);
	memcpy(m->chaddr, data + CHADDR, sizeof(m->chaddr));
	if (m->hlen > sizeof(m->chaddr) ||
	    (m->op != DHCPV4_BOOTREQUEST && m->op != DHCPV4_BOOTREPLY))
		return -EBADMSG;
	return 0;
}

/* RFC 2131 section 4.1: first the options, then "file", then "sname". */
static int options_collect(struct dhcpv4_message *m, struct value *values,
			   const uint8_t *data, size_t size)
{
	const struct value *overload = &values[place(DHCPV4_OPT_OVERLOAD)];
	uint8_t where;
	int ret;

	ret = collect(m, values, data + OPTIONS, size - OPTIONS);
	if (ret || !dhcpv4_has(m, DHCPV4_OPT_OVERLOAD))
		return ret;

	where = overload->data[0];
	if (overload->len != 1 || !where ||
	    where > (OVERLOAD_FILE | OVERLOAD_SNAME))
		return -EBADMSG;
	if (where & OVERLOAD_FILE)
		ret = collect(m, values, data + FILE_, FILE_LEN);
	if (!ret && where & OVERLOAD_SNAME)
		ret = collect(m, values, data + SNAME, SNAME_LEN);
	return ret;
}

int dhcpv4_parse(struct dhcpv4_message *m, const void *data, size_t size)
{
	struct value values[KNOWN];
	size_t i;
	int ret;

	for (i = 0; i < KNOWN; i++)
		values[i].len = 0;
	ret = header_parse(m, data, size);
	if (!ret)
		ret = options_collect(m, values, data, size);
	for (i = 0; !ret && i < KNOWN; i++)
		if (dhcpv4_has(m, known[i]))
			ret = option_parse(m, known[i], &values[i]);
	if (ret)
		return ret;
	return m->type >= DHCPV4_DISCOVER && m->type <= DHCPV4_INFORM ?
	       0 : -EBADMSG;
}

static void header_put(struct bytes *b, const struct dhcpv4_message *m)
{
	static const uint8_t unused[SNAME_LEN + FILE_LEN];

	bytes_put_u8(b, m->op);
	bytes_put_u8(b, m->htype);
	bytes_put_u8(b, m->hlen);
	bytes_put_u8(b, 0);
	bytes_put_u32(b, m->xid);
	bytes_put_u16(b, m->secs);
	bytes_put_u16(b, m->flags);
	bytes_put(b, &m->ciaddr, 4);
	bytes_put(b, &m->yiaddr, 4);
	bytes_put(b, &m->siaddr, 4);
	bytes_put(b, &m->giaddr, 4);
	bytes_put(b, m->chaddr, sizeof(m->chaddr));
	bytes_put(b, unused, sizeof(unused));
	bytes_put_u32(b, MAGIC);
}

static void value_put(struct bytes *b, uint8_t code, const void *data,
		      size_t len)
{
	bytes_put_u8(b, code);
	bytes_put_u8(b, (uint8_t)len);
	bytes_put(b, data, len);
}

static void u32_put(struct bytes *b, uint8_t code, uint32_t number)
{
	bytes_put_u8(b, code);
	bytes_put_u8(b, sizeof(number));
	bytes_put_u32(b, number);
}

static void u16_put(struct bytes *b, uint8_t code, uint16_t number)
{
	bytes_put_u8(b, code);
	bytes_put_u8(b, sizeof(number));
	bytes_put_u16(b, number);
}

static void ports_put(struct bytes *b, const struct dstm_portset *ports)
{
	bytes_put_u8(b, DHCPV4_OPT_PORTPARAMS);
	bytes_put_u8(b, 4);
	bytes_put_u8(b, ports->offset);
	bytes_put_u8(b, ports->len);
	bytes_put_u16(b, (uint16_t)(ports->psid << (16 - ports->len)));
}

static void option_put(struct bytes *b, const struct dhcpv4_message *m,
		       uint8_t code)
{
	switch (code) {
	case DHCPV4_OPT_MASK:
		value_put(b, code, &m->mask, 4);
		break;
	case DHCPV4_OPT_ROUTER:
		value_put(b, code, m->routers, (size_t)m->routers_count * 4);
		break;
	case DHCPV4_OPT_DNS:
		value_put(b, code, m->dns, (size_t)m->dns_count * 4);
		break;
	case DHCPV4_OPT_MTU:
		u16_put(b, code, m->mtu);
		break;
	case DHCPV4_OPT_REQUESTED:
		value_put(b, code, &m->requested, 4);
		break;
	case DHCPV4_OPT_LEASE_TIME:
		u32_put(b, code, m->lease_time);
		break;
	case DHCPV4_OPT_SERVER_ID:
		value_put(b, code, &m->server_id, 4);
		break;
	case DHCPV4_OPT_PARAMETERS:
		value_put(b, code, m->parameters, m->parameters_count);
		break;
	case DHCPV4_OPT_TEXT:
		value_put(b, code, m->text,
			  strnlen(m->text, DHCPV4_VALUE));
		break;
	case DHCPV4_OPT_T1:
		u32_put(b, code, m->t1);
		break;
	case DHCPV4_OPT_T2:
		u32_put(b, code, m->t2);
		break;
	case DHCPV4_OPT_CLIENT_ID:
		value_put(b, code, m->client_id, m->client_id_len);
		break;
	case DHCPV4_OPT_SOFTWIRE_SOURCE:
		value_put(b, code, &m->softwire_source, 16);
		break;
	case DHCPV4_OPT_PORTPARAMS:
		ports_put(b, &m->ports);
		break;
	}
}

/* Whether what dhcpv4_parse() would refuse is in it. */
static bool buildable(const struct dhcpv4_message *m)
{
	if (m->type < DHCPV4_DISCOVER || m->type > DHCPV4_INFORM ||
	    m->hlen > sizeof(m->chaddr))
		return false;
	if (dhcpv4_has(m, DHCPV4_OPT_ROUTER) &&
	    (!m->routers_count || m->routers_count > DHCPV4_ADDRS))
		return false;
	if (dhcpv4_has(m, DHCPV4_OPT_DNS) &&
	    (!m->dns_count || m->dns_count > DHCPV4_ADDRS))
		return false;
	if (dhcpv4_has(m, DHCPV4_OPT_PARAMETERS) && !m->parameters_count)
		return false;
	if (dhcpv4_has(m, DHCPV4_OPT_CLIENT_ID) && m->client_id_len < 2)
		return false;
	return !dhcpv4_has(m, DHCPV4_OPT_PORTPARAMS) ||
	       !dstm_portset_wrong(&m->ports);
}

int dhcpv4_build(const struct dhcpv4_message *m, void *data, size_t size)
{
	struct bytes b = { .data = data, .size = size };
	size_t i;

	if (!buildable(m))
		return -EINVAL;
	header_put(&b, m);
	value_put(&b, DHCPV4_OPT_TYPE, &m->type, 1);
	for (i = 0; i < KNOWN; i++)
		if (dhcpv4_has(m, known[i]))
			option_put(&b, m, known[i]);
	bytes_put_u8(&b, OPT_END);
	return b.full ? -ENOSPC : (int)b.len;
}

bool dhcpv4_wants(const struct dhcpv4_message *m, uint8_t code)
{
	return memchr(m->parameters, code, m->parameters_count);
}

bool dhcpv4_accepts_ports(const struct dhcpv4_message *m)
{
	return dhcpv4_has(m, DHCPV4_OPT_PORTPARAMS) ||
	       dhcpv4_wants(m, DHCPV4_OPT_PORTPARAMS);
}

int dhcpv4_client_id_split(const struct dhcpv4_message *m, uint32_t *iaid,
			   const uint8_t **duid, size_t *duid_len)
{
	if (!dhcpv4_has(m, DHCPV4_OPT_CLIENT_ID))
		return -ENOENT;
	/* RFC 8415 section 11.1: a type of two bytes, and something more. */
	if (m->client_id[0] != CLIENT_ID_DUID ||
	    m->client_id_len < CLIENT_ID_START + 3)
		return -EINVAL;
	*iaid = bytes_u32(m->client_id + CLIENT_ID_IAID);
	*duid = m->client_id + CLIENT_ID_START;
	*duid_len = m->client_id_len - (size_t)CLIENT_ID_START;
	return 0;
}

void dhcpv4_client_id_join(struct dhcpv4_message *m, uint32_t iaid,
			   const uint8_t *duid, size_t duid_len)
{
	struct bytes b = { .data = m->client_id, .size = DHCPV4_VALUE };

	bytes_put_u8(&b, CLIENT_ID_DUID);
	bytes_put_u32(&b, iaid);
	bytes_put(&b, duid, duid_len);
	m->client_id_len = (uint8_t)b.len;
	dhcpv4_give(m, DHCPV4_OPT_CLIENT_ID);
}

const char *dhcpv4_type_name(uint8_t type)
{
	static const char *const names[] = {
		[DHCPV4_DISCOVER] = "DISCOVER",
		[DHCPV4_OFFER] = "OFFER",
		[DHCPV4_REQUEST] = "REQUEST",
		[DHCPV4_DECLINE] = "DECLINE",
		[DHCPV4_ACK] = "ACK",
		[DHCPV4_NAK] = "NAK",
		[DHCPV4_RELEASE] = "RELEASE",
		[DHCPV4_INFORM] = "INFORM",
	};

	return type && type < sizeof(names) / sizeof(names[0]) ?
	       names[type] : "?";
}
