/* SPDX-License-Identifier: GPL-2.0 */
/* The control socket: JSON-RPC 2.0 over a UNIX socket, and who asks by it. */
#ifndef DSTM_CLIENT_CONTROL_H
#define DSTM_CLIENT_CONTROL_H

#include <event2/event.h>
#include <stdbool.h>

#include "client.h"

/* What serves the socket. */
struct control;

/**
 * control_open - serve the socket
 * @control: to be closed with control_close()
 * @base: the event loop
 * @path: the socket's path
 * @client: what is asked about
 *
 * Why it failed is said in the log; -EADDRINUSE if another client serves it.
 *
 * Return: 0, or a negative errno.
 */
int control_open(struct control **control, struct event_base *base,
		 const char *path, struct client *client);

/**
 * control_close - serve it no longer
 * @control: what was opened, or NULL
 */
void control_close(struct control *control);

/**
 * control_ask - ask a running client how it stands, and print that
 * @path: the socket's path
 * @json: as it came, not in words
 *
 * Return: the program's exit status.
 */
int control_ask(const char *path, bool json);

#endif
