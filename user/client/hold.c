// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "hold.h"
#include "lib/log.h"
#include "unreach.h"

#define ERROR	512

/* RFC 6333 section 5.7: 192.0.0.2 is a client's, 192.0.0.1 its tunnel end point. */
#define OWN_ADDR	0xc0000002U
#define PEER_ADDR	0xc0000001U
#define PREFIX_LEN	29

static void packet_send(struct hold *h, const struct hold_packet *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	static struct dstm_log_limit limit;

	memcpy(&to.sin_addr, p->data + 16, sizeof(to.sin_addr));
	if (sendto(h->raw, p->data, p->len, 0, (const struct sockaddr *)&to,
		   sizeof(to)) < 0)
		dstm_log_limited(&limit, DSTM_LOG_WARNING,
				 "a packet that waited is lost: %s",
				 strerror(errno));
}

static void packet_refuse(struct hold *h, const struct hold_packet *p)
{
	struct in_addr from = { htonl(PEER_ADDR) };
	uint8_t answer[UNREACH_SIZE];
	size_t len = unreach_build(answer, from, p->data, p->len);

	h->refused++;
	/* The device may be down; then there is nobody to tell. */
	if (len && write(h->tun, answer, len) < 0)
		dstm_log(DSTM_LOG_DEBUG, "%s: %s", HOLD_DEVICE,
			 strerror(errno));
}

static bool is_local(const struct hold_packet *p)
{
	struct in_addr to;

	memcpy(&to, p->data + 16, sizeof(to));
	return ntohl(to.s_addr) >> (32 - PREFIX_LEN) ==
	       OWN_ADDR >> (32 - PREFIX_LEN);
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

static void packet_take(struct hold *h, const struct hold_packet *p)
{
	if (!unreach_wants_out(p->data, p->len) || is_local(p))
		return;
	if (h->wanted(h->data) == HOLD_KEEP)
		packet_keep(h, p);
	else
		packet_refuse(h, p);
}

static void readable(evutil_socket_t fd, short what, void *data)
{
	struct hold_packet packet;
	struct hold *h = data;
	ssize_t len;

	(void)what;
	while ((len = read(fd, packet.data, sizeof(packet.data))) >= 0) {
		packet.len = (size_t)len;
		packet_take(h, &packet);
	}
}

static int tun_open(char *error)
{
	struct ifreq ifr = {
		.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL),
	};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int ret;

	if (fd < 0) {
		ret = -errno;
		snprintf(error, ERROR, "/dev/net/tun: %s", strerror(errno));
		return ret;
	}
	memcpy(ifr.ifr_name, HOLD_DEVICE, sizeof(HOLD_DEVICE));
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		ret = -errno;
		snprintf(error, ERROR, "device " HOLD_DEVICE ": %s",
			 strerror(errno));
		close(fd);
		return ret;
	}
	return fd;
}

/* So small an MTU is none for IPv6, which has nothing to say here then. */
static int device_up(struct dstm_nl *nl, uint32_t ifindex)
{
	struct nlmsghdr *nlh = dstm_nl_begin(nl, RTM_NEWLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = (int)ifindex;
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = IFF_UP;
	mnl_attr_put_u32(nlh, IFLA_MTU, HOLD_MTU);
	return dstm_nl_ask(nl, nlh, NULL, NULL);
}

static int device_set(struct dstm_nl *nl, uint32_t metric, char *error)
{
	struct in_addr own = { htonl(OWN_ADDR) };
	uint32_t ifindex = if_nametoindex(HOLD_DEVICE);
	int ret;

	ret = device_up(nl, ifindex);
	if (!ret)
		ret = address_set(nl, ifindex, own, PREFIX_LEN,
				  ADDRESS_FOREVER);
	if (!ret)
		ret = address_route(nl, ifindex, own, metric);
	if (ret)
		snprintf(error, ERROR, "device " HOLD_DEVICE ": %s",
			 dstm_nl_error(nl));
	return ret;
}

int hold_open(struct hold *h, struct event_base *base, struct dstm_nl *nl,
	      uint32_t metric, char *error)
{
	int ret;

	h->raw = -1;
	h->count = 0;
	h->tun = tun_open(error);
	if (h->tun < 0)
		return h->tun;
	h->raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			IPPROTO_RAW);
	if (h->raw < 0) {
		ret = -errno;
		snprintf(error, ERROR, "raw socket: %s", strerror(errno));
		return ret;
	}
	ret = device_set(nl, metric, error);
	if (ret)
		return ret;
	h->event = event_new(base, h->tun, EV_READ | EV_PERSIST, readable, h);
	if (!h->event || event_add(h->event, NULL)) {
		snprintf(error, ERROR, "no memory");
		return -ENOMEM;
	}
	return 0;
}

void hold_send(struct hold *h, uint32_t ifindex)
{
	int out = (int)ifindex;
	size_t i;

	if (!h->count)
		return;
	if (setsockopt(h->raw, SOL_SOCKET, SO_BINDTOIFINDEX, &out,
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
	if (h->event)
		event_free(h->event);
	if (h->tun > 0)
		close(h->tun);
	if (h->raw > 0)
		close(h->raw);
	memset(h, 0, sizeof(*h));
}
