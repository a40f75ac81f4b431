/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What nftables does for us, in a table of our own: it translates what leaves with
 * another source than the lease's, and confines it to the port set.
 */
#ifndef DSTM_CLIENT_NAT_H
#define DSTM_CLIENT_NAT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/portset.h"

/* Room for the text of the rules. */
#define NAT_TEXT	(64 * 1024)

/**
 * struct nat - what there is to translate
 * @hold: the device on which packets wait for a lease, or NULL
 * @tunnel: the device they then leave by, or NULL where there is no lease
 * @ipv4: the lease's address
 * @ports: the lease's port set; length 0 is the whole address
 */
struct nat {
	const char *hold;
	const char *tunnel;
	struct in_addr ipv4;
	struct dstm_portset ports;
};

/**
 * nat_text - the rules, as nft(8) reads them
 * @nat: what there is to translate
 * @text: the result
 * @size: room there in bytes
 *
 * Return: 0, or -ENOSPC.
 */
int nat_text(const struct nat *nat, char *text, size_t size);

/**
 * nat_set - put the rules in place of those that were there, in one step
 * @nat: what there is to translate
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int nat_set(const struct nat *nat, char *error);

/**
 * nat_is_gone - whether somebody has removed the table
 *
 * That it can not be told is taken for a no.
 */
bool nat_is_gone(void);

/**
 * nat_clear - remove the table, if it is there
 */
void nat_clear(void);

#endif
