// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/config.h"
#include "proto/gateway.h"
#include "proto/tls.h"

#include "config.h"

#define STATE_FILE	"/run/dstm/gateway.state"
#define METRICS_PORT	9655
#define IDLE		600
#define SECONDS_MAX	(366 * 86400)
/* Room for the outer header, RFC 2473 section 7, in the least MTU of IPv6. */
#define MTU_MIN		(1280 - 40)
/* In the longest IPv6 packet, and for an option header: the device's most. */
#define MTU_MAX		(65535 - 40 - 8)

/* The array with one more element at its end, all zero; NULL without memory. */
static void *grow(struct dstm_config *c, void *array, size_t *n, size_t size)
{
	char *p = realloc(array, (*n + 1) * size);

	if (!p) {
		dstm_config_refuse(c, NULL, "no memory");
		return NULL;
	}
	memset(p + (*n)++ * size, 0, size);
	return p;
}

/* A key that is true or false in the file, and 0 or 1 in the device. */
static void read_switch(struct dstm_config *c, const char *key, int bit,
			struct dstm_link *link, uint8_t *to)
{
	bool on;

	if (!dstm_config_bool(c, key, &on))
		return;
	*to = on;
	link->have |= 1U << bit;
}

/* The name of a network device, of IF_NAMESIZE bytes with its end. */
static void read_ifname(struct dstm_config *c, const char *key, char *to)
{
	char *name = NULL;

	if (!dstm_config_string(c, key, &name))
		return;
	if (strlen(name) >= IF_NAMESIZE || strpbrk(name, "/: \t") ||
	    !strcmp(name, ".") || !strcmp(name, ".."))
		dstm_config_refuse(c, key,
				   "expected the name of a network device, 1 to 15 characters");
	else
		memcpy(to, name, strlen(name) + 1);
	free(name);
}

static void read_device_name(struct dstm_config *c, const struct config *config,
			     struct dstm_link *link)
{
	size_t i;

	dstm_config_need(c, "name");
	read_ifname(c, "name", link->name);
	for (i = 0; i + 1 < config->device_count; i++)
		if (!strcmp(config->devices[i].link.name, link->name))
			dstm_config_refuse(c, "name", "there is one called so already");
}

/* The kernel has one device for each. */
static void read_device_local(struct dstm_config *c,
			      const struct config *config,
			      struct dstm_link *link)
{
	size_t i;

	dstm_config_need(c, "local");
	dstm_config_tunnel_end(c, "local", &link->local);
	for (i = 0; i + 1 < config->device_count; i++)
		if (!memcmp(&config->devices[i].link.local, &link->local,
			    sizeof(link->local)))
			dstm_config_refuse(c, "local",
					   "it is the one of devices[%zu] already",
					   i);
}

static void read_device_ipv4(struct dstm_config *c, struct in_addr *ipv4)
{
	uint32_t net;

	if (!dstm_config_ipv4(c, "ipv4", ipv4))
		return;
	net = ntohl(ipv4->s_addr) >> 24;
	if (!net || net == IN_LOOPBACKNET || net >= 224)
		dstm_config_refuse(c, "ipv4",
				   "expected an IPv4 address that is reached from elsewhere, by unicast");
}

static void read_shortcut(struct dstm_config *c, void *data)
{
	struct config_device *device = data;
	unsigned int i;

	if (device->link.shortcuts == DSTM_LINK_SHORTCUTS) {
		dstm_config_refuse(c, NULL, "expected no more than %d devices",
				   DSTM_LINK_SHORTCUTS);
		return;
	}
	read_ifname(c, NULL, device->shortcut[device->link.shortcuts]);
	for (i = 0; i < device->link.shortcuts; i++)
		if (!strcmp(device->shortcut[i],
			    device->shortcut[device->link.shortcuts]))
			dstm_config_refuse(c, NULL, "it is named twice");
	device->link.shortcuts++;
}

