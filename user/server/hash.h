/* SPDX-License-Identifier: GPL-2.0 */
/*
 * uthash, with a seed of our own: clients choose what is hashed, and shall not
 * be able to choose what collides. To be included in place of uthash.h.
 */
#ifndef DSTM_HASH_H
#define DSTM_HASH_H

#include <stddef.h>

/**
 * hash_bytes - a hash that differs from one process to the next
 * @data: what to hash
 * @len: its length in bytes
 */
unsigned int hash_bytes(const void *data, size_t len);

#define HASH_FUNCTION(key, len, value)	((value) = hash_bytes((key), (len)))
/* No memory: the element is not added, and its tbl is NULL. */
#define HASH_NONFATAL_OOM 1

#include <uthash.h>

#endif
