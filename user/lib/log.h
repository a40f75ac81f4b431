/* SPDX-License-Identifier: GPL-2.0 */
/* What a daemon has to say, to stderr, in the style that journald reads. */
#ifndef DSTM_LOG_H
#define DSTM_LOG_H

#include <stdint.h>

/* The levels of syslog(3), by the numbers that sd-daemon(3) puts before a line. */
enum dstm_log_level {
	DSTM_LOG_ERR = 3,
	DSTM_LOG_WARNING = 4,
	DSTM_LOG_NOTICE = 5,
	DSTM_LOG_INFO = 6,
	DSTM_LOG_DEBUG = 7,
};

/**
 * struct dstm_log_limit - how often one kind of message is said
 * @second: the second of CLOCK_MONOTONIC in which the present burst began
 * @said: how many were said since
 * @kept: how many were not
 *
 * One for each kind, zero at first. At most five are said within ten seconds; the
 * next that is said tells how many were left out.
 */
struct dstm_log_limit {
	int64_t second;
	uint32_t said;
	uint32_t kept;
};

/**
 * dstm_log_most - say nothing beyond this level
 * @level: the highest that is said; DSTM_LOG_INFO if never called
 */
void dstm_log_most(enum dstm_log_level level);

/**
 * dstm_log - say something, in one line
 * @level: how grave it is
 * @format: as of printf(3), without a line break; control characters that come
 *	by its arguments are shown as '?'
 */
__attribute__((format(printf, 2, 3)))
void dstm_log(enum dstm_log_level level, const char *format, ...);

/**
 * dstm_log_limited - say something that others can make us say
 * @limit: for this kind of message
 * @level: how grave it is
 * @format: as of printf(3)
 */
__attribute__((format(printf, 3, 4)))
void dstm_log_limited(struct dstm_log_limit *limit, enum dstm_log_level level,
		      const char *format, ...);

#endif