static void read_device(struct dstm_config *c, void *data)
{
	struct config *config = data;
	struct config_device *devices, *device;
	struct dstm_link *link;
	uint32_t hoplimit;

	devices = grow(c, config->devices, &config->device_count,
		       sizeof(*devices));
	if (!devices)
		return;
	config->devices = devices;
	device = &devices[config->device_count - 1];
	link = &device->link;
	link->role = DSTM_ROLE_GATEWAY;
	link->have = 1U << IFLA_DSTM_ROLE | 1U << IFLA_DSTM_LOCAL;

	read_device_name(c, config, link);
	read_device_local(c, config, link);
	read_device_ipv4(c, &device->ipv4);
	if (dstm_config_uint(c, "mtu", MTU_MIN, MTU_MAX, &link->mtu))
		link->have |= 1U << DSTM_LINK_MTU;
	if (dstm_config_uint(c, "hoplimit", 0, 255, &hoplimit)) {
		link->hoplimit = (uint8_t)hoplimit;
		link->have |= 1U << IFLA_DSTM_HOPLIMIT;
	}
	if (dstm_config_int(c, "encap-limit", -1, 255, &link->encap_limit))
		link->have |= 1U << IFLA_DSTM_ENCAP_LIMIT;
	read_switch(c, "hairpin", IFLA_DSTM_HAIRPIN, link, &link->hairpin);
	read_switch(c, "icmp-errors", IFLA_DSTM_ICMP_ERRORS, link,
		    &link->icmp_errors);
	if (dstm_config_array(c, "shortcut", read_shortcut, device))
		link->have |= 1U << IFLA_DSTM_SHORTCUT;
}

static void uid_add(struct dstm_config *c, struct config_server *server,
		    uint32_t uid)
{
	uint32_t *uids;

	uids = grow(c, server->uids, &server->uid_count, sizeof(*uids));
	if (!uids)
		return;
	server->uids = uids;
	uids[server->uid_count - 1] = uid;
}

static void read_uid(struct dstm_config *c, void *data)
{
	uint32_t uid;

	if (dstm_config_uint(c, NULL, 0, UINT32_MAX - 1, &uid))
		uid_add(c, data, uid);
}

static void read_user(struct dstm_config *c, void *data)
{
	struct passwd *user;
	char *name = NULL;

	if (!dstm_config_string(c, NULL, &name))
		return;
	user = getpwnam(name);
	free(name);
	if (user)
		uid_add(c, data, user->pw_uid);
	else
		dstm_config_refuse(c, NULL, "expected a user of this machine");
}

static void read_certificate(struct dstm_config *c, void *data)
{
	struct config_server *server = data;
	char **names, **name;

	names = grow(c, server->certificates, &server->certificate_count,
		     sizeof(*names));
	if (!names)
		return;
	server->certificates = names;
	name = &names[server->certificate_count - 1];
	if (!dstm_config_string(c, NULL, name))
		return;
	if (!strncmp(*name, "sha256:", 7) &&
	    (strlen(*name) != 7 + 64 ||
	     strspn(*name + 7, "0123456789abcdefABCDEF") != 64))
		dstm_config_refuse(c, NULL,
				   "expected \"sha256:\" and 64 hexadecimal digits");
}

static int server_find(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->server_count; i++)
		if (config->servers[i].name &&
		    !strcmp(config->servers[i].name, name))
			return (int)i;
	return -1;
}

static bool has_uid(const struct config_server *server, uint32_t uid)
{
	size_t i;

	for (i = 0; i < server->uid_count; i++)
		if (server->uids[i] == uid)
			return true;
	return false;
}

/* The one would be taken for the other. */
static void check_uids(struct dstm_config *c, const struct config *config,
		       const struct config_server *server)
{
	size_t i, k;

	for (i = 0; i + 1 < config->server_count; i++)
		for (k = 0; k < server->uid_count; k++)
			if (has_uid(&config->servers[i], server->uids[k]))
				dstm_config_refuse(c, NULL,
						   "uid %u is of servers[%zu] already",
						   server->uids[k], i);
}

