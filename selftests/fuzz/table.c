// SPDX-License-Identifier: GPL-2.0
/* Whether the kernel's ways of telling of one table agree. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/dstm.h>
#include <linux/genetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define BUFFER		(1 << 17)
/* Mappings end by themselves: how often to look before it counts. */
#define ATTEMPTS	5

struct entry {
	uint32_t ipv4;
	uint32_t lifetime;	/* 0: for ever */
	uint16_t psid;
	uint8_t psid_len;
	uint8_t psid_offset;
	uint8_t remote[16];
	uint8_t local[16];
};

struct table {
	struct entry *entries;
	uint32_t n;
	uint32_t count;		/* what the kernel says that n is */
};

struct asking {
	struct mnl_socket *socket;
	uint16_t family;
	uint32_t ifindex;
	uint32_t seq;
};

static int on_mapping_attr(const struct nlattr *attr, void *data)
{
	struct entry *e = data;

	switch (mnl_attr_get_type(attr)) {
	case DSTM_A_MAPPING_IPV4:
		e->ipv4 = mnl_attr_get_u32(attr);
		break;
	case DSTM_A_MAPPING_PSID:
		e->psid = mnl_attr_get_u16(attr);
		break;
	case DSTM_A_MAPPING_PSID_LEN:
		e->psid_len = mnl_attr_get_u8(attr);
		break;
	case DSTM_A_MAPPING_PSID_OFFSET:
		e->psid_offset = mnl_attr_get_u8(attr);
		break;
	case DSTM_A_MAPPING_REMOTE:
		memcpy(e->remote, mnl_attr_get_payload(attr), sizeof(e->remote));
		break;
	case DSTM_A_MAPPING_LOCAL:
		memcpy(e->local, mnl_attr_get_payload(attr), sizeof(e->local));
		break;
	case DSTM_A_MAPPING_LIFETIME:
		e->lifetime = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

static int on_attr(const struct nlattr *attr, void *data)
{
	struct table *t = data;
	struct entry *e;

	switch (mnl_attr_get_type(attr)) {
	case DSTM_A_COUNT:
		t->count = mnl_attr_get_u32(attr);
		break;
	case DSTM_A_MAPPING:
		e = reallocarray(t->entries, t->n + 1, sizeof(*e));
		if (!e)
			return MNL_CB_ERROR;
		t->entries = e;
		e += t->n++;
		memset(e, 0, sizeof(*e));
		return mnl_attr_parse_nested(attr, on_mapping_attr, e);
	}
	return MNL_CB_OK;
}

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), on_attr, data);
}

/* Send a command with the key of a mapping, or none, and read all answers to it. */
static int ask(struct asking *a, uint8_t cmd, uint16_t flags,
	       const struct entry *key, struct table *t)
{
	static char buffer[BUFFER];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;
	struct nlattr *nest;
	unsigned int portid = mnl_socket_get_portid(a->socket);
	ssize_t got;
	int status = MNL_CB_OK;

	nlh->nlmsg_type = a->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++a->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = DSTM_FAMILY_VERSION;
	mnl_attr_put_u32(nlh, DSTM_A_IFINDEX, a->ifindex);
	if (key) {
		nest = mnl_attr_nest_start(nlh, DSTM_A_MAPPING);
		mnl_attr_put_u32(nlh, DSTM_A_MAPPING_IPV4, key->ipv4);
		if (key->psid_len) {
			mnl_attr_put_u16(nlh, DSTM_A_MAPPING_PSID, key->psid);
			mnl_attr_put_u8(nlh, DSTM_A_MAPPING_PSID_LEN, key->psid_len);
			mnl_attr_put_u8(nlh, DSTM_A_MAPPING_PSID_OFFSET,
					key->psid_offset);
		}
		mnl_attr_nest_end(nlh, nest);
	}
	if (mnl_socket_sendto(a->socket, nlh, nlh->nlmsg_len) < 0)
		return -1;
	while (status > MNL_CB_STOP) {
		got = mnl_socket_recvfrom(a->socket, buffer, sizeof(buffer));
		if (got < 0)
			return -1;
		status = mnl_cb_run(buffer, (size_t)got, a->seq, portid,
				    on_message, t);
	}
	return status;
}

static bool is_same(const struct entry *a, const struct entry *b)
{
	return a->ipv4 == b->ipv4 && a->psid == b->psid &&
	       a->psid_len == b->psid_len && a->psid_offset == b->psid_offset &&
	       !memcmp(a->remote, b->remote, sizeof(a->remote)) &&
	       !memcmp(a->local, b->local, sizeof(a->local));
}

static bool is_found(struct asking *a, const struct entry *e)
{
	struct table one = { 0 };
	bool found;

	if (ask(a, DSTM_CMD_MAP_GET, NLM_F_ACK, e, &one) < 0)
		found = errno == ENOENT && e->lifetime;
	else
		found = one.n == 1 && is_same(e, one.entries);
	free(one.entries);
	return found;
}

/* NULL, or what does not fit. */
static const char *compare(struct asking *a, struct table *t)
{
	struct table stats = { 0 };

	if (ask(a, DSTM_CMD_MAP_GET, NLM_F_DUMP, NULL, t) < 0)
		return "the table can not be dumped";
	for (uint32_t i = 0; i < t->n; i++)
		if (!is_found(a, &t->entries[i]))
			return "map-get says something else than the dump";
	if (ask(a, DSTM_CMD_STATS_GET, NLM_F_ACK, NULL, &stats) < 0)
		return "there are no counters";
	return stats.count == t->n ? NULL : "the number of mappings is another one";
}

/* A message about links may have deleted the device. */
static bool is_gone(const struct asking *a)
{
	char name[IF_NAMESIZE];

	return !if_indextoname(a->ifindex, name);
}

bool table_is_consistent(struct mnl_socket *socket, uint16_t family, uint32_t ifindex)
{
	struct asking a = {
		.socket = socket, .family = family, .ifindex = ifindex,
		.seq = 0x80000000,
	};
	const char *wrong = NULL;

	for (int i = 0; i < ATTEMPTS; i++) {
		struct table t = { 0 };

		wrong = compare(&a, &t);
		free(t.entries);
		if (!wrong || is_gone(&a))
			return true;
	}
	fprintf(stderr, "%s: %s\n", wrong, strerror(errno));
	return false;
}
