// SPDX-License-Identifier: GPL-2.0
/* What the IPv4 packet inside says about its owner. */
#include <linux/icmp.h>
#include <net/ip.h>

#include "inner.h"
#include "mapping.h"

/**
 * dstm_inner_header - get at a sound IPv4 header
 * @skb: the packet; its pointers change
 * @offset: of the header, from skb->data
 *
 * Return: the header, options included in the linear part, or NULL.
 */
const struct iphdr *dstm_inner_header(struct sk_buff *skb, int offset)
{
	const struct iphdr *iph;
	unsigned int hlen;

	if (!pskb_may_pull(skb, offset + sizeof(*iph)))
		return NULL;
	iph = (const struct iphdr *)(skb->data + offset);
	hlen = iph->ihl * 4;
	if (iph->version != 4 || hlen < sizeof(*iph) ||
	    ntohs(iph->tot_len) < hlen ||
	    ntohs(iph->tot_len) > skb->len - offset)
		return NULL;
	if (!pskb_may_pull(skb, offset + hlen))
		return NULL;
	return (const struct iphdr *)(skb->data + offset);
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
 * Return: whether it has one.
 */
bool dstm_inner_port(const struct sk_buff *skb, int offset,
		     const struct iphdr *iph, enum dstm_end end, u16 *port)
{
	int transport = offset + iph->ihl * 4;
	const struct icmphdr *icmp;
	struct icmphdr icmp_buf;
	const __be16 *ports;
	__be16 ports_buf[2];

	switch (iph->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		ports = skb_header_pointer(skb, transport, sizeof(ports_buf),
					   ports_buf);
		if (!ports)
			return false;
		*port = ntohs(ports[end == DSTM_SOURCE ? 0 : 1]);
		return true;
	case IPPROTO_ICMP:
		icmp = skb_header_pointer(skb, transport, sizeof(icmp_buf),
					  &icmp_buf);
		if (!icmp || (icmp->type != ICMP_ECHO &&
			      icmp->type != ICMP_ECHOREPLY))
			return false;
		*port = ntohs(icmp->un.echo.id);
		return true;
	default:
		return false;
	}
}

/**
 * dstm_inner_owner - the mapping that one end of a packet belongs to
 * @t: the table; the caller is in an RCU section
 * @skb: the packet
 * @offset: of the IPv4 header, from skb->data
 * @iph: that header
 * @end: which end
 * @m: gets the mapping
 *
 * Return: DSTM_FOUND, or why there is none.
 */
enum dstm_miss dstm_inner_owner(struct dstm_table *t, const struct sk_buff *skb,
				int offset, const struct iphdr *iph,
				enum dstm_end end, struct dstm_mapping **m)
{
	const struct dstm_node *address;
	u16 port = 0;

	address = dstm_table_address(t, end == DSTM_SOURCE ? iph->saddr :
							      iph->daddr);
	if (!address)
		return DSTM_MISS_ADDRESS;
	if (address->psid_len) {
		if (ip_is_fragment(iph))
			return DSTM_MISS_FRAGMENT;
		if (!dstm_inner_port(skb, offset, iph, end, &port))
			return DSTM_MISS_NO_PORTS;
	}
	*m = dstm_table_owner(t, address, port);
	if (*m)
		return DSTM_FOUND;
	return address->psid_len ? DSTM_MISS_PORT : DSTM_MISS_ADDRESS;
}
