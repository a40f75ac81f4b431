/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The gateway protocol: how a server orders mappings from a gateway. Its names,
 * and what both sides need of its messages. Documentation/gateway-protocol.rst
 * tells what they mean.
 */
#ifndef DSTM_GATEWAY_H
#define DSTM_GATEWAY_H

#include <jansson.h>
#include <stddef.h>

#include "lib/mapping.h"

#define DSTM_GATEWAY_PROTOCOL	1
#define DSTM_GATEWAY_SOCKET	"/run/dstm/gateway.sock"
#define DSTM_GATEWAY_PORT	3654

/* Methods. */
#define DSTM_GATEWAY_HELLO	"hello"
#define DSTM_GATEWAY_MAP_ADD	"map.add"
#define DSTM_GATEWAY_MAP_DEL	"map.del"
#define DSTM_GATEWAY_MAP_SYNC	"map.sync"
#define DSTM_GATEWAY_MAP_LIST	"map.list"
#define DSTM_GATEWAY_LINK_SHOW	"link.show"
#define DSTM_GATEWAY_STATS	"stats"

/* Notifications of the gateway's. */
#define DSTM_GATEWAY_MAP_EXPIRED "map.expired"
#define DSTM_GATEWAY_MAP_IDLE	"map.idle"
#define DSTM_GATEWAY_RESTARTED	"gateway.restarted"

/* What map.sync does, by its member "step". */
#define DSTM_GATEWAY_SYNC_BEGIN	"begin"
#define DSTM_GATEWAY_SYNC_CHUNK	"chunk"
#define DSTM_GATEWAY_SYNC_END	"end"

/* The most mappings in one request or notification. */
#define DSTM_GATEWAY_BATCH	512

/**
 * dstm_gateway_mappings - the params of map.add, map.del, map.expired, map.idle
 * @m: the mappings
 * @n: how many
 *
 * Return: an object with "mappings", or NULL without memory.
 */
json_t *dstm_gateway_mappings(const struct dstm_mapping *m, size_t n);

/**
 * dstm_gateway_sync - the params of map.sync
 * @step: DSTM_GATEWAY_SYNC_*
 * @m: the mappings of a chunk, or NULL
 * @n: how many
 *
 * Return: an object, or NULL without memory.
 */
json_t *dstm_gateway_sync(const char *step, const struct dstm_mapping *m,
			  size_t n);

/**
 * dstm_gateway_mappings_read - read the mappings out of params or a result
 * @params: an object with "mappings"
 * @m: room for DSTM_GATEWAY_BATCH of them
 * @n: how many there are
 * @error: DSTM_MAPPING_ERROR bytes for what is wrong
 *
 * Return: 0, or -EINVAL with @error filled.
 */
int dstm_gateway_mappings_read(json_t *params, struct dstm_mapping *m,
			       size_t *n, char *error);

#endif
