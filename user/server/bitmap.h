/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set of numbers that finds its next member in constant time: each word of a
 * level says which words of the level below are not zero.
 */
#ifndef DSTM_BITMAP_H
#define DSTM_BITMAP_H

#include <stdbool.h>
#include <stdint.h>

/* 64^6 is more than a number of 32 bits counts. */
#define BITMAP_LEVELS	6

/**
 * struct bitmap - the set
 * @size: its numbers are less than that
 * @levels: how many there are
 * @level: the words, the members themselves first
 */
struct bitmap {
	uint32_t size;
	unsigned int levels;
	uint64_t *level[BITMAP_LEVELS];
};

/**
 * bitmap_init - make an empty set
 * @map: the set, to be freed with bitmap_destroy()
 * @size: its numbers are less than that
 *
 * Return: 0, or -ENOMEM.
 */
int bitmap_init(struct bitmap *map, uint32_t size);

/**
 * bitmap_fill - put all numbers in
 * @map: the set
 */
void bitmap_fill(struct bitmap *map);

/**
 * bitmap_destroy - free a set
 * @map: the set, initialised or all zero
 */
void bitmap_destroy(struct bitmap *map);

/**
 * bitmap_has - whether a number is in the set
 * @map: the set
 * @n: the number, less than the size
 */
bool bitmap_has(const struct bitmap *map, uint32_t n);

/**
 * bitmap_add - put a number in
 * @map: the set
 * @n: the number, less than the size
 */
void bitmap_add(struct bitmap *map, uint32_t n);

/**
 * bitmap_del - take a number out
 * @map: the set
 * @n: the number, less than the size
 */
void bitmap_del(struct bitmap *map, uint32_t n);

/**
 * bitmap_next - the least member that is not less than a number
 * @map: the set
 * @from: the number
 *
 * Return: the member, or the size if there is none.
 */
uint32_t bitmap_next(const struct bitmap *map, uint32_t from);

#endif
