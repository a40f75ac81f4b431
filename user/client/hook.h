/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The operator's own program, told of each change: for DNS, firewalls, whatever
 * the host needs. dstm-client(8) documents its environment.
 */
#ifndef DSTM_CLIENT_HOOK_H
#define DSTM_CLIENT_HOOK_H

#include <stdint.h>

#include "machine.h"

/**
 * struct hook - what the program is told
 * @path: the program, or NULL
 * @event: "up", "change" or "down"
 * @device: the tunnel device
 * @mtu: of the device, in bytes
 * @lease: what is, or was, lent
 */
struct hook {
	const char *path;
	const char *event;
	const char *device;
	uint32_t mtu;
	const struct machine_lease *lease;
};

/**
 * hook_run - run the program to its end, or for ten seconds at most
 * @hook: what it is told; without @path nothing is done
 *
 * That it failed is only said in the log: the network does not depend on it.
 */
void hook_run(const struct hook *hook);

#endif
