/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SEEDS_H
#define _SEEDS_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#define SEED_SIZE	2048

/*
 * Sound messages to begin with, put into a buffer of SEED_SIZE bytes.
 * The family's, about a device:
 */
extern uint32_t seed_sync;	/* the number of the sync that runs, as answered */
struct nlmsghdr *seed_family(void *buffer, uint16_t family, uint32_t ifindex);
/* Links of kind dstm, made, changed, looked at and deleted: */
struct nlmsghdr *seed_link(void *buffer);

#endif
