/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What outlives a run, in a file: who the client is, which lease it has, and what
 * it has changed on the host.
 */
#ifndef DSTM_CLIENT_STATE_H
#define DSTM_CLIENT_STATE_H

#include <net/if.h>
#include <stdbool.h>

#include "machine.h"
#include "tunnel.h"

#define STATE_DUID	130

/**
 * struct state_trace - what was changed on the host
 * @up: whether a lease is in place
 * @waits: whether the tunnel device outlives leases
 * @device: name of the tunnel device
 * @kind: of the tunnel device
 * @mtu: of the tunnel device
 * @metric: of the default route
 * @ports: whether the range of local ports was changed
 * @first: its first port before
 * @last: its last port before
 */
struct state_trace {
	bool up;
	bool waits;
	char device[IF_NAMESIZE];
	enum tunnel_kind kind;
	uint32_t mtu;
	uint32_t metric;
	bool ports;
	uint16_t first;
	uint16_t last;
};

/**
 * struct state - what outlives a run
 * @duid: the client's DUID
 * @duid_len: its length in bytes
 * @former: the address of the last lease, or 0
 * @leased: whether @lease is one
 * @lease: the lease; its times are milliseconds of CLOCK_BOOTTIME
 * @trace: what was changed on the host; nothing after a restart of the machine
 */
struct state {
	uint8_t duid[STATE_DUID];
	size_t duid_len;
	struct in_addr former;
	bool leased;
	struct machine_lease lease;
	struct state_trace trace;
};

/**
 * state_now - the time of CLOCK_BOOTTIME in milliseconds
 */
uint64_t state_now(void);

/**
 * state_load - read the file, or begin anew where there is none
 * @state: the result; with a new DUID where the file has none that is sound
 * @path: the file
 *
 * A lease that is over is left out. What is wrong with the file is said in the
 * log, and no reason not to start.
 */
void state_load(struct state *state, const char *path);

/**
 * state_save - write the file, whole or not at all
 * @state: what to write
 * @path: the file
 *
 * Why it failed is said in the log.
 *
 * Return: 0, or a negative errno.
 */
int state_save(const struct state *state, const char *path);

#endif
