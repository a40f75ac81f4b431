/* SPDX-License-Identifier: GPL-2.0 */
/* Where servers connect, and who they are. */
#ifndef GATEWAY_LISTEN_H
#define GATEWAY_LISTEN_H

#include "gateway.h"

/**
 * listen_start - listen where the configuration says
 * @gw: the gateway; its listeners are set
 *
 * Says why in the log if it fails, and then nothing is left.
 *
 * Return: 0, or a negative errno.
 */
int listen_start(struct gateway *gw);

/**
 * listen_stop - listen no more
 * @gw: the gateway
 */
void listen_stop(struct gateway *gw);

#endif
