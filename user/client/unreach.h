/* SPDX-License-Identifier: GPL-2.0 */
/* IPv4 packets that wait, and the ICMP error that answers one. */
#ifndef DSTM_CLIENT_UNREACH_H
#define DSTM_CLIENT_UNREACH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for an answer (RFC 1812 section 4.3.2.3). */
#define UNREACH_SIZE	576

/**
 * unreach_wants_out - whether it is a sound IPv4 packet to one host
 * @packet: the packet
 * @len: its length in bytes
 *
 * Multicasts and broadcasts, such as services send to find each other, are no
 * reason to borrow an address.
 */
bool unreach_wants_out(const uint8_t *packet, size_t len);

/**
 * unreach_build - the ICMP error that says that there is no way
 * @answer: UNREACH_SIZE bytes for it, IPv4 header and all
 * @from: who says so
 * @packet: the packet that is answered, sound
 * @len: its length in bytes
 *
 * Return: the error's length, or 0 if that packet must not be answered (RFC 1122
 * section 3.2.2).
 */
size_t unreach_build(uint8_t *answer, struct in_addr from,
		     const uint8_t *packet, size_t len);

#endif
