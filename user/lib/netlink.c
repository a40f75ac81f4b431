// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/netlink.h>

#include "netlink.h"

#define RECEIVE_BUFFER	(256 * 1024)
#define SOCKET_BUFFER	(4 * 1024 * 1024)

struct dstm_nl {
	struct mnl_socket *socket;
	uint32_t seq;
	size_t error_offset;
	char error[512];
	_Alignas(struct nlmsghdr) char send[DSTM_NL_MESSAGE];
	_Alignas(struct nlmsghdr) char receive[RECEIVE_BUFFER];
};

int dstm_nl_open(struct dstm_nl **result, int bus)
{
	struct dstm_nl *nl = malloc(sizeof(*nl));
	int size = SOCKET_BUFFER;
	int on = 1;
	int ret;

	if (!nl)
		return -ENOMEM;
	nl->seq = 0;
	nl->error[0] = '\0';
	nl->error_offset = 0;

	nl->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->socket || mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID)) {
		ret = -errno;
		if (nl->socket)
			mnl_socket_close(nl->socket);
		free(nl);
		return ret;
	}

	/* All of these make it better only, so they may fail. */
	mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	if (setsockopt(dstm_nl_fd(nl), SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)))
		setsockopt(dstm_nl_fd(nl), SOL_SOCKET, SO_RCVBUF, &size,
			   sizeof(size));
	*result = nl;
	return 0;
}

void dstm_nl_close(struct dstm_nl *nl)
{
	if (!nl)
		return;
	mnl_socket_close(nl->socket);
	free(nl);
}

const char *dstm_nl_error(const struct dstm_nl *nl)
{
	return nl->error;
}

size_t dstm_nl_error_offset(const struct dstm_nl *nl)
{
	return nl->error_offset;
}

void dstm_nl_error_set(struct dstm_nl *nl, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(nl->error, sizeof(nl->error), format, ap);
	va_end(ap);
}

int dstm_nl_fd(const struct dstm_nl *nl)
{
	return mnl_socket_get_fd(nl->socket);
}

struct nlmsghdr *dstm_nl_begin(struct dstm_nl *nl, int type, int flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(nl->send);

	nlh->nlmsg_type = (uint16_t)type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	nlh->nlmsg_seq = ++nl->seq;
	nl->error[0] = '\0';
	nl->error_offset = 0;
	return nlh;
}

/* Attributes of an acknowledgement, from @offset of its payload on. */
static void extack_parse(struct dstm_nl *nl, const struct nlmsghdr *nlh,
			 size_t offset)
{
	const char *text = NULL;
	const struct nlattr *attr;
	bool missing = false;
	uint32_t type = 0;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    offset > mnl_nlmsg_get_payload_len(nlh))
		return;

	dstm_nl_for_each(attr, nlh, (unsigned int)offset) {
		switch (mnl_attr_get_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			if (!mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
				text = mnl_attr_get_str(attr);
			break;
		case NLMSGERR_ATTR_OFFS:
		case NLMSGERR_ATTR_MISS_NEST:
			if (!mnl_attr_validate(attr, MNL_TYPE_U32))
				nl->error_offset = mnl_attr_get_u32(attr);
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			if (!mnl_attr_validate(attr, MNL_TYPE_U32)) {
				type = mnl_attr_get_u32(attr);
				missing = true;
			}
			break;
		}
	}

	if (text)
		dstm_nl_error_set(nl, "%s", text);
	else if (missing)
		dstm_nl_error_set(nl, "attribute %u is missing", type);
}

/* Also a dump ends with such a message, but then without the request in it. */
static int end_parse(struct dstm_nl *nl, const struct nlmsghdr *nlh)
{
	const int *error = mnl_nlmsg_get_payload(nlh);
	size_t len = mnl_nlmsg_get_payload_len(nlh);
	size_t offset = sizeof(*error);

	if (len < sizeof(*error))
		return nlh->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	if (*error >= 0)
		return 0;

	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		if (len < sizeof(*e))
			return -EBADMSG;
		offset = sizeof(*e);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			offset += e->msg.nlmsg_len - sizeof(e->msg);
	}
	extack_parse(nl, nlh, offset);
	return *error;
}

static ssize_t receive(struct dstm_nl *nl, int flags)
{
	struct iovec iov = {
		.iov_base = nl->receive,
		.iov_len = sizeof(nl->receive),
	};
	struct sockaddr_nl from;
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t len;

	do {
		len = recvmsg(dstm_nl_fd(nl), &msg, flags);
	} while ((len < 0 && errno == EINTR) || (len >= 0 && from.nl_pid));
	if (len < 0)
		return -errno;
	return msg.msg_flags & MSG_TRUNC ? -ENOSPC : len;
}

/* 1 while there is more to come, 0 at the answer's end. */
static int answer_parse(struct dstm_nl *nl, size_t size, dstm_nl_fn *fn,
			void *data)
{
	const struct nlmsghdr *nlh = (const void *)nl->receive;
	int len = (int)size;
	int ret;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_seq != nl->seq)
			continue;
		if (nlh->nlmsg_type == NLMSG_ERROR ||
		    nlh->nlmsg_type == NLMSG_DONE)
			return end_parse(nl, nlh);
		if (nlh->nlmsg_type < NLMSG_MIN_TYPE || !fn)
			continue;
		ret = fn(nlh, data);
		if (ret)
			return ret;
	}
	return 1;
}

int dstm_nl_ask(struct dstm_nl *nl, struct nlmsghdr *nlh, dstm_nl_fn *fn,
		void *data)
{
	ssize_t len;
	int ret = 0;

	if (mnl_socket_sendto(nl->socket, nlh, nlh->nlmsg_len) < 0)
		ret = -errno;
	else
		ret = 1;

	while (ret == 1) {
		len = receive(nl, 0);
		ret = len < 0 ? (int)len :
		      answer_parse(nl, (size_t)len, fn, data);
	}

	if (ret && !nl->error[0])
		dstm_nl_error_set(nl, "%s", strerror(-ret));
	return ret;
}

int dstm_nl_join(struct dstm_nl *nl, uint32_t group)
{
	if (mnl_socket_setsockopt(nl->socket, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)))
		return -errno;
	return 0;
}

int dstm_nl_events(struct dstm_nl *nl, dstm_nl_fn *fn, void *data)
{
	for (;;) {
		const struct nlmsghdr *nlh = (const void *)nl->receive;
		ssize_t size = receive(nl, MSG_DONTWAIT);
		int len = (int)size;
		int ret;

		if (size == -EAGAIN)
			return 0;
		if (size < 0)
			return (int)size;
		for (; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_type < NLMSG_MIN_TYPE)
				continue;
			ret = fn(nlh, data);
			if (ret)
				return ret;
		}
	}
}
