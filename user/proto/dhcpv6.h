/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DHCPv6 messages (RFC 8415): what DHCPv4 over DHCPv6 (RFC 7341) needs, alone
 * or through relays.
 */
#ifndef DSTM_DHCPV6_H
#define DSTM_DHCPV6_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCPV6_CLIENT_PORT	546
#define DHCPV6_SERVER_PORT	547

/* RFC 8415 section 7.6: a packet goes through no more relays. */
#define DHCPV6_RELAYS	8

/* RFC 8415 section 11.1, with the two bytes of its type. */
#define DHCPV6_DUID_MIN	3
#define DHCPV6_DUID_MAX	130

/* So many addresses of a list are looked at. */
#define DHCPV6_ADDRS	16

/* Enough for every packet that dhcpv6_build() builds. */
#define DHCPV6_PACKET	65535

/* The first bit of the flags of a query (RFC 7341 section 6.1). */
#define DHCPV6_FLAG_UNICAST	0x800000U

enum dhcpv6_type {
	DHCPV6_REPLY = 7,
	DHCPV6_INFORMATION_REQUEST = 11,
	DHCPV6_RELAY_FORW = 12,
	DHCPV6_RELAY_REPL = 13,
	DHCPV6_DHCPV4_QUERY = 20,
	DHCPV6_DHCPV4_RESPONSE = 21,
};

/* The options that are known here; all others are passed over. */
enum dhcpv6_option {
	DHCPV6_OPT_CLIENT_ID = 1,
	DHCPV6_OPT_SERVER_ID = 2,
	DHCPV6_OPT_ORO = 6,
	DHCPV6_OPT_ELAPSED = 8,
	DHCPV6_OPT_RELAY_MSG = 9,
	DHCPV6_OPT_INTERFACE_ID = 18,
	DHCPV6_OPT_REFRESH_TIME = 32,
	DHCPV6_OPT_REMOTE_ID = 37,
	DHCPV6_OPT_INF_MAX_RT = 83,
	DHCPV6_OPT_DHCPV4_MSG = 87,		/* RFC 7341 */
	DHCPV6_OPT_4O6_SERVER = 88,		/* RFC 7341 */
	DHCPV6_OPT_S46_BR = 90,			/* RFC 7598 */
	DHCPV6_OPT_S46_BIND_PREFIX = 137,	/* RFC 8539 */
};

/**
 * struct dhcpv6_slice - bytes that belong to somebody else
 * @data: the bytes, NULL where there are none
 * @len: how many
 */
struct dhcpv6_slice {
	const uint8_t *data;
	size_t len;
};

/**
 * struct dhcpv6_message - a message of a client or a server
 * @type: enum dhcpv6_type, not one of a relay
 * @xid: transaction identifier, 24 bits; not in DHCPv4 queries and responses
 * @flags: 24 bits; only in DHCPv4 queries and responses
 * @client_id: the client's DUID
 * @server_id: the server's DUID
 * @oro: codes that the client asks for, as on the wire; see dhcpv6_wants()
 * @elapsed: since the client began, in hundredths of a second
 * @refresh_time: until the client should ask again, seconds
 * @inf_max_rt: at most between two questions that nobody answers, seconds
 * @dhcpv4: the DHCPv4 message inside
 * @servers: of option 88; option given and none is: multicast
 * @servers_count: how many
 * @br: of option 90, one an option: the addresses of tunnel end points
 * @br_count: how many; the option is given if it is not 0
 * @bind_prefix: of option 137: from it the client takes its tunnel source
 * @bind_prefix_len: in bits
 * @have: which options are given, see dhcpv6_has()
 */
struct dhcpv6_message {
	uint8_t type;
	uint32_t xid;
	uint32_t flags;
	struct dhcpv6_slice client_id;
	struct dhcpv6_slice server_id;
	struct dhcpv6_slice oro;
	uint16_t elapsed;
	uint32_t refresh_time;
	uint32_t inf_max_rt;
	struct dhcpv6_slice dhcpv4;
	struct in6_addr servers[DHCPV6_ADDRS];
	uint8_t servers_count;
	struct in6_addr br[DHCPV6_ADDRS];
	uint8_t br_count;
	struct in6_addr bind_prefix;
	uint8_t bind_prefix_len;
	uint64_t have[4];
};

/**
 * struct dhcpv6_relay - what one relay put around a message
 * @type: DHCPV6_RELAY_FORW or DHCPV6_RELAY_REPL
 * @hop_count: relays before this one
 * @link: address of the link that the client is on, or ::
 * @peer: who sent the message to the relay
 * @interface_id: to be given back as it came; no data where there is none
 * @remote_id: option 37, with its enterprise number (RFC 4649)
 */
struct dhcpv6_relay {
	uint8_t type;
	uint8_t hop_count;
	struct in6_addr link;
	struct in6_addr peer;
	struct dhcpv6_slice interface_id;
	struct dhcpv6_slice remote_id;
};

/**
 * struct dhcpv6_packet - a UDP packet's contents
 * @relay: the relays, the outermost (the server's neighbour) first
 * @relays: how many
 * @message: what is inside them
 */
struct dhcpv6_packet {
	struct dhcpv6_relay relay[DHCPV6_RELAYS];
	unsigned int relays;
	struct dhcpv6_message message;
};

/**
 * dhcpv6_has - whether an option is given
 * @m: the message
 * @code: enum dhcpv6_option
 */
static inline bool dhcpv6_has(const struct dhcpv6_message *m, uint16_t code)
{
	return code < 256 && m->have[code / 64] >> code % 64 & 1;
}

/**
 * dhcpv6_give - say that an option is given, whose member has been set
 * @m: the message
 * @code: enum dhcpv6_option
 */
static inline void dhcpv6_give(struct dhcpv6_message *m, uint16_t code)
{
	m->have[code / 64] |= UINT64_C(1) << code % 64;
}

/**
 * dhcpv6_wants - whether the client asks for an option
 * @m: the message
 * @code: the option's code, any
 */
bool dhcpv6_wants(const struct dhcpv6_message *m, uint16_t code);

/**
 * dhcpv6_parse - read a packet, relays and all
 * @p: the result; its slices point into @data
 * @data: the packet
 * @size: its length in bytes
 *
 * Return: 0, -EBADMSG, -EMULTIHOP if there are more than DHCPV6_RELAYS relays,
 * or -ENOTSUP for a message of a type that is not in enum dhcpv6_type; then
 * @p is undefined.
 */
int dhcpv6_parse(struct dhcpv6_packet *p, const void *data, size_t size);

/**
 * dhcpv6_build - write a packet, relays and all
 * @p: the packet; of the message's options those that are given
 * @data: where to; not where slices of @p point to
 * @size: room there in bytes
 *
 * An answer goes back through the relays of its query: copy the query's, with
 * type DHCPV6_RELAY_REPL and no @remote_id (RFC 8415 section 19.3).
 *
 * Return: the length in bytes, -ENOSPC, or -EINVAL for a member that can not
 * be written.
 */
int dhcpv6_build(const struct dhcpv6_packet *p, void *data, size_t size);

/**
 * dhcpv6_type_name - a message type's name
 * @type: enum dhcpv6_type
 *
 * Return: its name in capitals, "?" if there is none.
 */
const char *dhcpv6_type_name(uint8_t type);

#endif
