/* SPDX-License-Identifier: GPL-2.0 */
/* Leases, and who had what, as JSON objects. */
#ifndef DSTM_LEASEJSON_H
#define DSTM_LEASEJSON_H

#include <jansson.h>

#include "engine.h"

/**
 * lease_json - a lease
 * @engine: the engine
 * @lease: the lease
 *
 * Return: a new object, or NULL without memory.
 */
json_t *lease_json(const struct engine *engine, const struct lease *lease);

/**
 * record_json - who had what
 * @record: what was had
 * @until: until when, seconds of wall time, or LEASE_NEVER
 *
 * Return: a new object, or NULL without memory.
 */
json_t *record_json(const struct record *record, int64_t until);

/**
 * slot_read - read the address and the port set of a mapping object
 * @params: the object
 * @slot: the result
 * @remote: its remote, or NULL if none is needed
 * @error: DSTM_MAPPING_ERROR bytes for what is wrong
 *
 * Return: 0, or -EINVAL with @error filled.
 */
int slot_read(json_t *params, struct slot *slot, struct in6_addr *remote,
	      char *error);

#endif
