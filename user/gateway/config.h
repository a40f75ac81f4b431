/* SPDX-License-Identifier: GPL-2.0 */
/* What gateway.json says. */
#ifndef GATEWAY_CONFIG_H
#define GATEWAY_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/link.h"

#define CONFIG_FILE	"/etc/dstm/gateway.json"

/**
 * struct config_device - a network device
 * @link: the device, as it is to be
 * @ipv4: the tunnel end point's IPv4 address, 0 if it has none
 * @shortcut: names of the devices at which packets are taken; their numbers, in
 *	      @link, are looked up when it is applied
 */
struct config_device {
	struct dstm_link link;
	struct in_addr ipv4;
	char shortcut[DSTM_LINK_SHORTCUTS][IF_NAMESIZE];
};

/**
 * struct config_pool - addresses that are lent
 * @prefix: the first of them, network byte order
 * @len: length of the prefix in bits
 * @device: index of the device that they are mapped on
 * @server: index of the server that may map them, or -1: nobody but an operator
 */
struct config_pool {
	struct in_addr prefix;
	uint8_t len;
	size_t device;
	int server;
};

/**
 * struct config_server - one that gives orders
 * @name: what the log calls it
 * @uids: who it is on the UNIX socket
 * @uid_count: how many
 * @certificates: who it is by TLS, as dstm_tls_peer_is() takes them
 * @certificate_count: how many
 */
struct config_server {
	char *name;
	uint32_t *uids;
	size_t uid_count;
	char **certificates;
	size_t certificate_count;
};

/**
 * struct config_tls - where servers on other machines connect
 * @given: whether they may at all
 * @address: to listen on
 * @port: to listen on, host byte order
 * @certificate: PEM file
 * @key: PEM file
 * @authorities: PEM file
 */
struct config_tls {
	bool given;
	struct in6_addr address;
	uint32_t port;
	char *certificate;
	char *key;
	char *authorities;
};

/**
 * struct config - the file
 * @name: of this gateway
 * @socket: path of the UNIX socket
 * @state: path of the file that tells what is to be put back
 * @forwarding: whether IPv4 forwarding is to be switched on
 * @idle: seconds without a packet after which a mapping is idle, 0 for never
 * @metrics_port: 0 if there are none
 */
struct config {
	char *name;
	char *socket;
	char *state;
	bool forwarding;
	uint32_t idle;
	struct config_tls tls;
	char *metrics_address;
	uint32_t metrics_port;
	struct config_device *devices;
	size_t device_count;
	struct config_server *servers;
	size_t server_count;
	struct config_pool *pools;
	size_t pool_count;
};

/**
 * config_read - read the file, or refuse it
 * @path: its path
 * @config: the result, to be freed with config_free()
 * @error: DSTM_CONFIG_ERROR bytes for what is wrong
 *
 * Return: 0, or a negative errno with @error filled and nothing to free.
 */
int config_read(const char *path, struct config *config, char *error);

/**
 * config_free - free what the file took
 * @config: read, or all zero
 */
void config_free(struct config *config);

/**
 * config_pool_of - the pool that an address is in
 * @config: the configuration
 * @addr: the address
 *
 * Return: the pool, or NULL.
 */
const struct config_pool *config_pool_of(const struct config *config,
					 struct in_addr addr);

#endif
