// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exchange.h"

#define ERROR	512

static void readable(evutil_socket_t fd, short what, void *data)
{
	static uint8_t packet[DHCPV6_PACKET];
	struct exchange *x = data;
	struct dhcpv6_packet p;
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	ssize_t size;

	(void)what;
	size = recvfrom(fd, packet, sizeof(packet), 0,
			(struct sockaddr *)&from, &len);
	if (size < 0)
		return;
	if (dhcpv6_parse(&p, packet, (size_t)size) || p.relays) {
		x->bad++;
		return;
	}
	/* It may close the port: nothing of it is used afterwards. */
	x->received(&p.message, &from.sin6_addr, x->data);
}

int exchange_open(struct exchange *x, struct event_base *base,
		  const struct in6_addr *local, uint32_t ifindex, char *error)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(DHCPV6_CLIENT_PORT),
		.sin6_addr = *local,
		.sin6_scope_id = ifindex,
	};
	char text[INET6_ADDRSTRLEN];
	int fd, ret;

	exchange_close(x);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof(addr))) {
		ret = -errno;
		inet_ntop(AF_INET6, local, text, sizeof(text));
		snprintf(error, ERROR, "UDP port %d of %s: %s",
			 DHCPV6_CLIENT_PORT, text, strerror(errno));
		if (fd >= 0)
			close(fd);
		return ret;
	}
	x->event = event_new(base, fd, EV_READ | EV_PERSIST, readable, x);
	if (!x->event) {
		close(fd);
		snprintf(error, ERROR, "no memory");
		return -ENOMEM;
	}
	event_add(x->event, NULL);
	x->local = *local;
	x->ifindex = ifindex;
	return 0;
}

int exchange_send(struct exchange *x, const struct dhcpv6_message *m,
		  const struct in6_addr *to)
{
	struct dhcpv6_packet p = { .message = *m };
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(DHCPV6_SERVER_PORT),
		.sin6_addr = *to,
		.sin6_scope_id = x->ifindex,
	};
	uint8_t packet[4096];
	int len;

	if (!x->event)
		return -ENOTCONN;
	len = dhcpv6_build(&p, packet, sizeof(packet));
	if (len < 0)
		return len;
	if (sendto(event_get_fd(x->event), packet, (size_t)len, 0,
		   (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return 0;
}

void exchange_close(struct exchange *x)
{
	if (!x->event)
		return;
	close(event_get_fd(x->event));
	event_free(x->event);
	x->event = NULL;
}
