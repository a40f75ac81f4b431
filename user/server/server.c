// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "lib/config.h"
#include "lib/log.h"
#include "server.h"

/* When the next part of the history is forgotten. */
#define PRUNE_BUSY	100000		/* microseconds */
#define PRUNE_IDLE	60		/* seconds */

static void on_prune(evutil_socket_t fd, short what, void *data)
{
	struct server *server = data;
	struct timeval wait = { PRUNE_IDLE, 0 };
	unsigned int count = 0;

	(void)fd;
	(void)what;
	turn_begin(&server->turn);
	/* The engine says it when the store can not be written. */
	if (!server->engine.failing)
		store_prune(server->store, server->engine.wall -
			    server->config.history, STORE_PRUNE, &count);
	if (count == STORE_PRUNE)
		wait = (struct timeval){ 0, PRUNE_BUSY };
	evtimer_add(server->prune, &wait);
}

static bool differ(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

static bool interfaces_differ(const struct listen_config *a,
			      const struct listen_config *b)
{
	unsigned int i;

	if (a->interfaces_count != b->interfaces_count)
		return true;
	for (i = 0; i < a->interfaces_count; i++)
		if (differ(a->interfaces[i], b->interfaces[i]))
			return true;
	return false;
}

/* What is opened once, at the start. */
static void tell_restart(const struct config *former,
			 const struct config *config)
{
	const struct {
		const char *key;
		bool changed;
	} keys[] = {
		{ "store", differ(former->store, config->store) },
		{ "control", differ(former->control, config->control) },
		{ "metrics", differ(former->metrics_address,
				    config->metrics_address) ||
			     former->metrics_port != config->metrics_port },
		{ "listen.address", memcmp(&former->listen.address,
					   &config->listen.address,
					   sizeof(config->listen.address)) },
		{ "listen.port", former->listen.port != config->listen.port },
		{ "listen.interfaces", interfaces_differ(&former->listen,
							 &config->listen) },
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].changed)
			dstm_log(DSTM_LOG_WARNING,
				 "a new \"%s\" needs a restart; the former one stays until then",
				 keys[i].key);
}

int server_reload(struct server *server, char *error)
{
	struct config config, former;
	int ret;

	ret = config_read(&config, server->path, error);
	if (!ret && config_follow(&config, &server->config)) {
		snprintf(error, DSTM_CONFIG_ERROR,
			 "more gateways, new and former together, than %d; restart instead",
			 ENGINE_GATEWAYS);
		ret = -E2BIG;
	}
	if (ret) {
		config_free(&config);
		return ret;
	}
	tell_restart(&server->config, &config);
	turn_begin(&server->turn);
	engine_configure(&server->engine, config.policy);
	config.policy = NULL;
	former = server->config;
	server->config = config;
	gateways_configure(server->gateways, &server->config);
	config_free(&former);
	turn_end(&server->turn);
	return 0;
}

static void on_reload(void *data)
{
	char error[DSTM_CONFIG_ERROR];

	if (server_reload(data, error))
		dstm_log(DSTM_LOG_ERR, "%s; the old configuration stays",
			 error);
	else
		dstm_log(DSTM_LOG_NOTICE, "configuration read again");
}

static void on_stop(void *data)
{
	struct server *server = data;

	turn_begin(&server->turn);
	engine_commit(&server->engine);
	dstm_daemon_quit(&server->daemon);
}

static bool order(void *data, unsigned int gateway, const struct order *order)
{
	struct server *server = data;

	return server->gateways &&
	       gateways_order(server->gateways, gateway, order);
}

static int start_engine(struct server *server)
{
	struct store_time time;
	char error[STORE_ERROR];
	int ret;

	store_time_now(&time);
	ret = store_open(&server->store, server->config.store, &time, error);
	if (ret) {
		dstm_log(DSTM_LOG_ERR, "store: %s", error);
		return ret;
	}
	server->engine = (struct engine){
		.policy = server->config.policy, .store = server->store,
		.order = order, .data = server,
	};
	server->config.policy = NULL;
	ret = turn_init(&server->turn, server->daemon.base, &server->engine);
	if (ret)
		return ret;
	turn_begin(&server->turn);
	ret = engine_init(&server->engine);
	if (ret)
		dstm_log(DSTM_LOG_ERR, "store: %s: %s", server->config.store,
			 ret == -EIO ? store_error(server->store) :
				       strerror(-ret));
	return ret;
}

static int start_door(struct server *server)
{
	uint8_t duid[STORE_DUID];

	if (store_duid(server->store, duid)) {
		dstm_log(DSTM_LOG_ERR, "store: %s", store_error(server->store));
		return -EIO;
	}
	server->gateways = gateways_new(&server->turn);
	server->door = dhcp4o6_new(&server->turn, duid);
	if (!server->gateways || !server->door)
		return -ENOMEM;
	gateways_configure(server->gateways, &server->config);
	dhcp4o6_configure(server->door, &server->config);
	return dhcp4o6_open(server->door);
}

static int start_figures(struct server *server)
{
	const struct config *config = &server->config;
	int ret;

	if (!config->metrics_address)
		return 0;
	ret = dstm_metrics_start(&server->metrics, server->daemon.base,
				 config->metrics_address,
				 (uint16_t)config->metrics_port,
				 server_figures, server);
	if (ret)
		dstm_log(DSTM_LOG_ERR, "metrics: %s port %u: %s",
			 config->metrics_address, config->metrics_port,
			 strerror(-ret));
	return ret;
}

static int start(struct server *server)
{
	int ret;

	server->daemon.reload = on_reload;
	server->daemon.stop = on_stop;
	server->daemon.data = server;
	ret = dstm_daemon_init(&server->daemon);
	if (!ret)
		ret = start_engine(server);
	if (!ret)
		ret = start_door(server);
	if (!ret)
		ret = control_open(&server->control, server);
	if (!ret)
		ret = start_figures(server);
	if (!ret)
		ret = dstm_daemon_drop(-1);
	if (ret)
		return ret;
	server->prune = evtimer_new(server->daemon.base, on_prune, server);
	if (!server->prune)
		return -ENOMEM;
	on_prune(-1, 0, server);
	turn_end(&server->turn);
	return 0;
}

static void stop(struct server *server)
{
	if (server->prune)
		event_free(server->prune);
	dstm_metrics_stop(server->metrics);
	control_close(server->control);
	gateways_free(server->gateways);
	server->gateways = NULL;
	engine_destroy(&server->engine);
	turn_destroy(&server->turn);
	dhcp4o6_free(server->door);
	store_close(server->store);
	config_free(&server->config);
	dstm_daemon_free(&server->daemon);
}

int server_run(const char *path)
{
	static struct server server;
	char error[DSTM_CONFIG_ERROR];
	int ret;

	server.path = path;
	ret = config_read(&server.config, path, error);
	if (ret)
		dstm_log(DSTM_LOG_ERR, "%s", error);
	else
		ret = start(&server);
	if (!ret) {
		dstm_log(DSTM_LOG_NOTICE, "%u leases, UDP port %u",
			 server.engine.leases.count[LEASE_BOUND],
			 server.config.listen.port);
		dstm_daemon_run(&server.daemon);
	}
	stop(&server);
	return ret ? 1 : 0;
}
