// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "link.h"

#define KIND	"dstm"

static bool has(const struct dstm_link *link, int bit)
{
	return link->have >> bit & 1;
}

const char *dstm_link_obstacle(unsigned int bit)
{
	static const char * const names[] = {
		"netfilter", "netfilter-underlay", "ipsec", "rules", "watched",
		"port"
	};

	return bit < sizeof(names) / sizeof(*names) ? names[bit] : NULL;
}

static struct nlmsghdr *request(struct dstm_nl *nl, int type, int flags,
				const struct dstm_link *link)
{
	struct nlmsghdr *nlh = dstm_nl_begin(nl, type, flags);
	struct ifinfomsg *ifi;

	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	if (!link)
		return nlh;

	ifi->ifi_index = (int)link->ifindex;
	if (has(link, DSTM_LINK_UP)) {
		ifi->ifi_change = IFF_UP;
		ifi->ifi_flags = link->up ? IFF_UP : 0;
	}
	if (!link->ifindex)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, link->name);
	if (has(link, DSTM_LINK_MTU))
		mnl_attr_put_u32(nlh, IFLA_MTU, link->mtu);
	return nlh;
}

static void shortcut_put(struct nlmsghdr *nlh, const struct dstm_link *link)
{
	struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_DSTM_SHORTCUT);
	unsigned int i;

	for (i = 0; i < link->shortcuts; i++)
		mnl_attr_put_u32(nlh, IFLA_DSTM_SHORTCUT_DEV,
				 link->shortcut[i]);
	mnl_attr_nest_end(nlh, list);
}

static void info_put(struct nlmsghdr *nlh, const struct dstm_link *link)
{
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	struct nlattr *data;

	mnl_attr_put_str(nlh, IFLA_INFO_KIND, KIND);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	if (has(link, IFLA_DSTM_ROLE))
		mnl_attr_put_u8(nlh, IFLA_DSTM_ROLE, link->role);
	if (has(link, IFLA_DSTM_LOCAL))
		mnl_attr_put(nlh, IFLA_DSTM_LOCAL, sizeof(link->local),
			     &link->local);
	if (has(link, IFLA_DSTM_HOPLIMIT))
		mnl_attr_put_u8(nlh, IFLA_DSTM_HOPLIMIT, link->hoplimit);
	if (has(link, IFLA_DSTM_ENCAP_LIMIT))
		mnl_attr_put_u32(nlh, IFLA_DSTM_ENCAP_LIMIT,
				 (uint32_t)link->encap_limit);
	if (has(link, IFLA_DSTM_HAIRPIN))
		mnl_attr_put_u8(nlh, IFLA_DSTM_HAIRPIN, link->hairpin);
	if (has(link, IFLA_DSTM_ICMP_ERRORS))
		mnl_attr_put_u8(nlh, IFLA_DSTM_ICMP_ERRORS, link->icmp_errors);
	if (has(link, IFLA_DSTM_ICMP_RATE))
		mnl_attr_put_u32(nlh, IFLA_DSTM_ICMP_RATE, link->icmp_rate);
	if (has(link, IFLA_DSTM_FRAG))
		mnl_attr_put_u8(nlh, IFLA_DSTM_FRAG, link->frag);
	if (has(link, IFLA_DSTM_TCLASS))
		mnl_attr_put_u32(nlh, IFLA_DSTM_TCLASS, (uint32_t)link->tclass);
	if (has(link, IFLA_DSTM_DSCP))
		mnl_attr_put_u8(nlh, IFLA_DSTM_DSCP, link->dscp);
	if (has(link, IFLA_DSTM_FLOWLABEL))
		mnl_attr_put_u32(nlh, IFLA_DSTM_FLOWLABEL,
				 (uint32_t)link->flowlabel);
	if (has(link, IFLA_DSTM_SHORTCUT))
		shortcut_put(nlh, link);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
}

int dstm_link_add(struct dstm_nl *nl, const struct dstm_link *link)
{
	struct nlmsghdr *nlh = request(nl, RTM_NEWLINK,
				       NLM_F_CREATE | NLM_F_EXCL, link);

	info_put(nlh, link);
	return dstm_nl_ask(nl, nlh, NULL, NULL);
}

int dstm_link_set(struct dstm_nl *nl, const struct dstm_link *link)
{
	struct nlmsghdr *nlh = request(nl, RTM_NEWLINK, 0, link);

	if (link->have & ~(1U << DSTM_LINK_UP))
		info_put(nlh, link);
	return dstm_nl_ask(nl, nlh, NULL, NULL);
}

int dstm_link_del(struct dstm_nl *nl, const char *name)
{
	struct dstm_link link;
	int ret;

	ret = dstm_link_get(nl, name, &link);
	if (ret)
		return ret;
	link.have = 0;
	return dstm_nl_ask(nl, request(nl, RTM_DELLINK, 0, &link), NULL, NULL);
}

static void shortcut_parse(const struct nlattr *list, struct dstm_link *link)
{
	const struct nlattr *attr;

	dstm_nl_for_each_nested(attr, list)
		if (mnl_attr_get_type(attr) == IFLA_DSTM_SHORTCUT_DEV &&
		    link->shortcuts < DSTM_LINK_SHORTCUTS)
			link->shortcut[link->shortcuts++] =
				mnl_attr_get_u32(attr);
}

