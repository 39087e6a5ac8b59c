/*
 * heap - which of many times comes first: a 4-ary heap of nodes that their owners embed.
 *
 * Layer: pure; one thread at a time.
 */
#ifndef TIDE_SCHEDULE_HEAP_H
#define TIDE_SCHEDULE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct tide_heap_node {
    int64_t key;
    size_t place; /**< in the heap, from 1; 0: in none */
};

/** Zero it to begin.  Owns the array, not the nodes. */
struct tide_heap {
    struct tide_heap_node **nodes;
    size_t count, capacity;
};

/** Insert a node, or move one that is in this heap, to where its key belongs. */
void tide_heap_put(struct tide_heap *heap, struct tide_heap_node *node, int64_t key);
/** Take a node out; nothing happens when it is in none. */
void tide_heap_remove(struct tide_heap *heap, struct tide_heap_node *node);
/** A node with the least key, or NULL. */
struct tide_heap_node *tide_heap_first(const struct tide_heap *heap);
void tide_heap_fini(struct tide_heap *heap);

#endif
