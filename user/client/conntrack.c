// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

#include "conntrack.h"
#include "lib/log.h"
#include "lib/netlink.h"

/* At most so many at a time: one socket can not ask while it is answered. */
#define BATCH	256

/* The copies of the original tuples that belong to the flows to be deleted. */
struct flows {
	struct in_addr addr;
	size_t count;
	_Alignas(struct nlattr) char tuple[BATCH][256];
};

static int request_type(int command)
{
	return NFNL_SUBSYS_CTNETLINK << 8 | command;
}

static struct nlmsghdr *request(struct dstm_nl *nl, int command, int flags)
{
	struct nlmsghdr *nlh = dstm_nl_begin(nl, request_type(command), flags);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nfg->nfgen_family = AF_INET;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

/* The destination of what comes back: the address that was translated to. */
static bool answered_to(const struct nlattr *reply, struct in_addr addr)
{
	const struct nlattr *ip, *attr;

	dstm_nl_for_each_nested(ip, reply) {
		if (mnl_attr_get_type(ip) != CTA_TUPLE_IP)
			continue;
		dstm_nl_for_each_nested(attr, ip)
			if (mnl_attr_get_type(attr) == CTA_IP_V4_DST &&
			    mnl_attr_get_payload_len(attr) == sizeof(addr) &&
			    mnl_attr_get_u32(attr) == addr.s_addr)
				return true;
	}
	return false;
}

static int collect(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *original = NULL, *reply = NULL;
	struct flows *flows = data;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return 0;
	dstm_nl_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG)
			original = attr;
		else if (mnl_attr_get_type(attr) == CTA_TUPLE_REPLY)
			reply = attr;
	}
	if (!original || !reply || flows->count == BATCH ||
	    original->nla_len > sizeof(flows->tuple[0]) ||
	    !answered_to(reply, flows->addr))
		return 0;
	memcpy(flows->tuple[flows->count++], original, original->nla_len);
	return 0;
}

/* Returns how many flows were deleted. */
static size_t forget_some(struct dstm_nl *nl, struct flows *flows)
{
	size_t i, deleted = 0;

	flows->count = 0;
	if (dstm_nl_ask(nl, request(nl, IPCTNL_MSG_CT_GET, NLM_F_DUMP), collect,
			flows))
		return 0;
	for (i = 0; i < flows->count; i++) {
		struct nlmsghdr *nlh = request(nl, IPCTNL_MSG_CT_DELETE, 0);
		const struct nlattr *tuple = (const void *)flows->tuple[i];

		mnl_attr_put(nlh, tuple->nla_type,
			     mnl_attr_get_payload_len(tuple),
			     mnl_attr_get_payload(tuple));
		deleted += !dstm_nl_ask(nl, nlh, NULL, NULL);
	}
	return deleted;
}

void conntrack_forget(struct in_addr addr)
{
	struct flows *flows = malloc(sizeof(*flows));
	struct dstm_nl *nl;

	if (!flows)
		return;
	flows->addr = addr;
	if (!dstm_nl_open(&nl, NETLINK_NETFILTER)) {
		while (forget_some(nl, flows))
			;
		dstm_nl_close(nl);
	}
	free(flows);
}
