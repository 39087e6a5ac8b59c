/*
 * memory - allocation that cannot fail for small things, and arenas for what dies
 * together.
 *
 * Sizes that come from outside do not belong here: check them against a limit first.
 */
#ifndef TIDE_BASE_MEMORY_H
#define TIDE_BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>
#include <tidemill/error.h>

/** Zeroed memory, released with free(); aborts when memory is out. */
void *tide_alloc(size_t size);
void *tide_alloc_array(size_t count, size_t size);
void *tide_realloc(void *old, size_t size);
char *tide_strdup(const char *text);
char *tide_strndup(const char *text, size_t length);
TIDE_PRINTF(1, 2) char *tide_strf(const char *format, ...);

/** Blocks that are freed together.  Not thread-safe.  Owns what it hands out, until
 * destroy. */
struct tide_arena;
struct tide_arena *tide_arena_create(void);
void tide_arena_destroy(struct tide_arena *arena);
/** Zeroed, aligned for any type. */
void *tide_arena_alloc(struct tide_arena *arena, size_t size);
char *tide_arena_strdup(struct tide_arena *arena, const char *text);
char *tide_arena_strndup(struct tide_arena *arena, const char *text, size_t length);
TIDE_PRINTF(2, 3)
char *tide_arena_strf(struct tide_arena *arena, const char *format, ...);

#endif
