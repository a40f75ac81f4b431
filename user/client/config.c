// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "config.h"
#include "lib/config.h"

/* IPv6's least MTU, less its header. */
#define MTU_LEAST	1240

#define SOCKET_PATH	((int)sizeof(((struct sockaddr_un *)0)->sun_path))

static const char *const modes[] = { "always", "on-demand", NULL };
static const char *const kinds[] = {
	[TUNNEL_AUTO] = "auto",
	[TUNNEL_DSTM] = "dstm",
	[TUNNEL_IP6TNL] = "ip6tnl",
	NULL
};
static const char *const levels[] = {
	"error", "warning", "notice", "info", "debug", NULL
};

static bool unicast(const struct in6_addr *addr)
{
	return !IN6_IS_ADDR_UNSPECIFIED(addr) && !IN6_IS_ADDR_MULTICAST(addr) &&
	       !IN6_IS_ADDR_LINKLOCAL(addr) && !IN6_IS_ADDR_LOOPBACK(addr);
}

static void read_unicast(struct dstm_config *c, const char *key,
			 struct in6_addr *addr)
{
	if (dstm_config_ipv6(c, key, addr) && !unicast(addr))
		dstm_config_refuse(c, key, "a unicast IPv6 address that is "
				   "known beyond its link");
}

static void read_server(struct dstm_config *c, void *data)
{
	struct config *config = data;

	if (config->servers_count == DHCPV6_ADDRS) {
		dstm_config_refuse(c, NULL, "at most %d servers", DHCPV6_ADDRS);
		return;
	}
	read_unicast(c, NULL, &config->servers[config->servers_count++]);
}

static void read_name(struct dstm_config *c, const char *key, char **name)
{
	if (dstm_config_string(c, key, name) &&
	    (!**name || strlen(*name) >= IF_NAMESIZE ||
	     strpbrk(*name, "/ \t\n\v\f\r\"\\:%") || !strcmp(*name, ".") ||
	     !strcmp(*name, "..")))
		dstm_config_refuse(c, key, "the name of a network device");
}

static void read_path(struct dstm_config *c, const char *key, char **path)
{
	if (dstm_config_string(c, key, path) && **path != '/')
		dstm_config_refuse(c, key, "an absolute path");
}

/* A choice that does not name one leaves the default. */
static void read_choices(struct dstm_config *c, struct config *config)
{
	int choice;

	if (dstm_config_choice(c, "mode", modes, &choice))
		config->on_demand = choice;
	if (dstm_config_choice(c, "kind", kinds, &choice))
		config->kind = (enum tunnel_kind)choice;
	if (dstm_config_choice(c, "log", levels, &choice))
		config->log = (enum dstm_log_level)(DSTM_LOG_ERR + choice);
}

static void read_file(struct dstm_config *c, void *data)
{
	struct config *config = data;

	read_choices(c, config);
	dstm_config_array(c, "servers", read_server, config);
	read_unicast(c, "tep", &config->tep);
	read_unicast(c, "local", &config->local);
	read_name(c, "interface", &config->interface);
	read_name(c, "device", &config->device);
	dstm_config_uint(c, "metric", 0, UINT32_MAX - 1, &config->metric);
	dstm_config_uint(c, "mtu", MTU_LEAST, TUNNEL_MTU_MAX, &config->mtu);
	dstm_config_bool(c, "port-sets", &config->port_sets);
	dstm_config_duration(c, "idle", 0, 31536000, &config->idle);
	dstm_config_duration(c, "patience", 1, 60, &config->patience);
	dstm_config_duration(c, "retry", 1, 3600, &config->retry);
	read_path(c, "hook", &config->hook);
	read_path(c, "state-file", &config->state_file);
	read_path(c, "control-socket", &config->control);
	if (config->control && strlen(config->control) >= SOCKET_PATH)
		dstm_config_refuse(c, "control-socket", "a path of at most %d bytes",
				   SOCKET_PATH - 1);
}

int config_read(struct config *config, const char *path, char *error)
{
	*config = (struct config){
		.on_demand = true,
		.device = strdup("dstm0"),
		.metric = 1024,
		.port_sets = true,
		.idle = 300,
		.patience = 5,
		.retry = 10,
		.state_file = strdup("/var/lib/dstm-client/state.json"),
		.control = strdup(CONFIG_SOCKET),
		.log = DSTM_LOG_INFO,
	};
	if (!config->device || !config->state_file || !config->control) {
		strcpy(error, "no memory");
		return -ENOMEM;
	}
	return dstm_config_read(path, read_file, config, error);
}

void config_free(struct config *config)
{
	free(config->interface);
	free(config->device);
	free(config->hook);
	free(config->state_file);
	free(config->control);
	memset(config, 0, sizeof(*config));
}
