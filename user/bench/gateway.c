// SPDX-License-Identifier: GPL-2.0
/*
 * bench-gateway SOCKET POOL: a gateway that has no kernel under it and confirms
 * everything at once.
 */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/gateway.h"
#include "proto/rpc.h"

static const char *prefix;

static void hello(struct dstm_rpc_call *call, json_t *params, void *data)
{
	(void)params;
	(void)data;
	dstm_rpc_reply(call, json_pack("{s:i, s:s, s:s, s:i, s:[{s:s, s:s}]}",
				       "protocol", DSTM_GATEWAY_PROTOCOL,
				       "gateway", "bench", "instance", "1",
				       "idle", 0, "pools", "prefix", prefix,
				       "dev", "dstm0"));
}

static void confirm(struct dstm_rpc_call *call, json_t *params, void *data)
{
	json_t *mappings = json_object_get(params, "mappings");

	(void)data;
	dstm_rpc_reply(call, json_pack("{s:i}", "count",
				       (int)json_array_size(mappings)));
}

static const struct dstm_rpc_method methods[] = {
	{ DSTM_GATEWAY_HELLO, hello },
	{ DSTM_GATEWAY_MAP_ADD, confirm },
	{ DSTM_GATEWAY_MAP_DEL, confirm },
	{ DSTM_GATEWAY_MAP_SYNC, confirm },
	{ NULL, NULL }
};

static void on_closed(struct dstm_rpc *rpc, const char *reason, void *data)
{
	(void)reason;
	(void)data;
	dstm_rpc_free(rpc);
}

static const struct dstm_rpc_ops ops = {
	.methods = methods, .closed = on_closed, .timeout = 10,
};

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *addr, int len, void *data)
{
	struct bufferevent *bev;

	(void)addr;
	(void)len;
	(void)data;
	bev = bufferevent_socket_new(evconnlistener_get_base(listener), fd,
				     BEV_OPT_CLOSE_ON_FREE);
	if (bev)
		dstm_rpc_new(bev, &ops, NULL);
}

int main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct event_base *base = event_base_new();

	if (argc != 3) {
		fputs("usage: bench-gateway SOCKET POOL\n", stderr);
		return 2;
	}
	prefix = argv[2];
	signal(SIGPIPE, SIG_IGN);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", argv[1]);
	unlink(argv[1]);
	if (!base || !evconnlistener_new_bind(base, on_accept, NULL,
			LEV_OPT_CLOSE_ON_FREE, -1, (struct sockaddr *)&addr,
			sizeof(addr))) {
		perror(argv[1]);
		return 1;
	}
	return event_base_dispatch(base) < 0;
}
