/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What this daemon changed on the host, and has to put back. It is kept in a file,
 * so that it is known also after the daemon was killed and started again.
 */
#ifndef GATEWAY_STATE_H
#define GATEWAY_STATE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct state - what was changed
 * @forwarding: IPv4 forwarding was off, and was switched on
 * @made: names of the devices that were made
 * @count: how many
 */
struct state {
	bool forwarding;
	char (*made)[IF_NAMESIZE];
	size_t count;
};

/**
 * state_read - read the file
 * @state: to be freed with state_free()
 * @path: its path; without a file nothing was changed
 *
 * A file that is damaged is passed over, with a word in the log.
 */
void state_read(struct state *state, const char *path);

/**
 * state_write - write the file; to be called before the change that it tells of
 * @state: what was changed; nothing at all removes the file
 * @path: its path
 *
 * Return: 0, or a negative errno.
 */
int state_write(const struct state *state, const char *path);

/**
 * state_made - whether a device was made by us
 * @state: the state
 * @name: its name
 */
bool state_made(const struct state *state, const char *name);

/**
 * state_add - remember a device
 * @state: the state
 * @name: its name
 *
 * Return: 0, or -ENOMEM.
 */
int state_add(struct state *state, const char *name);

/**
 * state_del - forget a device
 * @state: the state
 * @i: its index in @state->made
 */
void state_del(struct state *state, size_t i);

/**
 * state_free - free what the state took
 * @state: the state, or all zero
 */
void state_free(struct state *state);

#endif
