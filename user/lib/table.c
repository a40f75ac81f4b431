// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/dstm_counters.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "table.h"

static const char * const stats_names[DSTM_A_STATS_MAX + 1] = {
	DSTM_COUNTER_NAMES
};

const char *dstm_stats_name(int attr)
{
	return attr > 0 && attr <= DSTM_A_STATS_MAX ? stats_names[attr] : NULL;
}

static struct nlmsghdr *command(struct dstm_nl *nl, uint16_t family,
				uint8_t cmd, uint8_t version, int flags)
{
	struct nlmsghdr *nlh = dstm_nl_begin(nl, family, flags);
	struct genlmsghdr *genl;

	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

static struct nlmsghdr *dstm_command(struct dstm_table *table, uint8_t cmd,
				     int flags, uint32_t ifindex)
{
	struct nlmsghdr *nlh = command(table->nl, table->family, cmd,
				       DSTM_FAMILY_VERSION, flags);

	if (ifindex)
		mnl_attr_put_u32(nlh, DSTM_A_IFINDEX, ifindex);
	return nlh;
}

static void groups_parse(const struct nlattr *groups, struct dstm_table *table)
{
	const struct nlattr *group, *attr;

	dstm_nl_for_each_nested(group, groups) {
		const char *name = "";
		uint32_t id = 0;

		dstm_nl_for_each_nested(attr, group) {
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
				name = mnl_attr_get_str(attr);
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
				id = mnl_attr_get_u32(attr);
		}
		if (!strcmp(name, DSTM_MCGRP_EVENTS))
			table->events = id;
	}
}

static int family_parse(const struct nlmsghdr *nlh, void *data)
{
	struct dstm_table *table = data;
	const struct nlattr *attr;

	dstm_nl_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			table->family = mnl_attr_get_u16(attr);
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			groups_parse(attr, table);
	}
	return 0;
}

int dstm_table_open(struct dstm_table *table, char *error)
{
	struct nlmsghdr *nlh;
	int ret;

	memset(table, 0, sizeof(*table));
	ret = dstm_nl_open(&table->nl, NETLINK_GENERIC);
	if (ret) {
		snprintf(error, 256, "no netlink socket: %s", strerror(-ret));
		return ret;
	}

	nlh = command(table->nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, DSTM_FAMILY_NAME);
	ret = dstm_nl_ask(table->nl, nlh, family_parse, table);
	if (ret == -ENOENT)
		snprintf(error, 256,
			 "the kernel has no netlink family dstm: load the module with `modprobe dstm`");
	else if (ret)
		snprintf(error, 256, "netlink family dstm: %.200s",
			 dstm_nl_error(table->nl));
	if (ret)
		dstm_table_close(table);
	return ret;
}

/* The control family has one group, of its own number. */
int dstm_table_watch(struct dstm_table *table)
{
	int ret = dstm_nl_join(table->nl, GENL_ID_CTRL);

	return ret ? ret : dstm_nl_join(table->nl, table->events);
}

static bool names_family(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	dstm_nl_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_NAME)
			return !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) &&
			       !strcmp(mnl_attr_get_str(attr), DSTM_FAMILY_NAME);
	return false;
}

int dstm_table_renewed(struct dstm_table *table, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	int ret;

	if (nlh->nlmsg_type != GENL_ID_CTRL ||
	    genl->cmd != CTRL_CMD_NEWFAMILY || !names_family(nlh))
		return 0;
	family_parse(nlh, table);
	ret = dstm_nl_join(table->nl, table->events);
	return ret ? ret : 1;
}

void dstm_table_close(struct dstm_table *table)
{
	dstm_nl_close(table->nl);
	memset(table, 0, sizeof(*table));
}

/* Index of the mapping at @offset of the message, or @n. */
static size_t mapping_at(const struct nlmsghdr *nlh, size_t offset, size_t n)
{
	const struct nlattr *attr;
	size_t i = 0;

	dstm_nl_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		size_t begin = (size_t)((const char *)attr - (const char *)nlh);

		if (mnl_attr_get_type(attr) != DSTM_A_MAPPING)
			continue;
		if (offset >= begin && offset < begin + attr->nla_len)
			return i;
		i++;
	}
	return n;
}

int dstm_table_set(struct dstm_table *table, uint32_t ifindex, int flags,
		   const uint32_t *sync, const struct dstm_mapping *m,
		   size_t n, size_t *bad)
{
	struct nlmsghdr *nlh = dstm_command(table, DSTM_CMD_MAP_NEW, flags,
					    ifindex);
	size_t i;
	int ret;

	if (sync)
		mnl_attr_put_u32(nlh, DSTM_A_SYNC, *sync);
	for (i = 0; i < n; i++)
		dstm_mapping_put(nlh, &m[i]);

	ret = dstm_nl_ask(table->nl, nlh, NULL, NULL);
	if (ret)
		*bad = mapping_at(nlh, dstm_nl_error_offset(table->nl), n);
	return ret;
}

int dstm_table_del(struct dstm_table *table, uint32_t ifindex,
		   const struct dstm_mapping *m)
{
	struct nlmsghdr *nlh = dstm_command(table, DSTM_CMD_MAP_DEL, 0,
					    ifindex);

	dstm_mapping_put(nlh, m);
	return dstm_nl_ask(table->nl, nlh, NULL, NULL);
}

struct mapping_reader {
	dstm_mapping_fn *fn;
	void *data;
};

