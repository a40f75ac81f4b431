// SPDX-License-Identifier: GPL-2.0
/* dstm-server ctl: what operators type, to the control socket and back. */
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/mapping.h"
#include "proto/rpc.h"
#include "control.h"

#define DONE	0
#define FAILED	1
#define MISUSED	2

/* The way to the server, one question at a time. */
struct ctl {
	struct event_base *base;
	struct dstm_rpc *rpc;
	bool json;
	json_t *result;
	bool failed;
};

struct command {
	const char *words;
	const char *arguments;
	const char *help;
	int (*fn)(struct ctl *ctl, int argc, char **argv);
};

static void on_answer(json_t *result, const struct dstm_rpc_error *error,
		      void *data)
{
	struct ctl *ctl = data;

	if (error) {
		fprintf(stderr, "dstm-server ctl: %s\n", error->message);
		ctl->failed = true;
	} else {
		ctl->result = json_incref(result);
	}
	event_base_loopbreak(ctl->base);
}

static const struct dstm_rpc_method no_methods[] = { { NULL, NULL } };

static void on_closed(struct dstm_rpc *rpc, const char *reason, void *data)
{
	struct ctl *ctl = data;

	(void)rpc;
	if (!ctl->result && !ctl->failed)
		fprintf(stderr, "dstm-server ctl: %s; is dstm-server running?\n",
			reason);
	ctl->failed = true;
	event_base_loopbreak(ctl->base);
}

static const struct dstm_rpc_ops ops = {
	.methods = no_methods, .closed = on_closed, .timeout = 30,
};

/* Ask, and wait for the result. Return it, or NULL when all is said. */
static json_t *ask(struct ctl *ctl, const char *method, json_t *params)
{
	ctl->result = NULL;
	if (!params || dstm_rpc_request(ctl->rpc, method, params, on_answer,
					ctl)) {
		fputs("dstm-server ctl: no memory\n", stderr);
		return NULL;
	}
	event_base_dispatch(ctl->base);
	return ctl->failed ? NULL : ctl->result;
}

static int misuse(const char *format, const char *what)
{
	fprintf(stderr, "dstm-server ctl: ");
	fprintf(stderr, format, what);
	fputc('\n', stderr);
	return MISUSED;
}

static void print_json(const json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}

static void print_time(const char *name, int64_t seconds)
{
	time_t time = seconds;
	struct tm tm;
	char text[32];

	if (localtime_r(&time, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		printf(" %s %s", name, text);
}

static void print_member(const char *key, const json_t *value)
{
	bool time = !strcmp(key, "since") || !strcmp(key, "until") ||
		    !strcmp(key, "expires");

	if (json_is_null(value) && time && strcmp(key, "since"))
		printf(" %s %s", key, strcmp(key, "until") ? "never" : "now");
	else if (json_is_null(value))
		return;
	else if (time)
		print_time(key, json_integer_value(value));
	else if (json_is_integer(value))
		printf(" %s %" JSON_INTEGER_FORMAT, key,
		       json_integer_value(value));
	else if (json_is_boolean(value))
		printf(" %s %s", key, json_is_true(value) ? "on" : "off");
	else
		printf(" %s %s", key, json_string_value(value));
}

/* An object as words in a line, or as it is. */
static void print_object(const struct ctl *ctl, json_t *object)
{
	const char *key;
	json_t *value;

	if (ctl->json) {
		print_json(object);
		return;
	}
	json_object_foreach(object, key, value)
		print_member(key, value);
	putchar('\n');
}

static void print_list(const struct ctl *ctl, json_t *list)
{
	json_t *object;
	size_t i;

	if (ctl->json)
		print_json(list);
	else
		json_array_foreach(list, i, object)
			print_object(ctl, object);
}

/* Ask for a list under a key, and print it. That it is not all of it is a failure. */
static int show(struct ctl *ctl, const char *method, json_t *params,
		const char *key)
{
	json_t *result = ask(ctl, method, params);
	bool more;

	if (!result)
		return FAILED;
	print_list(ctl, json_object_get(result, key));
	more = json_is_true(json_object_get(result, "more"));
	if (more)
		fprintf(stderr, "dstm-server: there are more than these %d\n",
			CONTROL_PAGE);
	json_decref(result);
	return more ? FAILED : DONE;
}

/* Ask for something to be done. */
static int order(struct ctl *ctl, const char *method, json_t *params)
{
	json_t *result = ask(ctl, method, params);

	if (!result)
		return FAILED;
	json_decref(result);
	return DONE;
}

static int leases(struct ctl *ctl, int argc, char **argv)
{
	json_t *params = json_object(), *all = json_array(), *result, *after;
	int i;

	for (i = 0; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "pool") && strcmp(argv[i], "state"))
			return misuse("what is %s here?", argv[i]);
		json_object_set_new(params, argv[i], json_string(argv[i + 1]));
	}
	if (i < argc)
		return misuse("%s: a value is missing", argv[i]);
	do {
		result = ask(ctl, "leases.list", json_deep_copy(params));
		if (!result)
			return FAILED;
		json_array_extend(all, json_object_get(result, "leases"));
		after = json_object_get(result, "after");
		if (json_is_object(after)) {
			json_t *key = json_pack("{s:O}", "ipv4",
						json_object_get(after, "ipv4"));
			static const char * const words[] = {
				"psid", "psid-len", "psid-offset"
			};

			for (i = 0; i < 3; i++)
				if (json_object_get(after, words[i]))
					json_object_set(key, words[i],
						json_object_get(after, words[i]));
			json_object_set_new(params, "after", key);
		}
		i = json_is_object(after);
		json_decref(result);
	} while (i);
	print_list(ctl, all);
	json_decref(all);
	json_decref(params);
	return DONE;
}

