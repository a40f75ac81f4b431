// SPDX-License-Identifier: GPL-2.0
/* Packets as a network card would hand them in, and whether they arrived right. */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "packet.h"
#include "ring.h"

#define FIRST_ADDRESS	0x0a000000	/* 10.0.0.0 */
#define PEER		0xc6336401	/* 198.51.100.1 */
#define PEER_PORT	4000
#define TTL		64

/* The number of the client is what a packet ends with. */
struct inner {
	struct iphdr ip;
	struct udphdr udp;
	__be32 client;
};

static const struct in6_addr tep = { .s6_addr = { 0x3f, 0xff, [15] = 1 } };

static __be32 client_address(const struct bench_packet *p, u32 client)
{
	return htonl(FIRST_ADDRESS + client / p->sets);
}

static __be16 client_port(const struct bench_packet *p, u32 client)
{
	return htons((client % p->sets) * (65536 / p->sets) + 1);
}

static struct in6_addr client_remote(const struct bench_packet *p, u32 client)
{
	return (struct in6_addr) {
		.s6_addr32 = { htonl(0x20010db8), htonl(client / p->share),
			       0, htonl(7) },
	};
}

static void put_outer(struct sk_buff *skb, const struct bench_packet *p,
		      u32 client)
{
	struct ipv6hdr *ip6 = skb_put(skb, sizeof(*ip6));

	ip6_flow_hdr(ip6, 0, htonl(client & IPV6_FLOWLABEL_MASK));
	ip6->payload_len = htons(p->size);
	ip6->nexthdr = IPPROTO_IPIP;
	ip6->hop_limit = TTL;
	ip6->saddr = client_remote(p, client);
	ip6->daddr = tep;
}

static void put_inner(struct sk_buff *skb, const struct bench_packet *p,
		      u32 client)
{
	bool back = p->tunnel_in;
	struct inner *in = skb_put(skb, p->size);

	*in = (struct inner) {
		.ip = {
			.version = 4,
			.ihl = 5,
			.tot_len = htons(p->size),
			.ttl = TTL,
			.protocol = IPPROTO_UDP,
			.saddr = htonl(PEER),
			.daddr = client_address(p, client),
		},
		.udp = {
			.source = htons(PEER_PORT),
			.dest = client_port(p, client),
			.len = htons(p->size - sizeof(struct iphdr)),
		},
		.client = htonl(client),
	};
	if (back) {
		swap(in->ip.saddr, in->ip.daddr);
		swap(in->udp.source, in->udp.dest);
	}
	in->ip.check = ip_fast_csum(&in->ip, 5);
}

/**
 * bench_make - a packet from or to a client
 * @ring: the buffers of the device that it comes in by
 * @p: its shape
 * @client: number of the client
 *
 * Return: the packet, or NULL for want of memory.
 */
struct sk_buff *bench_make(struct bench_ring *ring, const struct bench_packet *p,
			   u32 client)
{
	unsigned int outer = p->tunnel_in ? sizeof(struct ipv6hdr) : 0;
	struct sk_buff *skb;

	skb = bench_ring_skb(ring);
	if (!skb)
		return NULL;
	skb_reset_mac_header(skb);
	skb_reserve(skb, ETH_HLEN);
	if (outer)
		put_outer(skb, p, client);
	put_inner(skb, p, client);
	skb->protocol = htons(outer ? ETH_P_IPV6 : ETH_P_IP);
	return skb;
}

static bool outer_is_right(const struct ipv6hdr *ip6, unsigned int len,
			   const struct bench_packet *p, u32 client)
{
	struct in6_addr remote = client_remote(p, client);

	return ip6->version == 6 && ip6->nexthdr == IPPROTO_IPIP &&
	       len == sizeof(*ip6) + p->size && ntohs(ip6->payload_len) == p->size &&
	       ipv6_addr_equal(&ip6->saddr, &tep) &&
	       ipv6_addr_equal(&ip6->daddr, &remote);
}

static bool inner_is_right(const struct inner *in, const struct bench_packet *p)
{
	u32 client = ntohl(in->client);
	__be32 address = client_address(p, client);
	__be16 port = client_port(p, client);
	bool back = p->tunnel_in;

	return in->ip.version == 4 && in->ip.ihl == 5 &&
	       ntohs(in->ip.tot_len) == p->size &&
	       in->ip.ttl == TTL - p->hops && !ip_fast_csum(&in->ip, 5) &&
	       (back ? in->ip.saddr : in->ip.daddr) == address &&
	       (back ? in->ip.daddr : in->ip.saddr) == htonl(PEER) &&
	       (back ? in->udp.source : in->udp.dest) == port;
}

/**
 * bench_is_right - whether a packet arrived as it should
 * @skb: the packet, data at its first IP header, linear
 * @p: what it should be
 */
bool bench_is_right(const struct sk_buff *skb, const struct bench_packet *p)
{
	unsigned int outer = p->tunnel_out ? sizeof(struct ipv6hdr) : 0;
	const struct inner *in = (void *)(skb->data + outer);

	if (skb->len != outer + p->size || skb_headlen(skb) < outer + sizeof(*in))
		return false;
	if (outer && !outer_is_right((void *)skb->data, skb->len, p,
				     ntohl(in->client)))
		return false;
	return inner_is_right(in, p);
}
