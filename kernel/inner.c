// SPDX-License-Identifier: GPL-2.0
/* Whether the IPv4 packet inside is sound, and who its owner is. */
#include <linux/bitops.h>
#include <linux/icmp.h>
#include <linux/if_tunnel.h>
#include <linux/inetdevice.h>
#include <net/gre.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "inner.h"
#include "mapping.h"

/* As many as RFC 2473 section 6.6 recommends for IPv6's encapsulation limit. */
#define MAX_NESTED	4

static enum dstm_flaw check_header(struct sk_buff *skb)
{
	const struct iphdr *iph;
	unsigned int hlen, len;

	if (!pskb_may_pull(skb, sizeof(*iph)))
		return DSTM_TRUNCATED;
	iph = dstm_inner_header(skb, 0);
	if (iph->version != 4)
		return DSTM_VERSION;
	hlen = iph->ihl * 4;
	len = ntohs(iph->tot_len);
	if (hlen < sizeof(*iph) || len < hlen)
		return DSTM_HEADER;
	/* What follows the packet is not part of it. */
	if (len > skb->len || pskb_trim_rcsum(skb, len) ||
	    !pskb_may_pull(skb, hlen))
		return DSTM_TRUNCATED;
	iph = dstm_inner_header(skb, 0);
	return ip_fast_csum(iph, iph->ihl) ? DSTM_CHECKSUM : DSTM_SOUND;
}

/* What no packet between hosts has at either end (RFC 6890, RFC 1122 3.2.1.3). */
static enum dstm_flaw check_address(__be32 addr)
{
	if (ipv4_is_multicast(addr))
		return DSTM_MULTICAST;
	if (ntohl(addr) >= 0xf0000000)
		return DSTM_CLASS_E;
	if (ipv4_is_loopback(addr))
		return DSTM_LOOPBACK;
	if (ntohl(addr) >> 24 == 0)
		return DSTM_ZERO_NET;
	if (ipv4_is_linklocal_169(addr))
		return DSTM_LINK_LOCAL;
	return DSTM_SOUND;
}

/**
 * dstm_inner_address_flaw - whether a packet between hosts has such addresses
 * @iph: its header
 *
 * Return: DSTM_SOUND, or what is wrong with one of them.
 */
enum dstm_flaw dstm_inner_address_flaw(const struct iphdr *iph)
{
	enum dstm_flaw flaw;

	flaw = check_address(iph->saddr);
	if (flaw)
		return flaw;
	flaw = check_address(iph->daddr);
	if (flaw)
		return flaw;
	return iph->saddr == iph->daddr ? DSTM_SAME_ADDRESS : DSTM_SOUND;
}

/* What the steps inwards return where the header is not in the packet. */
#define CUT_OFF		-1

/* The protocol behind an IPv4 header; @offset moves past the header. */
static int enter_ipv4(const struct sk_buff *skb, int *offset)
{
	const struct iphdr *iph;
	struct iphdr buf;

	iph = skb_header_pointer(skb, *offset, sizeof(buf), &buf);
	if (!iph)
		return CUT_OFF;
	if (iph->version != 4 || iph->ihl < 5 ||
	    iph->frag_off & htons(IP_OFFSET))
		return IPPROTO_NONE;
	*offset += iph->ihl * 4;
	return iph->protocol;
}

/* The same of an IPv6 header and what extends it. */
static int enter_ipv6(const struct sk_buff *skb, int *offset)
{
	const struct ipv6hdr *ip6h;
	struct ipv6hdr buf;
	__be16 frag_off;
	u8 nexthdr;

	ip6h = skb_header_pointer(skb, *offset, sizeof(buf), &buf);
	if (!ip6h)
		return CUT_OFF;
	if (ip6h->version != 6)
		return IPPROTO_NONE;
	nexthdr = ip6h->nexthdr;
	*offset = ipv6_skip_exthdr(skb, *offset + sizeof(buf), &nexthdr,
				   &frag_off);
	if (*offset < 0)
		return CUT_OFF;
	return frag_off & htons(IP6_OFFSET) ? IPPROTO_NONE : nexthdr;
}

/* The same of a GRE header (RFC 2784, RFC 2890). */
static int enter_gre(const struct sk_buff *skb, int *offset)
{
	const struct gre_base_hdr *gre;
	struct gre_base_hdr buf;

	gre = skb_header_pointer(skb, *offset, sizeof(buf), &buf);
	if (!gre)
		return CUT_OFF;
	if (gre->flags & (GRE_VERSION | GRE_ROUTING))
		return IPPROTO_NONE;
	*offset += sizeof(buf) + GRE_HEADER_SECTION *
		   hweight16((__force u16)(gre->flags &
					   (GRE_CSUM | GRE_KEY | GRE_SEQ)));
	switch (gre->protocol) {
	case htons(ETH_P_IP):
		return IPPROTO_IPIP;
	case htons(ETH_P_IPV6):
		return IPPROTO_IPV6;
	default:
		return IPPROTO_NONE;
	}
}

