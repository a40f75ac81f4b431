// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "dhcpv6.h"

#define MESSAGE_HEADER	4
#define RELAY_HEADER	34
#define OPTION_HEADER	4
#define FLAGS_MASK	0xffffffU

/**
 * option_next - take the next option
 * @at: where it begins, moved behind it
 * @end: where the options end
 * @code: its code
 * @value: its value
 *
 * Return: 1, 0 if there is none, -EBADMSG if it does not end before @end.
 */
static int option_next(const uint8_t **at, const uint8_t *end, uint16_t *code,
		       struct dhcpv6_slice *value)
{
	size_t left = (size_t)(end - *at);

	if (!left)
		return 0;
	if (left < OPTION_HEADER)
		return -EBADMSG;
	*code = bytes_u16(*at);
	value->len = bytes_u16(*at + 2);
	value->data = *at + OPTION_HEADER;
	if (value->len > left - OPTION_HEADER)
		return -EBADMSG;
	*at = value->data + value->len;
	return 1;
}

static int duid_parse(struct dhcpv6_slice *duid,
		      const struct dhcpv6_slice *value)
{
	if (value->len < DHCPV6_DUID_MIN || value->len > DHCPV6_DUID_MAX)
		return -EBADMSG;
	*duid = *value;
	return 0;
}

static int servers_parse(struct dhcpv6_message *m,
			 const struct dhcpv6_slice *value)
{
	size_t count = value->len / sizeof(m->servers[0]);

	if (value->len % sizeof(m->servers[0]))
		return -EBADMSG;
	if (count > DHCPV6_ADDRS)
		count = DHCPV6_ADDRS;
	if (count)
		memcpy(m->servers, value->data, count * sizeof(m->servers[0]));
	m->servers_count = (uint8_t)count;
	return 0;
}

static int br_parse(struct dhcpv6_message *m, const struct dhcpv6_slice *value)
{
	if (value->len != sizeof(m->br[0]))
		return -EBADMSG;
	if (m->br_count < DHCPV6_ADDRS)
		memcpy(&m->br[m->br_count++], value->data, value->len);
	return 0;
}

/* RFC 8539 section 4: as many bytes of the prefix as its length needs. */
static int bind_parse(struct dhcpv6_message *m,
		      const struct dhcpv6_slice *value)
{
	uint8_t *addr = m->bind_prefix.s6_addr;
	unsigned int bits;
	size_t bytes;

	if (!value->len || value->data[0] > 128)
		return -EBADMSG;
	bits = value->data[0];
	bytes = (bits + 7) / 8;
	if (value->len < 1 + bytes || value->len > 1 + sizeof(m->bind_prefix))
		return -EBADMSG;
	memcpy(addr, value->data + 1, bytes);
	if (bits % 8)
		addr[bytes - 1] &= (uint8_t)(0xff << (8 - bits % 8));
	m->bind_prefix_len = (uint8_t)bits;
	return 0;
}

static int option_parse(struct dhcpv6_message *m, uint16_t code,
			const struct dhcpv6_slice *value)
{
	switch (code) {
	case DHCPV6_OPT_CLIENT_ID:
		return duid_parse(&m->client_id, value);
	case DHCPV6_OPT_SERVER_ID:
		return duid_parse(&m->server_id, value);
	case DHCPV6_OPT_ORO:
		m->oro = *value;
		return value->len % 2 ? -EBADMSG : 0;
	case DHCPV6_OPT_ELAPSED:
		if (value->len != 2)
			return -EBADMSG;
		m->elapsed = bytes_u16(value->data);
		return 0;
	case DHCPV6_OPT_REFRESH_TIME:
		if (value->len != 4)
			return -EBADMSG;
		m->refresh_time = bytes_u32(value->data);
		return 0;
	case DHCPV6_OPT_INF_MAX_RT:
		if (value->len != 4)
			return -EBADMSG;
		m->inf_max_rt = bytes_u32(value->data);
		return 0;
	case DHCPV6_OPT_DHCPV4_MSG:
		m->dhcpv4 = *value;
		return 0;
	case DHCPV6_OPT_4O6_SERVER:
		return servers_parse(m, value);
	case DHCPV6_OPT_S46_BR:
		return br_parse(m, value);
	case DHCPV6_OPT_S46_BIND_PREFIX:
		return bind_parse(m, value);
	default:
		return -ENOENT;
	}
}

/* Only OPTION_S46_BR may stand there more than once. */
static int options_parse(struct dhcpv6_message *m, const uint8_t *at,
			 const uint8_t *end)
{
	struct dhcpv6_slice value;
	uint16_t code;
	int ret;

	while ((ret = option_next(&at, end, &code, &value)) == 1) {
		if (code != DHCPV6_OPT_S46_BR && dhcpv6_has(m, code))
			return -EBADMSG;
		ret = option_parse(m, code, &value);
		if (ret == -ENOENT)
			continue;
		if (ret)
			return ret;
		dhcpv6_give(m, code);
	}
	return ret;
}

