// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/genetlink.h>

#include "acquire.h"

#define ERROR	512

/* Of the packets of this device that are told of whole, the one in this message. */
static const struct nlattr *packet_data(const struct nlmsghdr *nlh,
					uint32_t device)
{
	const struct nlattr *attr, *packet = NULL;
	uint32_t ifindex = 0;

	dstm_nl_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == DSTM_A_IFINDEX)
			ifindex = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == DSTM_A_PACKET)
			packet = attr;
	}
	if (!packet || ifindex != device)
		return NULL;
	dstm_nl_for_each_nested(attr, packet)
		if (mnl_attr_get_type(attr) == DSTM_A_PACKET_DATA)
			return attr;
	return NULL;
}

static int event_read(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct acquire *a = data;
	const struct nlattr *attr;
	struct hold_packet packet;
	int ret;

	ret = dstm_table_renewed(&a->table, nlh);
	if (ret)
		return ret < 0 ? ret : 0;
	if (nlh->nlmsg_type != a->table.family ||
	    genl->cmd != DSTM_CMD_ACQUIRE_NTF)
		return 0;
	attr = packet_data(nlh, *a->ifindex);
	if (!attr || mnl_attr_get_payload_len(attr) > sizeof(packet.data))
		return 0;
	packet.len = mnl_attr_get_payload_len(attr);
	memcpy(packet.data, mnl_attr_get_payload(attr), packet.len);
	hold_take(a->hold, &packet);
	return 0;
}

/* Events that were lost are of packets that will be sent once more. */
static void readable(evutil_socket_t fd, short what, void *data)
{
	struct acquire *a = data;

	(void)fd;
	(void)what;
	dstm_nl_events(a->table.nl, event_read, a);
}

int acquire_open(struct acquire *a, struct event_base *base, char *error)
{
	int ret;

	ret = dstm_table_open(&a->table, error);
	if (ret)
		return ret;
	ret = dstm_table_watch(&a->table);
	if (ret) {
		snprintf(error, ERROR, "events of the kernel: %s",
			 strerror(-ret));
		return ret;
	}
	a->event = event_new(base, dstm_nl_fd(a->table.nl),
			     EV_READ | EV_PERSIST, readable, a);
	if (!a->event || event_add(a->event, NULL)) {
		snprintf(error, ERROR, "no memory");
		return -ENOMEM;
	}
	return 0;
}

void acquire_close(struct acquire *a)
{
	if (a->event)
		event_free(a->event);
	dstm_table_close(&a->table);
	memset(a, 0, sizeof(*a));
}
