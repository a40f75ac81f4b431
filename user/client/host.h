/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that a lease changes on the host, put in place and taken back: the tunnel,
 * its address and route, translation, the range of local ports, the hook.
 */
#ifndef DSTM_CLIENT_HOST_H
#define DSTM_CLIENT_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/netlink.h"
#include "machine.h"
#include "state.h"
#include "tunnel.h"

/**
 * struct host - the host
 * @nl: a socket of NETLINK_ROUTE
 * @device: what the tunnel device is to be called
 * @kind: of which kind it is to be
 * @metric: of the default route
 * @hook: the operator's program, or NULL
 * @hold: the device on which packets wait, or NULL
 * @waits: they wait on the tunnel device itself, which outlives leases
 * @record: called before the first change, to have @trace written down
 * @data: for @record
 * @tunnel: the tunnel device
 * @lease: what is in place, if @trace says so
 * @trace: what was changed
 */
struct host {
	struct dstm_nl *nl;
	const char *device;
	enum tunnel_kind kind;
	uint32_t metric;
	const char *hook;
	const char *hold;
	bool waits;
	void (*record)(void *data);
	void *data;

	struct tunnel tunnel;
	struct machine_lease lease;
	struct state_trace trace;
};

/**
 * host_prepare - translation for packets that wait, before there is a lease
 * @h: the host
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int host_prepare(struct host *h, char *error);

/**
 * host_wait - have packets wait on the tunnel device while there is no lease
 * @h: the host
 * @error: 512 bytes for what went wrong
 *
 * The device is made if it is not there, with the default route and an address that
 * means nothing outside.
 *
 * Return: 0, or a negative errno with @error filled; -EOPNOTSUPP if the tunnel device
 * is not to be, or can not be, of kind dstm: they have to wait elsewhere.
 */
int host_wait(struct host *h, char *error);

/**
 * host_mend - put back what others have taken away: route, address, rules, and the
 *	device on which packets wait
 * @h: the host
 * @now: the time
 * @error: 512 bytes for what went wrong
 *
 * A tunnel that has vanished under a lease is for host_apply() to make anew.
 *
 * Return: 0, or a negative errno with @error filled.
 */
int host_mend(struct host *h, uint64_t now, char *error);

/**
 * host_adopt - find what an earlier run has left in place
 * @h: the host
 * @state: what that run wrote of it
 *
 * What does not fit the lease and the present configuration is taken back.
 */
void host_adopt(struct host *h, const struct state *state);

/**
 * host_apply - let the host use a lease
 * @h: the host
 * @lease: the lease; what is in place of an earlier one is changed or taken back
 * @mtu: of the tunnel, in bytes
 * @now: the time, for what is left of the lease
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled and nothing left in place.
 */
int host_apply(struct host *h, const struct machine_lease *lease, uint32_t mtu,
	       uint64_t now, char *error);

/**
 * host_clear - take back what a lease has changed
 * @h: the host
 */
void host_clear(struct host *h);

/**
 * host_end - take back everything
 * @h: the host
 */
void host_end(struct host *h);

/**
 * host_usable - whether the host does not have a lease's address already
 * @h: the host
 * @lease: the lease
 */
bool host_usable(struct host *h, const struct machine_lease *lease);

#endif
