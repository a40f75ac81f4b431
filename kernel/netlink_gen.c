// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/dstm.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/dstm.h>

/* Common nested types */
const struct nla_policy dstm_filter_nl_policy[DSTM_A_FILTER_PSID + 1] = {
	[DSTM_A_FILTER_IPV4] = { .type = NLA_U32, },
	[DSTM_A_FILTER_IPV4_PREFIX_LEN] = { .type = NLA_U8, },
	[DSTM_A_FILTER_REMOTE] = NLA_POLICY_EXACT_LEN(16),
	[DSTM_A_FILTER_REMOTE_PREFIX_LEN] = { .type = NLA_U8, },
	[DSTM_A_FILTER_PSID] = { .type = NLA_U16, },
};

const struct nla_policy dstm_mapping_nl_policy[DSTM_A_MAPPING_IDLE + 1] = {
	[DSTM_A_MAPPING_IPV4] = { .type = NLA_U32, },
	[DSTM_A_MAPPING_PSID] = { .type = NLA_U16, },
	[DSTM_A_MAPPING_PSID_LEN] = { .type = NLA_U8, },
	[DSTM_A_MAPPING_PSID_OFFSET] = { .type = NLA_U8, },
	[DSTM_A_MAPPING_REMOTE] = NLA_POLICY_EXACT_LEN(16),
	[DSTM_A_MAPPING_LOCAL] = NLA_POLICY_EXACT_LEN(16),
	[DSTM_A_MAPPING_LIFETIME] = { .type = NLA_U32, },
	[DSTM_A_MAPPING_RX_PACKETS] = { .type = NLA_U64, },
	[DSTM_A_MAPPING_RX_BYTES] = { .type = NLA_U64, },
	[DSTM_A_MAPPING_TX_PACKETS] = { .type = NLA_U64, },
	[DSTM_A_MAPPING_TX_BYTES] = { .type = NLA_U64, },
	[DSTM_A_MAPPING_IDLE] = { .type = NLA_U32, },
};

/* DSTM_CMD_MAP_NEW - do */
const struct nla_policy dstm_map_new_nl_policy[DSTM_A_SYNC + 1] = {
	[DSTM_A_IFINDEX] = { .type = NLA_U32, },
	[DSTM_A_MAPPING] = NLA_POLICY_NESTED(dstm_mapping_nl_policy),
	[DSTM_A_SYNC] = { .type = NLA_U32, },
};

/* DSTM_CMD_MAP_DEL - do */
const struct nla_policy dstm_map_del_nl_policy[DSTM_A_MAPPING + 1] = {
	[DSTM_A_IFINDEX] = { .type = NLA_U32, },
	[DSTM_A_MAPPING] = NLA_POLICY_NESTED(dstm_mapping_nl_policy),
};

/* DSTM_CMD_MAP_GET - do */
const struct nla_policy dstm_map_get_nl_policy[DSTM_A_FILTER + 1] = {
	[DSTM_A_IFINDEX] = { .type = NLA_U32, },
	[DSTM_A_MAPPING] = NLA_POLICY_NESTED(dstm_mapping_nl_policy),
	[DSTM_A_FILTER] = NLA_POLICY_NESTED(dstm_filter_nl_policy),
};

/* DSTM_CMD_MAP_FLUSH - do */
const struct nla_policy dstm_map_flush_nl_policy[DSTM_A_IFINDEX + 1] = {
	[DSTM_A_IFINDEX] = { .type = NLA_U32, },
};

/* DSTM_CMD_SYNC_BEGIN - do */
const struct nla_policy dstm_sync_begin_nl_policy[DSTM_A_IFINDEX + 1] = {
	[DSTM_A_IFINDEX] = { .type = NLA_U32, },
};

/* DSTM_CMD_SYNC_END - do */
const struct nla_policy dstm_sync_end_nl_policy[DSTM_A_SYNC + 1] = {
	[DSTM_A_IFINDEX] = { .type = NLA_U32, },
	[DSTM_A_SYNC] = { .type = NLA_U32, },
};

/* DSTM_CMD_STATS_GET - do */
const struct nla_policy dstm_stats_get_nl_policy[DSTM_A_IFINDEX + 1] = {
	[DSTM_A_IFINDEX] = { .type = NLA_U32, },
};

/* Ops table for dstm */
const struct genl_ops dstm_nl_ops[7] = {
	{
		.cmd		= DSTM_CMD_MAP_NEW,
		.doit		= dstm_nl_map_new_doit,
		.policy		= dstm_map_new_nl_policy,
		.maxattr	= DSTM_A_SYNC,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= DSTM_CMD_MAP_DEL,
		.doit		= dstm_nl_map_del_doit,
		.policy		= dstm_map_del_nl_policy,
		.maxattr	= DSTM_A_MAPPING,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= DSTM_CMD_MAP_GET,
		.doit		= dstm_nl_map_get_doit,
		.dumpit		= dstm_nl_map_get_dumpit,
		.policy		= dstm_map_get_nl_policy,
		.maxattr	= DSTM_A_FILTER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= DSTM_CMD_MAP_FLUSH,
		.doit		= dstm_nl_map_flush_doit,
		.policy		= dstm_map_flush_nl_policy,
		.maxattr	= DSTM_A_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= DSTM_CMD_SYNC_BEGIN,
		.doit		= dstm_nl_sync_begin_doit,
		.policy		= dstm_sync_begin_nl_policy,
		.maxattr	= DSTM_A_IFINDEX,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= DSTM_CMD_SYNC_END,
		.doit		= dstm_nl_sync_end_doit,
		.policy		= dstm_sync_end_nl_policy,
		.maxattr	= DSTM_A_SYNC,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= DSTM_CMD_STATS_GET,
		.doit		= dstm_nl_stats_get_doit,
		.dumpit		= dstm_nl_stats_get_dumpit,
		.policy		= dstm_stats_get_nl_policy,
		.maxattr	= DSTM_A_IFINDEX,
	},
};

static const struct genl_multicast_group dstm_nl_mcgrps[] = {
	[DSTM_NLGRP_EVENTS] = { "events", },
};
