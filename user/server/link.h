/* SPDX-License-Identifier: GPL-2.0 */
/* The connection to one gateway, for those who keep it up. */
#ifndef DSTM_LINK_H
#define DSTM_LINK_H

#include <openssl/ssl.h>

#include "gateways.h"
#include "lib/mapping.h"
#include "proto/gateway.h"
#include "proto/rpc.h"

/* The first wait before connecting again, milliseconds. */
#define BACKOFF_MIN	100

/* Device numbers of a gateway's pools; one request is for one device. */
#define NO_DEVICE	UINT32_MAX

enum link_state { DOWN, HELLO, SYNCING, UP };

struct prefix {
	uint32_t ipv4;
	uint8_t len;
	uint32_t device;
};

struct batch;

/* The chunk of a sync that is under way; all of it is of one device. */
struct chunk {
	size_t from;			/* where it begins in the sync */
	size_t count;
	size_t most;			/* how many it may have */
	size_t at[DSTM_GATEWAY_BATCH];	/* where each is in the sync */
	uint64_t number[DSTM_GATEWAY_BATCH];
};

/* One gateway. */
struct link {
	struct gateways *gateways;
	unsigned int index;
	const struct gateway_config *config;	/* NULL: there is none */
	enum link_state state;
	struct dstm_rpc *rpc;
	SSL_CTX *ctx;
	struct event *retry;
	unsigned int backoff;
	struct prefix *prefixes;
	size_t prefixes_count;
	struct batch *batch;		/* that is being filled, with all its room */
	struct slot *sync;		/* what is to be told of in the sync */
	size_t sync_count;
	size_t sync_room;
	size_t sync_next;
	size_t sync_refused;
	uint64_t sync_number;
	struct chunk chunk;
	bool begun;			/* the gateway knows of the sync */
	bool again;			/* and it has to be done once more */
};

struct gateways {
	struct turn *turn;
	struct engine *engine;
	struct event *flush;
	struct link links[ENGINE_GATEWAYS];
};

/* What a gateway is told of an order; of one to delete a mapping, no more than which. */
void link_mapping(const struct engine *engine, const struct order *order,
		  struct dstm_mapping *m);
void link_slot(const struct dstm_mapping *m, struct slot *slot);

/* The number of the device whose pool has an address, or NO_DEVICE. */
uint32_t link_device(const struct link *link, uint32_t ipv4);

/* Connect anew, in a while. */
void link_lost(struct link *link, const char *reason);

/* Whether an answer means that the connection is of no use any more; then it is lost. */
bool link_unusable(struct link *link, const struct dstm_rpc_error *error);

/* Whether a step of hello or of a sync was refused; then all begins anew. */
bool link_refused(struct link *link, const struct dstm_rpc_error *error);

/* Send what was collected of orders. */
void link_flush(struct link *link);

/* Tell of all mappings: sync.c. The link is up when it ends. */
void sync_begin(struct link *link);

#endif
