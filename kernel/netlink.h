/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_NETLINK_H
#define _DSTM_NETLINK_H

struct genl_family;

extern struct genl_family dstm_nl_family;

#endif