static int message_parse(struct dhcpv6_message *m, const uint8_t *data,
			 size_t size)
{
	uint32_t word;

	if (size < MESSAGE_HEADER)
		return -EBADMSG;
	m->type = data[0];
	word = bytes_u32(data) & FLAGS_MASK;
	switch (m->type) {
	case DHCPV6_REPLY:
	case DHCPV6_INFORMATION_REQUEST:
		m->xid = word;
		break;
	case DHCPV6_DHCPV4_QUERY:
	case DHCPV6_DHCPV4_RESPONSE:
		m->flags = word;
		break;
	default:
		return -ENOTSUP;
	}
	return options_parse(m, data + MESSAGE_HEADER, data + size);
}

/* Each option at most once; @inner is what the relay was asked to carry. */
static int relay_parse(struct dhcpv6_relay *relay, const uint8_t *data,
		       size_t size, struct dhcpv6_slice *inner)
{
	const uint8_t *at = data + RELAY_HEADER, *end = data + size;
	struct dhcpv6_slice value, *slot;
	uint16_t code;
	int ret;

	if (size < RELAY_HEADER)
		return -EBADMSG;
	relay->type = data[0];
	relay->hop_count = data[1];
	memcpy(&relay->link, data + 2, sizeof(relay->link));
	memcpy(&relay->peer, data + 18, sizeof(relay->peer));
	*inner = (struct dhcpv6_slice){0};

	while ((ret = option_next(&at, end, &code, &value)) == 1) {
		switch (code) {
		case DHCPV6_OPT_RELAY_MSG:
			slot = inner;
			break;
		case DHCPV6_OPT_INTERFACE_ID:
			slot = &relay->interface_id;
			break;
		case DHCPV6_OPT_REMOTE_ID:
			slot = &relay->remote_id;
			break;
		default:
			continue;
		}
		if (slot->data || !value.len)
			return -EBADMSG;
		*slot = value;
	}
	if (ret)
		return ret;
	return inner->data ? 0 : -EBADMSG;
}

static bool is_relay(uint8_t type)
{
	return type == DHCPV6_RELAY_FORW || type == DHCPV6_RELAY_REPL;
}

int dhcpv6_parse(struct dhcpv6_packet *p, const void *data, size_t size)
{
	struct dhcpv6_slice inner = { .data = data, .len = size };
	int ret;

	memset(p, 0, sizeof(*p));
	while (inner.len && is_relay(inner.data[0])) {
		if (p->relays == DHCPV6_RELAYS)
			return -EMULTIHOP;
		ret = relay_parse(&p->relay[p->relays], inner.data, inner.len,
				  &inner);
		if (ret)
			return ret;
		/* RFC 8415 section 9: both ways are not in one packet. */
		if (p->relay[p->relays].type != p->relay[0].type)
			return -EBADMSG;
		p->relays++;
	}
	return message_parse(&p->message, inner.data, inner.len);
}

bool dhcpv6_wants(const struct dhcpv6_message *m, uint16_t code)
{
	size_t i;

	for (i = 0; i + 1 < m->oro.len; i += 2)
		if (bytes_u16(m->oro.data + i) == code)
			return true;
	return false;
}

static void option_put(struct bytes *b, uint16_t code, const void *data,
		       size_t len)
{
	if (len > UINT16_MAX) {
		b->full = true;
		return;
	}
	bytes_put_u16(b, code);
	bytes_put_u16(b, (uint16_t)len);
	bytes_put(b, data, len);
}

static void slice_put(struct bytes *b, const struct dhcpv6_message *m,
		      uint16_t code, const struct dhcpv6_slice *value)
{
	if (dhcpv6_has(m, code))
		option_put(b, code, value->data, value->len);
}

static void seconds_put(struct bytes *b, const struct dhcpv6_message *m,
			uint16_t code, uint32_t seconds)
{
	if (!dhcpv6_has(m, code))
		return;
	bytes_put_u16(b, code);
	bytes_put_u16(b, sizeof(seconds));
	bytes_put_u32(b, seconds);
}

static void times_put(struct bytes *b, const struct dhcpv6_message *m)
{
	if (dhcpv6_has(m, DHCPV6_OPT_ELAPSED)) {
		bytes_put_u16(b, DHCPV6_OPT_ELAPSED);
		bytes_put_u16(b, sizeof(m->elapsed));
		bytes_put_u16(b, m->elapsed);
	}
	seconds_put(b, m, DHCPV6_OPT_REFRESH_TIME, m->refresh_time);
	seconds_put(b, m, DHCPV6_OPT_INF_MAX_RT, m->inf_max_rt);
}

