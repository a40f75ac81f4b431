// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "sysctl.h"

#define PORT_RANGE	"/proc/sys/net/ipv4/ip_local_port_range"

int sysctl_ports_get(uint16_t *first, uint16_t *last)
{
	FILE *file = fopen(PORT_RANGE, "re");
	int ret = 0;

	if (!file)
		return -errno;
	if (fscanf(file, "%hu %hu", first, last) != 2)
		ret = -EINVAL;
	fclose(file);
	return ret;
}

int sysctl_ports_set(uint16_t first, uint16_t last)
{
	FILE *file = fopen(PORT_RANGE, "we");
	int ret = 0;

	if (!file)
		return -errno;
	fprintf(file, "%u %u\n", first, last);
	if (fclose(file))
		ret = -errno;
	return ret;
}
