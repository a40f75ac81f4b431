/* SPDX-License-Identifier: GPL-2.0 */
/* What is due, the earliest first: a binary heap of members of other structs. */
#ifndef DSTM_HEAP_H
#define DSTM_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct heap_node - the member
 * @due: its time, in milliseconds
 * @place: where in the heap it is, counted from 1; 0 if it is in none
 */
struct heap_node {
	int64_t due;
	uint32_t place;
};

/**
 * struct heap - the heap; begin with all zero
 * @nodes: its nodes
 * @count: how many there are
 * @room: for how many there is room
 */
struct heap {
	struct heap_node **nodes;
	uint32_t count;
	uint32_t room;
};

/**
 * heap_reserve - make room, so that heap_set() can not fail
 * @heap: the heap
 * @count: how many nodes it must hold
 *
 * Return: 0, or -ENOMEM.
 */
int heap_reserve(struct heap *heap, uint32_t count);

/**
 * heap_set - put a node in, or change when it is due
 * @heap: the heap, with room for it
 * @node: the node
 * @due: its time
 */
void heap_set(struct heap *heap, struct heap_node *node, int64_t due);

/**
 * heap_remove - take a node out, if it is in
 * @heap: the heap
 * @node: the node
 */
void heap_remove(struct heap *heap, struct heap_node *node);

/**
 * heap_first - the node that is due first, or NULL
 * @heap: the heap
 */
static inline struct heap_node *heap_first(const struct heap *heap)
{
	return heap->count ? heap->nodes[0] : NULL;
}

/**
 * heap_destroy - free what the heap needs, not its nodes
 * @heap: the heap
 */
void heap_destroy(struct heap *heap);

#endif
