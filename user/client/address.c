// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "address.h"

static struct nlmsghdr *address_request(struct dstm_nl *nl, int type, int flags,
					uint32_t ifindex, struct in_addr addr,
					uint8_t len)
{
	struct nlmsghdr *nlh = dstm_nl_begin(nl, type, flags);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = AF_INET;
	ifa->ifa_prefixlen = len;
	ifa->ifa_scope = RT_SCOPE_UNIVERSE;
	ifa->ifa_index = ifindex;
	mnl_attr_put_u32(nlh, IFA_LOCAL, addr.s_addr);
	mnl_attr_put_u32(nlh, IFA_ADDRESS, addr.s_addr);
	return nlh;
}

int address_set(struct dstm_nl *nl, uint32_t ifindex, struct in_addr addr,
		uint8_t len, uint32_t lifetime)
{
	struct nlmsghdr *nlh = address_request(nl, RTM_NEWADDR,
					       NLM_F_CREATE | NLM_F_REPLACE,
					       ifindex, addr, len);
	struct ifa_cacheinfo info = {
		.ifa_prefered = lifetime,
		.ifa_valid = lifetime,
	};

	mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(info), &info);
	return dstm_nl_ask(nl, nlh, NULL, NULL);
}

int address_del(struct dstm_nl *nl, uint32_t ifindex, struct in_addr addr,
		uint8_t len)
{
	return dstm_nl_ask(nl, address_request(nl, RTM_DELADDR, 0, ifindex,
					       addr, len), NULL, NULL);
}

struct search {
	struct in_addr addr;
	uint32_t ifindex;
	bool *found;
};

static int address_match(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct search *search = data;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    ifa->ifa_index == search->ifindex)
		return 0;
	dstm_nl_for_each(attr, nlh, sizeof(*ifa))
		if (mnl_attr_get_type(attr) == IFA_LOCAL &&
		    mnl_attr_get_payload_len(attr) == sizeof(search->addr) &&
		    mnl_attr_get_u32(attr) == search->addr.s_addr)
			*search->found = true;
	return 0;
}

int address_elsewhere(struct dstm_nl *nl, struct in_addr addr,
		      uint32_t ifindex, bool *found)
{
	struct nlmsghdr *nlh = dstm_nl_begin(nl, RTM_GETADDR, NLM_F_DUMP);
	struct search search = { addr, ifindex, found };
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = AF_INET;
	*found = false;
	return dstm_nl_ask(nl, nlh, address_match, &search);
}

static struct nlmsghdr *route_request(struct dstm_nl *nl, int flags,
				      uint32_t ifindex, struct in_addr source,
				      uint32_t metric)
{
	struct nlmsghdr *nlh = dstm_nl_begin(nl, RTM_NEWROUTE,
					     NLM_F_CREATE | flags);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = AF_INET;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_DHCP;
	rtm->rtm_scope = RT_SCOPE_LINK;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(nlh, RTA_OIF, ifindex);
	mnl_attr_put_u32(nlh, RTA_PREFSRC, source.s_addr);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, metric);
	return nlh;
}

int address_route(struct dstm_nl *nl, uint32_t ifindex, struct in_addr source,
		  uint32_t metric)
{
	int ret = dstm_nl_ask(nl, route_request(nl, NLM_F_EXCL, ifindex, source,
						metric), NULL, NULL);

	if (ret == -EEXIST)
		dstm_nl_error_set(nl, "there is a default route of metric %u "
				  "already; configure another metric", metric);
	return ret;
}

int address_route_change(struct dstm_nl *nl, uint32_t ifindex,
			 struct in_addr source, uint32_t metric)
{
	return dstm_nl_ask(nl, route_request(nl, NLM_F_REPLACE, ifindex, source,
					     metric), NULL, NULL);
}
