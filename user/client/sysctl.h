/* SPDX-License-Identifier: GPL-2.0 */
/* The ports that programs get when they choose none. */
#ifndef DSTM_CLIENT_SYSCTL_H
#define DSTM_CLIENT_SYSCTL_H

#include <stdint.h>

/**
 * sysctl_ports_get - read net.ipv4.ip_local_port_range
 * @first: the first port, host byte order
 * @last: the last port, host byte order
 *
 * Return: 0, or a negative errno.
 */
int sysctl_ports_get(uint16_t *first, uint16_t *last);

/**
 * sysctl_ports_set - write net.ipv4.ip_local_port_range
 * @first: the first port, host byte order
 * @last: the last port, host byte order
 *
 * Return: 0, or a negative errno.
 */
int sysctl_ports_set(uint16_t first, uint16_t last);

#endif
