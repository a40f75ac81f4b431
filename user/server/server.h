/* SPDX-License-Identifier: GPL-2.0 */
/* What dstm-server is made of. */
#ifndef DSTM_SERVER_H
#define DSTM_SERVER_H

#include "config.h"
#include "dhcp4o6.h"
#include "gateways.h"
#include "lib/daemon.h"
#include "lib/metrics.h"
#include "store.h"
#include "turn.h"

struct control;

/**
 * struct server - the server
 * @daemon: event loop and signals
 * @path: the configuration file
 * @config: what is in it; its rules are the engine's
 * @store: leases on disk
 * @engine: leases
 * @turn: the engine in the event loop
 * @gateways: where mappings are made
 * @door: where clients ask
 * @control: where operators ask
 * @metrics: where figures are served, or NULL
 * @prune: forgets what is too old
 */
struct server {
	struct dstm_daemon daemon;
	const char *path;
	struct config config;
	struct store *store;
	struct engine engine;
	struct turn turn;
	struct gateways *gateways;
	struct dhcp4o6 *door;
	struct control *control;
	struct dstm_metrics *metrics;
	struct event *prune;
};

/**
 * server_run - start the server, and serve until it is told to stop
 * @path: the configuration file
 *
 * Return: exit status.
 */
int server_run(const char *path);

/**
 * server_reload - read the configuration again, or keep the old one
 * @server: the server
 * @error: DSTM_CONFIG_ERROR bytes for what is wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int server_reload(struct server *server, char *error);

/**
 * server_figures - write the page of figures, as dstm_metrics_fn
 * @page: the page
 * @data: the server
 */
void server_figures(struct dstm_page *page, void *data);

/**
 * ctl_main - the command "dstm-server ctl"
 * @argc: number of words after "ctl"
 * @argv: these words
 *
 * Return: exit status.
 */
int ctl_main(int argc, char **argv);

#endif
