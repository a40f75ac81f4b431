// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/ip6_tunnel.h>
#include <linux/rtnetlink.h>

#include "lib/link.h"
#include "lib/table.h"
#include "tunnel.h"

#define ERROR		512
#define HOP_LIMIT	64

/* This end of a tunnel that is not used yet: RFC 6666, to be discarded. */
#define NOWHERE		{{{ 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }}}

static int table_set(struct tunnel *t, int flags, const struct dstm_mapping *m,
		     char *error)
{
	struct dstm_table table = {0};
	size_t bad;
	int ret;

	ret = dstm_table_open(&table, error);
	if (ret)
		return ret;
	ret = dstm_table_set(&table, t->ifindex, flags, NULL, m, 1, &bad);
	if (ret)
		snprintf(error, ERROR, "mapping of %s: %s", t->name,
			 dstm_nl_error(table.nl));
	dstm_table_close(&table);
	return ret;
}

static int dstm_make(struct tunnel *t, struct dstm_link *link, char *error)
{
	int ret;

	link->up = true;
	link->role = DSTM_ROLE_CLIENT;
	link->hoplimit = HOP_LIMIT;
	link->have |= 1U << IFLA_DSTM_ROLE | 1U << IFLA_DSTM_LOCAL |
		      1U << IFLA_DSTM_HOPLIMIT | 1U << DSTM_LINK_MTU |
		      1U << DSTM_LINK_UP;
	memcpy(link->name, t->name, sizeof(link->name));
	ret = dstm_link_add(t->nl, link);
	if (ret) {
		snprintf(error, ERROR, "device %s of kind dstm: %s", t->name,
			 dstm_nl_error(t->nl));
		return ret;
	}
	t->ifindex = if_nametoindex(t->name);
	return 0;
}

static int dstm_add(struct tunnel *t, const struct dstm_mapping *m,
		    uint32_t mtu, char *error)
{
	struct dstm_link link = { .mtu = mtu, .local = m->local };
	int ret;

	ret = dstm_make(t, &link, error);
	if (ret)
		return ret;
	ret = table_set(t, NLM_F_CREATE | NLM_F_REPLACE, m, error);
	if (ret)
		tunnel_del(t);
	return ret;
}

static void ip6tnl_put(struct nlmsghdr *nlh, const struct dstm_mapping *m)
{
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	struct nlattr *data;

	mnl_attr_put_str(nlh, IFLA_INFO_KIND, "ip6tnl");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put(nlh, IFLA_IPTUN_LOCAL, sizeof(m->local), &m->local);
	mnl_attr_put(nlh, IFLA_IPTUN_REMOTE, sizeof(m->remote), &m->remote);
	mnl_attr_put_u8(nlh, IFLA_IPTUN_PROTO, IPPROTO_IPIP);
	mnl_attr_put_u8(nlh, IFLA_IPTUN_TTL, HOP_LIMIT);
	/* What is too big is fragmented outside (RFC 7596 section 6.2). */
	mnl_attr_put_u32(nlh, IFLA_IPTUN_FLAGS, IP6_TNL_F_IGN_ENCAP_LIMIT);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
}

static int ip6tnl_add(struct tunnel *t, const struct dstm_mapping *m,
		      uint32_t mtu, char *error)
{
	struct nlmsghdr *nlh = dstm_nl_begin(t->nl, RTM_NEWLINK,
					     NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	int ret;

	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, t->name);
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	ip6tnl_put(nlh, m);
	ret = dstm_nl_ask(t->nl, nlh, NULL, NULL);
	if (ret) {
		snprintf(error, ERROR, "device %s of kind ip6tnl: %s", t->name,
			 dstm_nl_error(t->nl));
		return ret;
	}
	t->ifindex = if_nametoindex(t->name);
	return 0;
}

