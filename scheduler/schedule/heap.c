/*
 * heap - which of many times comes first.
 */
#include "schedule/heap.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

#define ARITY 4

/* Indexes count from 0; a node's place is its index + 1. */
static void place_at(struct tide_heap *heap, size_t index, struct tide_heap_node *node)
{
    heap->nodes[index] = node;
    node->place = index + 1;
}

static void sift_up(struct tide_heap *heap, size_t index, struct tide_heap_node *node)
{
    while (index > 0) {
        size_t parent = (index - 1) / ARITY;

        if (heap->nodes[parent]->key <= node->key) {
            break;
        }
        place_at(heap, index, heap->nodes[parent]);
        index = parent;
    }
    place_at(heap, index, node);
}

static size_t least_child(const struct tide_heap *heap, size_t index)
{
    size_t first = index * ARITY + 1, least = first;

    for (size_t i = first + 1; i < first + ARITY && i < heap->count; i++) {
        if (heap->nodes[i]->key < heap->nodes[least]->key) {
            least = i;
        }
    }
    return least;
}

static void sift_down(struct tide_heap *heap, size_t index, struct tide_heap_node *node)
{
    while (index * ARITY + 1 < heap->count) {
        size_t child = least_child(heap, index);

        if (heap->nodes[child]->key >= node->key) {
            break;
        }
        place_at(heap, index, heap->nodes[child]);
        index = child;
    }
    place_at(heap, index, node);
}

static void settle(struct tide_heap *heap, size_t index, struct tide_heap_node *node)
{
    if (index > 0 && heap->nodes[(index - 1) / ARITY]->key > node->key) {
        sift_up(heap, index, node);
    } else {
        sift_down(heap, index, node);
    }
}

void tide_heap_put(struct tide_heap *heap, struct tide_heap_node *node, int64_t key)
{
    node->key = key;
    if (node->place > 0) {
        TIDE_INVARIANT(heap->nodes[node->place - 1] == node);
        settle(heap, node->place - 1, node);
        return;
    }
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity ? 2 * heap->capacity : 64;
        heap->nodes =
            tide_realloc(heap->nodes, heap->capacity * sizeof(struct tide_heap_node *));
    }
    sift_up(heap, heap->count++, node);
}

void tide_heap_remove(struct tide_heap *heap, struct tide_heap_node *node)
{
    struct tide_heap_node *last;
    size_t index = node->place - 1;

    if (node->place == 0) {
        return;
    }
    TIDE_INVARIANT(heap->nodes[index] == node);
    node->place = 0;
    last = heap->nodes[--heap->count];
    if (last != node) {
        settle(heap, index, last);
    }
}

struct tide_heap_node *tide_heap_first(const struct tide_heap *heap)
{
    return heap->count > 0 ? heap->nodes[0] : NULL;
}

void tide_heap_fini(struct tide_heap *heap)
{
    free(heap->nodes);
    *heap = (struct tide_heap){0};
}
