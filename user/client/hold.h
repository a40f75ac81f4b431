/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv4 packets that wait for an address: kept, and sent on when there is a lease, or
 * answered. Where they come from, acquire.h and tun.h say. The device that the
 * default route leads them to has an address meanwhile that is not to be seen
 * outside (RFC 7335).
 */
#ifndef DSTM_CLIENT_HOLD_H
#define DSTM_CLIENT_HOLD_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 6333 section 5.7: 192.0.0.2 is a client's, 192.0.0.1 its tunnel end point. */
#define HOLD_OWN_ADDR	0xc0000002U
#define HOLD_PEER_ADDR	0xc0000001U
#define HOLD_PREFIX_LEN	29

/* What is small enough for every tunnel: IPv6's least MTU, less its header. */
#define HOLD_MTU	1240
#define HOLD_PACKETS	64

enum hold_verdict {
	HOLD_KEEP,		/* until hold_send() or hold_refuse() */
	HOLD_REFUSE,
	HOLD_DROP,
};

struct hold_packet {
	size_t len;
	uint8_t data[HOLD_MTU];
};

/**
 * struct hold - what waits
 * @wanted: called for each packet that wants out; says what becomes of it
 * @data: for @wanted
 * @kept: packets that were kept in all
 * @refused: packets that were answered in all
 * @dropped: packets for which there was no room
 *
 * The rest is this code's own.
 */
struct hold {
	enum hold_verdict (*wanted)(const struct hold_packet *p, void *data);
	void *data;
	uint64_t kept;
	uint64_t refused;
	uint64_t dropped;

	int out;
	int back;
	size_t count;
	struct hold_packet packet[HOLD_PACKETS];
};

/**
 * hold_open - be ready to keep packets
 * @h: with @wanted and @data set; to be closed with hold_close(), also on failure
 * @error: 512 bytes for what went wrong
 *
 * Return: 0, or a negative errno with @error filled.
 */
int hold_open(struct hold *h, char *error);

/**
 * hold_take - do with a packet what is wanted of it
 * @h: what waits
 * @p: the packet; what is no IPv4 packet to one host is passed over
 */
void hold_take(struct hold *h, const struct hold_packet *p);

/**
 * hold_source - a packet's source
 * @p: the packet, as @wanted gets it
 */
struct in_addr hold_source(const struct hold_packet *p);

/**
 * hold_send - send what waits
 * @h: what waits
 * @ifindex: the device to send it by, whatever routes say
 */
void hold_send(struct hold *h, uint32_t ifindex);

/**
 * hold_refuse - answer what waits with ICMP "network unreachable"
 * @h: what waits
 */
void hold_refuse(struct hold *h);

/**
 * hold_close - drop what waits
 * @h: opened, or all zero
 */
void hold_close(struct hold *h);

#endif
