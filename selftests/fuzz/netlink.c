// SPDX-License-Identifier: GPL-2.0
/*
 * Sends netlink messages about a device that have been mutated from sound ones:
 * the family's own, and rtnetlink's about links of kind dstm. To be run in a
 * network namespace of its own, whose devices it makes and deletes. Behind each
 * batch is a mark: when it is answered, the kernel has read what is before it, and
 * only then is that counted.
 */
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/dstm.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "seeds.h"
#include "table.h"

#define BUFFER		8192
#define HEADER		((uint32_t)sizeof(struct nlmsghdr))
#define BATCH		32
/* Links are slow to make: one batch of so many is about them. */
#define LINK_BATCHES	16
#define LINK_MESSAGES	4
/* Of fewer than so many none may be sound, whatever time that takes. */
#define LINKS_LEAST	256
/* So often are those deleted that were made. */
#define LINKS_KEPT	1024
/* As often is the table looked at. */
#define ROUND		2048
/* What no other message has for its number. */
#define MARK		0xffffffff

struct channel {
	struct mnl_socket *socket;
	uint16_t type;		/* of the family; 0: links */
	bool marked;		/* the last batch's mark was answered */
	uint64_t read;		/* by the kernel, of those that were sent */
	uint64_t mutated;	/* of these */
	uint64_t answers;
	uint64_t accepted;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void open_channel(struct channel *c, int bus)
{
	struct timeval patience = { .tv_sec = 20 };
	int on = 1, room = 8 << 20;

	memset(c, 0, sizeof(*c));
	c->socket = mnl_socket_open(bus);
	if (!c->socket || mnl_socket_bind(c->socket, 0, MNL_SOCKET_AUTOPID))
		die("netlink");
	mnl_socket_setsockopt(c->socket, NETLINK_NO_ENOBUFS, &on, sizeof(on));
	mnl_socket_setsockopt(c->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(c->socket), SOL_SOCKET, SO_RCVBUFFORCE,
		   &room, sizeof(room));
	/* Whoever does not come back in this time hangs. */
	setsockopt(mnl_socket_get_fd(c->socket), SOL_SOCKET, SO_RCVTIMEO,
		   &patience, sizeof(patience));
}

static int family_attr(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		*(uint16_t *)data = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static uint16_t find_family(struct channel *c)
{
	char buffer[BUFFER];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;
	uint16_t family = 0;

	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, DSTM_FAMILY_NAME);
	if (mnl_socket_sendto(c->socket, nlh, nlh->nlmsg_len) < 0 ||
	    mnl_socket_recvfrom(c->socket, buffer, sizeof(buffer)) < 0)
		die("family");
	mnl_attr_parse(nlh, sizeof(*genl), family_attr, &family);
	if (!family) {
		fprintf(stderr, "no family %s\n", DSTM_FAMILY_NAME);
		exit(1);
	}
	return family;
}

/* Change a piece of a message behind its netlink header; returns its length. */
static uint32_t mutate_once(uint8_t *data, uint32_t len)
{
	uint32_t at = HEADER + fuzz_below(len - HEADER);
	uint32_t size;

	switch (fuzz_below(8)) {
	case 0:		/* cut off */
		return at;
	case 1:		/* take a piece out */
		size = fuzz_below(len - at + 1) & ~3u;
		memmove(data + at, data + at + size, len - at - size);
		return len - size;
	case 2:		/* put a piece in twice */
		size = fuzz_below(len - at + 1) & ~3u;
		if (len + size > SEED_SIZE)
			return len;
		memmove(data + at + size, data + at, len - at);
		return len + size;
	case 3:		/* the length or type of an attribute, perhaps */
		at &= ~1u;
		data[at] = (uint8_t)fuzz_below(24);
		if (at + 1 < len)
			data[at + 1] = fuzz_below(4) ? 0 : fuzz_byte(0);
		return len;
	default:
		data[at] = fuzz_byte(data[at]);
		return len;
	}
}

/* Returns whether it is another message now. */
static bool mutate(struct nlmsghdr *nlh)
{
	static uint8_t before[SEED_SIZE];
	uint8_t *data = (uint8_t *)nlh;
	uint32_t len = nlh->nlmsg_len, times = 1 + fuzz_below(4);

	memcpy(before, data, len);
	while (times-- && len > HEADER)
		len = mutate_once(data, len);
	nlh->nlmsg_len = len;
	if (!fuzz_below(16))
		nlh->nlmsg_flags ^= (uint16_t)(1 << fuzz_below(16));
	nlh->nlmsg_flags |= NLM_F_REQUEST;
	return memcmp(before, data, len) != 0;
}

static int sync_attr(const struct nlattr *attr, void *data)
{
	(void)data;
	if (mnl_attr_get_type(attr) == DSTM_A_SYNC)
		seed_sync = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static void take_answer(struct channel *c, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_seq == MARK) {
		c->marked = true;
		return;
	}
	c->answers++;
	if (nlh->nlmsg_type != NLMSG_ERROR || !err->error)
		c->accepted++;
	if (c->type && nlh->nlmsg_type == c->type &&
	    genl->cmd == DSTM_CMD_SYNC_BEGIN)
		mnl_attr_parse(nlh, sizeof(*genl), sync_attr, NULL);
}

/* Until there is no answer left; many at once, since system calls are slow in UML. */
static void drain(struct channel *c)
{
	static char buffers[2 * BATCH][1 << 15];
	struct mmsghdr headers[2 * BATCH];
	struct iovec iov[2 * BATCH];
	int fd = mnl_socket_get_fd(c->socket);
	const struct nlmsghdr *nlh;
	int got, len;

	do {
		memset(headers, 0, sizeof(headers));
		for (int i = 0; i < 2 * BATCH; i++) {
			iov[i].iov_base = buffers[i];
			iov[i].iov_len = sizeof(buffers[i]);
			headers[i].msg_hdr.msg_iov = &iov[i];
			headers[i].msg_hdr.msg_iovlen = 1;
		}
		got = recvmmsg(fd, headers, 2 * BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < got; i++) {
			len = (int)headers[i].msg_len;
			for (nlh = (void *)buffers[i]; mnl_nlmsg_ok(nlh, len);
			     nlh = mnl_nlmsg_next(nlh, &len))
				take_answer(c, nlh);
		}
	} while (got > 0);
}

/* A message that does nothing and is answered. Returns its length. */
static size_t put_mark(void *buffer)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = NLMSG_NOOP;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = MARK;
	return NLMSG_ALIGN(nlh->nlmsg_len);
}

