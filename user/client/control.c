// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/bufferevent.h>

#include "control.h"
#include "lib/listener.h"
#include "lib/log.h"
#include "proto/rpc.h"

/* So many may be connected at once; the rest waits for its turn. */
#define PEERS	8

struct peer {
	struct control *control;
	struct dstm_rpc *rpc;
};

struct control {
	struct dstm_listener *listener;
	struct event_base *base;
	struct client *client;
	struct peer peer[PEERS];
};

static void method_status(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct peer *peer = data;

	(void)params;
	if (call)
		dstm_rpc_reply(call, client_status(peer->control->client));
}

static void peer_closed(struct dstm_rpc *rpc, const char *reason, void *data)
{
	struct peer *peer = data;

	(void)reason;
	dstm_rpc_free(rpc);
	peer->rpc = NULL;
	dstm_listener_pause(peer->control->listener, false);
}

static const struct dstm_rpc_method methods[] = {
	{ "status", method_status },
	{ NULL, NULL }
};

static const struct dstm_rpc_ops ops = {
	.methods = methods,
	.closed = peer_closed,
	.timeout = 5,
	.queue = 65536,
};

static struct peer *vacant(struct control *control)
{
	size_t i;

	for (i = 0; i < PEERS; i++)
		if (!control->peer[i].rpc)
			return &control->peer[i];
	return NULL;
}

static void accepted(int fd, void *data)
{
	struct control *control = data;
	struct peer *peer = vacant(control);
	struct bufferevent *bev = NULL;

	if (peer)
		bev = bufferevent_socket_new(control->base, fd,
					     BEV_OPT_CLOSE_ON_FREE);
	if (!bev) {
		close(fd);
		return;
	}
	peer->control = control;
	peer->rpc = dstm_rpc_new(bev, &ops, peer);
	if (!vacant(control))
		dstm_listener_pause(control->listener, true);
}

int control_open(struct control **result, struct event_base *base,
		 const char *path, struct client *client)
{
	struct control *control = calloc(1, sizeof(*control));
	int ret = -ENOMEM;

	*result = NULL;
	if (control) {
		control->base = base;
		control->client = client;
		ret = dstm_listener_at(&control->listener, base, path, 0600,
				       accepted, control);
	}
	if (ret) {
		dstm_log(DSTM_LOG_ERR, "control socket %s: %s", path,
			 ret == -EADDRINUSE ? "another dstm-client serves it, or it is no socket" :
			 strerror(-ret));
		free(control);
		return ret;
	}
	*result = control;
	return 0;
}

void control_close(struct control *control)
{
	size_t i;

	if (!control)
		return;
	for (i = 0; i < PEERS; i++)
		dstm_rpc_free(control->peer[i].rpc);
	dstm_listener_free(control->listener);
	free(control);
}

/* Words for people, in the order in which they ask. */
static void print_lease(const json_t *lease)
{
	const char *ipv4, *local, *remote, *server;
	int psid, len = 0, offset, renew = -1, left = -1;

	if (json_unpack((json_t *)lease, "{ss ss ss ss s?i s?i s?i s?i s?i}",
			"ipv4", &ipv4, "local", &local, "remote", &remote,
			"server", &server, "psid", &psid, "psid-len", &len,
			"psid-offset", &offset, "renew-in", &renew,
			"lifetime", &left))
		return;
	printf("  address   %s", ipv4);
	if (len)
		printf(" psid %d psid-len %d psid-offset %d", psid, len, offset);
	printf("\n  tunnel    from %s to %s\n  server    %s\n", local, remote,
	       server);
	if (left < 0)
		printf("  lifetime  for ever\n");
	else
		printf("  lifetime  %d s, renewed in %d s\n", left, renew);
}

static void print_tunnel(const json_t *tunnel)
{
	const char *device, *kind;
	int mtu, idle;

	if (!json_unpack((json_t *)tunnel, "{ss ss si si}", "device", &device,
			 "kind", &kind, "mtu", &mtu, "idle", &idle))
		printf("  device    %s (%s), mtu %d, idle for %d s\n", device,
		       kind, mtu, idle);
}

static void print_packets(const json_t *packets)
{
	json_int_t kept, refused, dropped;
	int waiting;

	if (!json_unpack((json_t *)packets, "{sI si sI sI}", "kept", &kept,
			 "waiting", &waiting, "refused", &refused, "dropped",
			 &dropped))
		printf("  packets   %lld waited, %d waiting, %lld refused, "
		       "%lld dropped\n", (long long)kept, waiting,
		       (long long)refused, (long long)dropped);
}

static void print_words(const json_t *status)
{
	const char *mode = "", *state = "", *reason = NULL;

	json_unpack((json_t *)status, "{ss ss s?s}", "mode", &mode, "state",
		    &state, "reason", &reason);
	printf("%s, %s\n", mode, state);
	if (reason)
		printf("  reason    %s\n", reason);
	print_lease(json_object_get(status, "lease"));
	print_tunnel(json_object_get(status, "tunnel"));
	print_packets(json_object_get(status, "packets"));
}

struct question {
	struct event_base *base;
	const char *path;
	bool json;
	int status;
};

static void answered(json_t *result, const struct dstm_rpc_error *error,
		     void *data)
{
	struct question *q = data;

	event_base_loopbreak(q->base);
	if (error) {
		fprintf(stderr, "dstm-client: %s: %s\n", q->path,
			error->message);
		return;
	}
	q->status = 0;
	if (!q->json) {
		print_words(result);
		return;
	}
	json_dumpf(result, stdout, JSON_COMPACT);
	putchar('\n');
}

static void question_closed(struct dstm_rpc *rpc, const char *reason, void *data)
{
	(void)rpc;
	(void)reason;
	(void)data;
}

static const struct dstm_rpc_method no_methods[] = { { NULL, NULL } };

static const struct dstm_rpc_ops question_ops = {
	.methods = no_methods,
	.closed = question_closed,
	.timeout = 5,
};

int control_ask(const char *path, bool json)
{
	struct question q = { event_base_new(), path, json, 1 };
	struct bufferevent *bev = q.base ? dstm_rpc_stream(q.base, path) : NULL;
	struct dstm_rpc *rpc;

	if (!bev) {
		fprintf(stderr, "dstm-client: %s: %s; is dstm-client running?\n",
			path, strerror(errno));
		if (q.base)
			event_base_free(q.base);
		return 1;
	}
	rpc = dstm_rpc_new(bev, &question_ops, &q);
	if (rpc && !dstm_rpc_request(rpc, "status", NULL, answered, &q))
		event_base_dispatch(q.base);
	dstm_rpc_free(rpc);
	event_base_free(q.base);
	return q.status;
}