static int leases_find(struct ctl *ctl, int argc, char **argv)
{
	if (argc != 1)
		return misuse("%s: one address is needed", "leases find");
	return show(ctl, "leases.find", json_pack("{s:s}", "address", argv[0]),
		    "leases");
}

/* The words of a mapping, as dstm-nl has them, as an object. */
static json_t *mapping(int argc, char **argv)
{
	char error[DSTM_MAPPING_ERROR];
	json_t *json = json_object();
	struct dstm_mapping m;
	int i;

	memset(&m, 0, sizeof(m));
	for (i = 0; i < argc; i += 2) {
		int taken = i + 1 == argc ? -EINVAL :
			    dstm_mapping_word(&m, argv[i], argv[i + 1], error);

		if (taken != 1) {
			misuse(i + 1 == argc ? "%s: a value is missing" :
			       taken ? "%s" : "what is %s here?",
			       i + 1 == argc || !taken ? argv[i] : error);
			json_decref(json);
			return NULL;
		}
		if (strstr(argv[i], "psid"))
			json_object_set_new(json, argv[i], json_integer(
				(json_int_t)strtoul(argv[i + 1], NULL, 0)));
		else
			json_object_set_new(json, argv[i],
					    json_string(argv[i + 1]));
	}
	return json;
}

static int leases_add(struct ctl *ctl, int argc, char **argv)
{
	json_t *params = mapping(argc, argv), *result;

	if (!params)
		return MISUSED;
	result = ask(ctl, "leases.add", params);
	if (!result)
		return FAILED;
	print_object(ctl, result);
	json_decref(result);
	return DONE;
}

static int leases_revoke(struct ctl *ctl, int argc, char **argv)
{
	json_t *params = mapping(argc, argv);

	return params ? order(ctl, "leases.revoke", params) : MISUSED;
}

static int pools(struct ctl *ctl, int argc, char **argv)
{
	if (argc)
		return misuse("what is %s here?", argv[0]);
	return show(ctl, "pools.show", json_object(), "pools");
}

static int gateways(struct ctl *ctl, int argc, char **argv)
{
	if (argc)
		return misuse("what is %s here?", argv[0]);
	return show(ctl, "gateways.show", json_object(), "gateways");
}

/* "2026-01-31T12:00[:00]", local time, or "@" and seconds since 1970. */
static bool read_time(const char *text, int64_t *seconds)
{
	static const char * const formats[] = {
		"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S",
		"%Y-%m-%d %H:%M", "@%s", NULL
	};
	int i;

	for (i = 0; formats[i]; i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, formats[i], &tm);

		if (end && !*end) {
			*seconds = mktime(&tm);
			return true;
		}
	}
	return false;
}

static int who(struct ctl *ctl, int argc, char **argv)
{
	json_t *params;
	int64_t at;
	int i;

	if (!argc)
		return misuse("%s: an address is needed", "who");
	params = json_pack("{s:s}", "ipv4", argv[0]);
	for (i = 1; i + 1 < argc; i += 2) {
		char *end;

		if (!strcmp(argv[i], "port")) {
			long port = strtol(argv[i + 1], &end, 10);

			if (*end || port < 0 || port > UINT16_MAX)
				return misuse("port: %s is none", argv[i + 1]);
			json_object_set_new(params, "port", json_integer(port));
		} else if (strcmp(argv[i], "at")) {
			return misuse("what is %s here?", argv[i]);
		} else if (read_time(argv[i + 1], &at)) {
			json_object_set_new(params, "at", json_integer(at));
		} else {
			return misuse("at: %s is no time such as 2026-01-31T12:00",
				      argv[i + 1]);
		}
	}
	if (i < argc)
		return misuse("%s: a value is missing", argv[i]);
	return show(ctl, "who", params, "holders");
}

