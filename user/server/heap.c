// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "heap.h"

static void put(struct heap *heap, uint32_t i, struct heap_node *node)
{
	heap->nodes[i] = node;
	node->place = i + 1;
}

static void up(struct heap *heap, uint32_t i, struct heap_node *node)
{
	while (i && heap->nodes[(i - 1) / 2]->due > node->due) {
		put(heap, i, heap->nodes[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(heap, i, node);
}

static void down(struct heap *heap, uint32_t i, struct heap_node *node)
{
	uint32_t child;

	while ((child = 2 * i + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    heap->nodes[child + 1]->due < heap->nodes[child]->due)
			child++;
		if (heap->nodes[child]->due >= node->due)
			break;
		put(heap, i, heap->nodes[child]);
		i = child;
	}
	put(heap, i, node);
}

int heap_reserve(struct heap *heap, uint32_t count)
{
	struct heap_node **nodes;
	uint32_t room = heap->room ? heap->room : 64;

	if (count <= heap->room)
		return 0;
	while (room < count)
		room *= 2;
	nodes = realloc(heap->nodes, room * sizeof(struct heap_node *));
	if (!nodes)
		return -ENOMEM;
	heap->nodes = nodes;
	heap->room = room;
	return 0;
}

void heap_set(struct heap *heap, struct heap_node *node, int64_t due)
{
	bool sooner = !node->place || due < node->due;

	node->due = due;
	if (!node->place)
		node->place = ++heap->count;
	if (sooner)
		up(heap, node->place - 1, node);
	else
		down(heap, node->place - 1, node);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
	struct heap_node *last;
	uint32_t i = node->place - 1;

	if (!node->place)
		return;
	node->place = 0;
	last = heap->nodes[--heap->count];
	if (last == node)
		return;
	if (last->due < node->due)
		up(heap, i, last);
	else
		down(heap, i, last);
}

void heap_destroy(struct heap *heap)
{
	free(heap->nodes);
	*heap = (struct heap){ 0 };
}
