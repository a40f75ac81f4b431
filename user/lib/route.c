// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/rtnetlink.h>

#include "route.h"

static int route_read(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct dstm_route *route = data;
	const struct nlattr *attr;

	route->type = rtm->rtm_type;
	dstm_nl_for_each(attr, nlh, sizeof(*rtm))
		if (mnl_attr_get_type(attr) == RTA_OIF)
			route->ifindex = mnl_attr_get_u32(attr);
	return 0;
}

int dstm_route_get(struct dstm_nl *nl, int family, const void *addr,
		   struct dstm_route *route)
{
	size_t len = family == AF_INET ? sizeof(struct in_addr) :
					 sizeof(struct in6_addr);
	struct nlmsghdr *nlh = dstm_nl_begin(nl, RTM_GETROUTE, 0);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	memset(route, 0, sizeof(*route));
	rtm->rtm_family = (unsigned char)family;
	rtm->rtm_dst_len = (unsigned char)(8 * len);
	mnl_attr_put(nlh, RTA_DST, len, addr);
	return dstm_nl_ask(nl, nlh, route_read, route);
}
