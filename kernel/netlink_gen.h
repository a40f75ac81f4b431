/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/dstm.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_DSTM_GEN_H
#define _LINUX_DSTM_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/dstm.h>

/* Common nested types */
extern const struct nla_policy dstm_filter_nl_policy[DSTM_A_FILTER_PSID + 1];
extern const struct nla_policy dstm_mapping_nl_policy[DSTM_A_MAPPING_IDLE + 1];

extern const struct nla_policy dstm_map_new_nl_policy[DSTM_A_SYNC + 1];

extern const struct nla_policy dstm_map_del_nl_policy[DSTM_A_MAPPING + 1];

extern const struct nla_policy dstm_map_get_nl_policy[DSTM_A_FILTER + 1];

extern const struct nla_policy dstm_map_flush_nl_policy[DSTM_A_IFINDEX + 1];

extern const struct nla_policy dstm_sync_begin_nl_policy[DSTM_A_IFINDEX + 1];

extern const struct nla_policy dstm_sync_end_nl_policy[DSTM_A_SYNC + 1];

extern const struct nla_policy dstm_stats_get_nl_policy[DSTM_A_IFINDEX + 1];

/* Ops table for dstm */
extern const struct genl_ops dstm_nl_ops[7];

int dstm_nl_map_new_doit(struct sk_buff *skb, struct genl_info *info);
int dstm_nl_map_del_doit(struct sk_buff *skb, struct genl_info *info);
int dstm_nl_map_get_doit(struct sk_buff *skb, struct genl_info *info);
int dstm_nl_map_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int dstm_nl_map_flush_doit(struct sk_buff *skb, struct genl_info *info);
int dstm_nl_sync_begin_doit(struct sk_buff *skb, struct genl_info *info);
int dstm_nl_sync_end_doit(struct sk_buff *skb, struct genl_info *info);
int dstm_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int dstm_nl_stats_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

enum {
	DSTM_NLGRP_EVENTS,
};

#endif /* _LINUX_DSTM_GEN_H */
