/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel tells: mappings that expired, devices that came and went. */
#ifndef GATEWAY_WATCH_H
#define GATEWAY_WATCH_H

#include "gateway.h"

/**
 * watch_start - begin to watch
 * @gw: the gateway, with its host applied and its table open
 *
 * Says why in the log if it fails.
 *
 * Return: 0, or a negative errno.
 */
int watch_start(struct gateway *gw);

/**
 * watch_period - look for idle mappings as often as the configuration asks for
 * @gw: the gateway
 */
void watch_period(struct gateway *gw);

/**
 * watch_stop - end it
 * @gw: the gateway
 */
void watch_stop(struct gateway *gw);

#endif
