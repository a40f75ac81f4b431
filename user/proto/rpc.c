// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "rpc.h"

/* A peer is not read while more than so much waits for it to take it. */
#define OUTPUT_HIGH	(256 * 1024)
#define OUTPUT_QUEUE	(16 * 1024 * 1024)
/* Nor while so many of its requests wait for an answer. */
#define CALLS_MAX	(4 * DSTM_RPC_BATCH)

/* What we asked and have no answer to. All wait equally long: oldest first. */
struct request {
	TAILQ_ENTRY(request) link;
	json_int_t id;
	int64_t deadline;
	dstm_rpc_answer_fn *fn;
	void *data;
};

TAILQ_HEAD(requests, request);

/* The answers to one line: to a request, or to all of a batch. */
struct answer {
	struct dstm_rpc *rpc;		/* NULL once it is gone */
	LIST_ENTRY(answer) link;
	json_t *batch;			/* an array, or NULL if it was no batch */
	size_t open;
};

struct dstm_rpc_call {
	struct answer *answer;
	json_t *id;
};

struct dstm_rpc {
	struct bufferevent *bev;
	const struct dstm_rpc_ops *ops;
	void *data;
	struct event *timer;
	struct requests requests;
	LIST_HEAD(, answer) answers;
	json_int_t last_id;
	size_t calls;		/* of the peer's, without an answer */
	unsigned int busy;	/* our functions that are on the stack */
	bool freed;		/* by the owner */
	bool ended;		/* closed() was called, or is about to be */
	char *reason;
};

static void rpc_destroy(struct dstm_rpc *rpc)
{
	event_free(rpc->timer);
	bufferevent_free(rpc->bev);
	free(rpc->reason);
	free(rpc);
}

static void enter(struct dstm_rpc *rpc)
{
	rpc->busy++;
}

/* Whether @rpc is still there. */
static bool leave(struct dstm_rpc *rpc)
{
	if (--rpc->busy || !rpc->freed)
		return !rpc->freed;
	rpc_destroy(rpc);
	return false;
}

static void request_fail(struct request *request, int code, const char *why)
{
	struct dstm_rpc_error error = { .code = code, .message = why };

	if (request->fn)
		request->fn(NULL, &error, request->data);
	free(request);
}

/* To be called between enter() and leave(). */
static void requests_fail(struct dstm_rpc *rpc, const char *why)
{
	struct request *request;

	while ((request = TAILQ_FIRST(&rpc->requests))) {
		TAILQ_REMOVE(&rpc->requests, request, link);
		request_fail(request, DSTM_RPC_CLOSED, why);
	}
}

/*
 * The end comes from within functions that go on to use @rpc, so the owner hears
 * of it from the event loop.
 */
static void end(struct dstm_rpc *rpc, const char *reason)
{
	static const struct timeval now;

	if (rpc->ended)
		return;
	rpc->ended = true;
	rpc->reason = strdup(reason);
	bufferevent_disable(rpc->bev, EV_READ | EV_WRITE);
	event_del(rpc->timer);
	event_add(rpc->timer, &now);
}

static void reading_set(struct dstm_rpc *rpc)
{
	size_t waiting;

	if (rpc->ended || rpc->freed)
		return;
	waiting = evbuffer_get_length(bufferevent_get_output(rpc->bev));
	if (waiting > OUTPUT_HIGH || rpc->calls > CALLS_MAX) {
		bufferevent_disable(rpc->bev, EV_READ);
	} else if (!(bufferevent_get_enabled(rpc->bev) & EV_READ)) {
		/* Lines may be here already, and nothing else tells of them. */
		bufferevent_enable(rpc->bev, EV_READ);
		bufferevent_trigger(rpc->bev, EV_READ,
				    BEV_TRIG_IGNORE_WATERMARKS |
				    BEV_TRIG_DEFER_CALLBACKS);
	}
}

/* Takes the reference. */
static int line_send(struct dstm_rpc *rpc, json_t *message)
{
	struct evbuffer *out = bufferevent_get_output(rpc->bev);
	size_t max = rpc->ops->queue ? rpc->ops->queue : OUTPUT_QUEUE;
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	size_t len;

	json_decref(message);
	if (!text)
		return -ENOMEM;
	if (rpc->ended) {
		free(text);
		return 0;
	}
	len = strlen(text);
	text[len] = '\n';	/* in the place of the NUL */
	if (evbuffer_get_length(out) + len > max)
		end(rpc, "the peer does not take what is sent");
	else if (bufferevent_write(rpc->bev, text, len + 1))
		end(rpc, "no memory to send");
	free(text);
	reading_set(rpc);
	return 0;
}

