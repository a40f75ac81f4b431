/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DHCPv4 messages (RFC 2131), as DHCPv4 over DHCPv6 (RFC 7341) carries them.
 * A message is a plain struct: nothing in it points anywhere.
 */
#ifndef DSTM_DHCPV4_H
#define DSTM_DHCPV4_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/portset.h"

/* The longest value of an option, also when joined (RFC 3396). */
#define DHCPV4_VALUE	255
#define DHCPV4_ADDRS	(DHCPV4_VALUE / 4)

/* Enough for every message that dhcpv4_build() builds. */
#define DHCPV4_MESSAGE	2048

enum dhcpv4_op {
	DHCPV4_BOOTREQUEST = 1,
	DHCPV4_BOOTREPLY = 2,
};

/* Values of DHCPV4_OPT_TYPE. */
enum dhcpv4_type {
	DHCPV4_DISCOVER = 1,
	DHCPV4_OFFER = 2,
	DHCPV4_REQUEST = 3,
	DHCPV4_DECLINE = 4,
	DHCPV4_ACK = 5,
	DHCPV4_NAK = 6,
	DHCPV4_RELEASE = 7,
	DHCPV4_INFORM = 8,
};

/* The options that are known here; all others are passed over. */
enum dhcpv4_option {
	DHCPV4_OPT_MASK = 1,
	DHCPV4_OPT_ROUTER = 3,
	DHCPV4_OPT_DNS = 6,
	DHCPV4_OPT_MTU = 26,
	DHCPV4_OPT_REQUESTED = 50,
	DHCPV4_OPT_LEASE_TIME = 51,
	DHCPV4_OPT_OVERLOAD = 52,
	DHCPV4_OPT_TYPE = 53,
	DHCPV4_OPT_SERVER_ID = 54,
	DHCPV4_OPT_PARAMETERS = 55,
	DHCPV4_OPT_TEXT = 56,
	DHCPV4_OPT_T1 = 58,
	DHCPV4_OPT_T2 = 59,
	DHCPV4_OPT_CLIENT_ID = 61,
	DHCPV4_OPT_SOFTWIRE_SOURCE = 109,	/* RFC 8539 */
	DHCPV4_OPT_PORTPARAMS = 159,		/* RFC 7618 */
};

/**
 * struct dhcpv4_message - a message
 * @op: enum dhcpv4_op
 * @htype: type of hardware address, 0 where there is none
 * @hlen: length of @chaddr, at most 16
 * @xid: transaction identifier
 * @secs: seconds since the client began
 * @flags: as on the wire, host byte order
 * @ciaddr: the client's address, if it has one; addresses in network byte order
 * @yiaddr: the address that is lent
 * @siaddr: next server
 * @giaddr: relay
 * @chaddr: hardware address
 * @type: enum dhcpv4_type; every parsed message has one
 * @mask: subnet mask
 * @routers: of option 3; the first is the tunnel end point's IPv4 address
 * @routers_count: how many
 * @dns: of option 6
 * @dns_count: how many
 * @mtu: of the interface, in bytes
 * @requested: the address that the client would like
 * @lease_time: seconds, UINT32_MAX is for ever
 * @t1: seconds until renewal
 * @t2: seconds until rebinding
 * @server_id: address by which the server is known
 * @client_id: raw; see dhcpv4_client_id_split()
 * @client_id_len: its length in bytes, at least 2 where given
 * @parameters: the codes that the client asks for, in its order
 * @parameters_count: how many
 * @text: what the server says to a refusal; ends with a zero byte
 * @softwire_source: the client's end of the tunnel
 * @ports: the port set; all zero in a request that only accepts one
 * @have: which options are given, see dhcpv4_has()
 */
struct dhcpv4_message {
	uint8_t op;
	uint8_t htype;
	uint8_t hlen;
	uint32_t xid;
	uint16_t secs;
	uint16_t flags;
	struct in_addr ciaddr;
	struct in_addr yiaddr;
	struct in_addr siaddr;
	struct in_addr giaddr;
	uint8_t chaddr[16];

	uint8_t type;
	struct in_addr mask;
	struct in_addr routers[DHCPV4_ADDRS];
	uint8_t routers_count;
	struct in_addr dns[DHCPV4_ADDRS];
	uint8_t dns_count;
	uint16_t mtu;
	struct in_addr requested;
	uint32_t lease_time;
	uint32_t t1;
	uint32_t t2;
	struct in_addr server_id;
	uint8_t client_id[DHCPV4_VALUE];
	uint8_t client_id_len;
	uint8_t parameters[DHCPV4_VALUE];
	uint8_t parameters_count;
	char text[DHCPV4_VALUE + 1];
	struct in6_addr softwire_source;
	struct dstm_portset ports;
	uint64_t have[4];
};

/**
 * dhcpv4_has - whether an option is given
 * @m: the message
 * @code: enum dhcpv4_option
 */
static inline bool dhcpv4_has(const struct dhcpv4_message *m, uint8_t code)
{
	return m->have[code / 64] >> code % 64 & 1;
}

/**
 * dhcpv4_give - say that an option is given, whose member has been set
 * @m: the message
 * @code: enum dhcpv4_option
 */
static inline void dhcpv4_give(struct dhcpv4_message *m, uint8_t code)
{
	m->have[code / 64] |= UINT64_C(1) << code % 64;
}

/**
 * dhcpv4_wants - whether the client asks for an option
 * @m: the message
 * @code: the option's code, any
 */
bool dhcpv4_wants(const struct dhcpv4_message *m, uint8_t code);

/**
 * dhcpv4_accepts_ports - whether the client can live with a port set
 * @m: the client's message
 *
 * It asks for option 159 or sends it (RFC 7618 section 6).
 */
bool dhcpv4_accepts_ports(const struct dhcpv4_message *m);

/**
 * dhcpv4_parse - read a message
 * @m: the result
 * @data: the message
 * @size: its length in bytes
 *
 * Options that come in parts are joined (RFC 3396), also from overloaded
 * fields. An option of a wrong length makes the whole message a bad one.
 *
 * Return: 0, or -EBADMSG with @m undefined.
 */
int dhcpv4_parse(struct dhcpv4_message *m, const void *data, size_t size);

/**
 * dhcpv4_build - write a message
 * @m: the message; of its options those that are given
 * @data: where to
 * @size: room there in bytes
 *
 * Return: the length in bytes, -ENOSPC, or -EINVAL for a member that can not
 * be written.
 */
int dhcpv4_build(const struct dhcpv4_message *m, void *data, size_t size);

/**
 * dhcpv4_client_id_split - read a client identifier (RFC 4361)
 * @m: the message
 * @iaid: the identity association, host byte order
 * @duid: points into @m
 * @duid_len: its length in bytes
 *
 * Return: 0, -ENOENT if none is given, or -EINVAL if it is of another kind.
 */
int dhcpv4_client_id_split(const struct dhcpv4_message *m, uint32_t *iaid,
			   const uint8_t **duid, size_t *duid_len);

/**
 * dhcpv4_client_id_join - give a client identifier (RFC 4361)
 * @m: the message
 * @iaid: the identity association, host byte order
 * @duid: the client's DUID
 * @duid_len: its length in bytes, at most 130
 */
void dhcpv4_client_id_join(struct dhcpv4_message *m, uint32_t iaid,
			   const uint8_t *duid, size_t duid_len);

/**
 * dhcpv4_type_name - a message type's name
 * @type: enum dhcpv4_type
 *
 * Return: its name in capitals, "?" if there is none.
 */
const char *dhcpv4_type_name(uint8_t type);

#endif
