// SPDX-License-Identifier: GPL-2.0
/* JSON-RPC: the standard's examples, and what a peer can not do. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/rpc.h"

struct side {
	struct event_base *base;
	struct bufferevent *peer;	/* the far end, where it is raw */
	struct dstm_rpc *rpc;
	struct dstm_rpc_call *later;
	char closed[128];
	int notified;
	int answered;
	int code;
	json_int_t result;
};

static void subtract(struct dstm_rpc_call *call, json_t *params, void *data)
{
	json_int_t a, b;

	(void)data;
	if (json_unpack(params, "[I, I]", &a, &b) &&
	    json_unpack(params, "{s:I, s:I}", "minuend", &a, "subtrahend", &b))
		dstm_rpc_refuse(call, DSTM_RPC_INVALID_PARAMS, NULL, "two numbers");
	else
		dstm_rpc_reply(call, json_integer(a - b));
}

static void later(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct side *side = data;

	(void)params;
	side->later = call;
}

static void hang_up(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct side *side = data;

	(void)params;
	dstm_rpc_free(side->rpc);
	side->rpc = NULL;
	dstm_rpc_reply(call, json_null());
}

static void update(struct dstm_rpc_call *call, json_t *params, void *data)
{
	struct side *side = data;

	(void)params;
	assert_null(call);
	side->notified++;
}

static void big(struct dstm_rpc_call *call, json_t *params, void *data)
{
	static char text[100000];

	(void)params;
	(void)data;
	memset(text, 'x', sizeof(text) - 1);
	dstm_rpc_reply(call, json_string(text));
}

static const struct dstm_rpc_method methods[] = {
	{ "subtract", subtract },
	{ "later", later },
	{ "hang_up", hang_up },
	{ "update", update },
	{ "big", big },
	{ NULL, NULL },
};

static void on_closed(struct dstm_rpc *rpc, const char *reason, void *data)
{
	struct side *side = data;

	assert_ptr_equal(rpc, side->rpc);
	snprintf(side->closed, sizeof(side->closed), "%s", reason);
	dstm_rpc_free(rpc);
	side->rpc = NULL;
}

static const struct dstm_rpc_ops ops = {
	.methods = methods, .closed = on_closed, .timeout = 1,
	.queue = 1000000,
};

static void turn(struct side *side)
{
	int i;

	for (i = 0; i < 20; i++)
		event_base_loop(side->base, EVLOOP_NONBLOCK);
}

static void side_start(struct side *side)
{
	struct bufferevent *pair[2];

	memset(side, 0, sizeof(*side));
	side->base = event_base_new();
	assert_int_equal(bufferevent_pair_new(side->base, 0, pair), 0);
	side->peer = pair[0];
	bufferevent_enable(side->peer, EV_READ | EV_WRITE);
	side->rpc = dstm_rpc_new(pair[1], &ops, side);
	assert_non_null(side->rpc);
}

static void side_stop(struct side *side)
{
	dstm_rpc_free(side->rpc);
	if (side->peer)
		bufferevent_free(side->peer);
	turn(side);
	event_base_free(side->base);
}

static void say(struct side *side, const char *text)
{
	bufferevent_write(side->peer, text, strlen(text));
	turn(side);
}

/* The next line that the peer sees, or nothing. */
static void hears(struct side *side, const char *text)
{
	char *line;

	turn(side);
	line = evbuffer_readln(bufferevent_get_input(side->peer), NULL,
			       EVBUFFER_EOL_LF);
	if (!text)
		assert_null(line);
	else
		assert_string_equal(line ? line : "nothing", text);
	free(line);
}

#define OK(result, id)	"{\"jsonrpc\":\"2.0\",\"result\":" result ",\"id\":" id "}"
#define ERROR(code, message, id) \
	"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" code ",\"message\":\"" \
	message "\"},\"id\":" id "}"
#define INVALID	ERROR("-32600", "this is no request of JSON-RPC 2.0", "null")

