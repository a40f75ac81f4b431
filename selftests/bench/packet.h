/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DSTM_BENCH_PACKET_H
#define _DSTM_BENCH_PACKET_H

#include <linux/skbuff.h>

struct bench_ring;

/*
 * What is sent, and how it must arrive. Client number i has the IPv4 address
 * 10.0.0.0 + i / sets, there the ports whose first bits are i % sets, and the
 * IPv6 address 2001:db8:i:i::7, which it has alone or with others.
 */
struct bench_packet {
	unsigned int size;	/* bytes of the IPv4 packet */
	unsigned int sets;	/* port sets of an address, a power of two */
	unsigned int share;	/* clients of an IPv6 address */
	unsigned int hops;	/* routers on the way, each takes one of TTL */
	bool tunnel_in;		/* sent as a client does, in a tunnel */
	bool tunnel_out;	/* must arrive in a tunnel */
};

struct sk_buff *bench_make(struct bench_ring *ring, const struct bench_packet *p,
			   u32 client);
bool bench_is_right(const struct sk_buff *skb, const struct bench_packet *p);

#endif
