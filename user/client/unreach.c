// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

#include "proto/bytes.h"
#include "unreach.h"

#define HEADER		20
#define ICMP_HEADER	8
#define TTL		64

static size_t header_len(const uint8_t *packet)
{
	return (size_t)(packet[0] & 0xf) * 4;
}

/* RFC 1071 */
static uint16_t checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += bytes_u16(data + i);
	if (len % 2)
		sum += (uint32_t)data[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_u16(uint8_t *data, uint16_t value)
{
	data[0] = (uint8_t)(value >> 8);
	data[1] = (uint8_t)value;
}

bool unreach_wants_out(const uint8_t *packet, size_t len)
{
	size_t total;

	if (len < HEADER || packet[0] >> 4 != IPVERSION ||
	    header_len(packet) < HEADER)
		return false;
	total = bytes_u16(packet + 2);
	if (total < header_len(packet) || total > len)
		return false;
	/* The destination's first byte: "this network", loopback, multicast up. */
	return packet[16] && packet[16] != 127 && packet[16] < 224;
}

static bool answerable(const uint8_t *packet, size_t len)
{
	size_t header = header_len(packet);

	if (bytes_u16(packet + 6) & IP_OFFMASK)
		return false;
	if (!packet[12] || packet[12] == 127 || packet[12] >= 224)
		return false;
	if (packet[9] != IPPROTO_ICMP)
		return true;
	return len > header && (packet[header] == ICMP_ECHO ||
				packet[header] == ICMP_TIMESTAMP);
}

/*
 * Programs are to see "network unreachable" at once. Code 0 says that, but Linux
 * tells UDP sockets only of errors that will not pass (RFC 1122 section 4.1.3.3),
 * and that is code 9, administratively prohibited, for the same words.
 */
static uint8_t code(const uint8_t *packet)
{
	return packet[9] == IPPROTO_UDP ? ICMP_NET_ANO : ICMP_NET_UNREACH;
}

size_t unreach_build(uint8_t *answer, struct in_addr from,
		     const uint8_t *packet, size_t len)
{
	size_t quoted = bytes_u16(packet + 2), total;
	uint8_t *icmp = answer + HEADER;

	if (!answerable(packet, len))
		return 0;
	if (quoted > UNREACH_SIZE - HEADER - ICMP_HEADER)
		quoted = UNREACH_SIZE - HEADER - ICMP_HEADER;
	total = HEADER + ICMP_HEADER + quoted;

	memset(answer, 0, HEADER + ICMP_HEADER);
	answer[0] = IPVERSION << 4 | HEADER / 4;
	answer[1] = 0xc0;	/* internetwork control, RFC 1812 section 4.3.2.5 */
	put_u16(answer + 2, (uint16_t)total);
	answer[8] = TTL;
	answer[9] = IPPROTO_ICMP;
	memcpy(answer + 12, &from, 4);
	memcpy(answer + 16, packet + 12, 4);
	put_u16(answer + 10, checksum(answer, HEADER));

	icmp[0] = ICMP_DEST_UNREACH;
	icmp[1] = code(packet);
	memcpy(icmp + ICMP_HEADER, packet, quoted);
	put_u16(icmp + 2, checksum(icmp, ICMP_HEADER + quoted));
	return total;
}
