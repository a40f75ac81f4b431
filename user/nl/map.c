// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/addr.h"
#include "nl.h"

/* "dev NAME" and the words of one mapping. */
static int parse_mapping(struct dstm_mapping *m, uint32_t *ifindex, int argc,
			 char **argv)
{
	char error[DSTM_MAPPING_ERROR];
	const char *dev = NULL;
	int i;

	memset(m, 0, sizeof(*m));
	*ifindex = 0;
	for (i = 0; i < argc; i += 2) {
		if (i + 1 == argc)
			return nl_misuse("%s: a value is missing", argv[i]);
		if (!strcmp(argv[i], "dev")) {
			if (dev)
				return nl_misuse("dev is given twice");
			dev = argv[i + 1];
			continue;
		}
		switch (dstm_mapping_word(m, argv[i], argv[i + 1], error)) {
		case 0:
			return nl_misuse("what is %s here?", argv[i]);
		case 1:
			break;
		default:
			return nl_misuse("%s", error);
		}
	}
	if (!dev)
		return nl_misuse("dev NAME is required");
	return nl_ifindex(dev, ifindex);
}

static int failed(struct nl *nl, const struct dstm_mapping *m)
{
	char text[DSTM_MAPPING_TEXT];

	dstm_mapping_text(m, text);
	return nl_fail("%s: %s", text, dstm_nl_error(nl->table.nl));
}

static int map_set(struct nl *nl, int argc, char **argv, int flags)
{
	struct dstm_mapping m;
	uint32_t ifindex;
	size_t unused;
	int ret;

	ret = parse_mapping(&m, &ifindex, argc, argv);
	if (ret == DONE)
		ret = nl_table(nl);
	if (ret == DONE && dstm_table_set(&nl->table, ifindex, flags, NULL, &m,
					  1, &unused))
		ret = failed(nl, &m);
	return ret;
}

static int map_add(struct nl *nl, int argc, char **argv)
{
	return map_set(nl, argc, argv, NLM_F_CREATE | NLM_F_EXCL);
}

static int map_replace(struct nl *nl, int argc, char **argv)
{
	return map_set(nl, argc, argv, NLM_F_CREATE | NLM_F_REPLACE);
}

/* A lifetime or a local address is no part of what del and get ask by. */
static void key_only(struct dstm_mapping *m)
{
	m->have &= ~(1U << DSTM_A_MAPPING_LIFETIME |
		     1U << DSTM_A_MAPPING_LOCAL);
}

static int map_del(struct nl *nl, int argc, char **argv)
{
	struct dstm_mapping m;
	uint32_t ifindex;
	int ret;

	ret = parse_mapping(&m, &ifindex, argc, argv);
	if (ret == DONE)
		ret = nl_table(nl);
	if (ret != DONE)
		return ret;
	key_only(&m);
	return dstm_table_del(&nl->table, ifindex, &m) ? failed(nl, &m) : DONE;
}

struct shower {
	struct dstm_jsonw json;
	bool text;
	bool stats;
};

static int show(uint32_t ifindex, const struct dstm_mapping *m,
		const struct dstm_usage *usage, void *data)
{
	struct shower *shower = data;
	char text[DSTM_MAPPING_TEXT];

	if (!shower->text) {
		dstm_jsonw_open(&shower->json, NULL, '{');
		dstm_jsonw_string(&shower->json, "dev", nl_ifname(ifindex));
		dstm_mapping_json_members(&shower->json, m,
					  shower->stats ? usage : NULL);
		dstm_jsonw_close(&shower->json, '}');
	} else {
		dstm_mapping_text(m, text);
		printf("dev %s %s\n", nl_ifname(ifindex), text);
		if (shower->stats) {
			dstm_usage_text(usage, text);
			printf("    %s\n", text);
		}
	}
	return ferror(shower->json.file) ? -errno : 0;
}

static struct shower shower_open(const struct nl *nl)
{
	struct shower shower = {
		.json = nl_jsonw(nl),
		.text = !nl->json,
		.stats = nl->stats || nl->json,
	};

	if (!shower.text)
		dstm_jsonw_open(&shower.json, NULL, '[');
	return shower;
}

static void shower_close(struct shower *shower)
{
	if (!shower->text)
		dstm_jsonw_close(&shower->json, ']');
}

static int map_get(struct nl *nl, int argc, char **argv)
{
	struct dstm_mapping m;
	struct shower shower;
	uint32_t ifindex;
	int ret;

	ret = parse_mapping(&m, &ifindex, argc, argv);
	if (ret == DONE)
		ret = nl_table(nl);
	if (ret != DONE)
		return ret;
	key_only(&m);
	shower = shower_open(nl);
	ret = dstm_table_get(&nl->table, ifindex, &m, show, &shower);
	shower_close(&shower);
	return ret ? failed(nl, &m) : nl_flush();
}

