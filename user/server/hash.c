// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>
#include <sys/random.h>
#include <xxhash.h>

#include "hash.h"

unsigned int hash_bytes(const void *data, size_t len)
{
	static uint64_t seed;

	while (!seed)
		if (getrandom(&seed, sizeof(seed), 0) < 0)
			break;
	return (unsigned int)XXH3_64bits_withSeed(data, len, seed);
}
