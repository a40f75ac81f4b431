// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "../lib/addr.h"
#include "../lib/link.h"
#include "nl.h"

/* The words of an option, by their values. */
static const char * const roles[] = {
	[DSTM_ROLE_GATEWAY] = "gateway",
	[DSTM_ROLE_CLIENT] = "client",
	NULL
};

static const char * const frags[] = {
	[DSTM_FRAG_OUTER] = "outer",
	[DSTM_FRAG_INNER] = "inner",
	NULL
};

static const char * const dscps[] = {
	[DSTM_DSCP_INNER] = "inner",
	[DSTM_DSCP_OUTER] = "outer",
	NULL
};

static const char * const switches[] = { "off", "on", NULL };

static int bad(const char *name, const char *value, const char *expected)
{
	return nl_misuse("%s: expected %s, not \"%s\"", name, expected, value);
}

static int parse_word(const char *name, const char *value,
		      const char * const *words, uint8_t *to)
{
	char expected[64];

	for (*to = 0; words[*to]; ++*to)
		if (!strcmp(words[*to], value))
			return DONE;
	snprintf(expected, sizeof(expected), "%s or %s", words[0], words[1]);
	return bad(name, value, expected);
}

/* A number, or a word that stands for a number that is none. */
struct number {
	uint64_t min;
	uint64_t max;
	const char *word;
	int32_t as;
	const char *word2;
	int32_t as2;
};

static int parse_number(const char *name, const char *value,
			const struct number *n, int32_t *to)
{
	char expected[96];
	uint64_t number;

	if (n->word && !strcmp(value, n->word)) {
		*to = n->as;
		return DONE;
	}
	if (n->word2 && !strcmp(value, n->word2)) {
		*to = n->as2;
		return DONE;
	}
	if (!dstm_number_parse(value, n->max, &number) && number >= n->min) {
		*to = (int32_t)number;
		return DONE;
	}
	snprintf(expected, sizeof(expected),
		 "%s%s%s%sa number from %" PRIu64 " to %" PRIu64,
		 n->word ? n->word : "", n->word2 ? ", " : n->word ? " or " : "",
		 n->word2 ? n->word2 : "", n->word2 ? " or " : "", n->min,
		 n->max);
	return bad(name, value, expected);
}

static const struct number mtus = { .max = INT32_MAX };
static const struct number hoplimits = { 1, 255, "inherit", 0, NULL, 0 };
static const struct number encap_limits = { 0, 255, "none", -1, NULL, 0 };
static const struct number icmp_rates = { .max = 1000000 };
static const struct number tclasses = { 0, 255, "inherit", -1, NULL, 0 };
static const struct number flowlabels = {
	0, 0xfffff, "auto", DSTM_LINK_FLOWLABEL_AUTO,
	"inherit", DSTM_LINK_FLOWLABEL_INHERIT
};

/*
 * The options of a device: its place in struct dstm_link, and either words or
 * numbers. The address is neither.
 */
static const struct option {
	const char *name;
	const char *key;
	int bit;
	size_t place;
	const char * const *words;
	const struct number *numbers;
	size_t size;
} options[] = {
#define WORDS(name, key, bit, member, words) \
	{ name, key, bit, offsetof(struct dstm_link, member), words, NULL, 1 }
#define NUMBERS(name, key, bit, member, numbers) \
	{ name, key, bit, offsetof(struct dstm_link, member), NULL, numbers, \
	  sizeof(((struct dstm_link *)NULL)->member) }
	WORDS("role", "role", IFLA_DSTM_ROLE, role, roles),
	{ "local", "local", IFLA_DSTM_LOCAL, offsetof(struct dstm_link, local),
	  NULL, NULL, sizeof(struct in6_addr) },
	NUMBERS("mtu", "mtu", DSTM_LINK_MTU, mtu, &mtus),
	NUMBERS("hoplimit", "hoplimit", IFLA_DSTM_HOPLIMIT, hoplimit, &hoplimits),
	NUMBERS("encaplimit", "encap-limit", IFLA_DSTM_ENCAP_LIMIT, encap_limit,
		&encap_limits),
	NUMBERS("tclass", "tclass", IFLA_DSTM_TCLASS, tclass, &tclasses),
	WORDS("dscp", "dscp", IFLA_DSTM_DSCP, dscp, dscps),
	NUMBERS("flowlabel", "flowlabel", IFLA_DSTM_FLOWLABEL, flowlabel,
		&flowlabels),
	WORDS("frag", "frag", IFLA_DSTM_FRAG, frag, frags),
	WORDS("hairpin", "hairpin", IFLA_DSTM_HAIRPIN, hairpin, switches),
	WORDS("icmp-errors", "icmp-errors", IFLA_DSTM_ICMP_ERRORS, icmp_errors,
	      switches),
	NUMBERS("icmp-rate", "icmp-rate", IFLA_DSTM_ICMP_RATE, icmp_rate,
		&icmp_rates),
};

