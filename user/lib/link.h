/* SPDX-License-Identifier: GPL-2.0 */
/* Network devices of kind dstm, by rtnetlink. */
#ifndef DSTM_LINK_H
#define DSTM_LINK_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/dstm.h>

#include "netlink.h"

/* Beside IFLA_DSTM_*, in struct dstm_link's @have. */
#define DSTM_LINK_MTU	30
#define DSTM_LINK_UP	31

/* So many devices a shortcut may have here. */
#define DSTM_LINK_SHORTCUTS	16

#define DSTM_LINK_FLOWLABEL_AUTO	(-1)
#define DSTM_LINK_FLOWLABEL_INHERIT	(-2)

/**
 * struct dstm_link - a device
 * @ifindex: its index; not needed where @name is given
 * @name: its name
 * @up: whether it is up
 * @mtu: its MTU in bytes
 * @netns: whether its IPv6 underlay is in another network namespace; only read
 * @role: enum dstm_role
 * @local: its tunnel end point
 * @hoplimit: of the outer header; 0 copies the inner TTL
 * @encap_limit: 0 to 255, or -1 to send none
 * @hairpin: whether packets between clients pass
 * @icmp_errors: whether ICMP errors are sent
 * @icmp_rate: how many of them a second at most, of each kind
 * @frag: enum dstm_frag
 * @tclass: traffic class of the outer header, or -1 for the inner one
 * @dscp: enum dstm_dscp
 * @flowlabel: flow label of the outer header, or DSTM_LINK_FLOWLABEL_*
 * @shortcut: indices of the devices at which packets are taken
 * @shortcuts: how many they are; none ends the shortcut
 * @obstacles: enum dstm_obstacle, why the shortcut stands aside now; only read
 * @have: which are given: bits 1 << IFLA_DSTM_*, DSTM_LINK_MTU, DSTM_LINK_UP
 */
struct dstm_link {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	bool up;
	uint32_t mtu;
	bool netns;
	uint8_t role;
	struct in6_addr local;
	uint8_t hoplimit;
	int32_t encap_limit;
	uint8_t hairpin;
	uint8_t icmp_errors;
	uint32_t icmp_rate;
	uint8_t frag;
	int32_t tclass;
	uint8_t dscp;
	int32_t flowlabel;
	uint32_t shortcut[DSTM_LINK_SHORTCUTS];
	unsigned int shortcuts;
	uint32_t obstacles;
	uint32_t have;
};

/**
 * dstm_link_obstacle - the name of what may be in a shortcut's way
 * @bit: number of a bit of enum dstm_obstacle, from 0 on
 *
 * Return: its name in the netlink spec, or NULL if there is no such bit.
 */
const char *dstm_link_obstacle(unsigned int bit);

/**
 * dstm_link_fn - takes one device
 * @link: the device
 * @data: what was given with it
 *
 * Return: 0, or a negative errno that ends the request.
 */
typedef int dstm_link_fn(const struct dstm_link *link, void *data);

/**
 * dstm_link_add - make a device
 * @nl: a socket of NETLINK_ROUTE
 * @link: its name, and what else is given
 *
 * Return: 0, or a negative errno, which dstm_nl_error() explains; so for all
 * of these.
 */
int dstm_link_add(struct dstm_nl *nl, const struct dstm_link *link);

/**
 * dstm_link_set - change a device
 * @nl: a socket of NETLINK_ROUTE
 * @link: its index or name, and what changes
 *
 * Return: 0, or a negative errno.
 */
int dstm_link_set(struct dstm_nl *nl, const struct dstm_link *link);

/**
 * dstm_link_del - delete a device
 * @nl: a socket of NETLINK_ROUTE
 * @name: its name; if it is not of kind dstm, it is left alone
 *
 * Return: 0, or a negative errno.
 */
int dstm_link_del(struct dstm_nl *nl, const char *name);

/**
 * dstm_link_get - find a device by its name
 * @nl: a socket of NETLINK_ROUTE
 * @name: the name
 * @link: the device
 *
 * Return: 0, or a negative errno; -EINVAL if it is not of kind dstm.
 */
int dstm_link_get(struct dstm_nl *nl, const char *name,
		  struct dstm_link *link);

/**
 * dstm_link_dump - see all devices of kind dstm
 * @nl: a socket of NETLINK_ROUTE
 * @fn: called for each
 * @data: for @fn
 *
 * Return: 0, or a negative errno.
 */
int dstm_link_dump(struct dstm_nl *nl, dstm_link_fn *fn, void *data);

#endif
