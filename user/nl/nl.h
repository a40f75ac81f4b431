/* SPDX-License-Identifier: GPL-2.0 */
/* What the subcommands of dstm-nl share. */
#ifndef DSTM_NL_H
#define DSTM_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/jsonw.h"
#include "../lib/table.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* How a command ends, which is the program's exit status. */
enum { DONE, FAILED, MISUSED };

/**
 * struct nl - the options, and the sockets once they are needed
 * @json: -j
 * @pretty: -p
 * @stats: -s
 * @table: the netlink family's socket, open if @table.nl is set
 * @route: the rtnetlink socket, or NULL
 */
struct nl {
	bool json;
	bool pretty;
	bool stats;
	struct dstm_table table;
	struct dstm_nl *route;
};

/**
 * struct nl_command - a subcommand, or a family of them
 * @name: its word
 * @run: does it, with the words after @name
 * @sub: its subcommands, up to one without a name, instead of @run
 * @usage: the words it takes
 * @help: what it does, in a line
 */
struct nl_command {
	const char *name;
	int (*run)(struct nl *nl, int argc, char **argv);
	const struct nl_command *sub;
	const char *usage;
	const char *help;
};

/* The families, each in the file of its name. */
extern const struct nl_command link_commands[];
extern const struct nl_command map_commands[];
extern const struct nl_command portset_commands[];
int stats_run(struct nl *nl, int argc, char **argv);
int monitor_run(struct nl *nl, int argc, char **argv);
int check_run(struct nl *nl, int argc, char **argv);

/* load.c: the subcommands of map that read a file. */
int map_load(struct nl *nl, int argc, char **argv);
int map_sync(struct nl *nl, int argc, char **argv);

/**
 * nl_main - do one command
 * @nl: options and sockets
 * @argc: number of words
 * @argv: the words, from the family's on
 *
 * Return: DONE, FAILED or MISUSED.
 */
int nl_main(struct nl *nl, int argc, char **argv);

/**
 * nl_batch - do the commands of a file, until one fails
 * @nl: options and sockets
 * @path: the file, or "-"
 *
 * Return: DONE or FAILED.
 */
int nl_batch(struct nl *nl, const char *path);

/* Say on stderr what is wrong; return FAILED, or MISUSED. */
int nl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int nl_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Open the socket unless it is; return DONE or FAILED, and say why. */
int nl_table(struct nl *nl);
int nl_route(struct nl *nl);

/* The index of a device; return DONE or FAILED, and say why. */
int nl_ifindex(const char *dev, uint32_t *ifindex);

/* The name of a device, valid until the next call. */
const char *nl_ifname(uint32_t ifindex);

/* Ask for the name anew next time: devices are renamed, and numbers used again. */
void nl_ifname_forget(void);

/* A JSON writer to stdout, as the options want it. */
struct dstm_jsonw nl_jsonw(const struct nl *nl);

/* Take the words "dev NAME", required or not; return DONE or MISUSED. */
int nl_only_dev(int argc, char **argv, bool required, const char **dev);

/* Take the words "dev NAME [FILE]"; return DONE or MISUSED. */
int nl_dev_file(int argc, char **argv, const char **dev, const char **file);

/* Write out what was printed; return DONE, or FAILED if that can not be. */
int nl_flush(void);

#endif
