/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The routes of the pools. Each pool has two: one to its device, and one of worse
 * metric that answers "unreachable" while the device is down, or else a packet for
 * the pool would follow the default route back to the border router, which sends it
 * here again.
 */
#ifndef GATEWAY_ROUTES_H
#define GATEWAY_ROUTES_H

#include "lib/netlink.h"

#include "config.h"

/*
 * All routes of ours, and no others, have this protocol number, so that a routing
 * daemon can be told to pass them on, and so that we know them again. It is in no
 * list of the kernel's or of iproute2's.
 */
#define ROUTES_PROTOCOL	157

/**
 * routes_set - let there be the routes of these pools, and no other of ours
 * @nl: a socket of NETLINK_ROUTE
 * @config: the pools; NULL for none
 * @ifindex: the devices, by index in @config; 0 where there is none
 *
 * A device that is down has no route, and is passed over.
 *
 * Return: 0, or a negative errno, which dstm_nl_error() explains.
 */
int routes_set(struct dstm_nl *nl, const struct config *config,
	       const uint32_t *ifindex);

/**
 * routes_address - give a device the tunnel end point's IPv4 address
 * @nl: a socket of NETLINK_ROUTE
 * @ifindex: the device
 * @addr: the address
 *
 * Return: 0, also if it has it already, or a negative errno.
 */
int routes_address(struct dstm_nl *nl, uint32_t ifindex, struct in_addr addr);

/**
 * routes_address_del - take it away again
 * @nl: a socket of NETLINK_ROUTE
 * @ifindex: the device
 * @addr: the address
 *
 * Return: 0, or a negative errno.
 */
int routes_address_del(struct dstm_nl *nl, uint32_t ifindex,
		       struct in_addr addr);

#endif
