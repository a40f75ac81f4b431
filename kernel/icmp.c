// SPDX-License-Identifier: GPL-2.0
/* Errors that we answer with. */
#include <linux/icmpv6.h>
#include <linux/ratelimit.h>
#include <net/icmp.h>

#include "device.h"
#include "icmp.h"

static bool may_answer(struct dstm_dev *dstm)
{
	return READ_ONCE(dstm->icmp_errors) && __ratelimit(&dstm->icmp_limit);
}

/**
 * dstm_icmp_no_mapping - tell an IPv4 sender that its destination is not lent
 * @dstm: the device
 * @skb: its packet, on the way into the tunnel; stays the caller's
 *
 * RFC 7596 section 6.2: ICMPv4 destination unreachable, host unreachable.
 */
void dstm_icmp_no_mapping(struct dstm_dev *dstm, struct sk_buff *skb)
{
	if (may_answer(dstm))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
}

/**
 * dstm_icmp_spoof - tell a tunnel's other end that its source is refused
 * @dstm: the device
 * @skb: the tunnelled packet, network header at the outer one
 *
 * RFC 7596 section 6.2: ICMPv6 type 1 code 5, source address failed
 * ingress/egress policy.
 */
void dstm_icmp_spoof(struct dstm_dev *dstm, struct sk_buff *skb)
{
	if (may_answer(dstm))
		icmpv6_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_POLICY_FAIL, 0);
}
