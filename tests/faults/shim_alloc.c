/*
 * shim_alloc - the allocator, and the blocks that plugins hold; see shim.h.
 *
 * The C library's own functions stay reachable under their other names, which spares us
 * dlsym(), that allocates itself.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"
#include "tally.h"

#define BLOCKS (1u << 16)
#define CALLER __builtin_return_address(0)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

struct block {
    const void *address; /* NULL: none; itself a marker when it was freed */
    const void *caller;
};

static struct block blocks[BLOCKS];
static const char freed;
static atomic_flag blocks_lock = ATOMIC_FLAG_INIT;

/* ---- blocks -------------------------------------------------------------------------*/

static size_t place_of(const void *address)
{
    return (size_t)(((uintptr_t)address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 48);
}

static void lock(void)
{
    while (atomic_flag_test_and_set(&blocks_lock)) {
    }
}

void fault_note_block(const void *block, const void *caller)
{
    size_t place = place_of(block);

    if (!block || !fault_is_on() || fault_owner_of(caller) != OWNER_PLUGIN) {
        return;
    }
    lock();
    for (size_t i = 0; i < BLOCKS; i++, place = (place + 1) % BLOCKS) {
        if (!blocks[place].address || blocks[place].address == &freed) {
            blocks[place] = (struct block){block, caller};
            break;
        }
    }
    atomic_flag_clear(&blocks_lock);
}

void fault_forget_block(const void *block)
{
    size_t place = place_of(block);

    if (!block || !fault_is_on()) {
        return;
    }
    lock();
    for (size_t i = 0; i < BLOCKS && blocks[place].address;
         i++, place = (place + 1) % BLOCKS) {
        if (blocks[place].address == block) {
            blocks[place].address = &freed;
            break;
        }
    }
    atomic_flag_clear(&blocks_lock);
}

void fault_tell_blocks(void)
{
    struct tally *tally = fault_tally();

    for (size_t i = 0; i < BLOCKS; i++) {
        if (blocks[i].address && blocks[i].address != &freed && tally->leaks++ == 0) {
            fault_name_address(blocks[i].caller, tally->leak, sizeof tally->leak);
        }
    }
}

/* ---- the functions ------------------------------------------------------------------*/

static bool fails(const char *function, const void *caller)
{
    if (!fault_strikes(FAULT_ALLOC, function, caller)) {
        return false;
    }
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    void *block = fails("malloc", CALLER) ? NULL : __libc_malloc(size);

    fault_note_block(block, CALLER);
    return block;
}

void *calloc(size_t count, size_t size)
{
    void *block = fails("calloc", CALLER) ? NULL : __libc_calloc(count, size);

    fault_note_block(block, CALLER);
    return block;
}

void *realloc(void *old, size_t size)
{
    void *block = NULL;

    if (fails("realloc", CALLER)) {
        return NULL;
    }
    fault_forget_block(old);
    block = __libc_realloc(old, size);
    fault_note_block(block ? block : old, CALLER);
    return block;
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *block =
        fails("posix_memalign", CALLER) ? NULL : __libc_memalign(alignment, size);

    fault_note_block(block, CALLER);
    if (!block) {
        return ENOMEM;
    }
    *out = block;
    return 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    void *block =
        fails("aligned_alloc", CALLER) ? NULL : __libc_memalign(alignment, size);

    fault_note_block(block, CALLER);
    return block;
}

static char *copy_text(const char *text, size_t length, const void *caller)
{
    char *copy = fails("strdup", caller) ? NULL : __libc_malloc(length + 1);

    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    fault_note_block(copy, caller);
    return copy;
}

char *strdup(const char *text)
{
    return copy_text(text, strlen(text), CALLER);
}

char *strndup(const char *text, size_t most)
{
    return copy_text(text, strnlen(text, most), CALLER);
}

void free(void *block)
{
    fault_forget_block(block);
    __libc_free(block);
}