/* What the netlink core makes of a lie, nobody can tell: it is not counted. */
static size_t put_liar(void *buffer, struct channel *c, uint32_t ifindex)
{
	struct nlmsghdr *nlh = c->type ?
		seed_family(buffer, c->type, ifindex) : seed_link(buffer);
	uint32_t room = NLMSG_ALIGN(nlh->nlmsg_len);

	nlh->nlmsg_len = fuzz_below(2 * SEED_SIZE);
	return room;
}

/* Each message of a batch begins at a multiple of four. */
static void send_batch(struct channel *c, uint32_t ifindex, int messages)
{
	static char batch[(BATCH + 2) * SEED_SIZE];
	struct ifinfomsg *ifi;
	uint64_t read = 0, mutated = 0;
	struct nlmsghdr *nlh;
	size_t len = 0;

	memset(batch, 0, sizeof(batch));
	for (; read < (uint64_t)messages; read++) {
		nlh = c->type ? seed_family(batch + len, c->type, ifindex) :
				seed_link(batch + len);
		if (fuzz_below(8))
			mutated += mutate(nlh);
		/* The device under test is to stay. */
		ifi = mnl_nlmsg_get_payload(nlh);
		if (!c->type && ifi->ifi_index == (int)ifindex)
			ifi->ifi_index = 0;
		/* Else nothing tells of a link that was made. */
		if (!c->type || !fuzz_below(4))
			nlh->nlmsg_flags |= NLM_F_ACK;
		nlh->nlmsg_seq = (uint32_t)(c->read + read) & ~(1u << 31);
		len += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	len += put_mark(batch + len);
	if (!fuzz_below(8))
		len += put_liar(batch + len, c, ifindex);
	c->marked = false;
	if (mnl_socket_sendto(c->socket, batch, len) < 0 && errno != ENOBUFS)
		die("send");
	drain(c);
	if (c->marked) {
		c->read += read;
		c->mutated += mutated;
	}
}

/* All devices but loopback and the one under test. */
static void delete_links(struct channel *c, const char *keep)
{
	char buffer[BUFFER];
	struct if_nameindex *all = if_nameindex(), *one;
	struct ifinfomsg *ifi;
	struct nlmsghdr *nlh;

	for (one = all; one && one->if_index; one++) {
		if (!strcmp(one->if_name, "lo") || !strcmp(one->if_name, keep))
			continue;
		nlh = mnl_nlmsg_put_header(buffer);
		nlh->nlmsg_type = RTM_DELLINK;
		nlh->nlmsg_flags = NLM_F_REQUEST;
		ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
		ifi->ifi_index = (int)one->if_index;
		mnl_socket_sendto(c->socket, nlh, nlh->nlmsg_len);
	}
	if_freenameindex(all);
	drain(c);
}

static void tell(const char *which, const struct channel *c)
{
	printf("# %" PRIu64 " messages %s read by the kernel, %" PRIu64 " of them mutated; %" PRIu64 " answers, %" PRIu64 " of them no errors\n",
	       c->read, which, c->mutated, c->answers, c->accepted);
}

int main(int argc, char **argv)
{
	struct channel family, links;
	struct fuzz_budget budget;
	uint64_t batches = 0, mutated = 0;
	bool sound = true;
	const char *device;
	uint32_t ifindex;
	int first = fuzz_options(&budget, argc, argv, "DEVICE");

	if (first + 1 != argc) {
		fprintf(stderr, "%s: which device?\n", argv[0]);
		return 2;
	}
	device = argv[first];
	ifindex = if_nametoindex(device);
	if (!ifindex)
		die(device);
	open_channel(&family, NETLINK_GENERIC);
	open_channel(&links, NETLINK_ROUTE);
	family.type = find_family(&family);

	while (sound && (!fuzz_is_over(&budget, mutated) ||
			 links.read < LINKS_LEAST)) {
		if (++batches % LINK_BATCHES) {
			send_batch(&family, ifindex, BATCH);
		} else {
			send_batch(&links, ifindex, LINK_MESSAGES);
			if (!(batches % LINKS_KEPT))
				delete_links(&links, device);
		}
		if (!(batches % ROUND))
			sound = table_is_consistent(family.socket, family.type, ifindex);
		mutated = family.mutated + links.mutated;
	}
	delete_links(&links, device);
	sound = sound && table_is_consistent(family.socket, family.type, ifindex);
	tell("of the family", &family);
	tell("about links", &links);
	mnl_socket_close(family.socket);
	mnl_socket_close(links.socket);
	/* A fuzzer whose messages are all refused tests nothing behind the door. */
	return !sound || !family.accepted || !links.accepted || !mutated;
}
