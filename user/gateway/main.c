// SPDX-License-Identifier: GPL-2.0
/* dstm-gateway: turns the orders of servers into the kernel's mapping table. */
#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/log.h"
#include "lib/notify.h"

#include "figures.h"
#include "gateway.h"
#include "listen.h"
#include "peer.h"
#include "watch.h"

#define EXIT_USAGE	2

static const char usage[] =
	"usage: dstm-gateway [-c FILE] [--check] [-v]\n"
	"\n"
	"  -c, --config FILE  the configuration, else " CONFIG_FILE "\n"
	"      --check        only check the configuration\n"
	"  -v, --verbose      say more\n"
	"  -V, --version      print the version\n"
	"  -h, --help         print this\n";

/* What reading the configuration again changes. */
static int services_start(struct gateway *gw)
{
	const struct config *config = &gw->config;
	int ret;

	gw->told = calloc(config->server_count + 1, sizeof(*gw->told));
	if (!gw->told)
		return -ENOMEM;
	ret = listen_start(gw);
	if (ret || !config->metrics_port)
		return ret;
	ret = dstm_metrics_start(&gw->metrics, gw->daemon.base,
				 config->metrics_address,
				 (uint16_t)config->metrics_port, figures_write,
				 gw);
	if (ret)
		dstm_log(DSTM_LOG_ERR, "metrics at %s port %u: %s",
			 config->metrics_address, config->metrics_port,
			 strerror(-ret));
	return ret;
}

static void services_stop(struct gateway *gw)
{
	peers_close(gw);
	listen_stop(gw);
	dstm_metrics_stop(gw->metrics);
	gw->metrics = NULL;
	free(gw->told);
	gw->told = NULL;
}

static int serve(struct gateway *gw)
{
	int ret = host_apply(&gw->host, &gw->config);

	if (!ret)
		ret = services_start(gw);
	if (!ret)
		watch_period(gw);
	return ret;
}

/* What is to be put back stands in the file of the configuration that is in force. */
static void state_forget(const struct config *other, const struct config *config)
{
	if (strcmp(other->state, config->state))
		unlink(other->state);
}

/* Servers connect again by themselves, and traffic does not notice. */
static void reload(void *data)
{
	struct gateway *gw = data;
	char error[DSTM_CONFIG_ERROR];
	struct config old = gw->config, new;

	if (config_read(gw->path, &new, error)) {
		dstm_log(DSTM_LOG_ERR, "%s; the old configuration stays",
			 error);
		return;
	}
	services_stop(gw);
	host_leave(&gw->host, &old, &new);
	gw->config = new;
	if (!serve(gw)) {
		state_forget(&old, &new);
		config_free(&old);
		dstm_log(DSTM_LOG_NOTICE, "%s is in force", gw->path);
		return;
	}
	dstm_log(DSTM_LOG_ERR, "the old configuration stays");
	services_stop(gw);
	host_leave(&gw->host, &new, &old);
	gw->config = old;
	gw->failed = serve(gw);
	if (gw->failed) {
		dstm_log(DSTM_LOG_ERR, "nor does the old configuration work any more");
		dstm_daemon_quit(&gw->daemon);
	} else {
		state_forget(&new, &old);
	}
	config_free(&new);
}

static void stop(void *data)
{
	struct gateway *gw = data;

	dstm_daemon_quit(&gw->daemon);
}

static int instance_choose(struct gateway *gw)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	snprintf(gw->instance, sizeof(gw->instance), "%016llx",
		 (unsigned long long)number);
	return 0;
}

static int start(struct gateway *gw)
{
	char error[256];
	int ret;

	ret = instance_choose(gw);
	if (ret)
		return ret;
	ret = dstm_table_open(&gw->table, error);
	if (ret) {
		dstm_log(DSTM_LOG_ERR, "%s", error);
		return ret;
	}
	/* First, since a second daemon fails here, and has changed nothing yet. */
	ret = services_start(gw);
	if (!ret)
		ret = host_open(&gw->host, &gw->config);
	if (!ret)
		ret = host_apply(&gw->host, &gw->config);
	if (!ret)
		ret = watch_start(gw);
	return ret ? ret : dstm_daemon_drop(CAP_NET_ADMIN);
}

static int run(const char *path, struct config *config)
{
	struct gateway gw = {
		.path = path,
		.config = *config,
		.daemon = { .reload = reload, .stop = stop },
	};
	int ret;

	gw.daemon.data = &gw;
	LIST_INIT(&gw.peers);
	ret = dstm_daemon_init(&gw.daemon);
	if (!ret)
		ret = start(&gw);
	if (!ret) {
		dstm_log(DSTM_LOG_NOTICE, "gateway %s is ready", gw.config.name);
		dstm_daemon_run(&gw.daemon);
		ret = gw.failed;
	}

	services_stop(&gw);
	watch_stop(&gw);
	/* Nobody asked for an end of traffic when it failed. */
	if (!ret)
		host_restore(&gw.host);
	host_close(&gw.host);
	dstm_table_close(&gw.table);
	dstm_daemon_free(&gw.daemon);
	config_free(&gw.config);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

struct arguments {
	const char *path;
	bool check;
};

/* -1 to go on, or the status to exit with. */
static int arguments_parse(int argc, char **argv, struct arguments *args)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:vVh", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			args->path = optarg;
			break;
		case 'k':
			args->check = true;
			break;
		case 'v':
			dstm_log_most(DSTM_LOG_DEBUG);
			break;
		case 'V':
			puts("dstm-gateway " VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fputs(usage, stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct arguments args = { .path = CONFIG_FILE };
	char error[DSTM_CONFIG_ERROR];
	struct config config;
	int ret;

	ret = arguments_parse(argc, argv, &args);
	if (ret >= 0)
		return ret;
	ret = config_read(args.path, &config, error);
	if (ret && args.check)
		fprintf(stderr, "%s\n", error);
	else if (ret)
		dstm_log(DSTM_LOG_ERR, "%s", error);
	if (ret)
		return EXIT_FAILURE;
	if (!args.check)
		return run(args.path, &config);
	config_free(&config);
	return EXIT_SUCCESS;
}
