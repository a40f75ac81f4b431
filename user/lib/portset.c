// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "portset.h"

const char *dstm_portset_wrong(const struct dstm_portset *set)
{
	if (set->len > 16)
		return "psid-len must be 0 to 16";
	if (set->offset > 15)
		return "psid-offset must be 0 to 15";
	if (set->len + set->offset > 16)
		return "psid-len and psid-offset are more than 16 bits together";
	if (set->psid >> set->len)
		return "psid does not fit into psid-len bits";
	return NULL;
}

unsigned int dstm_portset_ranges(const struct dstm_portset *set)
{
	if (!set->len || !set->offset)
		return 1;
	return (1U << set->offset) - 1;
}

void dstm_portset_range(const struct dstm_portset *set, unsigned int i,
			uint16_t *first, uint16_t *last)
{
	unsigned int bits, start;

	if (!set->len) {
		*first = 0;
		*last = UINT16_MAX;
		return;
	}
	if (set->offset)
		i++;	/* the ports that begin with zero bits are in no set */

	bits = 16U - set->offset - set->len;
	start = (i << (16 - set->offset) | (unsigned int)set->psid << bits) &
		UINT16_MAX;
	*first = (uint16_t)start;
	*last = (uint16_t)(start + (1U << bits) - 1);
}

bool dstm_portset_has(const struct dstm_portset *set, uint16_t port)
{
	unsigned int bits = 16U - set->offset - set->len;

	if (!set->len)
		return true;
	if (set->offset && !(port >> (16 - set->offset)))
		return false;
	return ((unsigned int)port >> bits & ((1U << set->len) - 1)) ==
	       set->psid;
}
