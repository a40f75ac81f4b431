// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bitmap.h"

static uint32_t words(uint32_t size)
{
	return size / 64 + (size % 64 != 0);
}

static uint64_t bit(uint32_t n)
{
	return (uint64_t)1 << n % 64;
}

int bitmap_init(struct bitmap *map, uint32_t size)
{
	uint32_t n = size;

	memset(map, 0, sizeof(*map));
	map->size = size;
	do {
		uint64_t *level;

		n = words(n);
		level = calloc(n ? n : 1, sizeof(*level));
		if (!level) {
			bitmap_destroy(map);
			return -ENOMEM;
		}
		map->level[map->levels++] = level;
	} while (n > 1);
	return 0;
}

void bitmap_fill(struct bitmap *map)
{
	uint32_t size = map->size;
	unsigned int i;

	for (i = 0; i < map->levels; i++, size = words(size)) {
		memset(map->level[i], 0xff, size / 64 * sizeof(uint64_t));
		if (size % 64)
			map->level[i][size / 64] = bit(size) - 1;
	}
}

void bitmap_destroy(struct bitmap *map)
{
	while (map->levels)
		free(map->level[--map->levels]);
	map->size = 0;
}

bool bitmap_has(const struct bitmap *map, uint32_t n)
{
	return map->level[0][n / 64] & bit(n);
}

void bitmap_add(struct bitmap *map, uint32_t n)
{
	unsigned int i;

	for (i = 0; i < map->levels; i++, n /= 64)
		map->level[i][n / 64] |= bit(n);
}

void bitmap_del(struct bitmap *map, uint32_t n)
{
	unsigned int i;

	for (i = 0; i < map->levels; i++, n /= 64) {
		map->level[i][n / 64] &= ~bit(n);
		if (map->level[i][n / 64])
			return;
	}
}

uint32_t bitmap_next(const struct bitmap *map, uint32_t from)
{
	uint32_t size = map->size;
	unsigned int i;
	uint64_t word;

	/* Up, to a word that has a bit at this place or after it ... */
	for (i = 0; ; i++, from = from / 64 + 1, size = words(size)) {
		if (i == map->levels || from >= size)
			return map->size;
		word = map->level[i][from / 64] & ~(uint64_t)0 << from % 64;
		if (word)
			break;
	}
	/* ... and down along the first bits. */
	from = from / 64 * 64 + (uint32_t)__builtin_ctzll(word);
	while (i--)
		from = from * 64 +
		       (uint32_t)__builtin_ctzll(map->level[i][from]);
	return from;
}
