/* SPDX-License-Identifier: GPL-2.0 */
/* A server that is connected: what it asks, and what it is told. */
#ifndef GATEWAY_PEER_H
#define GATEWAY_PEER_H

#include <event2/bufferevent.h>
#include <stddef.h>

#include "lib/mapping.h"

#include "gateway.h"

/**
 * peer_new - serve a connection
 * @gw: the gateway
 * @bev: the connection, taken over
 * @server: index of the server that it is known to be
 */
void peer_new(struct gateway *gw, struct bufferevent *bev, int server);

/**
 * peers_close - end all connections
 * @gw: the gateway
 */
void peers_close(struct gateway *gw);

/**
 * peers_connected - whether a server is connected, and has said hello
 * @gw: the gateway
 * @server: index of the server
 */
bool peers_connected(const struct gateway *gw, int server);

/**
 * peers_restarted - tell all servers that the table may be another one
 * @gw: the gateway
 * @reason: why
 */
void peers_restarted(struct gateway *gw, const char *reason);

/**
 * peers_expired - tell each server of those of the mappings that are in its pools
 * @gw: the gateway
 * @m: mappings that the kernel took out
 * @n: how many
 */
void peers_expired(struct gateway *gw, const struct dstm_mapping *m, size_t n);

/**
 * peers_idle - look for mappings that fell idle, and tell their servers
 * @gw: the gateway
 *
 * To be called every so often.
 */
void peers_idle(struct gateway *gw);

#endif