static json_t *error_object(json_t *id, int code, const char *message,
			    json_t *data)
{
	json_t *text = json_string(message);

	if (!text)
		text = json_string("not a text");
	return json_pack("{s:s, s:{s:i, s:o, s:o*}, s:o}", "jsonrpc", "2.0",
			 "error", "code", code, "message", text,
			 "data", data, "id", id ? id : json_null());
}

static void answer_free(struct answer *answer)
{
	if (answer->rpc)
		LIST_REMOVE(answer, link);
	json_decref(answer->batch);
	free(answer);
}

/* One of the calls of @answer is done, with @object, whose reference is taken. */
static void answer_add(struct answer *answer, json_t *object)
{
	struct dstm_rpc *rpc = answer->rpc;

	if (!answer->batch) {
		if (rpc && line_send(rpc, object))
			end(rpc, "no memory to answer");
		else if (!rpc)
			json_decref(object);
	} else if (object) {
		json_array_append_new(answer->batch, object);
	}
	if (--answer->open)
		return;
	if (rpc && answer->batch && json_array_size(answer->batch))
		line_send(rpc, json_incref(answer->batch));
	answer_free(answer);
}

static void call_end(struct dstm_rpc_call *call, json_t *object)
{
	struct dstm_rpc *rpc = call->answer->rpc;

	if (rpc)
		rpc->calls--;
	answer_add(call->answer, object);
	if (rpc)
		reading_set(rpc);
	free(call);
}

void dstm_rpc_reply(struct dstm_rpc_call *call, json_t *result)
{
	call_end(call, json_pack("{s:s, s:o, s:o}", "jsonrpc", "2.0", "result",
				 result ? result : json_null(), "id", call->id));
}