static const struct {
	const char *said;
	const char *heard;
} exchanges[] = {
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": [42, 23], \"id\": 1}\n",
	  OK("19", "1") },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": "
	  "{\"subtrahend\": 23, \"minuend\": 42}, \"id\": \"a\"}\r\n",
	  OK("19", "\"a\"") },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"update\", \"params\": [1]}\n", NULL },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"foobar\"}\n", NULL },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"foobar\", \"id\": \"1\"}\n",
	  ERROR("-32601", "there is no method \\\"foobar\\\"", "\"1\"") },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"id\": 2}\n",
	  ERROR("-32602", "two numbers", "2") },
	{ "{\"jsonrpc\": \"2.0\", \"method\": 1, \"params\": \"bar\"}\n", INVALID },
	{ "{\"method\": \"update\"}\n", INVALID },
	{ "{\"jsonrpc\": \"2.0\", \"method\": \"update\", \"id\": {}}\n", INVALID },
	{ "[]\n", ERROR("-32600", "a batch has 1 to 1024 requests", "null") },
	{ "[1,2]\n", "[" INVALID "," INVALID "]" },
	{ "[{\"jsonrpc\": \"2.0\", \"method\": \"update\"}]\n", NULL },
	{ "[{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": [5, 3], \"id\": 1},"
	  "{\"jsonrpc\": \"2.0\", \"method\": \"update\"}, {\"foo\": \"boo\"},"
	  "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": [5, 4], \"id\": 2}]\n",
	  "[" OK("2", "1") "," INVALID "," OK("1", "2") "]" },
	{ "{\"jsonrpc\": \"2.0\", \"result\": 1, \"id\": 77}\n", NULL },
	{ "\n", NULL },
};

static void standard(void **state)
{
	struct side side;
	size_t i;

	(void)state;
	side_start(&side);
	for (i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
		say(&side, exchanges[i].said);
		hears(&side, exchanges[i].heard);
		hears(&side, NULL);
	}
	assert_int_equal(side.notified, 3);
	side_stop(&side);
}

static void syntax(void **state)
{
	struct side side;
	char *line;

	(void)state;
	side_start(&side);
	say(&side, "{\"jsonrpc\": \"2.0\", \"method\n");
	line = evbuffer_readln(bufferevent_get_input(side.peer), NULL,
			       EVBUFFER_EOL_LF);
	assert_non_null(line);
	assert_non_null(strstr(line, "-32700"));
	free(line);
	side_stop(&side);
}

static void answered_later(void **state)
{
	struct side side;

	(void)state;
	side_start(&side);
	say(&side, "[{\"jsonrpc\": \"2.0\", \"method\": \"later\", \"id\": 1},"
	    "{\"jsonrpc\": \"2.0\", \"method\": \"subtract\", \"params\": [5, 4], \"id\": 2}]\n");
	hears(&side, NULL);
	dstm_rpc_reply(side.later, NULL);
	hears(&side, "[" OK("1", "2") "," OK("null", "1") "]");

	/* The connection may end before the answer, then the answer is lost. */
	say(&side, "{\"jsonrpc\": \"2.0\", \"method\": \"later\", \"id\": 1}\n");
	dstm_rpc_free(side.rpc);
	side.rpc = NULL;
	dstm_rpc_reply(side.later, json_integer(1));
	hears(&side, NULL);
	side_stop(&side);
}

static void freed_in_method(void **state)
{
	struct side side;

	(void)state;
	side_start(&side);
	say(&side, "[{\"jsonrpc\": \"2.0\", \"method\": \"hang_up\", \"id\": 1},"
	    "{\"jsonrpc\": \"2.0\", \"method\": \"update\"}]\n"
	    "{\"jsonrpc\": \"2.0\", \"method\": \"update\"}\n");
	assert_null(side.rpc);
	assert_int_equal(side.notified, 0);
	side_stop(&side);
}

