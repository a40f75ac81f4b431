// SPDX-License-Identifier: GPL-2.0
/* What a peer may send by JSON-RPC, whole or in pieces, ending at any place. */
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdint.h>

#include "proto/gateway.h"
#include "proto/rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size);

static void add(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct dstm_mapping m[DSTM_GATEWAY_BATCH];
	char error[DSTM_MAPPING_ERROR];
	size_t n;
	int ret;

	(void)data;
	ret = dstm_gateway_mappings_read(params, m, &n, error);
	if (call && ret)
		dstm_rpc_refuse(call, DSTM_RPC_INVALID_PARAMS, NULL, "%s",
				error);
	else if (call)
		dstm_rpc_reply(call, dstm_gateway_mappings(m, n));
}

static void end(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct dstm_rpc **rpc = data;

	(void)params;
	dstm_rpc_free(*rpc);
	*rpc = NULL;
	if (call)
		dstm_rpc_reply(call, NULL);
}

static const struct dstm_rpc_method methods[] = {
	{ "add", add },
	{ "end", end },
	{ NULL, NULL },
};

static void closed(struct dstm_rpc *rpc, const char *reason, void *data)
{
	(void)reason;
	dstm_rpc_free(rpc);
	*(struct dstm_rpc **)data = NULL;
}

static const struct dstm_rpc_ops ops = {
	.methods = methods, .closed = closed, .timeout = 1,
};

static void turn(struct event_base *base)
{
	int i;

	for (i = 0; i < 4; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
	static struct event_base *base;
	struct bufferevent *pair[2];
	struct dstm_rpc *rpc;

	if (!base)
		base = event_base_new();
	if (bufferevent_pair_new(base, 0, pair))
		return 0;
	bufferevent_enable(pair[0], EV_READ | EV_WRITE);
	rpc = dstm_rpc_new(pair[1], &ops, &rpc);
	dstm_rpc_request(rpc, "m", NULL, NULL, NULL);
	bufferevent_write(pair[0], text, size / 2);
	turn(base);
	bufferevent_write(pair[0], text + size / 2, size - size / 2);
	turn(base);
	dstm_rpc_free(rpc);
	bufferevent_free(pair[0]);
	turn(base);
	return 0;
}
