// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nl.h"

#ifndef VERSION
#define VERSION "0.1"
#endif

static const struct nl_command commands[] = {
	{ .name = "link", .sub = link_commands,
	  .help = "network devices of kind dstm" },
	{ .name = "map", .sub = map_commands,
	  .help = "the mapping table of a device" },
	{ .name = "stats", .run = stats_run, .usage = "[dev NAME]",
	  .help = "counters of a device, or of all" },
	{ .name = "monitor", .run = monitor_run, .usage = "",
	  .help = "what happens, as it happens" },
	{ .name = "check", .run = check_run, .usage = "[dev NAME]",
	  .help = "why IPv4 does not flow, and what to do" },
	{ .name = "portset", .sub = portset_commands,
	  .help = "arithmetic of port sets" },
	{ .name = NULL },
};

static const char options_help[] =
	"options:\n"
	"  -j        JSON\n"
	"  -p        JSON, indented\n"
	"  -s        counters as well\n"
	"  -b FILE   read commands from a file, - for stdin\n"
	"  -V        version\n"
	"  -h        this\n"
	"long forms: --json --pretty --statistics --batch --version --help\n";

static const struct nl_command *find(const struct nl_command *list,
				     const char *name)
{
	for (; list->name; list++)
		if (!strcmp(list->name, name))
			return list;
	return NULL;
}

static void usage_line(FILE *to, const char *family,
		       const struct nl_command *command)
{
	fprintf(to, "  dstm-nl %s%s%s %s\n            %s\n", family,
		*family ? " " : "", command->name, command->usage,
		command->help);
}

static void usage(FILE *to, const struct nl_command *only)
{
	const struct nl_command *command, *sub;

	fputs("usage: dstm-nl [options] COMMAND\n", to);
	for (command = commands; command->name; command++) {
		if (only && command != only)
			continue;
		if (!command->sub)
			usage_line(to, "", command);
		else
			for (sub = command->sub; sub->name; sub++)
				usage_line(to, command->name, sub);
	}
	if (!only)
		fputs("  dstm-nl help [COMMAND]\n", to);
	fputs(options_help, to);
}

static int help(int argc, char **argv)
{
	const struct nl_command *command = NULL;

	if (argc) {
		command = find(commands, argv[0]);
		if (!command)
			return nl_misuse("there is no command %s", argv[0]);
	}
	usage(stdout, command);
	return nl_flush();
}

int nl_main(struct nl *nl, int argc, char **argv)
{
	const struct nl_command *command, *sub;

	if (!argc || !strcmp(argv[0], "help"))
		return help(argc ? argc - 1 : 0, argv + 1);
	command = find(commands, argv[0]);
	if (!command)
		return nl_misuse("there is no command %s", argv[0]);
	if (command->run)
		return argc > 1 && !strcmp(argv[1], "help") ?
			help(1, argv) :
			command->run(nl, argc - 1, argv + 1);

	if (argc > 1 && !strcmp(argv[1], "help"))
		return help(1, argv);
	sub = find(command->sub, argc > 1 ? argv[1] : "show");
	if (!sub)
		return nl_misuse("there is no command %s %s", argv[0],
				 argc > 1 ? argv[1] : "without a word more");
	return sub->run(nl, argc > 2 ? argc - 2 : 0,
			argc > 2 ? argv + 2 : argv + argc);
}

static void complain(const char *format, va_list ap)
{
	fflush(stdout);
	fputs("dstm-nl: ", stderr);
	vfprintf(stderr, format, ap);
	putc('\n', stderr);
}

int nl_fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(format, ap);
	va_end(ap);
	return FAILED;
}

int nl_misuse(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(format, ap);
	va_end(ap);
	fputs("dstm-nl: try `dstm-nl help`\n", stderr);
	return MISUSED;
}

int nl_table(struct nl *nl)
{
	char error[256];

	if (nl->table.nl)
		return DONE;
	return dstm_table_open(&nl->table, error) ? nl_fail("%s", error) : DONE;
}

int nl_route(struct nl *nl)
{
	int ret;

	if (nl->route)
		return DONE;
	ret = dstm_nl_open(&nl->route, NETLINK_ROUTE);
	return ret ? nl_fail("no netlink socket: %s", strerror(-ret)) : DONE;
}

int nl_ifindex(const char *dev, uint32_t *ifindex)
{
	*ifindex = if_nametoindex(dev);
	return *ifindex ? DONE : nl_fail("there is no device %s", dev);
}

/* The device whose name nl_ifname() knows. */
static uint32_t named;

void nl_ifname_forget(void)
{
	named = 0;
}

const char *nl_ifname(uint32_t ifindex)
{
	static char name[IF_NAMESIZE + 16];

	/* A dump asks a million times for the same. */
	if (named && named == ifindex)
		return name;
	named = if_indextoname(ifindex, name) ? ifindex : 0;
	if (!named)
		snprintf(name, sizeof(name), "if%u", ifindex);
	return name;
}

struct dstm_jsonw nl_jsonw(const struct nl *nl)
{
	return (struct dstm_jsonw){ .file = stdout, .pretty = nl->pretty };
}

int nl_dev_file(int argc, char **argv, const char **dev, const char **file)
{
	int i;

	*dev = NULL;
	*file = NULL;
	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "dev") && i + 1 < argc) {
			if (*dev)
				return nl_misuse("dev is given twice");
			*dev = argv[++i];
		} else if (!*file) {
			*file = argv[i];
		} else {
			return nl_misuse("what is %s here?", argv[i]);
		}
	}
	return *dev ? DONE : nl_misuse("dev NAME is required");
}

int nl_only_dev(int argc, char **argv, bool required, const char **dev)
{
	const char *file;

	*dev = NULL;
	if (!argc && !required)
		return DONE;
	if (nl_dev_file(argc, argv, dev, &file))
		return MISUSED;
	return file ? nl_misuse("what is %s here?", file) : DONE;
}

int nl_flush(void)
{
	if (fflush(stdout) || ferror(stdout))
		return nl_fail("can not write: %s", strerror(errno));
	return DONE;
}

/*
 * A socket must not get the number of a standard stream that is closed: what is
 * written would go there. Opened the wrong way round, each write still fails.
 */
static void occupy_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			exit(FAILED);
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "statistics", no_argument, NULL, 's' },
		{ "batch", required_argument, NULL, 'b' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *batch = NULL;
	struct nl nl = {0};
	int ret, c;

	occupy_streams();
	while ((c = getopt_long(argc, argv, "+jpsb:Vh", long_options,
				NULL)) != -1) {
		switch (c) {
		case 'j':
			nl.json = true;
			break;
		case 'p':
			nl.json = nl.pretty = true;
			break;
		case 's':
			nl.stats = true;
			break;
		case 'b':
			batch = optarg;
			break;
		case 'V':
			puts("dstm-nl " VERSION);
			return nl_flush();
		case 'h':
			usage(stdout, NULL);
			return nl_flush();
		default:
			return MISUSED;
		}
	}

	if (batch && optind < argc)
		ret = nl_misuse("a command beside -b");
	else if (batch)
		ret = nl_batch(&nl, batch);
	else if (optind < argc)
		ret = nl_main(&nl, argc - optind, argv + optind);
	else
		ret = nl_misuse("no command");

	dstm_table_close(&nl.table);
	dstm_nl_close(nl.route);
	return ret;
}
