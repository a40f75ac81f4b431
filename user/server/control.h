/* SPDX-License-Identifier: GPL-2.0 */
/* The control socket: JSON-RPC, for operators. dstm-server(8) has its methods. */
#ifndef DSTM_CONTROL_H
#define DSTM_CONTROL_H

#include "server.h"

/* So many leases are told in one answer. */
#define CONTROL_PAGE	256

/**
 * control_open - make the socket and listen
 * @control: the result, to be closed with control_close()
 * @server: the server
 *
 * Return: 0, or a negative errno, with the reason in the log.
 */
int control_open(struct control **control, struct server *server);

/**
 * control_close - end all connections, and remove the socket
 * @control: the socket, or NULL
 */
void control_close(struct control *control);

#endif
