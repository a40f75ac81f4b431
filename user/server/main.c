// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "lib/config.h"
#include "lib/log.h"
#include "server.h"

static void usage(FILE *file)
{
	fputs("usage: dstm-server [-c FILE] [--check] [-v]\n"
	      "       dstm-server ctl [-j] [-s SOCKET] COMMAND\n\n"
	      "  -c, --config FILE  the configuration, else " CONFIG_PATH "\n"
	      "      --check        only check the configuration\n"
	      "  -v, --verbose      say more\n"
	      "  -V, --version      print the version\n"
	      "  -h, --help         print this; for ctl, dstm-server ctl -h\n",
	      file);
}

static int check(const char *path)
{
	struct config config;
	char error[DSTM_CONFIG_ERROR];
	int ret = config_read(&config, path, error);

	if (ret)
		fprintf(stderr, "%s\n", error);
	config_free(&config);
	return ret ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	const char *path = CONFIG_PATH;
	bool only_check = false;
	int option;

	if (argc > 1 && !strcmp(argv[1], "ctl"))
		return ctl_main(argc - 2, argv + 2);
	while ((option = getopt_long(argc, argv, "c:vhV", options,
				     NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'k':
			only_check = true;
			break;
		case 'v':
			dstm_log_most(DSTM_LOG_DEBUG);
			break;
		case 'V':
			puts("dstm-server " VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind != argc) {
		usage(stderr);
		return 2;
	}
	return only_check ? check(path) : server_run(path);
}
