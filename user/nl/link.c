// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../lib/addr.h"
#include "../lib/link.h"
#include "nl.h"

static const char * const roles[] = {
	[DSTM_ROLE_GATEWAY] = "gateway",
	[DSTM_ROLE_CLIENT] = "client",
};

static int bad(const char *name, const char *value, const char *expected)
{
	return nl_misuse("%s: expected %s, not \"%s\"", name, expected, value);
}

static int parse_switch(const char *name, const char *value, uint8_t *to)
{
	if (strcmp(value, "on") && strcmp(value, "off"))
		return bad(name, value, "on or off");
	*to = !strcmp(value, "on");
	return DONE;
}

static int parse_role(const char *value, uint8_t *role)
{
	for (*role = 0; *role < ARRAY_SIZE(roles); ++*role)
		if (!strcmp(roles[*role], value))
			return DONE;
	return bad("role", value, "gateway or client");
}

/* One option and its value; DONE if it was taken. */
static int parse_option(struct dstm_link *link, const char *name,
			const char *value)
{
	uint64_t number = 0;
	int ret = DONE;
	int bit;

	if (!strcmp(name, "role")) {
		bit = IFLA_DSTM_ROLE;
		ret = parse_role(value, &link->role);
	} else if (!strcmp(name, "local")) {
		bit = IFLA_DSTM_LOCAL;
		if (inet_pton(AF_INET6, value, &link->local) != 1)
			ret = bad(name, value, "an IPv6 address");
	} else if (!strcmp(name, "mtu")) {
		bit = DSTM_LINK_MTU;
		if (dstm_number_parse(value, UINT32_MAX, &number))
			ret = bad(name, value, "a number");
		link->mtu = (uint32_t)number;
	} else if (!strcmp(name, "hoplimit")) {
		bit = IFLA_DSTM_HOPLIMIT;
		if (strcmp(value, "inherit") &&
		    (dstm_number_parse(value, 255, &number) || !number))
			ret = bad(name, value, "inherit or a number from 1 to 255");
		link->hoplimit = (uint8_t)number;
	} else if (!strcmp(name, "encaplimit")) {
		bit = IFLA_DSTM_ENCAP_LIMIT;
		if (!strcmp(value, "none"))
			link->encap_limit = -1;
		else if (dstm_number_parse(value, 255, &number))
			ret = bad(name, value, "none or a number from 0 to 255");
		else
			link->encap_limit = (int32_t)number;
	} else if (!strcmp(name, "hairpin")) {
		bit = IFLA_DSTM_HAIRPIN;
		ret = parse_switch(name, value, &link->hairpin);
	} else if (!strcmp(name, "icmp-errors")) {
		bit = IFLA_DSTM_ICMP_ERRORS;
		ret = parse_switch(name, value, &link->icmp_errors);
	} else {
		return nl_misuse("what is %s here?", name);
	}
	if (ret == DONE && link->have >> bit & 1)
		return nl_misuse("%s is given twice", name);
	link->have |= 1U << bit;
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

static const char *role_name(const struct dstm_link *link)
{
	return link->role < ARRAY_SIZE(roles) ? roles[link->role] : "unknown";
}

static void show_text(const struct dstm_link *link)
{
	char local[INET6_ADDRSTRLEN];

	printf("%s role %s", link->name, role_name(link));
	if (has(link, IFLA_DSTM_LOCAL))
		printf(" local %s", inet_ntop(AF_INET6, &link->local, local,
					      sizeof(local)));
	printf(" mtu %u", link->mtu);
	if (has(link, IFLA_DSTM_HOPLIMIT) && link->hoplimit)
		printf(" hoplimit %u", link->hoplimit);
	else if (has(link, IFLA_DSTM_HOPLIMIT))
		printf(" hoplimit inherit");
	if (has(link, IFLA_DSTM_ENCAP_LIMIT) && link->encap_limit >= 0)
		printf(" encaplimit %d", link->encap_limit);
	else if (has(link, IFLA_DSTM_ENCAP_LIMIT))
		printf(" encaplimit none");
	if (has(link, IFLA_DSTM_HAIRPIN))
		printf(" hairpin %s", link->hairpin ? "on" : "off");
	if (has(link, IFLA_DSTM_ICMP_ERRORS))
		printf(" icmp-errors %s", link->icmp_errors ? "on" : "off");
	printf(" %s\n", link->up ? "up" : "down");
}

static void show_json(struct dstm_jsonw *w, const struct dstm_link *link)
{
	char local[INET6_ADDRSTRLEN];

	dstm_jsonw_open(w, NULL, '{');
	dstm_jsonw_string(w, "dev", link->name);
	dstm_jsonw_uint(w, "ifindex", link->ifindex);
	dstm_jsonw_string(w, "role", role_name(link));
	if (has(link, IFLA_DSTM_LOCAL))
		dstm_jsonw_string(w, "local",
				  inet_ntop(AF_INET6, &link->local, local,
					    sizeof(local)));
	dstm_jsonw_uint(w, "mtu", link->mtu);
	if (has(link, IFLA_DSTM_HOPLIMIT))
		dstm_jsonw_uint(w, "hoplimit", link->hoplimit);
	if (has(link, IFLA_DSTM_ENCAP_LIMIT))
		dstm_jsonw_int(w, "encap-limit", link->encap_limit);
	if (has(link, IFLA_DSTM_HAIRPIN))
		dstm_jsonw_bool(w, "hairpin", link->hairpin);
	if (has(link, IFLA_DSTM_ICMP_ERRORS))
		dstm_jsonw_bool(w, "icmp-errors", link->icmp_errors);
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
	  .usage = "NAME local ADDR [role gateway|client] [mtu N] [hoplimit N|inherit] [encaplimit none|N] [hairpin on|off] [icmp-errors on|off] [up|down]",
	  .help = "make a device" },
	{ .name = "set", .run = link_set,
	  .usage = "NAME [local ADDR] [mtu N] [hoplimit N|inherit] [encaplimit none|N] [hairpin on|off] [icmp-errors on|off] [up|down]",
	  .help = "change a device" },
	{ .name = "del", .run = link_del, .usage = "NAME",
	  .help = "delete a device and its mappings" },
	{ .name = "show", .run = link_show, .usage = "[NAME]",
	  .help = "show devices" },
	{ .name = NULL },
};
