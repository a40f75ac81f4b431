/* SPDX-License-Identifier: GPL-2.0 */
/* What a service tells its manager: the datagrams of sd_notify(3). */
#ifndef DSTM_NOTIFY_H
#define DSTM_NOTIFY_H

#include <stdint.h>

/**
 * dstm_notify - tell the manager something
 * @format: lines such as "READY=1\nSTATUS=...", as of printf(3)
 *
 * Without $NOTIFY_SOCKET nobody asked, and nothing is done.
 */
__attribute__((format(printf, 1, 2)))
void dstm_notify(const char *format, ...);

/**
 * dstm_notify_reloading - say that the configuration is being read again
 *
 * With the time that Type=notify-reload asks for. READY=1 ends it.
 */
void dstm_notify_reloading(void);

/**
 * dstm_notify_watchdog - how often the manager wants to hear WATCHDOG=1
 *
 * Return: the time in microseconds after which it loses patience, 0 for never.
 */
uint64_t dstm_notify_watchdog(void);

#endif
