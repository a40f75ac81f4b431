// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/listener.h"
#include "lib/log.h"
#include "proto/tls.h"

#include "listen.h"
#include "peer.h"

/* Strangers hold no more than these, and no longer. */
#define HANDSHAKES	64
#define HANDSHAKE_SECONDS 10

/* A TLS connection of which it is not known yet whose it is. */
struct handshake {
	struct gateway *gw;
	TAILQ_ENTRY(handshake) link;
	struct bufferevent *bev;
	struct event *limit;
};

/**
 * struct listeners - where servers connect
 * @local: the UNIX socket
 * @remote: the TCP socket, or NULL
 * @ctx: TLS
 * @handshakes: connections that are not known yet, the oldest first
 * @count: how many
 */
struct listeners {
	struct dstm_listener *local;
	struct dstm_listener *remote;
	SSL_CTX *ctx;
	TAILQ_HEAD(, handshake) handshakes;
	unsigned int count;
};

static void stranger(struct gateway *gw, const char *who)
{
	static struct dstm_log_limit limit;

	gw->figures.strangers++;
	dstm_log_limited(&limit, DSTM_LOG_WARNING,
			 "refused a connection: %s", who);
}

static int server_by_uid(const struct config *config, uid_t uid)
{
	size_t i, j;

	for (i = 0; i < config->server_count; i++)
		for (j = 0; j < config->servers[i].uid_count; j++)
			if (config->servers[i].uids[j] == uid)
				return (int)i;
	return -1;
}

static void on_local(int fd, void *data)
{
	struct gateway *gw = data;
	struct bufferevent *bev;
	struct ucred peer;
	socklen_t size = sizeof(peer);
	char who[64];
	int server;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size)) {
		close(fd);
		return;
	}
	server = server_by_uid(&gw->config, peer.uid);
	if (server < 0) {
		snprintf(who, sizeof(who), "uid %u is no server", peer.uid);
		stranger(gw, who);
		close(fd);
		return;
	}
	bev = bufferevent_socket_new(gw->daemon.base, fd,
				     BEV_OPT_CLOSE_ON_FREE);
	if (bev)
		peer_new(gw, bev, server);
	else
		close(fd);
}

static void handshake_end(struct handshake *handshake)
{
	TAILQ_REMOVE(&handshake->gw->listeners->handshakes, handshake, link);
	handshake->gw->listeners->count--;
	event_free(handshake->limit);
	free(handshake);
}

static void handshake_drop(struct handshake *handshake)
{
	struct bufferevent *bev = handshake->bev;

	handshake_end(handshake);
	bufferevent_free(bev);
}

static int server_by_certificate(const struct config *config,
				 struct bufferevent *bev)
{
	size_t i, j;

	for (i = 0; i < config->server_count; i++)
		for (j = 0; j < config->servers[i].certificate_count; j++)
			if (dstm_tls_peer_is(bev,
					     config->servers[i].certificates[j]))
				return (int)i;
	return -1;
}

static void known(struct gateway *gw, struct bufferevent *bev)
{
	int server = server_by_certificate(&gw->config, bev);
	char name[DSTM_TLS_PEER], who[DSTM_TLS_PEER + 64];

	if (server < 0) {
		dstm_tls_peer(bev, name);
		snprintf(who, sizeof(who), "certificate of \"%s\" is of no server",
			 name);
		stranger(gw, who);
		bufferevent_free(bev);
		return;
	}
	peer_new(gw, bev, server);
}

static void on_handshake(struct bufferevent *bev, short what, void *arg)
{
	struct handshake *handshake = arg;
	struct gateway *gw = handshake->gw;
	char why[DSTM_TLS_ERROR];

	handshake_end(handshake);
	if (what & BEV_EVENT_CONNECTED) {
		known(gw, bev);
		return;
	}
	dstm_tls_why(bev, why);
	stranger(gw, why[0] ? why : "the peer closed the connection");
	bufferevent_free(bev);
}

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct handshake *handshake = arg;

	(void)fd;
	(void)what;
	stranger(handshake->gw, "no certificate came in time");
	handshake_drop(handshake);
}

