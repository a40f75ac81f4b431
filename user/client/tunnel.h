/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network device that carries IPv4 to the tunnel end point: of kind dstm with
 * one mapping, or, where there is no such module, of kind ip6tnl.
 */
#ifndef DSTM_CLIENT_TUNNEL_H
#define DSTM_CLIENT_TUNNEL_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/mapping.h"
#include "lib/netlink.h"

/* A device of kind dstm takes no more: an IPv6 packet's most, less what it adds. */
#define TUNNEL_MTU_MAX	65487U

enum tunnel_kind {
	TUNNEL_AUTO,		/* dstm, or else ip6tnl */
	TUNNEL_DSTM,
	TUNNEL_IP6TNL,
};

/**
 * struct tunnel - the device
 * @nl: a socket of NETLINK_ROUTE
 * @name: its name
 * @ifindex: its index, 0 if it does not exist
 * @kind: of which kind it is, or is to be
 */
struct tunnel {
	struct dstm_nl *nl;
	char name[IF_NAMESIZE];
	uint32_t ifindex;
	enum tunnel_kind kind;
};

/**
 * tunnel_add - make the device
 * @t: the tunnel, with @nl, @name and @kind set; @ifindex is set, and @kind if it
 *	was TUNNEL_AUTO
 * @m: what goes through it: the mapping, from this end's point of view
 * @mtu: in bytes
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled and no device left.
 */
int tunnel_add(struct tunnel *t, const struct dstm_mapping *m, uint32_t mtu,
	       char *error);

/**
 * tunnel_wait - make the device without a mapping, or have it wait for one
 * @t: the tunnel, as for tunnel_add(), but not TUNNEL_IP6TNL; or a device of kind
 *	dstm that exists
 * @mtu: in bytes, of a new device
 * @error: 512 bytes for what went wrong
 *
 * Packets without a mapping are not answered by the kernel then.
 *
 * Return: 0, or a negative errno with @error filled; -EOPNOTSUPP if the kernel has no
 * devices of kind dstm.
 */
int tunnel_wait(struct tunnel *t, uint32_t mtu, char *error);

/**
 * tunnel_fill - give a device that waits its mapping
 * @t: the tunnel
 * @m: the mapping
 * @mtu: in bytes
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int tunnel_fill(struct tunnel *t, const struct dstm_mapping *m, uint32_t mtu,
		char *error);

/**
 * tunnel_empty - take the mapping away, and let the device wait for another
 * @t: the tunnel
 * @mtu: in bytes
 */
void tunnel_empty(struct tunnel *t, uint32_t mtu);

/**
 * tunnel_extend - give the mapping a new lifetime
 * @t: the tunnel
 * @m: the mapping
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int tunnel_extend(struct tunnel *t, const struct dstm_mapping *m, char *error);

/**
 * tunnel_del - delete the device, if it exists
 * @t: the tunnel
 */
void tunnel_del(struct tunnel *t);

/**
 * tunnel_sent - how many packets the host has sent through it
 * @t: the tunnel
 * @packets: the number
 *
 * Not those that came: an address is sought out by strangers all day long.
 *
 * Return: 0, or a negative errno if the device is gone.
 */
int tunnel_sent(struct tunnel *t, uint64_t *packets);

/**
 * tunnel_kind_name - a kind's name, as in the configuration
 * @kind: the kind
 */
const char *tunnel_kind_name(enum tunnel_kind kind);

#endif