void dstm_rpc_refuse(struct dstm_rpc_call *call, int code, json_t *data,
		     const char *format, ...)
{
	char message[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	call_end(call, error_object(call->id, code, message, data));
}

static const struct dstm_rpc_method *method_find(struct dstm_rpc *rpc,
						 const char *name)
{
	const struct dstm_rpc_method *method = rpc->ops->methods;

	for (; method && method->name; method++)
		if (!strcmp(method->name, name))
			return method;
	return NULL;
}

static void take_notification(struct dstm_rpc *rpc, const char *name,
			      json_t *params)
{
	const struct dstm_rpc_method *method = method_find(rpc, name);

	if (method)
		method->fn(NULL, params, rpc->data);
}

static void take_call(struct dstm_rpc *rpc, struct answer *answer,
		      const char *name, json_t *params, json_t *id)
{
	const struct dstm_rpc_method *method = method_find(rpc, name);
	struct dstm_rpc_call *call = malloc(sizeof(*call));

	if (!call) {
		answer_add(answer, NULL);
		return;
	}
	call->answer = answer;
	call->id = json_incref(id);
	rpc->calls++;
	if (method)
		method->fn(call, params, rpc->data);
	else
		dstm_rpc_refuse(call, DSTM_RPC_NO_METHOD, NULL,
				"there is no method \"%.64s\"", name);
}

static struct request *request_find(struct dstm_rpc *rpc, json_t *id)
{
	struct request *request;

	TAILQ_FOREACH(request, &rpc->requests, link)
		if (json_is_integer(id) && request->id == json_integer_value(id))
			return request;
	return NULL;
}

static void take_answer(struct dstm_rpc *rpc, json_t *message, json_t *id)
{
	struct request *request = request_find(rpc, id);
	json_t *wrong = json_object_get(message, "error");
	json_t *result = json_object_get(message, "result");
	struct dstm_rpc_error error = {
		.code = DSTM_RPC_INTERNAL, .message = "no reason was given",
	};

	if (!request)
		return;		/* too late, or never asked */
	TAILQ_REMOVE(&rpc->requests, request, link);
	if (wrong || !result) {
		json_unpack(wrong, "{s:i, s?s, s?o}", "code", &error.code,
			    "message", &error.message, "data", &error.data);
		result = NULL;
	}
	if (request->fn)
		request->fn(result, result ? NULL : &error, request->data);
	free(request);
}

static bool is_id(json_t *id)
{
	return json_is_string(id) || json_is_number(id) || json_is_null(id);
}

/* A message of the peer's; @answer has one call open for it. */
static void take_message(struct dstm_rpc *rpc, struct answer *answer,
			 json_t *message)
{
	json_t *id = json_object_get(message, "id");
	json_t *params = json_object_get(message, "params");
	json_t *method = json_object_get(message, "method");
	const char *version;

	version = json_string_value(json_object_get(message, "jsonrpc"));
	if (!version || strcmp(version, "2.0") ||
	    (id && !is_id(id)) || (method && !json_is_string(method)) ||
	    (params && !json_is_object(params) && !json_is_array(params)) ||
	    (!method && !json_object_get(message, "result") &&
	     !json_object_get(message, "error"))) {
		answer_add(answer, error_object(NULL, DSTM_RPC_INVALID_REQUEST,
						"this is no request of JSON-RPC 2.0",
						NULL));
	} else if (method && id) {
		take_call(rpc, answer, json_string_value(method), params, id);
	} else if (method) {
		take_notification(rpc, json_string_value(method), params);
		answer->open--;
	} else {
		take_answer(rpc, message, id);
		answer->open--;
	}
}

static void take_batch(struct dstm_rpc *rpc, struct answer *answer,
		       json_t *batch)
{
	size_t i, n = json_array_size(batch);

	if (!n || n > DSTM_RPC_BATCH) {
		answer->open++;
		answer_add(answer, error_object(NULL, DSTM_RPC_INVALID_REQUEST,
						"a batch has 1 to 1024 requests",
						NULL));
		return;
	}
	answer->batch = json_array();
	if (!answer->batch) {
		end(rpc, "no memory for a batch");
		return;
	}
	for (i = 0; i < n && !rpc->freed; i++) {
		answer->open++;
		take_message(rpc, answer, json_array_get(batch, i));
	}
}

/* What is still open then is answered later, and frees @answer. */
static void take_line(struct dstm_rpc *rpc, const char *line, size_t len)
{
	struct answer *answer = calloc(1, sizeof(*answer));
	json_error_t wrong;
	json_t *message;

	if (!answer) {
		end(rpc, "no memory for a request");
		return;
	}
	answer->rpc = rpc;
	answer->open = 1;	/* this function's own, so that it stays */
	LIST_INSERT_HEAD(&rpc->answers, answer, link);

	message = json_loadb(line, len, JSON_REJECT_DUPLICATES, &wrong);
	if (json_is_array(message)) {
		take_batch(rpc, answer, message);
	} else {
		answer->open++;
		if (message)
			take_message(rpc, answer, message);
		else
			answer_add(answer, error_object(NULL, DSTM_RPC_PARSE,
							wrong.text, NULL));
	}
	json_decref(message);

	if (--answer->open)
		return;
	if (answer->rpc && answer->batch && json_array_size(answer->batch))
		line_send(rpc, json_incref(answer->batch));
	answer_free(answer);
}

static bool is_reading(const struct dstm_rpc *rpc)
{
	return !rpc->freed && !rpc->ended &&
	       bufferevent_get_enabled(rpc->bev) & EV_READ;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct dstm_rpc *rpc = arg;
	char *line;
	size_t len;

	enter(rpc);
	while (is_reading(rpc)) {
		line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
		if (!line)
			len = evbuffer_get_length(in);
		if (len > DSTM_RPC_LINE)
			end(rpc, "the peer sent a line that is too long");
		else if (line && len)
			take_line(rpc, line, len);
		free(line);
		if (!line)
			break;
	}
	leave(rpc);
}

/* The peer took what waited. */
static void on_write(struct bufferevent *bev, void *arg)
{
	(void)bev;
	reading_set(arg);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct dstm_rpc *rpc = arg;
	int error = EVUTIL_SOCKET_ERROR();

	(void)bev;
	if (what & BEV_EVENT_EOF)
		end(rpc, "the peer closed the connection");
	else if (what & BEV_EVENT_ERROR)
		end(rpc, error ? evutil_socket_error_to_string(error) :
		    "the connection failed");
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* For the deadline of the oldest request. */
static void timer_set(struct dstm_rpc *rpc)
{
	struct request *first = TAILQ_FIRST(&rpc->requests);
	int64_t in;

	if (!first || rpc->ended || rpc->freed)
		return;
	in = first->deadline - now_ms();
	if (in < 1)
		in = 1;
	event_add(rpc->timer, &(struct timeval){
		.tv_sec = (time_t)(in / 1000),
		.tv_usec = (suseconds_t)(in % 1000 * 1000),
	});
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct dstm_rpc *rpc = arg;
	struct request *request;
	int64_t now = now_ms();

	(void)fd;
	(void)what;
	enter(rpc);
	if (rpc->ended) {
		requests_fail(rpc, rpc->reason);
		if (!rpc->freed && rpc->ops->closed)
			rpc->ops->closed(rpc, rpc->reason ? rpc->reason : "",
					 rpc->data);
		leave(rpc);
		return;
	}
	while (!rpc->freed && (request = TAILQ_FIRST(&rpc->requests)) &&
	       now >= request->deadline) {
		TAILQ_REMOVE(&rpc->requests, request, link);
		request_fail(request, DSTM_RPC_TIMEOUT,
			     "no answer came in time");
	}
	timer_set(rpc);
	leave(rpc);
}

struct bufferevent *dstm_rpc_stream(struct event_base *base, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct bufferevent *bev;
	int fd, error;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return NULL;
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
		if (bev)
			return bev;
		errno = ENOMEM;
	}
	error = errno;
	close(fd);
	errno = error;
	return NULL;
}

struct dstm_rpc *dstm_rpc_new(struct bufferevent *bev,
			      const struct dstm_rpc_ops *ops, void *data)
{
	struct dstm_rpc *rpc = calloc(1, sizeof(*rpc));

	if (rpc)
		rpc->timer = evtimer_new(bufferevent_get_base(bev), on_timer,
					 rpc);
	if (!rpc || !rpc->timer) {
		free(rpc);
		bufferevent_free(bev);
		return NULL;
	}
	rpc->bev = bev;
	rpc->ops = ops;
	rpc->data = data;
	TAILQ_INIT(&rpc->requests);
	LIST_INIT(&rpc->answers);
	bufferevent_setcb(bev, on_read, on_write, on_event, rpc);
	bufferevent_setwatermark(bev, EV_WRITE, OUTPUT_HIGH / 2, 0);
	bufferevent_setwatermark(bev, EV_READ, 0, 2 * DSTM_RPC_LINE);
	bufferevent_enable(bev, EV_WRITE);
	bufferevent_disable(bev, EV_READ);
	reading_set(rpc);
	return rpc;
}

void dstm_rpc_free(struct dstm_rpc *rpc)
{
	struct answer *answer;

	if (!rpc || rpc->freed)
		return;
	enter(rpc);
	rpc->freed = true;
	rpc->ended = true;
	bufferevent_disable(rpc->bev, EV_READ | EV_WRITE);
	event_del(rpc->timer);
	while ((answer = LIST_FIRST(&rpc->answers))) {
		LIST_REMOVE(answer, link);
		answer->rpc = NULL;
	}
	requests_fail(rpc, "the connection was ended");
	leave(rpc);
}

struct bufferevent *dstm_rpc_bufferevent(struct dstm_rpc *rpc)
{
	return rpc->bev;
}

int dstm_rpc_request(struct dstm_rpc *rpc, const char *method, json_t *params,
		     dstm_rpc_answer_fn *fn, void *data)
{
	struct request *request = calloc(1, sizeof(*request));
	json_t *message;
	int ret = -ENOMEM;

	message = json_pack("{s:s, s:s, s:o*, s:I}", "jsonrpc", "2.0",
			    "method", method, "params", params,
			    "id", ++rpc->last_id);
	if (rpc->ended)
		ret = -ENOTCONN;
	if (!request || !message || rpc->ended) {
		free(request);
		json_decref(message);
		return ret;
	}
	request->id = rpc->last_id;
	request->fn = fn;
	request->data = data;
	request->deadline = now_ms() + 1000 * (int64_t)rpc->ops->timeout;
	TAILQ_INSERT_TAIL(&rpc->requests, request, link);
	if (line_send(rpc, message)) {
		TAILQ_REMOVE(&rpc->requests, request, link);
		free(request);
		return -ENOMEM;
	}
	if (request == TAILQ_FIRST(&rpc->requests))
		timer_set(rpc);
	return 0;
}

int dstm_rpc_notify(struct dstm_rpc *rpc, const char *method, json_t *params)
{
	return line_send(rpc, json_pack("{s:s, s:s, s:o*}", "jsonrpc", "2.0",
					"method", method, "params", params));
}
