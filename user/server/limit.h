/* SPDX-License-Identifier: GPL-2.0 */
/* How often others may make us work: each source, and all of them together. */
#ifndef DSTM_LIMIT_H
#define DSTM_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sources are told apart by so many places; some share one. */
#define LIMIT_PLACES	65536

/**
 * struct limits - what was used; begin with all zero
 * @all: when the next packet of all would have to come, microseconds
 * @source: the same for each place of sources
 */
struct limits {
	int64_t all;
	int64_t source[LIMIT_PLACES];
};

enum limit_verdict { LIMIT_PASS, LIMIT_SOURCE, LIMIT_ALL };

/**
 * limit_check - whether one more packet may pass
 * @limits: what was used
 * @source: what the source is known by
 * @len: its length in bytes
 * @rate: packets a second of one source, as many at once
 * @rate_all: packets a second of all
 * @now: microseconds, never going back
 *
 * Return: LIMIT_PASS, or which limit it is beyond.
 */
enum limit_verdict limit_check(struct limits *limits, const void *source,
			       size_t len, uint32_t rate, uint32_t rate_all,
			       int64_t now);

#endif
