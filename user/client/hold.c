// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hold.h"
#include "lib/log.h"
#include "unreach.h"

#define ERROR	512

static int packet_put(int fd, const void *data, size_t len)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	memcpy(&to.sin_addr, (const uint8_t *)data + 16, sizeof(to.sin_addr));
	return sendto(fd, data, len, 0, (const struct sockaddr *)&to,
		      sizeof(to)) < 0 ? -errno : 0;
}

static void packet_send(struct hold *h, const struct hold_packet *p)
{
	static struct dstm_log_limit limit;
	int ret = packet_put(h->out, p->data, p->len);

	if (ret)
		dstm_log_limited(&limit, DSTM_LOG_WARNING,
				 "a packet that waited is lost: %s",
				 strerror(-ret));
}

static void packet_refuse(struct hold *h, const struct hold_packet *p)
{
	struct in_addr from = { htonl(HOLD_PEER_ADDR) };
	uint8_t answer[UNREACH_SIZE];
	size_t len = unreach_build(answer, from, p->data, p->len);
	int ret = len ? packet_put(h->back, answer, len) : 0;

	h->refused++;
	if (ret)
		dstm_log(DSTM_LOG_DEBUG, "a packet is refused unheard: %s",
			 strerror(-ret));
}

static bool is_local(const struct hold_packet *p)
{
	struct in_addr to;

	memcpy(&to, p->data + 16, sizeof(to));
	return ntohl(to.s_addr) >> (32 - HOLD_PREFIX_LEN) ==
	       HOLD_OWN_ADDR >> (32 - HOLD_PREFIX_LEN);
}

static void packet_keep(struct hold *h, const struct hold_packet *p)
{
	if (h->count == HOLD_PACKETS) {
		h->dropped++;
		return;
	}
	h->packet[h->count++] = *p;
	h->kept++;
}

struct in_addr hold_source(const struct hold_packet *p)
{
	struct in_addr from;

	memcpy(&from, p->data + 12, sizeof(from));
	return from;
}

void hold_take(struct hold *h, const struct hold_packet *p)
{
	if (!unreach_wants_out(p->data, p->len) || is_local(p))
		return;
	switch (h->wanted(p, h->data)) {
	case HOLD_KEEP:
		packet_keep(h, p);
		break;
	case HOLD_REFUSE:
		packet_refuse(h, p);
		break;
	case HOLD_DROP:
		h->dropped++;
		break;
	}
}

static int raw_open(char *error)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			IPPROTO_RAW);
	int ret = fd < 0 ? -errno : fd;

	if (fd < 0)
		snprintf(error, ERROR, "raw socket: %s", strerror(errno));
	return ret;
}

int hold_open(struct hold *h, char *error)
{
	h->count = 0;
	h->out = raw_open(error);
	if (h->out < 0)
		return h->out;
	h->back = raw_open(error);
	return h->back < 0 ? h->back : 0;
}

void hold_send(struct hold *h, uint32_t ifindex)
{
	int out = (int)ifindex;
	size_t i;

	if (!h->count)
		return;
	if (setsockopt(h->out, SOL_SOCKET, SO_BINDTOIFINDEX, &out,
		       sizeof(out))) {
		dstm_log(DSTM_LOG_WARNING, "packets that waited are lost: %s",
			 strerror(errno));
		h->count = 0;
	}
	for (i = 0; i < h->count; i++)
		packet_send(h, &h->packet[i]);
	h->count = 0;
}

void hold_refuse(struct hold *h)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		packet_refuse(h, &h->packet[i]);
	h->count = 0;
}

void hold_close(struct hold *h)
{
	if (h->out > 0)
		close(h->out);
	if (h->back > 0)
		close(h->back);
	memset(h, 0, sizeof(*h));
}
