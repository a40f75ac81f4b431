// SPDX-License-Identifier: GPL-2.0
/* The configuration loader: whatever the file, an error or values. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size);

static const char * const names[] = { "gateway", "client", NULL };

static void read_all(struct dstm_config *c, void *data)
{
	uint32_t number;
	int32_t choice;
	char *text = NULL;
	struct in6_addr ip6;
	struct in_addr ip4;
	uint8_t len;
	bool on;

	dstm_config_need(c, "s");
	dstm_config_string(c, "s", &text);
	dstm_config_string(c, "t", &text);
	dstm_config_bool(c, "b", &on);
	dstm_config_uint(c, "u", 0, 1000, &number);
	dstm_config_int(c, "i", -1, 255, &choice);
	dstm_config_duration(c, "d", 1, UINT32_MAX, &number);
	dstm_config_choice(c, "c", names, &choice);
	dstm_config_ipv4(c, "4", &ip4);
	dstm_config_ipv6(c, "6", &ip6);
	dstm_config_ipv4_prefix(c, "p", &ip4, &len);
	dstm_config_ipv6_prefix(c, "q", &ip6, &len);
	dstm_config_object(c, "o", read_all, data);
	dstm_config_array(c, "a", read_all, data);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
	char error[DSTM_CONFIG_ERROR];

	dstm_config_parse("fuzz", (const char *)text, size, read_all, NULL,
			  error);
	return 0;
}
