/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where packets wait on a host without the module: a TUN device with a default route.
 * Where there is the module, they wait in the tunnel device itself; see acquire.h.
 */
#ifndef DSTM_CLIENT_TUN_H
#define DSTM_CLIENT_TUN_H

#include <event2/event.h>

#include "hold.h"
#include "lib/netlink.h"

#define TUN_DEVICE	"dstm-wait"

/**
 * struct tun - the device
 * @hold: who takes its packets
 * @event: when there are some
 * @fd: its descriptor
 */
struct tun {
	struct hold *hold;
	struct event *event;
	int fd;
};

/**
 * tun_open - make the device, and the default route to it
 * @t: with @hold set; to be closed with tun_close(), also on failure
 * @base: the event loop
 * @nl: a socket of NETLINK_ROUTE
 * @metric: of the route
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int tun_open(struct tun *t, struct event_base *base, struct dstm_nl *nl,
	     uint32_t metric, char *error);

/**
 * tun_mend - put back what others have taken away
 * @t: was opened
 * @base: the event loop
 * @nl: a socket of NETLINK_ROUTE
 * @metric: of the route
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int tun_mend(struct tun *t, struct event_base *base, struct dstm_nl *nl,
	     uint32_t metric, char *error);

/**
 * tun_close - take the device away
 * @t: opened, or all zero
 */
void tun_close(struct tun *t);

#endif
