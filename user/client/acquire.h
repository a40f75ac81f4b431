/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's word that a packet wants out of a device of kind dstm and has no
 * mapping: the event "acquire", which has the packet with it.
 */
#ifndef DSTM_CLIENT_ACQUIRE_H
#define DSTM_CLIENT_ACQUIRE_H

#include <event2/event.h>

#include "hold.h"
#include "lib/table.h"

/**
 * struct acquire - what hears the events
 * @hold: who takes the packets
 * @ifindex: points to the device's index, 0 while there is no device
 * @table: where the events come from
 * @event: when there are some
 */
struct acquire {
	struct hold *hold;
	const uint32_t *ifindex;
	struct dstm_table table;
	struct event *event;
};

/**
 * acquire_open - hear the events
 * @a: with @hold and @ifindex set; to be closed with acquire_close(), also on failure
 * @base: the event loop
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int acquire_open(struct acquire *a, struct event_base *base, char *error);

/**
 * acquire_close - hear no more
 * @a: opened, or all zero
 */
void acquire_close(struct acquire *a);

#endif
