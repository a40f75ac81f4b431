/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a server may order: changes of the mapping tables, confined to its pools, and
 * a look at them.
 */
#ifndef GATEWAY_ORDERS_H
#define GATEWAY_ORDERS_H

#include <jansson.h>
#include <stddef.h>

#include "lib/mapping.h"

#include "gateway.h"

#define ORDER_ERROR	512

/* The wanted state of a server's pools, while it comes in. */
struct sync;

/**
 * struct order - an order, and what became of it
 * @gw: the gateway
 * @server: index of the server that gives it
 * @sync: the server's sync, or NULL if it has none open
 * @code: enum dstm_rpc_code, when it is refused
 * @index: the mapping at fault, or -1
 * @error: why it is refused
 */
struct order {
	struct gateway *gw;
	int server;
	struct sync *sync;
	int code;
	int index;
	char error[ORDER_ERROR];
};

/**
 * order_set - set mappings, all or none
 * @order: the order
 * @m: the mappings
 * @n: how many, at most DSTM_GATEWAY_BATCH
 *
 * Return: 0, or -1 with the reason in @order; so for all of these.
 */
int order_set(struct order *order, const struct dstm_mapping *m, size_t n);

/**
 * order_del - delete mappings; those that are not there are passed over
 * @order: the order
 * @m: the mappings; each with its remote
 * @n: how many
 * @count: how many there were
 *
 * Return: 0, or -1.
 */
int order_del(struct order *order, const struct dstm_mapping *m, size_t n,
	      size_t *count);

/**
 * order_list - see mappings
 * @order: the order
 * @prefix: of their addresses, in one of the server's pools
 * @result: an array
 *
 * Return: 0, or -1.
 */
int order_list(struct order *order, const char *prefix, json_t **result);

/**
 * sync_new - begin a sync
 *
 * Return: the sync, to be freed with sync_free(), or NULL without memory.
 */
struct sync *sync_new(void);

/**
 * sync_free - end a sync, without deleting anything
 * @sync: the sync, or NULL
 */
void sync_free(struct sync *sync);

/**
 * sync_chunk - set mappings, and note that they are wanted
 * @order: the order, with a sync
 * @m: the mappings
 * @n: how many
 *
 * Mappings that exclude ones which are there and, it may be, not wanted wait for the
 * end of the sync.
 *
 * Return: 0, or -1.
 */
int sync_chunk(struct order *order, const struct dstm_mapping *m, size_t n);

/**
 * sync_end - delete from the server's pools what is not wanted
 * @order: the order, with a sync, which stays the caller's
 * @wanted: how many are wanted
 * @deleted: how many were deleted
 * @refused: an array that takes those which had to wait, and were refused
 *
 * Return: 0, or -1.
 */
int sync_end(struct order *order, size_t *wanted, size_t *deleted,
	     json_t *refused);

#endif