static int filter_word(struct dstm_filter *filter, const char *name,
		       const char *value)
{
	const char *expected;
	uint64_t number = 0;
	int ret, bit;

	if (!strcmp(name, "ipv4")) {
		bit = DSTM_A_FILTER_IPV4;
		expected = "an IPv4 address or prefix";
		ret = dstm_ipv4_prefix_parse(value, &filter->ipv4,
					     &filter->ipv4_len);
	} else if (!strcmp(name, "remote")) {
		bit = DSTM_A_FILTER_REMOTE;
		expected = "an IPv6 address or prefix";
		ret = dstm_ipv6_prefix_parse(value, &filter->remote,
					     &filter->remote_len);
	} else if (!strcmp(name, "psid")) {
		bit = DSTM_A_FILTER_PSID;
		expected = "a number from 0 to 65535";
		ret = dstm_number_parse(value, UINT16_MAX, &number);
		filter->psid = (uint16_t)number;
	} else {
		return nl_misuse("what is %s here?", name);
	}
	if (ret)
		return nl_misuse("%s: expected %s, not \"%s\"", name, expected,
			       value);
	if (filter->have >> bit & 1)
		return nl_misuse("%s is given twice", name);
	filter->have |= 1U << bit;
	return DONE;
}

static int map_show(struct nl *nl, int argc, char **argv)
{
	struct dstm_filter filter = {0};
	struct shower shower;
	uint32_t ifindex = 0;
	int ret = DONE;
	int i;

	for (i = 0; i < argc && ret == DONE; i += 2) {
		if (i + 1 == argc)
			return nl_misuse("%s: a value is missing", argv[i]);
		if (!strcmp(argv[i], "dev") && ifindex)
			ret = nl_misuse("dev is given twice");
		else if (!strcmp(argv[i], "dev"))
			ret = nl_ifindex(argv[i + 1], &ifindex);
		else
			ret = filter_word(&filter, argv[i], argv[i + 1]);
	}
	if (ret == DONE)
		ret = nl_table(nl);
	if (ret != DONE)
		return ret;

	shower = shower_open(nl);
	ret = dstm_table_dump(&nl->table, ifindex, &filter, show, &shower);
	shower_close(&shower);
	if (ret)
		return nl_fail("mappings: %s", dstm_nl_error(nl->table.nl));
	return nl_flush();
}

static void answer_number(const struct nl *nl, const char *dev, uint32_t count,
			  const char *text)
{
	struct dstm_jsonw w = nl_jsonw(nl);

	if (!nl->json) {
		printf("%u%s\n", count, text);
		return;
	}
	dstm_jsonw_open(&w, NULL, '{');
	dstm_jsonw_string(&w, "dev", dev);
	dstm_jsonw_uint(&w, "count", count);
	dstm_jsonw_close(&w, '}');
}

static int dev_table(struct nl *nl, int argc, char **argv, const char **dev,
		     uint32_t *ifindex)
{
	int ret = nl_only_dev(argc, argv, true, dev);

	if (ret == DONE)
		ret = nl_ifindex(*dev, ifindex);
	return ret == DONE ? nl_table(nl) : ret;
}

static int count_read(const struct dstm_stats *stats, void *data)
{
	*(uint32_t *)data = stats->count;
	return 0;
}

static int map_count(struct nl *nl, int argc, char **argv)
{
	uint32_t ifindex, count = 0;
	const char *dev;
	int ret;

	ret = dev_table(nl, argc, argv, &dev, &ifindex);
	if (ret != DONE)
		return ret;
	if (dstm_table_stats(&nl->table, ifindex, count_read, &count))
		return nl_fail("%s: %s", dev, dstm_nl_error(nl->table.nl));
	answer_number(nl, dev, count, "");
	return nl_flush();
}

static int map_flush(struct nl *nl, int argc, char **argv)
{
	uint32_t ifindex, count;
	const char *dev;
	int ret;

	ret = dev_table(nl, argc, argv, &dev, &ifindex);
	if (ret != DONE)
		return ret;
	if (dstm_table_flush(&nl->table, ifindex, &count))
		return nl_fail("%s: %s", dev, dstm_nl_error(nl->table.nl));
	answer_number(nl, dev, count, " mappings deleted");
	return nl_flush();
}

/* Says itself what went wrong. */
static int save_to(struct nl *nl, uint32_t ifindex, FILE *to, const char *path)
{
	struct shower shower = {
		.json = { .file = to, .pretty = nl->pretty },
	};
	int ret;

	dstm_jsonw_open(&shower.json, NULL, '[');
	ret = dstm_table_dump(&nl->table, ifindex, NULL, show, &shower);
	if (ret)
		return nl_fail("%s: %s", ferror(to) ? path : "mappings",
			       dstm_nl_error(nl->table.nl));
	dstm_jsonw_close(&shower.json, ']');
	return DONE;
}