static void bind_put(struct bytes *b, const struct dhcpv6_message *m)
{
	size_t bytes = (m->bind_prefix_len + 7U) / 8;

	if (!dhcpv6_has(m, DHCPV6_OPT_S46_BIND_PREFIX))
		return;
	bytes_put_u16(b, DHCPV6_OPT_S46_BIND_PREFIX);
	bytes_put_u16(b, (uint16_t)(1 + bytes));
	bytes_put_u8(b, m->bind_prefix_len);
	bytes_put(b, &m->bind_prefix, bytes);
}

static void message_put(struct bytes *b, const struct dhcpv6_message *m)
{
	uint32_t word = (m->type == DHCPV6_DHCPV4_QUERY ||
			 m->type == DHCPV6_DHCPV4_RESPONSE) ?
			m->flags : m->xid;
	size_t i;

	bytes_put_u32(b, (uint32_t)m->type << 24 | (word & FLAGS_MASK));
	slice_put(b, m, DHCPV6_OPT_CLIENT_ID, &m->client_id);
	slice_put(b, m, DHCPV6_OPT_SERVER_ID, &m->server_id);
	slice_put(b, m, DHCPV6_OPT_ORO, &m->oro);
	times_put(b, m);
	slice_put(b, m, DHCPV6_OPT_DHCPV4_MSG, &m->dhcpv4);
	if (dhcpv6_has(m, DHCPV6_OPT_4O6_SERVER))
		option_put(b, DHCPV6_OPT_4O6_SERVER, m->servers,
			   m->servers_count * sizeof(m->servers[0]));
	for (i = 0; i < m->br_count; i++)
		option_put(b, DHCPV6_OPT_S46_BR, &m->br[i], sizeof(m->br[i]));
	bind_put(b, m);
}

/* Leaves the length of the relay message option to be filled in. */
static void relay_put(struct bytes *b, const struct dhcpv6_relay *relay)
{
	bytes_put_u8(b, relay->type);
	bytes_put_u8(b, relay->hop_count);
	bytes_put(b, &relay->link, sizeof(relay->link));
	bytes_put(b, &relay->peer, sizeof(relay->peer));
	if (relay->interface_id.data)
		option_put(b, DHCPV6_OPT_INTERFACE_ID,
			   relay->interface_id.data, relay->interface_id.len);
	if (relay->remote_id.data)
		option_put(b, DHCPV6_OPT_REMOTE_ID, relay->remote_id.data,
			   relay->remote_id.len);
	bytes_put_u16(b, DHCPV6_OPT_RELAY_MSG);
	bytes_put_u16(b, 0);
}

static bool buildable(const struct dhcpv6_packet *p)
{
	unsigned int i;

	if (p->relays > DHCPV6_RELAYS)
		return false;
	for (i = 0; i < p->relays; i++)
		if (!is_relay(p->relay[i].type))
			return false;
	return p->message.servers_count <= DHCPV6_ADDRS &&
	       p->message.br_count <= DHCPV6_ADDRS &&
	       p->message.bind_prefix_len <= 128;
}

int dhcpv6_build(const struct dhcpv6_packet *p, void *data, size_t size)
{
	struct bytes b = { .data = data, .size = size };
	size_t inner[DHCPV6_RELAYS];
	unsigned int i;

	if (!buildable(p))
		return -EINVAL;
	for (i = 0; i < p->relays; i++) {
		relay_put(&b, &p->relay[i]);
		inner[i] = b.len;
	}
	message_put(&b, &p->message);
	if (b.full || b.len > DHCPV6_PACKET)
		return -ENOSPC;
	for (i = 0; i < p->relays; i++) {
		size_t len = b.len - inner[i];

		b.data[inner[i] - 2] = (uint8_t)(len >> 8);
		b.data[inner[i] - 1] = (uint8_t)len;
	}
	return (int)b.len;
}

const char *dhcpv6_type_name(uint8_t type)
{
	switch (type) {
	case DHCPV6_REPLY:
		return "REPLY";
	case DHCPV6_INFORMATION_REQUEST:
		return "INFORMATION-REQUEST";
	case DHCPV6_RELAY_FORW:
		return "RELAY-FORW";
	case DHCPV6_RELAY_REPL:
		return "RELAY-REPL";
	case DHCPV6_DHCPV4_QUERY:
		return "DHCPV4-QUERY";
	case DHCPV6_DHCPV4_RESPONSE:
		return "DHCPV4-RESPONSE";
	default:
		return "?";
	}
}
