// SPDX-License-Identifier: GPL-2.0
/* dstm-client: IPv4 for this host, borrowed from a DSTM server. */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client.h"
#include "control.h"
#include "lib/config.h"
#include "lib/daemon.h"

static const char usage[] =
	"usage: dstm-client [-c FILE] [--check]\n"
	"       dstm-client status [-j] [-s PATH]\n"
	"\n"
	"  -c, --config FILE  the configuration, else " CONFIG_FILE "\n"
	"      --check        only check the configuration\n"
	"  -V, --version      print the version\n"
	"  -h, --help         print this\n"
	"\n"
	"status, how the running client stands:\n"
	"  -j, --json         as JSON\n"
	"  -s, --socket PATH  the control socket, else " CONFIG_SOCKET "\n";

/**
 * struct run - a running daemon
 * @daemon: its frame
 * @path: of its configuration
 * @config: the configuration
 * @client: the client
 * @control: the control socket
 * @failed: no configuration could be put in force; the lease and the host stay as they
 *	are for the next run
 */
struct run {
	struct dstm_daemon daemon;
	const char *path;
	struct config config;
	struct client client;
	struct control *control;
	bool failed;
};

/* Of the folder that a file is to be in; that it fails shows later. */
static void make_folder(const char *path)
{
	char *copy = strdup(path);

	if (copy)
		mkdir(dirname(copy), 0755);
	free(copy);
}

static int open_all(struct run *run)
{
	int ret;

	dstm_log_most(run->config.log);
	make_folder(run->config.control);
	make_folder(run->config.state_file);
	ret = control_open(&run->control, run->daemon.base,
			   run->config.control, &run->client);
	if (!ret)
		ret = client_open(&run->client, &run->config, run->daemon.base);
	return ret;
}

/* Another state file knows nothing of the lease, nor of what was changed for it. */
static void close_all(struct run *run, const struct config *next)
{
	client_close(&run->client,
		     strcmp(run->config.state_file, next->state_file) != 0);
	control_close(run->control);
	run->control = NULL;
}

/* The lease is kept, and the host as it is, for what is opened next. */
static void reload(void *data)
{
	struct run *run = data;
	char error[DSTM_CONFIG_ERROR];
	struct config old = run->config, new;

	if (config_read(&new, run->path, error)) {
		dstm_log(DSTM_LOG_ERR, "%s; the old configuration stays", error);
		config_free(&new);
		return;
	}
	close_all(run, &new);
	run->config = new;
	if (!open_all(run)) {
		config_free(&old);
		dstm_log(DSTM_LOG_NOTICE, "%s is read again", run->path);
		return;
	}
	dstm_log(DSTM_LOG_ERR, "the old configuration stays");
	close_all(run, &old);
	run->config = old;
	config_free(&new);
	if (open_all(run)) {
		dstm_log(DSTM_LOG_ERR, "nor does the old configuration work any more");
		run->failed = true;
		dstm_daemon_quit(&run->daemon);
	}
}

static void stop(void *data)
{
	struct run *run = data;

	client_close(&run->client, true);
	dstm_daemon_quit(&run->daemon);
}

static int run_daemon(const char *path)
{
	struct run *run = calloc(1, sizeof(*run));
	char error[DSTM_CONFIG_ERROR];
	int ret = -ENOMEM;

	if (!run)
		return 1;
	run->path = path;
	run->daemon.reload = reload;
	run->daemon.stop = stop;
	run->daemon.data = run;
	ret = config_read(&run->config, path, error);
	if (ret) {
		dstm_log(DSTM_LOG_ERR, "%s", error);
		goto free;
	}
	ret = dstm_daemon_init(&run->daemon);
	if (!ret)
		ret = open_all(run);
	run->failed = ret;
	if (!ret)
		dstm_daemon_run(&run->daemon);
	client_close(&run->client, !run->failed);
	control_close(run->control);
	dstm_daemon_free(&run->daemon);
free:
	config_free(&run->config);
	ret = ret || run->failed ? 1 : 0;
	free(run);
	return ret;
}

static int check(const char *path)
{
	char error[DSTM_CONFIG_ERROR];
	struct config config;
	int ret = config_read(&config, path, error);

	if (ret)
		fprintf(stderr, "%s\n", error);
	config_free(&config);
	return ret ? 1 : 0;
}

static int wrong_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

static int status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 }
	};
	const char *path = CONFIG_SOCKET;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "js:", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			json = true;
			break;
		case 's':
			path = optarg;
			break;
		default:
			return wrong_usage();
		}
	}
	return optind == argc ? control_ask(path, json) : wrong_usage();
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'C' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *path = CONFIG_FILE;
	bool only_check = false;
	int option;

	if (argc > 1 && !strcmp(argv[1], "status"))
		return status(argc - 1, argv + 1);
	while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'C':
			only_check = true;
			break;
		case 'V':
			puts("dstm-client " VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			return wrong_usage();
		}
	}
	if (optind != argc)
		return wrong_usage();
	return only_check ? check(path) : run_daemon(path);
}
