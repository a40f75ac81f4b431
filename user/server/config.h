/* SPDX-License-Identifier: GPL-2.0 */
/* What dstm-server.json(5) says, read whole or not at all. */
#ifndef DSTM_SERVER_CONFIG_H
#define DSTM_SERVER_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

#define CONFIG_PATH	"/etc/dstm/server.json"
#define CONFIG_CONTROL	"/run/dstm-server/control.sock"

/**
 * struct gateway_config - how to reach a gateway
 * @name: its name
 * @index: its bit in supply.gateways
 * @socket: path of its UNIX socket, or NULL
 * @address: its address, where it is not on this machine
 * @port: and its TCP port
 * @peer: the name that its certificate must have
 * @certificate: PEM file of our certificate
 * @key: PEM file of our key
 * @authorities: PEM file of those whose word counts
 */
struct gateway_config {
	char *name;
	unsigned int index;
	char *socket;
	char *address;
	uint32_t port;
	char *peer;
	char *certificate;
	char *key;
	char *authorities;
};

/**
 * struct relay_config - a prefix of relays
 * @prefix: the prefix
 * @len: its length in bits
 */
struct relay_config {
	struct in6_addr prefix;
	uint8_t len;
};

/**
 * struct listen_config - where clients and relays ask
 * @address: address to bind to
 * @port: UDP port
 * @interfaces: names of those on which ff02::1:2 is listened to
 * @interfaces_count: how many
 * @relays: prefixes of relays whose word counts
 * @relays_count: how many
 * @rate: packets a second from everybody together
 * @rate_source: from one /64
 */
struct listen_config {
	struct in6_addr address;
	uint32_t port;
	char **interfaces;
	size_t interfaces_count;
	struct relay_config *relays;
	size_t relays_count;
	uint32_t rate;
	uint32_t rate_source;
};

/**
 * struct config - all of it
 * @store: path of the lease store
 * @history: seconds for which it is known who had what
 * @control: path of the control socket
 * @listen: where clients ask
 * @server_id: IPv4 address by which clients know the server
 * @servers: addresses of this server for clients that look for one; none: ask
 *	by multicast
 * @servers_count: how many
 * @bind_prefix: from it clients shall take their end of the tunnel
 * @bind_prefix_len: in bits
 * @has_bind_prefix: whether they are told
 * @metrics_address: where figures are served, or NULL
 * @metrics_port: TCP port
 * @gateways: the gateways
 * @gateways_count: how many
 * @policy: the rules; to be taken by who uses them, else freed with the rest
 */
struct config {
	char *store;
	uint32_t history;
	char *control;
	struct listen_config listen;
	struct in_addr server_id;
	struct in6_addr servers[DHCPV6_ADDRS];
	uint8_t servers_count;
	struct in6_addr bind_prefix;
	uint8_t bind_prefix_len;
	bool has_bind_prefix;
	char *metrics_address;
	uint32_t metrics_port;
	struct gateway_config *gateways;
	size_t gateways_count;
	struct policy *policy;
};

/**
 * config_read - read a configuration file
 * @config: the result, to be freed with config_free(), also after an error
 * @path: the file
 * @error: DSTM_CONFIG_ERROR bytes for what is wrong, and where
 *
 * Return: 0, or a negative errno with @error filled.
 */
int config_read(struct config *config, const char *path, char *error);

/**
 * config_parse - as config_read(), of what is in memory
 * @config: the result
 * @text: the text
 * @size: its length in bytes
 * @error: DSTM_CONFIG_ERROR bytes for what is wrong, and where
 *
 * Return: 0, or a negative errno with @error filled.
 */
int config_parse(struct config *config, const char *text, size_t size,
		 char *error);

/**
 * config_follow - let gateways keep the index that they have
 * @config: a configuration
 * @former: the one before it
 *
 * Return: 0, or -E2BIG if there are too many for all to have one.
 */
int config_follow(struct config *config, const struct config *former);

/**
 * config_free - free what a configuration owns
 * @config: read, or all zero; all zero afterwards
 */
void config_free(struct config *config);

/**
 * config_bytes - read bytes: 0x and hexadecimal digits, or a text as it is
 * @text: what to read
 * @hex: hexadecimal also without 0x; colons between bytes are passed over
 * @bytes: the result
 * @size: room there
 *
 * Return: how many there are, or -EINVAL.
 */
int config_bytes(const char *text, bool hex, uint8_t *bytes, size_t size);

#endif
