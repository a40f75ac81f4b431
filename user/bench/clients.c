// SPDX-License-Identifier: GPL-2.0
/*
 * bench-clients PORT COUNT WINDOW [RATE]: COUNT clients get a lease each by
 * DHCPv4 over DHCPv6 on the loopback device, WINDOW of them at once, or RATE a
 * second; prints what it took, as JSON. A client is done when it has a DHCPACK;
 * what gets no answer within a second is sent again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/dhcpv4.h"
#include "proto/dhcpv6.h"

#define AGAIN		1000000		/* microseconds */
#define BATCH		64

enum state { IDLE, ASKED, REQUESTED, DONE };

struct client {
	enum state state;
	int64_t began;
	int64_t sent;
	uint32_t taken;		/* for all of it, microseconds */
	struct in_addr ipv4;
	struct in_addr server;
};

static struct client *clients;
static uint32_t count, window, done, next, oldest, again, refused;
static double rate;
static int fd;

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* A client's number is in its transaction, its DUID and its tunnel's address. */
static void message_of(uint32_t number, struct dhcpv4_message *m)
{
	uint8_t duid[8] = { 0, 3, 0, 1 };
	uint32_t wire = htonl(number);

	memset(m, 0, sizeof(*m));
	m->op = DHCPV4_BOOTREQUEST;
	m->xid = number + 1;
	memcpy(duid + 4, &wire, 4);
	dhcpv4_client_id_join(m, 1, duid, sizeof(duid));
	m->softwire_source = (struct in6_addr){ { { 0x20, 1, 0x0d, 0xb8, 1 } } };
	memcpy(&m->softwire_source.s6_addr[12], &wire, 4);
	dhcpv4_give(m, DHCPV4_OPT_SOFTWIRE_SOURCE);
	dhcpv4_give(m, DHCPV4_OPT_TYPE);
}

static void send_message(uint32_t number)
{
	struct client *client = &clients[number];
	struct dhcpv6_packet packet = {
		.message.type = DHCPV6_DHCPV4_QUERY,
	};
	uint8_t inner[DHCPV4_MESSAGE], data[4096];
	struct dhcpv4_message m;
	int len;

	message_of(number, &m);
	m.type = DHCPV4_DISCOVER;
	if (client->state == REQUESTED) {
		m.type = DHCPV4_REQUEST;
		m.requested = client->ipv4;
		dhcpv4_give(&m, DHCPV4_OPT_REQUESTED);
		m.server_id = client->server;
		dhcpv4_give(&m, DHCPV4_OPT_SERVER_ID);
	}
	len = dhcpv4_build(&m, inner, sizeof(inner));
	packet.message.dhcpv4 = (struct dhcpv6_slice){ inner, (size_t)len };
	dhcpv6_give(&packet.message, DHCPV6_OPT_DHCPV4_MSG);
	len = dhcpv6_build(&packet, data, sizeof(data));
	client->sent = now();
	if (send(fd, data, (size_t)len, 0) < 0 && errno != EAGAIN &&
	    errno != ECONNREFUSED)
		perror("send");
}

static void take(const uint8_t *data, size_t size)
{
	static struct dhcpv6_packet packet;
	struct dhcpv4_message m;
	struct client *client;

	if (dhcpv6_parse(&packet, data, size) ||
	    dhcpv4_parse(&m, packet.message.dhcpv4.data,
			 packet.message.dhcpv4.len) || m.xid - 1 >= count)
		return;
	client = &clients[m.xid - 1];
	if (m.type == DHCPV4_OFFER && client->state == ASKED) {
		client->state = REQUESTED;
		client->ipv4 = m.yiaddr;
		client->server = m.server_id;
		send_message(m.xid - 1);
	} else if (m.type == DHCPV4_ACK && client->state == REQUESTED) {
		client->state = DONE;
		client->taken = (uint32_t)(now() - client->began);
		done++;
	} else if (m.type == DHCPV4_NAK && client->state != DONE) {
		client->state = ASKED;
		refused++;
	}
}

static void receive(void)
{
	static uint8_t data[BATCH][2048];
	struct mmsghdr msgs[BATCH] = { 0 };
	struct iovec iov[BATCH];
	int i, n;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ data[i], sizeof(data[i]) };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(fd, msgs, BATCH, MSG_DONTWAIT, NULL);
	for (i = 0; i < n; i++)
		take(data[i], msgs[i].msg_len);
}

/* As many as the window, or the rate, lets begin. */
static void begin_some(int64_t start)
{
	uint32_t may = rate > 0 ? (uint32_t)((double)(now() - start) / 1e6 *
					     rate) : count;
	int burst;

	for (burst = 0; burst < BATCH && next < count && next < may &&
	     next - done < window; burst++) {
		clients[next].state = ASKED;
		clients[next].began = now();
		send_message(next++);
	}
}

static void send_again(void)
{
	int64_t late = now() - AGAIN;
	uint32_t i;

	while (oldest < next && clients[oldest].state == DONE)
		oldest++;
	for (i = oldest; i < next; i++) {
		if (clients[i].state == DONE || clients[i].sent > late)
			continue;
		again++;
		send_message(i);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct client *x = a, *y = b;

	return (x->taken > y->taken) - (x->taken < y->taken);
}

static int by_address(const void *a, const void *b)
{
	uint32_t x = ntohl(((const struct client *)a)->ipv4.s_addr);
	uint32_t y = ntohl(((const struct client *)b)->ipv4.s_addr);

	return (x > y) - (x < y);
}

/* How many clients were lent what another has already. */
static uint32_t lent_twice(void)
{
	uint32_t i, twice = 0;

	qsort(clients, count, sizeof(*clients), by_address);
	for (i = 1; i < count; i++)
		twice += clients[i].ipv4.s_addr == clients[i - 1].ipv4.s_addr;
	return twice;
}

static double percentile(double p)
{
	return clients[(uint32_t)((double)(count - 1) * p)].taken / 1000.0;
}

static int open_socket(const char *port)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)atoi(port)),
		.sin6_addr = in6addr_loopback,
	};
	const int room = 8 << 20;

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return 0;
}

int main(int argc, char **argv)
{
	int64_t start, checked;
	double seconds;
	uint32_t twice;

	if (argc < 4) {
		fputs("usage: bench-clients PORT COUNT WINDOW [RATE]\n", stderr);
		return 2;
	}
	count = (uint32_t)strtoul(argv[2], NULL, 10);
	window = (uint32_t)strtoul(argv[3], NULL, 10);
	rate = argc > 4 ? atof(argv[4]) : 0;
	clients = calloc(count, sizeof(*clients));
	if (!count || !clients || open_socket(argv[1])) {
		perror(argv[1]);
		return 1;
	}
	start = checked = now();
	while (done < count) {
		struct pollfd poll_fd = { fd, POLLIN, 0 };

		begin_some(start);
		poll(&poll_fd, 1, 1);
		receive();
		if (now() - checked > 100000) {
			checked = now();
			send_again();
		}
	}
	seconds = (double)(now() - start) / 1e6;
	twice = lent_twice();
	qsort(clients, count, sizeof(*clients), by_time);
	printf("{\"clients\": %u, \"seconds\": %.2f, \"per-second\": %.0f, \"p50-ms\": %.2f, \"p99-ms\": %.2f, \"sent-again\": %u, \"refused\": %u, \"lent-twice\": %u}\n",
	       count, seconds, count / seconds, percentile(0.5),
	       percentile(0.99), again, refused, twice);
	return twice ? 1 : 0;
}
