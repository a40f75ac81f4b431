// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LINE		1024
#define LIMIT_SECONDS	10
#define LIMIT_LINES	5

static enum dstm_log_level most = DSTM_LOG_INFO;

void dstm_log_most(enum dstm_log_level level)
{
	most = level;
}

/* One write a line, so that lines of several processes do not mix. */
__attribute__((format(printf, 3, 0)))
static void say(enum dstm_log_level level, uint32_t kept, const char *format,
		va_list ap)
{
	char line[LINE];
	int n, begin;
	ssize_t done;

	begin = n = snprintf(line, sizeof(line), "<%d>", (int)level);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, format, ap);
	if (kept && n < LINE)
		n += snprintf(line + n, sizeof(line) - (size_t)n,
			      " (and %u more such)", kept);
	if (n > LINE - 1)
		n = LINE - 1;
	for (; begin < n; begin++)
		if ((unsigned char)line[begin] < 0x20 || line[begin] == 0x7f)
			line[begin] = '?';
	line[n++] = '\n';
	done = write(STDERR_FILENO, line, (size_t)n);
	(void)done;	/* there is nobody else to tell */
}

void dstm_log(enum dstm_log_level level, const char *format, ...)
{
	va_list ap;

	if (level > most)
		return;
	va_start(ap, format);
	say(level, 0, format, ap);
	va_end(ap);
}

void dstm_log_limited(struct dstm_log_limit *limit, enum dstm_log_level level,
		      const char *format, ...)
{
	struct timespec now;
	uint32_t kept;
	va_list ap;

	if (level > most)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!limit->said || now.tv_sec >= limit->second + LIMIT_SECONDS) {
		limit->second = now.tv_sec;
		limit->said = 0;
	}
	if (limit->said >= LIMIT_LINES) {
		limit->kept++;
		return;
	}
	limit->said++;
	kept = limit->kept;
	limit->kept = 0;
	va_start(ap, format);
	say(level, kept, format, ap);
	va_end(ap);
}
