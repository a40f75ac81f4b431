/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_PORTSET_H
#define _DSTM_PORTSET_H

#include <linux/types.h>

/*
 * Port sets (RFC 7597 section 5.1). A port is  A | PSID | M , that is
 * psid-offset bits, psid-len bits and the rest. All arithmetic is on ports in
 * host byte order.
 */

/* Whether offset and length leave a port 16 bits, and psid fits its length. */
static inline bool dstm_portset_valid(u16 psid, u8 len, u8 offset)
{
	return len <= 16 && offset <= 15 && len + offset <= 16 &&
	       (u32)psid >> len == 0;
}

/* With an offset, the set of ports whose offset bits are all 0 is not lent. */
static inline bool dstm_portset_reserved(u16 port, u8 offset)
{
	return offset && port >> (16 - offset) == 0;
}

/* The port set identifier that a port has where sets have this shape. */
static inline u16 dstm_portset_psid(u16 port, u8 len, u8 offset)
{
	return (port >> (16 - offset - len)) & ((1U << len) - 1);
}

#endif
