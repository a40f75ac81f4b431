/* SPDX-License-Identifier: GPL-2.0 */
/* The mapping table of a device: the commands of the netlink family "dstm". */
#ifndef DSTM_TABLE_H
#define DSTM_TABLE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/dstm.h>

#include "mapping.h"
#include "netlink.h"

/* So many mappings fit into one message in any case. */
#define DSTM_TABLE_BATCH	((DSTM_NL_MESSAGE - 256) / DSTM_MAPPING_NLSIZE)

/**
 * struct dstm_table - the way to the kernel's tables
 * @nl: the socket, for dstm_nl_error() and events
 * @family: the family's number
 * @events: the number of the multicast group of events
 */
struct dstm_table {
	struct dstm_nl *nl;
	uint16_t family;
	uint32_t events;
};

/**
 * struct dstm_filter - which mappings a dump shows
 * @ipv4: with its length, in network byte order
 * @ipv4_len: in bits
 * @remote: with its length
 * @remote_len: in bits
 * @psid: the port set identifier
 * @have: which of these count, bits 1 << DSTM_A_FILTER_{IPV4,REMOTE,PSID}
 */
struct dstm_filter {
	struct in_addr ipv4;
	uint8_t ipv4_len;
	struct in6_addr remote;
	uint8_t remote_len;
	uint16_t psid;
	uint32_t have;
};

/**
 * struct dstm_stats - the counters of a device
 * @ifindex: the device
 * @count: number of its mappings
 * @value: the counters, by DSTM_A_STATS_*
 * @have: which there are, bits 1 << DSTM_A_STATS_*
 */
struct dstm_stats {
	uint32_t ifindex;
	uint32_t count;
	uint64_t value[DSTM_A_STATS_MAX + 1];
	uint64_t have;
};

/**
 * dstm_table_open - find the family
 * @table: to be closed with dstm_table_close()
 * @error: 256 bytes for what it failed of
 *
 * Return: 0, or a negative errno with @error filled. All other functions that
 * return a negative errno leave the reason with @table->nl.
 */
int dstm_table_open(struct dstm_table *table, char *error);

/**
 * dstm_table_watch - receive the events of all devices
 * @table: the way to them
 *
 * Also told is when the module is loaded anew, for dstm_table_renewed().
 *
 * Return: 0, or a negative errno.
 */
int dstm_table_watch(struct dstm_table *table);

/**
 * dstm_table_renewed - see to a module that was loaded anew
 * @table: watched
 * @nlh: a message that came
 *
 * Return: 1 if it was the message of that, after which events come again; 0 if it
 * was another message; or a negative errno.
 */
int dstm_table_renewed(struct dstm_table *table, const struct nlmsghdr *nlh);

/**
 * dstm_table_close - close what was opened
 * @table: opened, or all zero
 */
void dstm_table_close(struct dstm_table *table);

/**
 * dstm_table_set - set mappings, all of them or none
 * @table: the way to it
 * @ifindex: the device
 * @flags: NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE as the spec says of map-new
 * @sync: the sync that it belongs to, or NULL
 * @m: the mappings
 * @n: how many; at most DSTM_TABLE_BATCH
 * @bad: the index of the one that was refused; @n if that is not known
 *
 * Return: 0, or a negative errno with @bad set.
 */
int dstm_table_set(struct dstm_table *table, uint32_t ifindex, int flags,
		   const uint32_t *sync, const struct dstm_mapping *m,
		   size_t n, size_t *bad);

/**
 * dstm_table_del - delete one mapping by its key
 * @table: the way to it
 * @ifindex: the device
 * @m: the key; if the remote is given, it must be the mapping's
 *
 * Return: 0, or a negative errno.
 */
int dstm_table_del(struct dstm_table *table, uint32_t ifindex,
		   const struct dstm_mapping *m);

/**
 * dstm_mapping_fn - takes one mapping
 * @ifindex: the device
 * @m: the mapping
 * @usage: its counters
 * @data: what was given with it
 *
 * Return: 0, or a negative errno that ends the request.
 */
typedef int dstm_mapping_fn(uint32_t ifindex, const struct dstm_mapping *m,
			    const struct dstm_usage *usage, void *data);

/**
 * dstm_table_get - get one mapping by its key
 * @table: the way to it
 * @ifindex: the device
 * @m: the key
 * @fn: called for the mapping
 * @data: for @fn
 *
 * Return: 0, or a negative errno.
 */
int dstm_table_get(struct dstm_table *table, uint32_t ifindex,
		   const struct dstm_mapping *m, dstm_mapping_fn *fn,
		   void *data);

/**
 * dstm_table_dump - see the mappings
 * @table: the way to it
 * @ifindex: the device, or 0 for all
 * @filter: which ones, or NULL for all
 * @fn: called for each
 * @data: for @fn
 *
 * Return: 0, or a negative errno.
 */
int dstm_table_dump(struct dstm_table *table, uint32_t ifindex,
		    const struct dstm_filter *filter, dstm_mapping_fn *fn,
		    void *data);

/**
 * dstm_table_mappings - hand on the mappings of a message
 * @nlh: an answer or an event
 * @fn: called for each
 * @data: for @fn
 *
 * Return: 0, or what @fn returned.
 */
int dstm_table_mappings(const struct nlmsghdr *nlh, dstm_mapping_fn *fn,
			void *data);

/**
 * dstm_table_flush - delete all mappings of a device
 * @table: the way to it
 * @ifindex: the device
 * @count: how many there were
 *
 * Return: 0, or a negative errno.
 */
int dstm_table_flush(struct dstm_table *table, uint32_t ifindex,
		     uint32_t *count);

/**
 * dstm_table_sync_begin - begin to bring a table to a wanted state
 * @table: the way to it
 * @ifindex: the device
 * @sync: the number for dstm_table_set() and dstm_table_sync_end()
 *
 * Return: 0, or a negative errno.
 */
int dstm_table_sync_begin(struct dstm_table *table, uint32_t ifindex,
			  uint32_t *sync);

/**
 * dstm_table_sync_end - delete what was not set since the sync began
 * @table: the way to it
 * @ifindex: the device
 * @sync: the sync's number
 * @count: how many were deleted
 *
 * Return: 0, or a negative errno.
 */
int dstm_table_sync_end(struct dstm_table *table, uint32_t ifindex,
			uint32_t sync, uint32_t *count);

/**
 * dstm_stats_fn - takes the counters of one device
 * @stats: the counters
 * @data: what was given with it
 *
 * Return: 0, or a negative errno that ends the request.
 */
typedef int dstm_stats_fn(const struct dstm_stats *stats, void *data);

/**
 * dstm_table_stats - get counters
 * @table: the way to it
 * @ifindex: the device, or 0 for all
 * @fn: called for each device
 * @data: for @fn
 *
 * Return: 0, or a negative errno.
 */
int dstm_table_stats(struct dstm_table *table, uint32_t ifindex,
		     dstm_stats_fn *fn, void *data);

/**
 * dstm_stats_name - the name of a counter
 * @attr: DSTM_A_STATS_*
 *
 * Return: its name as in the spec, or NULL if there is no such counter.
 */
const char *dstm_stats_name(int attr);

#endif
