// SPDX-License-Identifier: GPL-2.0
/* server.json: whatever it says, an error or a configuration. */
#include <stdint.h>

#include "lib/config.h"
#include "server/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
	char error[DSTM_CONFIG_ERROR];
	struct config config;

	config_parse(&config, (const char *)text, size, error);
	config_free(&config);
	return 0;
}