/* Into what is no file, a pipe or a terminal, it is just written. */
static int save_through(struct nl *nl, uint32_t ifindex, const char *path)
{
	FILE *to = fopen(path, "we");
	int ret;

	if (!to)
		return nl_fail("%s: %s", path, strerror(errno));
	ret = save_to(nl, ifindex, to, path);
	if (fclose(to) && ret == DONE)
		ret = nl_fail("%s: %s", path, strerror(errno));
	return ret;
}

/* Beside the file and then in its place, so that nobody sees half of it. */
static int save_file(struct nl *nl, uint32_t ifindex, const char *path,
		     mode_t mode)
{
	size_t size = strlen(path) + sizeof(".XXXXXX");
	char *temporary = malloc(size);
	int fd, ret;
	FILE *to;

	if (!temporary)
		return nl_fail("%s", strerror(ENOMEM));
	snprintf(temporary, size, "%s.XXXXXX", path);
	fd = mkstemp(temporary);
	to = fd < 0 ? NULL : fdopen(fd, "w");
	if (!to) {
		ret = nl_fail("%s: %s", temporary, strerror(errno));
		if (fd >= 0) {
			close(fd);
			unlink(temporary);
		}
		free(temporary);
		return ret;
	}

	ret = save_to(nl, ifindex, to, path);
	if (ret == DONE &&
	    (fflush(to) || ferror(to) || fchmod(fd, mode) || fsync(fd) ||
	     rename(temporary, path)))
		ret = nl_fail("%s: %s", path, strerror(errno));
	fclose(to);
	if (ret != DONE)
		unlink(temporary);
	free(temporary);
	return ret;
}

/* A link stays a link, and a file that is there keeps its mode. */
static int save(struct nl *nl, uint32_t ifindex, const char *path)
{
	mode_t mask;
	struct stat is;
	char *real;
	int ret;

	if (stat(path, &is)) {
		mask = umask(0);
		umask(mask);
		return save_file(nl, ifindex, path, 0666 & ~mask);
	}
	if (!S_ISREG(is.st_mode))
		return save_through(nl, ifindex, path);
	real = realpath(path, NULL);
	if (!real)
		return nl_fail("%s: %s", path, strerror(errno));
	ret = save_file(nl, ifindex, real, is.st_mode & 07777);
	free(real);
	return ret;
}

static int map_save(struct nl *nl, int argc, char **argv)
{
	const char *dev, *file;
	uint32_t ifindex;
	int ret;

	ret = nl_dev_file(argc, argv, &dev, &file);
	if (ret == DONE)
		ret = nl_ifindex(dev, &ifindex);
	if (ret == DONE)
		ret = nl_table(nl);
	if (ret != DONE)
		return ret;

	if (file && strcmp(file, "-"))
		return save(nl, ifindex, file);
	ret = save_to(nl, ifindex, stdout, "standard output");
	return ret == DONE ? nl_flush() : ret;
}

#define KEY	"dev NAME ipv4 ADDR [psid N psid-len N [psid-offset N]]"

const struct nl_command map_commands[] = {
	{ .name = "add", .run = map_add,
	  .usage = KEY " remote ADDR [local ADDR] [lifetime SECONDS]",
	  .help = "add a mapping that must not exist" },
	{ .name = "replace", .run = map_replace,
	  .usage = KEY " remote ADDR [local ADDR] [lifetime SECONDS]",
	  .help = "add a mapping, or replace it" },
	{ .name = "del", .run = map_del, .usage = KEY " [remote ADDR]",
	  .help = "delete a mapping" },
	{ .name = "get", .run = map_get, .usage = KEY,
	  .help = "show one mapping" },
	{ .name = "show", .run = map_show,
	  .usage = "[dev NAME] [ipv4 PREFIX] [remote PREFIX] [psid N]",
	  .help = "show mappings" },
	{ .name = "count", .run = map_count, .usage = "dev NAME",
	  .help = "show how many mappings there are" },
	{ .name = "flush", .run = map_flush, .usage = "dev NAME",
	  .help = "delete all mappings" },
	{ .name = "save", .run = map_save, .usage = "dev NAME [FILE]",
	  .help = "write all mappings to a file, as JSON" },
	{ .name = "load", .run = map_load, .usage = "dev NAME [FILE]",
	  .help = "add or replace the mappings of a file" },
	{ .name = "sync", .run = map_sync, .usage = "dev NAME [FILE]",
	  .help = "make the table what the file is, without a gap" },
	{ .name = NULL },
};