static void data_parse(const struct nlattr *data, struct dstm_link *link)
{
	const struct nlattr *attr;

	dstm_nl_for_each_nested(attr, data) {
		uint16_t type = mnl_attr_get_type(attr);

		switch (type) {
		case IFLA_DSTM_ROLE:
			link->role = mnl_attr_get_u8(attr);
			break;
		case IFLA_DSTM_LOCAL:
			if (mnl_attr_get_payload_len(attr) !=
			    sizeof(link->local))
				continue;
			memcpy(&link->local, mnl_attr_get_payload(attr),
			       sizeof(link->local));
			break;
		case IFLA_DSTM_HOPLIMIT:
			link->hoplimit = mnl_attr_get_u8(attr);
			break;
		case IFLA_DSTM_ENCAP_LIMIT:
			link->encap_limit = (int32_t)mnl_attr_get_u32(attr);
			break;
		case IFLA_DSTM_HAIRPIN:
			link->hairpin = mnl_attr_get_u8(attr);
			break;
		case IFLA_DSTM_ICMP_ERRORS:
			link->icmp_errors = mnl_attr_get_u8(attr);
			break;
		case IFLA_DSTM_ICMP_RATE:
			link->icmp_rate = mnl_attr_get_u32(attr);
			break;
		case IFLA_DSTM_FRAG:
			link->frag = mnl_attr_get_u8(attr);
			break;
		case IFLA_DSTM_TCLASS:
			link->tclass = (int32_t)mnl_attr_get_u32(attr);
			break;
		case IFLA_DSTM_DSCP:
			link->dscp = mnl_attr_get_u8(attr);
			break;
		case IFLA_DSTM_FLOWLABEL:
			link->flowlabel = (int32_t)mnl_attr_get_u32(attr);
			break;
		case IFLA_DSTM_SHORTCUT:
			shortcut_parse(attr, link);
			break;
		case IFLA_DSTM_OBSTACLES:
			link->obstacles = mnl_attr_get_u32(attr);
			break;
		default:
			continue;
		}
		link->have |= 1U << type;
	}
}

/* Whether it is a device of our kind. */
static bool info_parse(const struct nlattr *info, struct dstm_link *link)
{
	const struct nlattr *attr, *data = NULL;
	bool ours = false;

	dstm_nl_for_each_nested(attr, info) {
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			ours = !strcmp(mnl_attr_get_str(attr), KIND);
		if (mnl_attr_get_type(attr) == IFLA_INFO_DATA)
			data = attr;
	}
	if (ours && data)
		data_parse(data, link);
	return ours;
}

static bool link_parse(const struct nlmsghdr *nlh, struct dstm_link *link)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	bool ours = false;

	memset(link, 0, sizeof(*link));
	if (nlh->nlmsg_type != RTM_NEWLINK)
		return false;
	link->ifindex = (uint32_t)ifi->ifi_index;
	link->up = ifi->ifi_flags & IFF_UP;
	link->have = 1U << DSTM_LINK_UP;

	dstm_nl_for_each(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			strncpy(link->name, mnl_attr_get_str(attr),
				sizeof(link->name) - 1);
			break;
		case IFLA_MTU:
			link->mtu = mnl_attr_get_u32(attr);
			link->have |= 1U << DSTM_LINK_MTU;
			break;
		case IFLA_LINK_NETNSID:
			link->netns = true;
			break;
		case IFLA_LINKINFO:
			ours = info_parse(attr, link);
			break;
		}
	}
	return ours;
}

struct reader {
	dstm_link_fn *fn;
	void *data;
};

static int link_read(const struct nlmsghdr *nlh, void *data)
{
	struct reader *reader = data;
	struct dstm_link link;

	return link_parse(nlh, &link) ? reader->fn(&link, reader->data) : 0;
}

int dstm_link_dump(struct dstm_nl *nl, dstm_link_fn *fn, void *data)
{
	struct nlmsghdr *nlh = request(nl, RTM_GETLINK, NLM_F_DUMP, NULL);
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	struct reader reader = { fn, data };

	mnl_attr_put_str(nlh, IFLA_INFO_KIND, KIND);
	mnl_attr_nest_end(nlh, info);
	return dstm_nl_ask(nl, nlh, link_read, &reader);
}

static int link_copy(const struct dstm_link *link, void *data)
{
	*(struct dstm_link *)data = *link;
	return 0;
}

int dstm_link_get(struct dstm_nl *nl, const char *name, struct dstm_link *link)
{
	struct reader reader = { link_copy, link };
	struct nlmsghdr *nlh;
	int ret;

	memset(link, 0, sizeof(*link));
	nlh = request(nl, RTM_GETLINK, 0, NULL);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	ret = dstm_nl_ask(nl, nlh, link_read, &reader);
	if (ret == -ENODEV) {
		dstm_nl_error_set(nl, "there is no such device");
	} else if (!ret && !link->ifindex) {
		dstm_nl_error_set(nl, "the device is not of kind dstm");
		ret = -EINVAL;
	}
	return ret;
}
