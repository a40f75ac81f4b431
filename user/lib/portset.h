/* SPDX-License-Identifier: GPL-2.0 */
/* Which ports belong to a port set (RFC 7597 section 5.1). */
#ifndef DSTM_PORTSET_H
#define DSTM_PORTSET_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct dstm_portset - the share of an address's ports
 * @psid: the set's identifier, right-justified, host byte order
 * @len: length of @psid in bits (k); 0 is all ports
 * @offset: number of port bits before @psid (a)
 *
 * A port is offset bits | psid | the rest. With an offset, the ports whose
 * first bits are all zero belong to no set.
 */
struct dstm_portset {
	uint16_t psid;
	uint8_t len;
	uint8_t offset;
};

/**
 * dstm_portset_wrong - what is wrong with a port set
 * @set: the port set
 *
 * Return: NULL if it is a possible one, else a text that need not be freed.
 */
const char *dstm_portset_wrong(const struct dstm_portset *set);

/**
 * dstm_portset_ranges - of how many ranges a sound port set consists
 * @set: the port set
 */
unsigned int dstm_portset_ranges(const struct dstm_portset *set);

/**
 * dstm_portset_range - one range of a sound port set
 * @set: the port set
 * @i: which one, in ascending order, less than dstm_portset_ranges()
 * @first: its first port, host byte order
 * @last: its last port, host byte order
 */
void dstm_portset_range(const struct dstm_portset *set, unsigned int i,
			uint16_t *first, uint16_t *last);

/**
 * dstm_portset_has - whether a port is in a sound port set
 * @set: the port set
 * @port: the port, host byte order
 */
bool dstm_portset_has(const struct dstm_portset *set, uint16_t port);

#endif
