/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_PARSE_H
#define _DSTM_PARSE_H

#include <linux/types.h>

struct dstm_dev;
struct dstm_mapping;
struct dstm_set;
struct netlink_ext_ack;
struct nlattr;

struct dstm_mapping *dstm_parse_mapping(struct dstm_dev *dstm, struct nlattr *attr,
					const struct dstm_set *how,
					struct netlink_ext_ack *extack);
struct dstm_mapping *dstm_parse_existing(struct dstm_dev *dstm, struct nlattr *attr,
					 struct netlink_ext_ack *extack);

#endif