static int reload(struct ctl *ctl, int argc, char **argv)
{
	if (argc)
		return misuse("what is %s here?", argv[0]);
	return order(ctl, "reload", json_object());
}

static int drain(struct ctl *ctl, int argc, char **argv)
{
	bool on = argc < 2 || !strcmp(argv[1], "on");

	if (!argc || argc > 2 || (!on && strcmp(argv[1], "off")))
		return misuse("%s: the name of a pool, and on or off, are needed",
			      "drain");
	return order(ctl, "drain", json_pack("{s:s, s:b}", "pool", argv[0],
					     "on", on));
}

/* The longer of two that begin alike comes first. */
static const struct command commands[] = {
	{ "leases find", "ADDRESS", "leases of an IPv4 or IPv6 address",
	  leases_find },
	{ "leases add", "ipv4 ADDRESS [psid N psid-len N [psid-offset N]] remote ADDRESS",
	  "lend by hand, for ever", leases_add },
	{ "leases revoke", "ipv4 ADDRESS [psid N psid-len N [psid-offset N]]",
	  "take a lease back", leases_revoke },
	{ "leases", "[pool NAME] [state STATE]", "all leases", leases },
	{ "pools", "", "what is used, free and resting", pools },
	{ "gateways", "", "which are connected", gateways },
	{ "who", "ADDRESS [port N] [at TIME]",
	  "who has an IPv4 address, or had it then", who },
	{ "drain", "POOL [on|off]", "lend no more from a pool, until reload",
	  drain },
	{ "reload", "", "read the configuration again", reload },
	{ NULL, NULL, NULL, NULL }
};

static void usage(FILE *file)
{
	const struct command *command;

	fputs("usage: dstm-server ctl [-j] [-s SOCKET] COMMAND\n"
	      "  -j         JSON\n"
	      "  -s SOCKET  control socket, " CONFIG_CONTROL " if not given\n",
	      file);
	for (command = commands; command->words; command++)
		fprintf(file, "  %s %s\n        %s\n", command->words,
			command->arguments, command->help);
}

/* How many words of a command were typed, or 0 if it is another one. */
static int typed(const struct command *command, int argc, char **argv)
{
	const char *space = strchr(command->words, ' ');
	size_t first = space ? (size_t)(space - command->words) :
			       strlen(command->words);

	if (!argc || strlen(argv[0]) != first ||
	    strncmp(command->words, argv[0], first))
		return 0;
	if (!space)
		return 1;
	return argc > 1 && !strcmp(argv[1], space + 1) ? 2 : 0;
}

static int connect_to(struct ctl *ctl, const char *path)
{
	struct bufferevent *bev;

	ctl->base = event_base_new();
	bev = ctl->base ? dstm_rpc_stream(ctl->base, path) : NULL;
	if (!bev) {
		fprintf(stderr, "dstm-server ctl: %s: %s; is dstm-server running?\n",
			path, strerror(errno));
		return -1;
	}
	ctl->rpc = dstm_rpc_new(bev, &ops, ctl);
	return ctl->rpc ? 0 : -1;
}

int ctl_main(int argc, char **argv)
{
	const char *path = CONFIG_CONTROL;
	const struct command *command;
	struct ctl ctl = { .json = false };
	int words = 0, ret = FAILED, option;

	/* getopt() begins at the second word. */
	argc++;
	argv--;
	optind = 1;
	while ((option = getopt(argc, argv, "+js:h")) != -1) {
		if (option == 'j')
			ctl.json = true;
		else if (option == 's')
			path = optarg;
		if (option == 'h')
			usage(stdout);
		else if (option == '?')
			usage(stderr);
		if (option == 'h' || option == '?')
			return option == 'h' ? DONE : MISUSED;
	}
	argc -= optind;
	argv += optind;
	for (command = commands; command->words; command++) {
		words = typed(command, argc, argv);
		if (words)
			break;
	}
	if (!command->words) {
		usage(stderr);
		return MISUSED;
	}
	if (!connect_to(&ctl, path))
		ret = command->fn(&ctl, argc - words, argv + words);
	dstm_rpc_free(ctl.rpc);
	if (ctl.base)
		event_base_free(ctl.base);
	return ret;
}
