/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON-RPC 2.0, one object or batch a line, over a stream of libevent's: a UNIX
 * socket, or TLS. Both sides may ask and answer.
 *
 * A peer can not make this side grow: a line has a greatest length, a peer that
 * does not take its answers is not read any more, and one that lets too much of
 * what it did not ask for pile up is cut off.
 */
#ifndef DSTM_RPC_H
#define DSTM_RPC_H

#include <event2/bufferevent.h>
#include <jansson.h>
#include <stddef.h>

/* The longest line that is taken, in bytes. */
#define DSTM_RPC_LINE		(1024 * 1024)
/* The most requests that a batch may hold. */
#define DSTM_RPC_BATCH		1024

/* Codes of errors: those of the standard, and our own from -32000 down. */
enum dstm_rpc_code {
	DSTM_RPC_PARSE = -32700,
	DSTM_RPC_INVALID_REQUEST = -32600,
	DSTM_RPC_NO_METHOD = -32601,
	DSTM_RPC_INVALID_PARAMS = -32602,
	DSTM_RPC_INTERNAL = -32603,
	DSTM_RPC_REFUSED = -32000,	/* understood, and not done */
	DSTM_RPC_FORBIDDEN = -32001,	/* this peer may not */
	DSTM_RPC_BUSY = -32002,		/* not now; ask again */
	DSTM_RPC_TIMEOUT = -32010,	/* only local: no answer came in time */
	DSTM_RPC_CLOSED = -32011,	/* only local: the connection ended */
};

/* One connection. */
struct dstm_rpc;

/* A request of the peer's that waits for its answer. */
struct dstm_rpc_call;

/**
 * dstm_rpc_method_fn - does what the peer asks
 * @call: to be ended with dstm_rpc_reply() or dstm_rpc_refuse(), now or later; NULL
 *	if it is a notification
 * @params: an object, or an array, or NULL; borrowed
 * @data: of the connection
 *
 * It may call dstm_rpc_free().
 */
typedef void dstm_rpc_method_fn(struct dstm_rpc_call *call, json_t *params,
				void *data);

/**
 * struct dstm_rpc_method - a method, or a notification, that the peer may use
 * @name: its name; NULL ends a table
 * @fn: does it
 */
struct dstm_rpc_method {
	const char *name;
	dstm_rpc_method_fn *fn;
};

/**
 * struct dstm_rpc_ops - how one side behaves
 * @methods: what the peer may ask for
 * @closed: called once when the connection ended by itself, with the reason;
 *	dstm_rpc_free() is to follow, and may be called in it
 * @timeout: seconds to wait for an answer
 * @queue: bytes that may wait to be sent before the peer is cut off; 0 for the
 *	usual 16 MiB
 */
struct dstm_rpc_ops {
	const struct dstm_rpc_method *methods;
	void (*closed)(struct dstm_rpc *rpc, const char *reason, void *data);
	unsigned int timeout;
	size_t queue;
};

/**
 * struct dstm_rpc_error - why there is no result
 * @code: enum dstm_rpc_code
 * @message: in words
 * @data: what more the peer said of it, or NULL; borrowed
 */
struct dstm_rpc_error {
	int code;
	const char *message;
	json_t *data;
};

/**
 * dstm_rpc_answer_fn - takes the answer to a request
 * @result: the result; borrowed. NULL if there is none.
 * @error: why there is no result, or NULL
 * @data: what was given with the request
 *
 * Called exactly once for each request. It may call dstm_rpc_free().
 */
typedef void dstm_rpc_answer_fn(json_t *result,
				const struct dstm_rpc_error *error, void *data);

/**
 * dstm_rpc_stream - connect to a UNIX socket
 * @base: whose the stream will be
 * @path: of the socket
 *
 * Such a connection is there at once or not at all; it is never waited for.
 *
 * Return: the stream, to be given to dstm_rpc_new(), or NULL with errno set.
 */
struct bufferevent *dstm_rpc_stream(struct event_base *base, const char *path);

/**
 * dstm_rpc_new - speak JSON-RPC on a connection
 * @bev: the connection, from here on this code's own; may still be connecting
 * @ops: what this side does; must outlive it
 * @data: for the functions of @ops
 *
 * Return: the connection, or NULL without memory, when @bev is freed.
 */
struct dstm_rpc *dstm_rpc_new(struct bufferevent *bev,
			      const struct dstm_rpc_ops *ops, void *data);

/**
 * dstm_rpc_free - end the connection; what is queued is not sent any more
 * @rpc: the connection, or NULL
 *
 * Requests without an answer get DSTM_RPC_CLOSED first. Calls of the peer's that
 * are still open stay valid, and their answers go nowhere.
 */
void dstm_rpc_free(struct dstm_rpc *rpc);

/**
 * dstm_rpc_bufferevent - the stream under it
 * @rpc: the connection
 *
 * Return: the stream, which stays @rpc's.
 */
struct bufferevent *dstm_rpc_bufferevent(struct dstm_rpc *rpc);

/**
 * dstm_rpc_request - ask the peer
 * @rpc: the connection
 * @method: what for
 * @params: an object or an array, or NULL; the reference is taken
 * @fn: called with the answer, never before this function returns; may be NULL
 * @data: for @fn
 *
 * Return: 0, or -ENOMEM, or -ENOTCONN if the connection ended, in which cases @fn
 * is not called.
 */
int dstm_rpc_request(struct dstm_rpc *rpc, const char *method, json_t *params,
		     dstm_rpc_answer_fn *fn, void *data);

/**
 * dstm_rpc_notify - tell the peer; there is no answer
 * @rpc: the connection
 * @method: what
 * @params: an object or an array, or NULL; the reference is taken
 *
 * Return: 0, or -ENOMEM.
 */
int dstm_rpc_notify(struct dstm_rpc *rpc, const char *method, json_t *params);

/**
 * dstm_rpc_reply - answer a call
 * @call: the call, which ends by it
 * @result: the result; the reference is taken
 */
void dstm_rpc_reply(struct dstm_rpc_call *call, json_t *result);

/**
 * dstm_rpc_refuse - answer a call with an error
 * @call: the call, which ends by it
 * @code: enum dstm_rpc_code
 * @data: more for the peer's program to read, or NULL; the reference is taken
 * @format: the message, as of printf(3)
 */
__attribute__((format(printf, 4, 5)))
void dstm_rpc_refuse(struct dstm_rpc_call *call, int code, json_t *data,
		     const char *format, ...);

#endif