int tunnel_add(struct tunnel *t, const struct dstm_mapping *m, uint32_t mtu,
	       char *error)
{
	int ret;

	if (t->kind == TUNNEL_IP6TNL)
		return ip6tnl_add(t, m, mtu, error);
	ret = dstm_add(t, m, mtu, error);
	/* The kernel's answer to a kind that it does not know. */
	if (ret == -EOPNOTSUPP && t->kind == TUNNEL_AUTO) {
		ret = ip6tnl_add(t, m, mtu, error);
		if (!ret)
			t->kind = TUNNEL_IP6TNL;
	} else if (!ret) {
		t->kind = TUNNEL_DSTM;
	}
	return ret;
}

/* Changes what an existing device of kind dstm is. */
static int dstm_change(struct tunnel *t, struct dstm_link *link, char *error)
{
	int ret;

	link->ifindex = t->ifindex;
	ret = dstm_link_set(t->nl, link);
	if (ret)
		snprintf(error, ERROR, "device %s: %s", t->name,
			 dstm_nl_error(t->nl));
	return ret;
}

int tunnel_wait(struct tunnel *t, uint32_t mtu, char *error)
{
	struct dstm_link link = {
		.mtu = mtu,
		.local = NOWHERE,
		.icmp_errors = false,
		.have = 1U << IFLA_DSTM_ICMP_ERRORS,
	};
	int ret;

	if (t->ifindex)
		return dstm_change(t, &link, error);
	ret = dstm_make(t, &link, error);
	if (!ret)
		t->kind = TUNNEL_DSTM;
	return ret;
}

int tunnel_fill(struct tunnel *t, const struct dstm_mapping *m, uint32_t mtu,
		char *error)
{
	struct dstm_link link = {
		.mtu = mtu,
		.local = m->local,
		.have = 1U << IFLA_DSTM_LOCAL | 1U << DSTM_LINK_MTU,
	};
	int ret = dstm_change(t, &link, error);

	return ret ? ret : table_set(t, NLM_F_CREATE | NLM_F_REPLACE, m, error);
}

void tunnel_empty(struct tunnel *t, uint32_t mtu)
{
	struct dstm_link link = { .mtu = mtu, .have = 1U << DSTM_LINK_MTU };
	struct dstm_table table = {0};
	char error[ERROR];
	uint32_t count;

	if (!dstm_table_open(&table, error))
		dstm_table_flush(&table, t->ifindex, &count);
	dstm_table_close(&table);
	dstm_change(t, &link, error);
}

int tunnel_extend(struct tunnel *t, const struct dstm_mapping *m, char *error)
{
	return t->kind == TUNNEL_DSTM ? table_set(t, 0, m, error) : 0;
}

static struct nlmsghdr *link_request(struct tunnel *t, int type)
{
	struct nlmsghdr *nlh = dstm_nl_begin(t->nl, type, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = (int)t->ifindex;
	return nlh;
}

void tunnel_del(struct tunnel *t)
{
	if (t->ifindex)
		dstm_nl_ask(t->nl, link_request(t, RTM_DELLINK), NULL, NULL);
	t->ifindex = 0;
}

static int sent_read(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	struct rtnl_link_stats64 stats;
	uint64_t *packets = data;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return 0;
	dstm_nl_for_each(attr, nlh, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attr) != IFLA_STATS64 ||
		    mnl_attr_get_payload_len(attr) <
		    offsetof(struct rtnl_link_stats64, rx_bytes))
			continue;
		memcpy(&stats, mnl_attr_get_payload(attr),
		       offsetof(struct rtnl_link_stats64, rx_bytes));
		*packets = stats.tx_packets;
	}
	return 0;
}

int tunnel_sent(struct tunnel *t, uint64_t *packets)
{
	*packets = 0;
	return dstm_nl_ask(t->nl, link_request(t, RTM_GETLINK), sent_read,
			   packets);
}

const char *tunnel_kind_name(enum tunnel_kind kind)
{
	static const char *const names[] = {
		[TUNNEL_AUTO] = "auto",
		[TUNNEL_DSTM] = "dstm",
		[TUNNEL_IP6TNL] = "ip6tnl",
	};

	return names[kind];
}