static int32_t number_get(const struct option *o, const struct dstm_link *link)
{
	const char *from = (const char *)link + o->place;

	return o->size == 1 ? *(const uint8_t *)from :
			      *(const int32_t *)(const void *)from;
}

static void number_set(const struct option *o, struct dstm_link *link,
		       int32_t number)
{
	char *to = (char *)link + o->place;

	if (o->size == 1)
		*(uint8_t *)to = (uint8_t)number;
	else
		*(int32_t *)(void *)to = number;
}

static int parse_value(const struct option *o, struct dstm_link *link,
		       const char *value)
{
	int32_t number = 0;
	int ret;

	if (o->words)
		return parse_word(o->name, value, o->words,
				  (uint8_t *)link + o->place);
	if (!o->numbers)
		return inet_pton(AF_INET6, value, &link->local) == 1 ? DONE :
			bad(o->name, value, "an IPv6 address");
	ret = parse_number(o->name, value, o->numbers, &number);
	number_set(o, link, number);
	return ret;
}

/* One option and its value; DONE if it was taken. */
static int parse_option(struct dstm_link *link, const char *name,
			const char *value)
{
	const struct option *o;
	int ret;

	for (o = options; o < options + ARRAY_SIZE(options); o++)
		if (!strcmp(o->name, name))
			break;
	if (o == options + ARRAY_SIZE(options))
		return nl_misuse("what is %s here?", name);
	ret = parse_value(o, link, value);
	if (ret == DONE && link->have >> o->bit & 1)
		return nl_misuse("%s is given twice", name);
	link->have |= 1U << o->bit;
	return ret;
}

/* on, and one or more of dev NAME; or off. Takes words of @argv, counted by @i. */
static int parse_shortcut(struct dstm_link *link, int argc, char **argv, int *i)
{
	int ret = DONE;

	if (link->have >> IFLA_DSTM_SHORTCUT & 1)
		return nl_misuse("shortcut is given twice");
	link->have |= 1U << IFLA_DSTM_SHORTCUT;
	if (!strcmp(argv[*i], "off"))
		return DONE;
	if (strcmp(argv[*i], "on"))
		return bad("shortcut", argv[*i], "off or on");
	while (ret == DONE && *i + 2 < argc && !strcmp(argv[*i + 1], "dev")) {
		if (link->shortcuts == DSTM_LINK_SHORTCUTS)
			return nl_misuse("shortcut: at most %d devices",
					 DSTM_LINK_SHORTCUTS);
		ret = nl_ifindex(argv[*i + 2],
				 &link->shortcut[link->shortcuts++]);
		*i += 2;
	}
	if (!link->shortcuts)
		return nl_misuse("shortcut on: dev NAME is missing, where packets come by");
	return ret;
}

/* NAME, and options in any order. */
static int parse_link(struct dstm_link *link, int argc, char **argv)
{
	int ret = DONE;
	int i;

	memset(link, 0, sizeof(*link));
	if (!argc)
		return nl_misuse("the name of a device is required");
	if (!*argv[0] || strlen(argv[0]) >= sizeof(link->name))
		return nl_fail("%s: a name has 1 to %zu characters", argv[0],
			       sizeof(link->name) - 1);
	strcpy(link->name, argv[0]);

	for (i = 1; i < argc && ret == DONE; i++) {
		if (!strcmp(argv[i], "up") || !strcmp(argv[i], "down")) {
			link->up = argv[i][0] == 'u';
			link->have |= 1U << DSTM_LINK_UP;
		} else if (i + 1 == argc) {
			ret = nl_misuse("%s: a value is missing", argv[i]);
		} else if (!strcmp(argv[i], "shortcut")) {
			i++;
			ret = parse_shortcut(link, argc, argv, &i);
		} else {
			ret = parse_option(link, argv[i], argv[i + 1]);
			i++;
		}
	}
	return ret;
}

