/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_RELAY_H
#define _DSTM_RELAY_H

#include <linux/types.h>

struct inet6_skb_parm;
struct sk_buff;

int dstm_relay_error(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type,
		     u8 code, int offset, __be32 info);

#endif