/**
 * dstm_inner_count_nesting - whether a packet is in few enough others
 * @skb: the packet
 * @offset: of the IPv4 header, from skb->data
 * @iph: that header
 *
 * A tunnel that leads into itself makes packets that have another header each time
 * they go round.
 *
 * Return: DSTM_SOUND; DSTM_NESTED also for a fragment that does not show it.
 */
enum dstm_flaw dstm_inner_count_nesting(const struct sk_buff *skb, int offset,
					const struct iphdr *iph)
{
	int protocol = iph->protocol, nested = 0;

	offset += iph->ihl * 4;
	if (iph->frag_off & htons(IP_OFFSET))
		return DSTM_SOUND;
	for (;;) {
		switch (protocol) {
		case IPPROTO_IPIP:
		case IPPROTO_IPV6:
			if (nested++ == MAX_NESTED)
				return DSTM_NESTED;
			protocol = protocol == IPPROTO_IPIP ?
				   enter_ipv4(skb, &offset) :
				   enter_ipv6(skb, &offset);
			break;
		case IPPROTO_GRE:
			protocol = enter_gre(skb, &offset);
			break;
		case CUT_OFF:
			return ip_is_fragment(iph) ? DSTM_NESTED : DSTM_SOUND;
		default:
			return DSTM_SOUND;
		}
	}
}

/**
 * dstm_inner_check - whether a packet is one that a host may send to another
 * @skb: the packet, data at its IPv4 header; its pointers change
 *
 * Return: DSTM_SOUND, then the header is in the linear part with its options,
 * or what is wrong with header or addresses, or with those inside.
 */
enum dstm_flaw dstm_inner_check(struct sk_buff *skb)
{
	const struct iphdr *iph;
	enum dstm_flaw flaw;

	flaw = check_header(skb);
	if (flaw)
		return flaw;
	iph = dstm_inner_header(skb, 0);
	return dstm_inner_check_addresses(iph) ?:
	       dstm_inner_check_nesting(skb, 0, iph);
}

/**
 * dstm_inner_is_icmp_error - whether a packet is an ICMP error
 * @skb: the packet
 * @offset: of the IPv4 header, from skb->data
 * @iph: that header
 */
bool dstm_inner_is_icmp_error(const struct sk_buff *skb, int offset,
			      const struct iphdr *iph)
{
	u8 buf;
	const u8 *type;

	if (iph->protocol != IPPROTO_ICMP || iph->frag_off & htons(IP_OFFSET))
		return false;
	type = skb_header_pointer(skb, offset + iph->ihl * 4, sizeof(buf), &buf);
	return type && icmp_is_err(*type);
}

/*
 * The port of one end where it stands in the packet itself. DSTM_TRUNCATED: it
 * would, but the packet ends before.
 */
static enum dstm_flaw plain_port(const struct sk_buff *skb, int transport,
				 u8 protocol, enum dstm_end end, u16 *port)
{
	const struct icmphdr *icmp;
	struct icmphdr icmp_buf;
	const __be16 *ports;
	__be16 ports_buf[2];

	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		ports = skb_header_pointer(skb, transport, sizeof(ports_buf),
					   ports_buf);
		if (!ports)
			return DSTM_TRUNCATED;
		*port = ntohs(ports[end == DSTM_SOURCE ? 0 : 1]);
		return DSTM_SOUND;
	case IPPROTO_ICMP:
		icmp = skb_header_pointer(skb, transport, sizeof(icmp_buf),
					  &icmp_buf);
		if (!icmp)
			return DSTM_TRUNCATED;
		if (icmp->type != ICMP_ECHO && icmp->type != ICMP_ECHOREPLY)
			return DSTM_NO_PORTS;
		*port = ntohs(icmp->un.echo.id);
		return DSTM_SOUND;
	default:
		return DSTM_NO_PORTS;
	}
}

/*
 * An error belongs to the end that sent what it is about (RFC 5508 section 4.2,
 * RFC 7596 section 8.1): the other end of the embedded packet is this one.
 */
static enum dstm_flaw icmp_error_port(const struct sk_buff *skb, int transport,
				      const struct iphdr *iph,
				      enum dstm_end end, u16 *port)
{
	int embedded = transport + sizeof(struct icmphdr);
	unsigned int len = ntohs(iph->tot_len) - iph->ihl * 4;
	const struct iphdr *eiph;
	enum dstm_flaw flaw;
	u8 buf[60];

	if (len > skb->len - transport)
		return DSTM_ICMP_ERROR;
	if (skb->ip_summed != CHECKSUM_PARTIAL &&
	    csum_fold(skb_checksum(skb, transport, len, 0)))
		return DSTM_ICMP_CHECKSUM;

