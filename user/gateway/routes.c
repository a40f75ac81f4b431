// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "routes.h"

/* Worse than any metric that a routing daemon chooses; the worst is "no metric". */
#define METRIC_UNREACHABLE	(UINT32_MAX - 1)

/* An IPv4 route of the main table. */
struct route {
	struct in_addr prefix;
	uint8_t len;
	uint8_t type;
	uint32_t ifindex;
	uint32_t metric;
};

struct list {
	struct route *route;
	size_t count;
};

static bool same(const struct route *a, const struct route *b)
{
	return a->prefix.s_addr == b->prefix.s_addr && a->len == b->len &&
	       a->type == b->type && a->ifindex == b->ifindex &&
	       a->metric == b->metric;
}

static bool is_in(const struct list *list, const struct route *route)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (same(&list->route[i], route))
			return true;
	return false;
}

static int append(struct list *list, const struct route *route)
{
	struct route *more;

	more = realloc(list->route, (list->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	more[list->count++] = *route;
	list->route = more;
	return 0;
}

static int change(struct dstm_nl *nl, int type, int flags,
		  const struct route *route)
{
	struct nlmsghdr *nlh = dstm_nl_begin(nl, type, flags);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = route->len;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = ROUTES_PROTOCOL;
	rtm->rtm_type = route->type;
	rtm->rtm_scope = route->ifindex ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	mnl_attr_put_u32(nlh, RTA_DST, route->prefix.s_addr);
	if (route->ifindex)
		mnl_attr_put_u32(nlh, RTA_OIF, route->ifindex);
	if (route->metric)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, route->metric);
	return dstm_nl_ask(nl, nlh, NULL, NULL);
}

static int route_read(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct route route = { .len = rtm->rtm_dst_len, .type = rtm->rtm_type };
	const struct nlattr *attr;

	if (rtm->rtm_family != AF_INET || rtm->rtm_table != RT_TABLE_MAIN ||
	    rtm->rtm_protocol != ROUTES_PROTOCOL)
		return 0;
	dstm_nl_for_each(attr, nlh, sizeof(*rtm)) {
		uint32_t value;

		if (mnl_attr_validate(attr, MNL_TYPE_U32))
			continue;
		value = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == RTA_DST)
			route.prefix.s_addr = value;
		else if (mnl_attr_get_type(attr) == RTA_OIF)
			route.ifindex = value;
		else if (mnl_attr_get_type(attr) == RTA_PRIORITY)
			route.metric = value;
	}
	return append(data, &route);
}

static int routes_have(struct dstm_nl *nl, struct list *list)
{
	struct nlmsghdr *nlh = dstm_nl_begin(nl, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	static const int on = 1;
	int ret;

	/* So that the kernel picks them: a border router may have a million others. */
	setsockopt(dstm_nl_fd(nl), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
		   sizeof(on));
	rtm->rtm_family = AF_INET;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = ROUTES_PROTOCOL;
	ret = dstm_nl_ask(nl, nlh, route_read, list);
	/* The table is made with its first route. */
	return ret == -ENOENT ? 0 : ret;
}

static int routes_wanted(const struct config *config, const uint32_t *ifindex,
			 struct list *list)
{
	size_t i;
	int ret = 0;

	for (i = 0; config && i < config->pool_count && !ret; i++) {
		const struct config_pool *pool = &config->pools[i];
		struct route route = {
			.prefix = pool->prefix,
			.len = pool->len,
			.type = RTN_UNREACHABLE,
			.metric = METRIC_UNREACHABLE,
		};

		ret = append(list, &route);
		if (ret || !ifindex[pool->device])
			continue;
		route.type = RTN_UNICAST;
		route.metric = 0;
		route.ifindex = ifindex[pool->device];
		ret = append(list, &route);
	}
	return ret;
}

static int add_missing(struct dstm_nl *nl, const struct list *wanted,
		       const struct list *have)
{
	size_t i;

	for (i = 0; i < wanted->count; i++) {
		int ret = 0;

		if (!is_in(have, &wanted->route[i]))
			ret = change(nl, RTM_NEWROUTE,
				     NLM_F_CREATE | NLM_F_EXCL,
				     &wanted->route[i]);
		/* An operator's own route of this kind is as good. */
		if (ret && ret != -EEXIST && ret != -ENETDOWN)
			return ret;
	}
	return 0;
}

static int del_others(struct dstm_nl *nl, const struct list *wanted,
		      const struct list *have)
{
	size_t i;

	for (i = 0; i < have->count; i++) {
		int ret = 0;

		if (!is_in(wanted, &have->route[i]))
			ret = change(nl, RTM_DELROUTE, 0, &have->route[i]);
		if (ret && ret != -ESRCH)
			return ret;
	}
	return 0;
}

int routes_set(struct dstm_nl *nl, const struct config *config,
	       const uint32_t *ifindex)
{
	struct list wanted = {0}, have = {0};
	int ret;

	ret = routes_wanted(config, ifindex, &wanted);
	if (!ret)
		ret = routes_have(nl, &have);
	if (!ret)
		ret = add_missing(nl, &wanted, &have);
	if (!ret)
		ret = del_others(nl, &wanted, &have);
	free(wanted.route);
	free(have.route);
	return ret;
}

static int address_change(struct dstm_nl *nl, int type, int flags,
			  uint32_t ifindex, struct in_addr addr)
{
	struct nlmsghdr *nlh = dstm_nl_begin(nl, type, flags);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = AF_INET;
	ifa->ifa_prefixlen = 32;
	ifa->ifa_index = ifindex;
	mnl_attr_put_u32(nlh, IFA_LOCAL, addr.s_addr);
	mnl_attr_put_u32(nlh, IFA_ADDRESS, addr.s_addr);
	return dstm_nl_ask(nl, nlh, NULL, NULL);
}

int routes_address(struct dstm_nl *nl, uint32_t ifindex, struct in_addr addr)
{
	return address_change(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
			      ifindex, addr);
}

int routes_address_del(struct dstm_nl *nl, uint32_t ifindex,
		       struct in_addr addr)
{
	return address_change(nl, RTM_DELADDR, 0, ifindex, addr);
}
