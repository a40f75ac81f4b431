/* SPDX-License-Identifier: GPL-2.0 */
/* Which of the host's IPv6 addresses is this end of the tunnel. */
#ifndef DSTM_CLIENT_SOURCE_H
#define DSTM_CLIENT_SOURCE_H

#include <netinet/in.h>
#include <stdint.h>

/**
 * struct source_wish - what it has to be like
 * @local: the very address, or :: for any
 * @prefix: from this prefix (RFC 8539), where @local is ::
 * @prefix_len: its length in bits, 0 for any
 * @toward: the other end, or where else the packets go
 */
struct source_wish {
	struct in6_addr local;
	struct in6_addr prefix;
	uint8_t prefix_len;
	struct in6_addr toward;
};

/**
 * source_pick - pick an address
 * @wish: what it has to be like
 * @local: the address
 * @mtu: of the path from it, as far as it is known, in bytes
 *
 * Return: 0, or a negative errno: -ENETUNREACH without a route, -EADDRNOTAVAIL
 * if there is no such address.
 */
int source_pick(const struct source_wish *wish, struct in6_addr *local,
		uint32_t *mtu);

/**
 * source_link_local - a link's own address of ours
 * @ifindex: the link
 * @local: the address
 *
 * Return: 0, or -EADDRNOTAVAIL.
 */
int source_link_local(uint32_t ifindex, struct in6_addr *local);

#endif