/* So that a machine that went away without a word is noticed, in some 30 s. */
static void keepalive(int fd)
{
	static const int on = 1, idle = 10, interval = 5, count = 4;
	static const unsigned int unsent = 30000;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unsent, sizeof(unsent));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* One of the stream's own would begin anew with each byte that comes. */
static int limit_start(struct handshake *handshake)
{
	static const struct timeval limit = { .tv_sec = HANDSHAKE_SECONDS };

	handshake->limit = evtimer_new(handshake->gw->daemon.base, on_limit,
				       handshake);
	if (handshake->limit && !evtimer_add(handshake->limit, &limit))
		return 0;
	if (handshake->limit)
		event_free(handshake->limit);
	return -ENOMEM;
}

static void on_remote(int fd, void *data)
{
	struct gateway *gw = data;
	struct handshake *handshake;

	keepalive(fd);
	handshake = calloc(1, sizeof(*handshake));
	if (!handshake) {
		close(fd);
		return;
	}
	handshake->gw = gw;
	handshake->bev = dstm_tls_accept(gw->daemon.base, gw->listeners->ctx,
					 fd);
	if (!handshake->bev || limit_start(handshake)) {
		if (handshake->bev)
			bufferevent_free(handshake->bev);
		free(handshake);
		return;
	}
	TAILQ_INSERT_TAIL(&gw->listeners->handshakes, handshake, link);
	bufferevent_setcb(handshake->bev, NULL, NULL, on_handshake, handshake);
	bufferevent_enable(handshake->bev, EV_READ | EV_WRITE);
	if (++gw->listeners->count <= HANDSHAKES)
		return;
	/* A server shows its certificate at once, so it is the oldest that goes. */
	stranger(gw, "too many connections without a certificate");
	handshake_drop(TAILQ_FIRST(&gw->listeners->handshakes));
}

static int remote_start(struct gateway *gw)
{
	const struct config_tls *tls = &gw->config.tls;
	const struct dstm_tls_files files = {
		.certificate = tls->certificate,
		.key = tls->key,
		.authorities = tls->authorities,
	};
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = tls->address,
		.sin6_port = htons((uint16_t)tls->port),
	};
	char error[DSTM_TLS_ERROR];
	int ret;

	ret = dstm_tls_context(&gw->listeners->ctx, &files, true, error);
	if (ret) {
		dstm_log(DSTM_LOG_ERR, "%s", error);
		return ret;
	}
	ret = dstm_listener_new(&gw->listeners->remote, gw->daemon.base,
				(struct sockaddr *)&addr, sizeof(addr),
				on_remote, gw);
	if (ret)
		dstm_log(DSTM_LOG_ERR, "port %u for servers: %s", tls->port,
			 strerror(-ret));
	return ret;
}

int listen_start(struct gateway *gw)
{
	int ret;

	gw->listeners = calloc(1, sizeof(*gw->listeners));
	if (!gw->listeners)
		return -ENOMEM;
	TAILQ_INIT(&gw->listeners->handshakes);
	/* Who may speak is decided by who it is, not by the file's mode. */
	ret = dstm_listener_at(&gw->listeners->local, gw->daemon.base,
			       gw->config.socket, 0666, on_local, gw);
	if (ret)
		dstm_log(DSTM_LOG_ERR, "%s: %s", gw->config.socket,
			 strerror(-ret));
	else if (gw->config.tls.given)
		ret = remote_start(gw);
	if (ret)
		listen_stop(gw);
	return ret;
}

void listen_stop(struct gateway *gw)
{
	struct listeners *l = gw->listeners;

	if (!l)
		return;
	while (!TAILQ_EMPTY(&l->handshakes))
		handshake_drop(TAILQ_FIRST(&l->handshakes));
	dstm_listener_free(l->local);
	dstm_listener_free(l->remote);
	SSL_CTX_free(l->ctx);
	free(l);
	gw->listeners = NULL;
}
