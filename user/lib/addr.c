// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"

static int prefix_parse(int family, const char *text, void *addr,
			unsigned int max, uint8_t *len)
{
	char copy[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t number = max;

	if (n >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, n);
	copy[n] = '\0';

	if (slash && dstm_number_parse(slash + 1, max, &number))
		return -EINVAL;
	if (inet_pton(family, copy, addr) != 1)
		return -EINVAL;
	*len = (uint8_t)number;
	return 0;
}

int dstm_ipv4_prefix_parse(const char *text, struct in_addr *addr,
			   uint8_t *len)
{
	return prefix_parse(AF_INET, text, addr, 32, len);
}

int dstm_ipv6_prefix_parse(const char *text, struct in6_addr *addr,
			   uint8_t *len)
{
	return prefix_parse(AF_INET6, text, addr, 128, len);
}

int dstm_number_parse(const char *text, uint64_t max, uint64_t *number)
{
	unsigned long long value;
	int base = 10;
	char *end;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		base = 16;
	}
	/* strtoull() alone would take signs, leading blanks and another 0x. */
	if (!isxdigit((unsigned char)text[0]) || text[1] == 'x' || text[1] == 'X')
		return -EINVAL;

	errno = 0;
	value = strtoull(text, &end, base);
	if (*end)
		return -EINVAL;
	if (errno || value > max)
		return -ERANGE;
	*number = value;
	return 0;
}