static int failed(struct nl *nl, const char *name, int error)
{
	const char *text = dstm_nl_error(nl->route);

	/* What rtnetlink says when it finds no module of the kind. */
	if (error == -EOPNOTSUPP && (!strcmp(text, "Unknown device type") ||
				     !strcmp(text, strerror(EOPNOTSUPP))))
		return nl_fail("%s: the kernel knows no devices of kind dstm: load the module with `modprobe dstm`",
			       name);
	return nl_fail("%s: %s", name, text);
}

static int link_add(struct nl *nl, int argc, char **argv)
{
	struct dstm_link link;
	int ret = parse_link(&link, argc, argv);

	if (ret != DONE || nl_route(nl))
		return ret != DONE ? ret : FAILED;
	ret = dstm_link_add(nl->route, &link);
	return ret ? failed(nl, link.name, ret) : DONE;
}

static int link_set(struct nl *nl, int argc, char **argv)
{
	struct dstm_link link, old;
	int ret = parse_link(&link, argc, argv);

	if (ret != DONE || nl_route(nl))
		return ret != DONE ? ret : FAILED;
	if (!link.have)
		return nl_misuse("nothing to set");
	ret = dstm_link_get(nl->route, link.name, &old);
	if (!ret) {
		link.ifindex = old.ifindex;
		ret = dstm_link_set(nl->route, &link);
	}
	return ret ? failed(nl, link.name, ret) : DONE;
}

static int link_del(struct nl *nl, int argc, char **argv)
{
	int ret;

	if (argc != 1)
		return nl_misuse("the name of one device is required");
	if (nl_route(nl))
		return FAILED;
	ret = dstm_link_del(nl->route, argv[0]);
	return ret ? failed(nl, argv[0], ret) : DONE;
}

static bool has(const struct dstm_link *link, int bit)
{
	return link->have >> bit & 1;
}

/* The word that stands for what an option is, or NULL if it is a number. */
static const char *option_word(const struct option *o,
			       const struct dstm_link *link)
{
	int32_t value = number_get(o, link);
	int i;

	for (i = 0; o->words && o->words[i]; i++)
		if (i == value)
			return o->words[i];
	if (o->numbers && o->numbers->word && value == o->numbers->as)
		return o->numbers->word;
	if (o->numbers && o->numbers->word2 && value == o->numbers->as2)
		return o->numbers->word2;
	return NULL;
}

static void show_shortcut(const struct dstm_link *link)
{
	unsigned int i;

	printf(" shortcut on");
	for (i = 0; i < link->shortcuts; i++)
		printf(" dev %s", nl_ifname(link->shortcut[i]));
}

/* Behind a "#", so that what is shown can still be given to link add. */
static void show_obstacles(const struct dstm_link *link)
{
	unsigned int i;

	printf("  # the shortcut stands aside:");
	for (i = 0; dstm_link_obstacle(i); i++)
		if (link->obstacles >> i & 1)
			printf(" %s", dstm_link_obstacle(i));
}

static void show_text(const struct dstm_link *link)
{
	char local[INET6_ADDRSTRLEN];
	const struct option *o;
	const char *word;

	printf("%s", link->name);
	for (o = options; o < options + ARRAY_SIZE(options); o++) {
		if (!has(link, o->bit))
			continue;
		word = o->bit == IFLA_DSTM_LOCAL ?
		       inet_ntop(AF_INET6, &link->local, local, sizeof(local)) :
		       option_word(o, link);
		if (word)
			printf(" %s %s", o->name, word);
		else
			printf(" %s %" PRId32, o->name, number_get(o, link));
	}
	if (has(link, IFLA_DSTM_SHORTCUT))
		show_shortcut(link);
	printf(" %s", link->up ? "up" : "down");
	if (link->obstacles)
		show_obstacles(link);
	putchar('\n');
}