	eiph = skb_header_pointer(skb, embedded, sizeof(*eiph), buf);
	if (!eiph || eiph->version != 4 || eiph->ihl < 5)
		return DSTM_ICMP_ERROR;
	eiph = skb_header_pointer(skb, embedded, eiph->ihl * 4, buf);
	if (!eiph || ip_fast_csum(eiph, eiph->ihl))
		return DSTM_ICMP_ERROR;
	if (end == DSTM_SOURCE ? eiph->daddr != iph->saddr :
				 eiph->saddr != iph->daddr)
		return DSTM_ICMP_ERROR;
	if (eiph->frag_off & htons(IP_OFFSET))
		return DSTM_NO_PORTS;
	flaw = plain_port(skb, embedded + eiph->ihl * 4, eiph->protocol,
			  end == DSTM_SOURCE ? DSTM_DESTINATION : DSTM_SOURCE,
			  port);
	return flaw == DSTM_TRUNCATED ? DSTM_ICMP_ERROR : flaw;
}

/**
 * dstm_inner_port - the port of one end of an unfragmented packet
 * @skb: the packet
 * @offset: of the IPv4 header, from skb->data
 * @iph: that header
 * @end: whose port
 * @port: gets it, in host byte order
 *
 * The identifier of an ICMP echo is the port of both its ends (RFC 7596
 * section 8.1).
 *
 * Return: DSTM_SOUND; DSTM_NO_PORTS if it has none; or what is wrong with an
 * ICMP error.
 */
enum dstm_flaw dstm_inner_port(const struct sk_buff *skb, int offset,
			       const struct iphdr *iph, enum dstm_end end,
			       u16 *port)
{
	int transport = offset + iph->ihl * 4;
	enum dstm_flaw flaw;

	if (dstm_inner_is_icmp_error(skb, offset, iph))
		return icmp_error_port(skb, transport, iph, end, port);
	flaw = plain_port(skb, transport, iph->protocol, end, port);
	return flaw == DSTM_TRUNCATED ? DSTM_NO_PORTS : flaw;
}

/* The owner of a packet that shows its ports, of an address split as most are. */
static struct dstm_mapping *usual_owner(struct dstm_table *t,
					const struct sk_buff *skb, int offset,
					const struct iphdr *iph, enum dstm_end end)
{
	u16 port;

	if (!READ_ONCE(t->usual.psid_len) || ip_is_fragment(iph) ||
	    iph->protocol == IPPROTO_ICMP ||
	    plain_port(skb, offset + iph->ihl * 4, iph->protocol, end, &port))
		return NULL;
	return dstm_table_usual_owner(t, end == DSTM_SOURCE ? iph->saddr :
				      iph->daddr, port);
}

/**
 * dstm_inner_find_owner - the mapping that one end of a packet belongs to
 * @t: the table; the caller is in an RCU section
 * @skb: the packet
 * @offset: of the IPv4 header, from skb->data
 * @iph: that header
 * @end: which end
 * @m: gets the mapping
 *
 * Return: DSTM_SOUND, or why there is none; DSTM_FRAGMENT if it can only be
 * said of the whole packet.
 */
enum dstm_flaw dstm_inner_find_owner(struct dstm_table *t, const struct sk_buff *skb,
				     int offset, const struct iphdr *iph,
				     enum dstm_end end, struct dstm_mapping **m)
{
	const struct dstm_node *address;
	enum dstm_flaw flaw;
	u16 port = 0;

	*m = usual_owner(t, skb, offset, iph, end);
	if (*m)
		return DSTM_SOUND;
	address = dstm_table_address(t, end == DSTM_SOURCE ? iph->saddr :
							      iph->daddr);
	if (!address)
		return DSTM_NO_ADDRESS;
	if (address->psid_len && ip_is_fragment(iph))
		return DSTM_FRAGMENT;
	/* Fragments pass as they come, but what an error is about has to be seen. */
	if (ip_is_fragment(iph) && dstm_inner_is_icmp_error(skb, offset, iph))
		return DSTM_ICMP_ERROR;
	/* Of a whole address, only ICMP errors have more to tell. */
	if (address->psid_len ||
	    (iph->protocol == IPPROTO_ICMP && !ip_is_fragment(iph))) {
		flaw = dstm_inner_port(skb, offset, iph, end, &port);
		if (flaw && (address->psid_len || flaw != DSTM_NO_PORTS))
			return flaw;
	}
	*m = dstm_table_owner(t, address, port);
	if (*m)
		return DSTM_SOUND;
	return address->psid_len ? DSTM_NO_PORT : DSTM_NO_ADDRESS;
}

/**
 * dstm_inner_seek - ask for the memory that dstm_inner_owner() will want
 * @t: the table; the caller is in an RCU section
 * @skb: the packet, data at its IPv4 header, not checked yet
 * @end: which end
 * @seek: gets the state of the lookup; @seek->whole is the caller's
 */
void dstm_inner_seek(struct dstm_table *t, const struct sk_buff *skb,
		     enum dstm_end end, struct dstm_seek *seek)
{
	const struct iphdr *iph = dstm_inner_header(skb, 0);
	const __be16 *ports = (const __be16 *)(iph + 1);

	seek->bucket = NULL;
	if (skb_headlen(skb) < sizeof(*iph) + 2 * sizeof(*ports))
		return;
	dstm_table_seek(t, end == DSTM_SOURCE ? iph->saddr : iph->daddr,
			ntohs(ports[end == DSTM_SOURCE ? 0 : 1]), seek);
}
