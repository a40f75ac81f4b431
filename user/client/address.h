/* SPDX-License-Identifier: GPL-2.0 */
/* IPv4 addresses of the host's, and its default route, by rtnetlink. */
#ifndef DSTM_CLIENT_ADDRESS_H
#define DSTM_CLIENT_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/netlink.h"

#define ADDRESS_FOREVER	UINT32_MAX

/**
 * address_set - give a device an address, or the address a new lifetime
 * @nl: a socket of NETLINK_ROUTE
 * @ifindex: the device
 * @addr: the address
 * @len: its prefix's length in bits
 * @lifetime: seconds until the kernel takes it away, ADDRESS_FOREVER for never
 *
 * Return: 0, or a negative errno, which dstm_nl_error() explains; so for all of
 * these.
 */
int address_set(struct dstm_nl *nl, uint32_t ifindex, struct in_addr addr,
		uint8_t len, uint32_t lifetime);

/**
 * address_del - take an address from a device
 * @nl: a socket of NETLINK_ROUTE
 * @ifindex: the device
 * @addr: the address
 * @len: its prefix's length in bits
 *
 * Return: 0, or a negative errno.
 */
int address_del(struct dstm_nl *nl, uint32_t ifindex, struct in_addr addr,
		uint8_t len);

/**
 * address_elsewhere - whether another device has the address
 * @nl: a socket of NETLINK_ROUTE
 * @addr: the address
 * @ifindex: the device that may have it, or 0
 * @found: the answer
 *
 * Return: 0, or a negative errno.
 */
int address_elsewhere(struct dstm_nl *nl, struct in_addr addr,
		      uint32_t ifindex, bool *found);

/**
 * address_route - lead everything that has no better route to a device
 * @nl: a socket of NETLINK_ROUTE
 * @ifindex: the device
 * @source: the address that packets get where the program chose none
 * @metric: of the route
 *
 * It goes away with the device.
 *
 * Return: 0, or a negative errno; -EEXIST if there is a default route of this metric,
 * whoever's it is.
 */
int address_route(struct dstm_nl *nl, uint32_t ifindex, struct in_addr source,
		  uint32_t metric);

/**
 * address_route_change - the same with another source, where there was one
 * @nl: a socket of NETLINK_ROUTE
 * @ifindex: the device
 * @source: the address that packets get from now on
 * @metric: of the route
 *
 * The kernel may have taken it away with its former source: then it is made anew.
 *
 * Return: 0, or a negative errno.
 */
int address_route_change(struct dstm_nl *nl, uint32_t ifindex,
			 struct in_addr source, uint32_t metric);

#endif
