/* SPDX-License-Identifier: GPL-2.0 */
/* Flows that the kernel translates to an address that is no longer ours. */
#ifndef DSTM_CLIENT_CONNTRACK_H
#define DSTM_CLIENT_CONNTRACK_H

#include <netinet/in.h>

/**
 * conntrack_forget - let the kernel forget all flows answered to an address
 * @addr: the address
 *
 * Or they would go on with it under the next lease. A kernel without conntrack has
 * none to forget.
 */
void conntrack_forget(struct in_addr addr);

#endif
