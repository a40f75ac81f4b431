/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TABLE_H
#define _TABLE_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Whether a device's table is sound: a dump of it, what map-get says of each
 * mapping in it, and the number that stats-get tells are the same. The socket has
 * no answers left to read. Says on standard error what is not so.
 */
bool table_is_consistent(struct mnl_socket *socket, uint16_t family, uint32_t ifindex);

#endif
