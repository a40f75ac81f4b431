/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connections to the gateways: made again when they break, synchronised each
 * time, and the way for the engine's orders, many in one request.
 */
#ifndef DSTM_GATEWAYS_H
#define DSTM_GATEWAYS_H

#include "config.h"
#include "turn.h"

struct gateways;

/**
 * gateways_new - begin without a gateway
 * @turn: the engine whose orders they carry out; must outlive it
 *
 * Return: to be freed with gateways_free(), or NULL.
 */
struct gateways *gateways_new(struct turn *turn);

/**
 * gateways_free - end all connections
 * @gateways: the gateways, or NULL
 */
void gateways_free(struct gateways *gateways);

/**
 * gateways_configure - connect to those of a configuration, and to no others
 * @gateways: the gateways
 * @config: the configuration; must stay until the next one
 *
 * Connections that stay are synchronised again.
 */
void gateways_configure(struct gateways *gateways, const struct config *config);

/**
 * gateways_order - give an order, as engine_order_to
 * @gateways: the gateways
 * @gateway: the index
 * @order: the order
 *
 * Return: false if the gateway is not connected.
 */
bool gateways_order(struct gateways *gateways, unsigned int gateway,
		    const struct order *order);

/**
 * gateways_status_fn - takes one gateway's state
 * @name: its name
 * @state: "down", "syncing" or "up"
 * @data: what was given with it
 */
typedef void gateways_status_fn(const char *name, const char *state,
				void *data);

/**
 * gateways_status - how the gateways are
 * @gateways: the gateways
 * @fn: called for each
 * @data: for @fn
 */
void gateways_status(const struct gateways *gateways, gateways_status_fn *fn,
		     void *data);

#endif
