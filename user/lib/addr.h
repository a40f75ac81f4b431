/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses, prefixes and numbers, from text. */
#ifndef DSTM_ADDR_H
#define DSTM_ADDR_H

#include <netinet/in.h>
#include <stdint.h>

/**
 * dstm_ipv4_prefix_parse - read "192.0.2.0/24", or an address alone
 * @text: what to read
 * @addr: the address, in network byte order
 * @len: the prefix length in bits, 32 when none is given
 *
 * Return: 0, or -EINVAL.
 */
int dstm_ipv4_prefix_parse(const char *text, struct in_addr *addr,
			   uint8_t *len);

/**
 * dstm_ipv6_prefix_parse - read "2001:db8::/32", or an address alone
 * @text: what to read
 * @addr: the address
 * @len: the prefix length in bits, 128 when none is given
 *
 * Return: 0, or -EINVAL.
 */
int dstm_ipv6_prefix_parse(const char *text, struct in6_addr *addr,
			   uint8_t *len);

/**
 * dstm_number_parse - read a number, decimal or 0x hexadecimal
 * @text: what to read, all of it
 * @max: the greatest number that fits
 * @number: the result
 *
 * Return: 0, -EINVAL if it is no such number, -ERANGE if it exceeds @max.
 */
int dstm_number_parse(const char *text, uint64_t max, uint64_t *number);

#endif
