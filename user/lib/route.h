/* SPDX-License-Identifier: GPL-2.0 */
/* Where the kernel would send a packet. */
#ifndef DSTM_ROUTE_H
#define DSTM_ROUTE_H

#include <stdint.h>

#include "netlink.h"

/**
 * struct dstm_route - a route
 * @type: RTN_*
 * @ifindex: the device it leads out of, 0 if none
 */
struct dstm_route {
	uint8_t type;
	uint32_t ifindex;
};

/**
 * dstm_route_get - look up the route to an address
 * @nl: a socket of NETLINK_ROUTE
 * @family: AF_INET or AF_INET6
 * @addr: a struct in_addr or struct in6_addr
 * @route: the route
 *
 * Return: 0, or a negative errno, -ENETUNREACH if there is none.
 */
int dstm_route_get(struct dstm_nl *nl, int family, const void *addr,
		   struct dstm_route *route);

#endif