static void line_too_long(void **state)
{
	static char text[DSTM_RPC_LINE + 2];
	struct side side;

	(void)state;
	memset(text, ' ', sizeof(text) - 1);
	side_start(&side);
	say(&side, text);
	assert_string_equal(side.closed, "the peer sent a line that is too long");
	side_stop(&side);
}

static void peer_does_not_read(void **state)
{
	struct side side;
	int i;

	(void)state;
	side_start(&side);
	bufferevent_setwatermark(side.peer, EV_READ, 0, 1000);
	for (i = 0; i < 100; i++)
		say(&side, "{\"jsonrpc\": \"2.0\", \"method\": \"big\", \"id\": 1}\n");
	/* It is not asked any more, and nothing grows. */
	assert_non_null(side.rpc);
	assert_true(evbuffer_get_length(bufferevent_get_output(
		dstm_rpc_bufferevent(side.rpc))) < 500000);

	/* Once it reads, it gets all of its answers. */
	bufferevent_setwatermark(side.peer, EV_READ, 0, 0);
	for (i = 0; i < 100; i++) {
		char *line;

		turn(&side);
		line = evbuffer_readln(bufferevent_get_input(side.peer), NULL,
				       EVBUFFER_EOL_LF);
		assert_non_null(line);
		free(line);
	}

	/* What it did not ask for has a bound too. */
	bufferevent_setwatermark(side.peer, EV_READ, 0, 1000);
	for (i = 0; i < 20 && side.rpc; i++) {
		static char text[100000];

		memset(text, 'x', sizeof(text) - 1);
		dstm_rpc_notify(side.rpc, "update",
				json_pack("[s]", text));
		turn(&side);
	}
	assert_string_equal(side.closed, "the peer does not take what is sent");
	side_stop(&side);
}

static void on_answer(json_t *result, const struct dstm_rpc_error *error,
		      void *data)
{
	struct side *side = data;

	side->answered++;
	side->code = error ? error->code : 0;
	side->result = json_integer_value(result);
}

static void asking(void **state)
{
	struct side side;

	(void)state;
	side_start(&side);
	dstm_rpc_request(side.rpc, "m", json_pack("[i]", 1), on_answer, &side);
	dstm_rpc_request(side.rpc, "n", NULL, on_answer, &side);
	hears(&side, "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":[1],\"id\":1}");
	hears(&side, "{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"id\":2}");
	say(&side, OK("7", "2") "\n");
	assert_int_equal(side.answered, 1);
	assert_int_equal(side.result, 7);
	say(&side, ERROR("-32000", "no", "1") "\n");
	assert_int_equal(side.answered, 2);
	assert_int_equal(side.code, DSTM_RPC_REFUSED);

	dstm_rpc_request(side.rpc, "m", NULL, on_answer, &side);
	while (side.answered < 3)
		event_base_loop(side.base, EVLOOP_ONCE);
	assert_int_equal(side.code, DSTM_RPC_TIMEOUT);

	dstm_rpc_request(side.rpc, "m", NULL, on_answer, &side);
	dstm_rpc_free(side.rpc);
	side.rpc = NULL;
	assert_int_equal(side.answered, 4);
	assert_int_equal(side.code, DSTM_RPC_CLOSED);
	side_stop(&side);
}

static void peer_goes(void **state)
{
	struct side side;

	(void)state;
	side_start(&side);
	dstm_rpc_request(side.rpc, "m", NULL, on_answer, &side);
	turn(&side);
	bufferevent_flush(side.peer, EV_WRITE, BEV_FINISHED);
	turn(&side);
	assert_string_equal(side.closed, "the peer closed the connection");
	assert_int_equal(side.code, DSTM_RPC_CLOSED);
	side_stop(&side);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standard),
		cmocka_unit_test(syntax),
		cmocka_unit_test(answered_later),
		cmocka_unit_test(freed_in_method),
		cmocka_unit_test(line_too_long),
		cmocka_unit_test(peer_does_not_read),
		cmocka_unit_test(asking),
		cmocka_unit_test(peer_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
