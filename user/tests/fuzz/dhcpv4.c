// SPDX-License-Identifier: GPL-2.0
/* What parses can be built, and parses to the same again. */
#include <stdlib.h>
#include <string.h>

#include "proto/dhcpv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t first[DHCPV4_MESSAGE], second[DHCPV4_MESSAGE];
	struct dhcpv4_message m;
	const uint8_t *duid;
	size_t duid_len;
	uint32_t iaid;
	int len;

	if (dhcpv4_parse(&m, data, size))
		return 0;
	dhcpv4_accepts_ports(&m);
	dhcpv4_client_id_split(&m, &iaid, &duid, &duid_len);
	len = dhcpv4_build(&m, first, sizeof(first));
	if (len < 0 || dhcpv4_parse(&m, first, (size_t)len))
		abort();
	if (dhcpv4_build(&m, second, sizeof(second)) != len ||
	    memcmp(first, second, (size_t)len))
		abort();
	return 0;
}