static bool has_certificate(const struct config_server *server, const char *name)
{
	size_t i;

	for (i = 0; i < server->certificate_count; i++)
		if (!strcasecmp(server->certificates[i], name))
			return true;
	return false;
}

static void check_certificates(struct dstm_config *c, const struct config *config,
			       const struct config_server *server)
{
	size_t i, k;

	for (i = 0; dstm_config_ok(c) && i + 1 < config->server_count; i++)
		for (k = 0; k < server->certificate_count; k++)
			if (has_certificate(&config->servers[i],
					    server->certificates[k]))
				dstm_config_refuse(c, NULL,
						   "certificate \"%s\" is of servers[%zu] already",
						   server->certificates[k], i);
}

static void read_server(struct dstm_config *c, void *data)
{
	struct config *config = data;
	struct config_server *servers, *server;
	char *name = NULL;

	dstm_config_need(c, "name");
	if (!dstm_config_string(c, "name", &name))
		return;
	if (server_find(config, name) >= 0)
		dstm_config_refuse(c, "name", "there is one called so already");
	servers = grow(c, config->servers, &config->server_count,
		       sizeof(*servers));
	if (!servers) {
		free(name);
		return;
	}
	config->servers = servers;
	server = &servers[config->server_count - 1];
	server->name = name;
	dstm_config_array(c, "uids", read_uid, server);
	dstm_config_array(c, "users", read_user, server);
	dstm_config_array(c, "certificates", read_certificate, server);
	check_uids(c, config, server);
	check_certificates(c, config, server);
	if (!server->uid_count && !server->certificate_count)
		dstm_config_refuse(c, NULL,
				   "expected \"users\", \"uids\" or \"certificates\", or nobody can be this server");
}

static uint32_t mask(uint8_t len)
{
	return htonl(len ? ~0U << (32 - len) : 0);
}

static bool overlap(const struct config_pool *a, const struct config_pool *b)
{
	uint8_t len = a->len < b->len ? a->len : b->len;

	return !((a->prefix.s_addr ^ b->prefix.s_addr) & mask(len));
}

/* One device needs not be named. */
static void read_pool_device(struct dstm_config *c, const struct config *config,
			     struct config_pool *pool)
{
	char *name = NULL;

	if (config->device_count != 1)
		dstm_config_need(c, "dev");
	if (!dstm_config_string(c, "dev", &name))
		return;
	for (pool->device = 0; pool->device < config->device_count;
	     pool->device++)
		if (!strcmp(config->devices[pool->device].link.name, name))
			break;
	if (pool->device == config->device_count)
		dstm_config_refuse(c, "dev", "expected the name of one of \"devices\"");
	free(name);
}

static void read_pool(struct dstm_config *c, void *data)
{
	struct config *config = data;
	struct config_pool *pools, *pool;
	char *server = NULL;
	size_t i;

	pools = grow(c, config->pools, &config->pool_count, sizeof(*pools));
	if (!pools)
		return;
	config->pools = pools;
	pool = &pools[config->pool_count - 1];
	pool->server = -1;
	dstm_config_need(c, "prefix");
	dstm_config_ipv4_prefix(c, "prefix", &pool->prefix, &pool->len);
	for (i = 0; i + 1 < config->pool_count; i++)
		if (overlap(&config->pools[i], pool))
			dstm_config_refuse(c, "prefix",
					   "it overlaps with pools[%zu]", i);
	read_pool_device(c, config, pool);
	if (!dstm_config_string(c, "server", &server))
		return;
	pool->server = server_find(config, server);
	if (pool->server < 0)
		dstm_config_refuse(c, "server",
				   "expected the name of one of \"servers\"");
	free(server);
}

