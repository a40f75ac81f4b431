// SPDX-License-Identifier: GPL-2.0
/* Sound netlink messages, chosen at random. */
#include <arpa/inet.h>
#include <linux/dstm.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "seeds.h"

uint32_t seed_sync;

static void put_address(struct nlmsghdr *nlh, uint16_t type, uint8_t last)
{
	uint8_t addr[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = last };

	mnl_attr_put(nlh, type, sizeof(addr), addr);
}

/* Few addresses and few shapes, so that messages meet what others made. */
static void put_mapping(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, DSTM_A_MAPPING);
	uint32_t ipv4 = fuzz_below(16);

	mnl_attr_put_u32(nlh, DSTM_A_MAPPING_IPV4, htonl(0xc0000200 + ipv4));
	if (ipv4 & 1) {
		mnl_attr_put_u16(nlh, DSTM_A_MAPPING_PSID,
				 (uint16_t)fuzz_below(64));
		mnl_attr_put_u8(nlh, DSTM_A_MAPPING_PSID_LEN, 6);
		mnl_attr_put_u8(nlh, DSTM_A_MAPPING_PSID_OFFSET,
				ipv4 & 2 ? 4 : 0);
	}
	put_address(nlh, DSTM_A_MAPPING_REMOTE, (uint8_t)fuzz_below(256));
	if (!fuzz_below(4))
		put_address(nlh, DSTM_A_MAPPING_LOCAL, (uint8_t)fuzz_below(4));
	if (fuzz_below(2))
		mnl_attr_put_u32(nlh, DSTM_A_MAPPING_LIFETIME,
				 1 + fuzz_below(4));
	mnl_attr_nest_end(nlh, nest);
}

static void put_filter(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, DSTM_A_FILTER);

	mnl_attr_put_u32(nlh, DSTM_A_FILTER_IPV4, htonl(0xc0000200));
	mnl_attr_put_u8(nlh, DSTM_A_FILTER_IPV4_PREFIX_LEN,
			(uint8_t)fuzz_below(33));
	if (fuzz_below(2)) {
		put_address(nlh, DSTM_A_FILTER_REMOTE, 0);
		mnl_attr_put_u8(nlh, DSTM_A_FILTER_REMOTE_PREFIX_LEN,
				(uint8_t)fuzz_below(129));
	}
	if (fuzz_below(2))
		mnl_attr_put_u16(nlh, DSTM_A_FILTER_PSID,
				 (uint16_t)fuzz_below(64));
	mnl_attr_nest_end(nlh, nest);
}

static uint16_t flags_of(uint8_t cmd)
{
	static const uint16_t set[] = {
		0, NLM_F_CREATE, NLM_F_REPLACE, NLM_F_CREATE | NLM_F_EXCL,
		NLM_F_CREATE | NLM_F_REPLACE,
	};

	if (cmd == DSTM_CMD_MAP_NEW)
		return set[fuzz_below(sizeof(set) / sizeof(*set))];
	if (cmd == DSTM_CMD_MAP_GET || cmd == DSTM_CMD_STATS_GET)
		return fuzz_below(2) ? NLM_F_DUMP : 0;
	return 0;
}

/* Twice as often new mappings as anything else; a flush now and then. */
static uint8_t any_command(void)
{
	uint8_t cmd = (uint8_t)(1 + fuzz_below(DSTM_CMD_STATS_GET));

	if (cmd == DSTM_CMD_MAP_FLUSH && fuzz_below(8))
		return DSTM_CMD_MAP_NEW;
	return fuzz_below(4) ? cmd : DSTM_CMD_MAP_NEW;
}

struct nlmsghdr *seed_family(void *buffer, uint16_t family, uint32_t ifindex)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	uint8_t cmd = any_command();
	struct genlmsghdr *genl;
	uint32_t count = 1;

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags_of(cmd));
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = DSTM_FAMILY_VERSION;
	if (fuzz_below(16))
		mnl_attr_put_u32(nlh, DSTM_A_IFINDEX, ifindex);

	switch (cmd) {
	case DSTM_CMD_MAP_NEW:
	case DSTM_CMD_MAP_DEL:
		count = 1 + fuzz_below(8);
		/* fall through */
	case DSTM_CMD_MAP_GET:
		if (nlh->nlmsg_flags & NLM_F_DUMP && cmd == DSTM_CMD_MAP_GET) {
			put_filter(nlh);
			break;
		}
		while (count--)
			put_mapping(nlh);
		if (fuzz_below(4))
			break;
		/* fall through */
	case DSTM_CMD_SYNC_END:
		mnl_attr_put_u32(nlh, DSTM_A_SYNC,
				 fuzz_below(8) ? seed_sync : fuzz_below(64));
		break;
	}
	return nlh;
}

static void put_link_data(struct nlmsghdr *nlh)
{
	static const uint8_t sizes[IFLA_DSTM_MAX + 1] = {
		[IFLA_DSTM_ENCAP_LIMIT] = 4, [IFLA_DSTM_ICMP_RATE] = 4,
		[IFLA_DSTM_TCLASS] = 4, [IFLA_DSTM_FLOWLABEL] = 4,
	};
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	struct nlattr *data;
	uint8_t value[16] = { 0 };
	uint16_t type;

	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "dstm");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	put_address(nlh, IFLA_DSTM_LOCAL, (uint8_t)(1 + fuzz_below(8)));
	for (type = 1; type <= IFLA_DSTM_MAX; type++) {
		if (type == IFLA_DSTM_LOCAL || fuzz_below(3))
			continue;
		value[0] = (uint8_t)fuzz_below(fuzz_below(16) ? 2 : 256);
		mnl_attr_put(nlh, type, sizes[type] ?: 1, value);
	}
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
}

struct nlmsghdr *seed_link(void *buffer)
{
	static const uint16_t types[] = {
		RTM_NEWLINK, RTM_NEWLINK, RTM_NEWLINK, RTM_GETLINK, RTM_DELLINK,
	};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi;
	char name[8];

	nlh->nlmsg_type = types[fuzz_below(sizeof(types) / sizeof(*types))];
	nlh->nlmsg_flags = NLM_F_REQUEST;
	if (nlh->nlmsg_type == RTM_NEWLINK && fuzz_below(4))
		nlh->nlmsg_flags |= NLM_F_CREATE;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_flags = ifi->ifi_change = fuzz_below(2) ? IFF_UP : 0;
	snprintf(name, sizeof(name), "fz%u", fuzz_below(4));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (nlh->nlmsg_type == RTM_NEWLINK) {
		if (!fuzz_below(4))
			mnl_attr_put_u32(nlh, IFLA_MTU, fuzz_below(70000));
		put_link_data(nlh);
	}
	return nlh;
}
