// SPDX-License-Identifier: GPL-2.0
/* What parses can be built, and parses to the same again. */
#include <stdlib.h>
#include <string.h>

#include "proto/dhcpv6.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t first[DHCPV6_PACKET], second[DHCPV6_PACKET];
	struct dhcpv6_packet p;
	int len;

	if (dhcpv6_parse(&p, data, size))
		return 0;
	dhcpv6_wants(&p.message, DHCPV6_OPT_S46_BR);
	len = dhcpv6_build(&p, first, sizeof(first));
	if (len < 0 || dhcpv6_parse(&p, first, (size_t)len))
		abort();
	if (dhcpv6_build(&p, second, sizeof(second)) != len ||
	    memcmp(first, second, (size_t)len))
		abort();
	return 0;
}