static void shortcut_json(struct dstm_jsonw *w, const struct dstm_link *link)
{
	unsigned int i;

	dstm_jsonw_open(w, "shortcut", '[');
	for (i = 0; i < link->shortcuts; i++)
		dstm_jsonw_string(w, NULL, nl_ifname(link->shortcut[i]));
	dstm_jsonw_close(w, ']');
	dstm_jsonw_open(w, "obstacles", '[');
	for (i = 0; dstm_link_obstacle(i); i++)
		if (link->obstacles >> i & 1)
			dstm_jsonw_string(w, NULL, dstm_link_obstacle(i));
	dstm_jsonw_close(w, ']');
}

static void show_json(struct dstm_jsonw *w, const struct dstm_link *link)
{
	char local[INET6_ADDRSTRLEN];
	const struct option *o;

	dstm_jsonw_open(w, NULL, '{');
	dstm_jsonw_string(w, "dev", link->name);
	dstm_jsonw_uint(w, "ifindex", link->ifindex);
	for (o = options; o < options + ARRAY_SIZE(options); o++) {
		if (!has(link, o->bit))
			continue;
		if (o->bit == IFLA_DSTM_LOCAL)
			dstm_jsonw_string(w, o->key,
					  inet_ntop(AF_INET6, &link->local,
						    local, sizeof(local)));
		else if (o->words == switches)
			dstm_jsonw_bool(w, o->key, number_get(o, link));
		else if (o->words && option_word(o, link))
			dstm_jsonw_string(w, o->key, option_word(o, link));
		else
			dstm_jsonw_int(w, o->key, number_get(o, link));
	}
	if (has(link, IFLA_DSTM_SHORTCUT))
		shortcut_json(w, link);
	dstm_jsonw_bool(w, "up", link->up);
	dstm_jsonw_close(w, '}');
}

static int show(const struct dstm_link *link, void *data)
{
	struct dstm_jsonw *w = data;

	if (w)
		show_json(w, link);
	else
		show_text(link);
	return 0;
}

static int link_show(struct nl *nl, int argc, char **argv)
{
	struct dstm_jsonw json = nl_jsonw(nl);
	struct dstm_jsonw *w = nl->json ? &json : NULL;
	struct dstm_link link;
	int ret;

	if (argc > 1)
		return nl_misuse("what is %s here?", argv[1]);
	if (nl_route(nl))
		return FAILED;
	if (argc) {
		ret = dstm_link_get(nl->route, argv[0], &link);
		if (ret)
			return failed(nl, argv[0], ret);
	}

	if (w)
		dstm_jsonw_open(w, NULL, '[');
	ret = argc ? show(&link, w) : dstm_link_dump(nl->route, show, w);
	if (w)
		dstm_jsonw_close(w, ']');
	if (ret)
		return nl_fail("devices: %s", dstm_nl_error(nl->route));
	return nl_flush();
}

const struct nl_command link_commands[] = {
	{ .name = "add", .run = link_add,
	  .usage = "NAME local ADDR [role gateway|client] [mtu N] [hoplimit N|inherit] [encaplimit none|N] [tclass inherit|N] [dscp inner|outer] [flowlabel auto|inherit|N] [frag outer|inner] [hairpin on|off] [icmp-errors on|off] [icmp-rate N] [shortcut on dev NAME...|off] [up|down]",
	  .help = "make a device" },
	{ .name = "set", .run = link_set,
	  .usage = "NAME [local ADDR] [mtu N] [hoplimit N|inherit] [encaplimit none|N] [tclass inherit|N] [dscp inner|outer] [flowlabel auto|inherit|N] [frag outer|inner] [hairpin on|off] [icmp-errors on|off] [icmp-rate N] [shortcut on dev NAME...|off] [up|down]",
	  .help = "change a device" },
	{ .name = "del", .run = link_del, .usage = "NAME",
	  .help = "delete a device and its mappings" },
	{ .name = "show", .run = link_show, .usage = "[NAME]",
	  .help = "show devices" },
	{ .name = NULL },
};
