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
#include "tun.h"

#define ERROR	512

static void leave(struct tun *t)
{
	if (t->event)
		event_free(t->event);
	if (t->fd > 0)
		close(t->fd);
	t->event = NULL;
	t->fd = 0;
}

static void readable(evutil_socket_t fd, short what, void *data)
{
	struct hold_packet packet;
	struct tun *t = data;
	ssize_t len;

	(void)what;
	while ((len = read(fd, packet.data, sizeof(packet.data))) >= 0) {
		packet.len = (size_t)len;
		hold_take(t->hold, &packet);
	}
	/* Who has deleted the device has left a descriptor that always has something. */
	if (errno != EAGAIN && errno != EINTR)
		leave(t);
}

static int device_open(char *error)
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
	memcpy(ifr.ifr_name, TUN_DEVICE, sizeof(TUN_DEVICE));
	if (ioctl(fd, TUNSETIFF, &ifr)) {
		ret = -errno;
		snprintf(error, ERROR, "device " TUN_DEVICE ": %s",
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
	struct in_addr own = { htonl(HOLD_OWN_ADDR) };
	uint32_t ifindex = if_nametoindex(TUN_DEVICE);
	int ret;

	ret = device_up(nl, ifindex);
	if (!ret)
		ret = address_set(nl, ifindex, own, HOLD_PREFIX_LEN,
				  ADDRESS_FOREVER);
	if (!ret)
		ret = address_route(nl, ifindex, own, metric);
	if (ret)
		snprintf(error, ERROR, "device " TUN_DEVICE ": %s",
			 dstm_nl_error(nl));
	return ret;
}

int tun_open(struct tun *t, struct event_base *base, struct dstm_nl *nl,
	     uint32_t metric, char *error)
{
	int ret;

	t->fd = device_open(error);
	if (t->fd < 0)
		return t->fd;
	ret = device_set(nl, metric, error);
	if (!ret) {
		t->event = event_new(base, t->fd, EV_READ | EV_PERSIST, readable, t);
		if (t->event && !event_add(t->event, NULL))
			return 0;
		snprintf(error, ERROR, "no memory");
		ret = -ENOMEM;
	}
	leave(t);
	return ret;
}

int tun_mend(struct tun *t, struct event_base *base, struct dstm_nl *nl,
	     uint32_t metric, char *error)
{
	int ret;

	if (!t->event)
		return tun_open(t, base, nl, metric, error);
	ret = device_set(nl, metric, error);
	return ret == -EEXIST ? 0 : ret;
}

void tun_close(struct tun *t)
{
	leave(t);
	memset(t, 0, sizeof(*t));
}