int dstm_table_mappings(const struct nlmsghdr *nlh, dstm_mapping_fn *fn,
			void *data)
{
	struct dstm_mapping m;
	struct dstm_usage usage;
	const struct nlattr *attr;
	uint32_t ifindex = 0;
	int ret;

	dstm_nl_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == DSTM_A_IFINDEX)
			ifindex = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) != DSTM_A_MAPPING)
			continue;
		dstm_mapping_parse(attr, &m, &usage);
		ret = fn(ifindex, &m, &usage, data);
		if (ret)
			return ret;
	}
	return 0;
}

static int mappings_read(const struct nlmsghdr *nlh, void *data)
{
	struct mapping_reader *reader = data;

	return dstm_table_mappings(nlh, reader->fn, reader->data);
}

int dstm_table_get(struct dstm_table *table, uint32_t ifindex,
		   const struct dstm_mapping *m, dstm_mapping_fn *fn,
		   void *data)
{
	struct nlmsghdr *nlh = dstm_command(table, DSTM_CMD_MAP_GET, 0,
					    ifindex);
	struct mapping_reader reader = { fn, data };

	dstm_mapping_put(nlh, m);
	return dstm_nl_ask(table->nl, nlh, mappings_read, &reader);
}

static void filter_put(struct nlmsghdr *nlh, const struct dstm_filter *f)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, DSTM_A_FILTER);

	if (f->have >> DSTM_A_FILTER_IPV4 & 1) {
		mnl_attr_put_u32(nlh, DSTM_A_FILTER_IPV4, f->ipv4.s_addr);
		mnl_attr_put_u8(nlh, DSTM_A_FILTER_IPV4_PREFIX_LEN,
				f->ipv4_len);
	}
	if (f->have >> DSTM_A_FILTER_REMOTE & 1) {
		mnl_attr_put(nlh, DSTM_A_FILTER_REMOTE, sizeof(f->remote),
			     &f->remote);
		mnl_attr_put_u8(nlh, DSTM_A_FILTER_REMOTE_PREFIX_LEN,
				f->remote_len);
	}
	if (f->have >> DSTM_A_FILTER_PSID & 1)
		mnl_attr_put_u16(nlh, DSTM_A_FILTER_PSID, f->psid);
	mnl_attr_nest_end(nlh, nest);
}

int dstm_table_dump(struct dstm_table *table, uint32_t ifindex,
		    const struct dstm_filter *filter, dstm_mapping_fn *fn,
		    void *data)
{
	struct nlmsghdr *nlh = dstm_command(table, DSTM_CMD_MAP_GET,
					    NLM_F_DUMP, ifindex);
	struct mapping_reader reader = { fn, data };

	if (filter && filter->have)
		filter_put(nlh, filter);
	return dstm_nl_ask(table->nl, nlh, mappings_read, &reader);
}

struct number {
	int attr;
	uint32_t value;
};

static int number_read(const struct nlmsghdr *nlh, void *data)
{
	struct number *number = data;
	const struct nlattr *attr;

	dstm_nl_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == number->attr)
			number->value = mnl_attr_get_u32(attr);
	return 0;
}

static int ask_number(struct dstm_table *table, struct nlmsghdr *nlh, int attr,
		      uint32_t *value)
{
	struct number number = { attr, 0 };
	int ret;

	ret = dstm_nl_ask(table->nl, nlh, number_read, &number);
	*value = number.value;
	return ret;
}

int dstm_table_flush(struct dstm_table *table, uint32_t ifindex,
		     uint32_t *count)
{
	return ask_number(table, dstm_command(table, DSTM_CMD_MAP_FLUSH, 0,
					      ifindex), DSTM_A_COUNT, count);
}

int dstm_table_sync_begin(struct dstm_table *table, uint32_t ifindex,
			  uint32_t *sync)
{
	return ask_number(table, dstm_command(table, DSTM_CMD_SYNC_BEGIN, 0,
					      ifindex), DSTM_A_SYNC, sync);
}

int dstm_table_sync_end(struct dstm_table *table, uint32_t ifindex,
			uint32_t sync, uint32_t *count)
{
	struct nlmsghdr *nlh = dstm_command(table, DSTM_CMD_SYNC_END, 0,
					    ifindex);

	mnl_attr_put_u32(nlh, DSTM_A_SYNC, sync);
	return ask_number(table, nlh, DSTM_A_COUNT, count);
}

struct stats_reader {
	dstm_stats_fn *fn;
	void *data;
};

static void counters_parse(const struct nlattr *nest, struct dstm_stats *stats)
{
	const struct nlattr *attr;

	dstm_nl_for_each_nested(attr, nest) {
		uint16_t type = mnl_attr_get_type(attr);

		if (!dstm_stats_name(type) ||
		    mnl_attr_validate(attr, MNL_TYPE_U64))
			continue;
		stats->value[type] = mnl_attr_get_u64(attr);
		stats->have |= UINT64_C(1) << type;
	}
}

static int stats_read(const struct nlmsghdr *nlh, void *data)
{
	struct stats_reader *reader = data;
	struct dstm_stats stats = {0};
	const struct nlattr *attr;

	dstm_nl_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case DSTM_A_IFINDEX:
			stats.ifindex = mnl_attr_get_u32(attr);
			break;
		case DSTM_A_COUNT:
			stats.count = mnl_attr_get_u32(attr);
			break;
		case DSTM_A_STATS:
			counters_parse(attr, &stats);
			break;
		}
	}
	return reader->fn(&stats, reader->data);
}

int dstm_table_stats(struct dstm_table *table, uint32_t ifindex,
		     dstm_stats_fn *fn, void *data)
{
	struct nlmsghdr *nlh = dstm_command(table, DSTM_CMD_STATS_GET,
					    ifindex ? 0 : NLM_F_DUMP, ifindex);
	struct stats_reader reader = { fn, data };

	return dstm_nl_ask(table->nl, nlh, stats_read, &reader);
}
