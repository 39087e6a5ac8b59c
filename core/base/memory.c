/*
 * memory - allocation that aborts instead of failing, and arenas.
 *
 * An arena is a list of blocks, newest first; a request that does not fit the newest
 * block opens another one, at least BLOCK_SIZE long.
 */
#define _GNU_SOURCE /* vasprintf */
#include "base/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 4096

_Noreturn static void out_of_memory(size_t size)
{
    (void)fprintf(stderr, "out of memory: no %zu bytes\n", size);
    abort();
}

void *tide_alloc(size_t size)
{
    return tide_alloc_array(1, size);
}

void *tide_alloc_array(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);

    if (!memory) {
        out_of_memory(size);
    }
    return memory;
}

void *tide_realloc(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);

    if (!memory) {
        out_of_memory(size);
    }
    return memory;
}

char *tide_strdup(const char *text)
{
    return tide_strndup(text, strlen(text));
}

char *tide_strndup(const char *text, size_t length)
{
    char *copy = tide_alloc(length + 1);

    if (length > 0) {
        memcpy(copy, text, length);
    }
    return copy;
}

char *tide_strf(const char *format, ...)
{
    va_list args;
    char *text;
    int length;

    va_start(args, format);
    length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0) {
        out_of_memory(strlen(format));
    }
    return text;
}

/* ---- arenas ---- */

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char data[];
};

struct tide_arena {
    struct block *blocks;
};

struct tide_arena *tide_arena_create(void)
{
    return tide_alloc(sizeof(struct tide_arena));
}

void tide_arena_destroy(struct tide_arena *arena)
{
    if (!arena) {
        return;
    }
    while (arena->blocks) {
        struct block *next = arena->blocks->next;

        free(arena->blocks);
        arena->blocks = next;
    }
    free(arena);
}

static size_t align_up(size_t size)
{
    const size_t mask = alignof(max_align_t) - 1;

    if (size > SIZE_MAX - mask - sizeof(struct block)) {
        out_of_memory(size);
    }
    return (size + mask) & ~mask;
}

static struct block *add_block(struct tide_arena *arena, size_t least)
{
    size_t size = least > BLOCK_SIZE ? least : BLOCK_SIZE;
    struct block *block = tide_alloc(sizeof *block + size);

    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *tide_arena_alloc(struct tide_arena *arena, size_t size)
{
    struct block *block = arena->blocks;
    size_t wanted = align_up(size ? size : 1);
    void *memory;

    if (!block || block->size - block->used < wanted) {
        block = add_block(arena, wanted);
    }
    memory = block->data + block->used;
    block->used += wanted;
    return memory;
}

char *tide_arena_strdup(struct tide_arena *arena, const char *text)
{
    return tide_arena_strndup(arena, text, strlen(text));
}

char *tide_arena_strndup(struct tide_arena *arena, const char *text, size_t length)
{
    char *copy = tide_arena_alloc(arena, length + 1);

    if (length > 0) {
        memcpy(copy, text, length);
    }
    return copy;
}

char *tide_arena_strf(struct tide_arena *arena, const char *format, ...)
{
    va_list args, again;
    int length;
    char *text;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        out_of_memory(strlen(format));
    }
    text = tide_arena_alloc(arena, (size_t)length + 1);
    (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