static void check_tls(struct dstm_config *c, const struct config_tls *tls)
{
	const struct dstm_tls_files files = {
		.certificate = tls->certificate,
		.key = tls->key,
		.authorities = tls->authorities,
	};
	char error[DSTM_TLS_ERROR];
	SSL_CTX *ctx;

	if (!dstm_config_ok(c))
		return;
	if (dstm_tls_context(&ctx, &files, true, error))
		dstm_config_refuse(c, NULL, "%s", error);
	else
		SSL_CTX_free(ctx);
}

static void read_tls(struct dstm_config *c, void *data)
{
	struct config_tls *tls = data;

	tls->given = true;
	dstm_config_ipv6(c, "address", &tls->address);
	dstm_config_uint(c, "port", 1, 65535, &tls->port);
	dstm_config_need(c, "certificate");
	dstm_config_string(c, "certificate", &tls->certificate);
	dstm_config_need(c, "key");
	dstm_config_string(c, "key", &tls->key);
	dstm_config_need(c, "authorities");
	dstm_config_string(c, "authorities", &tls->authorities);
	check_tls(c, tls);
}

static void read_metrics(struct dstm_config *c, void *data)
{
	struct config *config = data;

	config->metrics_port = METRICS_PORT;
	dstm_config_address(c, "address", &config->metrics_address);
	dstm_config_uint(c, "port", 1, 65535, &config->metrics_port);
}

static void read_config(struct dstm_config *c, void *data)
{
	struct config *config = data;

	dstm_config_need(c, "name");
	dstm_config_string(c, "name", &config->name);
	dstm_config_string(c, "socket", &config->socket);
	if (config->socket && strlen(config->socket) > 107)
		dstm_config_refuse(c, "socket",
				   "expected a path of at most 107 bytes");
	dstm_config_string(c, "state", &config->state);
	dstm_config_bool(c, "forwarding", &config->forwarding);
	dstm_config_duration(c, "idle", 0, SECONDS_MAX, &config->idle);
	dstm_config_object(c, "tls", read_tls, &config->tls);
	dstm_config_object(c, "metrics", read_metrics, config);
	dstm_config_need(c, "devices");
	dstm_config_array(c, "devices", read_device, config);
	dstm_config_array(c, "servers", read_server, config);
	dstm_config_array(c, "pools", read_pool, config);
	if (dstm_config_ok(c) && !config->device_count)
		dstm_config_refuse(c, "devices", "expected at least one device");
}

int config_read(const char *path, struct config *config, char *error)
{
	int ret;

	*config = (struct config){
		.socket = strdup(DSTM_GATEWAY_SOCKET),
		.state = strdup(STATE_FILE),
		.metrics_address = strdup("127.0.0.1"),
		.forwarding = true,
		.idle = IDLE,
		.tls.port = DSTM_GATEWAY_PORT,
	};
	ret = dstm_config_read(path, read_config, config, error);
	if (ret)
		config_free(config);
	return ret;
}

static void server_free(struct config_server *server)
{
	size_t i;

	for (i = 0; i < server->certificate_count; i++)
		free(server->certificates[i]);
	free(server->certificates);
	free(server->uids);
	free(server->name);
}

void config_free(struct config *config)
{
	size_t i;

	for (i = 0; i < config->server_count; i++)
		server_free(&config->servers[i]);
	free(config->servers);
	free(config->pools);
	free(config->devices);
	free(config->name);
	free(config->socket);
	free(config->state);
	free(config->metrics_address);
	free(config->tls.certificate);
	free(config->tls.key);
	free(config->tls.authorities);
	memset(config, 0, sizeof(*config));
}

const struct config_pool *config_pool_of(const struct config *config,
					 struct in_addr addr)
{
	size_t i;

	for (i = 0; i < config->pool_count; i++) {
		const struct config_pool *pool = &config->pools[i];

		if (!((addr.s_addr ^ pool->prefix.s_addr) & mask(pool->len)))
			return pool;
	}
	return NULL;
}
