/*
 * names - the hash table behind names.h.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

static size_t hash(const uint8_t *name, size_t length)
{
    uint64_t value = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < length; i++) {
        value = (value ^ name[i]) * UINT64_C(1099511628211);
    }
    return (size_t)(value ^ value >> 32);
}

static void insert(struct names *names, const struct tide_schema *schema, size_t column)
{
    const char *name = schema->columns[column].name;
    size_t at = hash((const uint8_t *)name, strlen(name));

    while (names->slots[at & (names->capacity - 1)]) {
        at++;
    }
    names->slots[at & (names->capacity - 1)] = (uint32_t)column + 1;
}

static int grow(struct names *names, const struct tide_schema *schema)
{
    size_t capacity = names->capacity ? names->capacity * 4 : 64;
    uint32_t *slots = calloc(capacity, sizeof *slots);

    if (!slots) {
        return TIDE_E_LIMIT;
    }
    free(names->slots);
    names->slots = slots;
    names->capacity = capacity;
    for (size_t i = 0; i < names->count; i++) {
        insert(names, schema, i);
    }
    return TIDE_OK;
}

int names_update(struct names *names, const struct tide_schema *schema)
{
    while (names->count < schema->column_count) {
        if ((names->count + 1) * 2 > names->capacity && grow(names, schema) != TIDE_OK) {
            return TIDE_E_LIMIT;
        }
        insert(names, schema, names->count++);
    }
    return TIDE_OK;
}

size_t names_find(const struct names *names, const struct tide_schema *schema,
                  const uint8_t *name, size_t length)
{
    if (names->capacity == 0) {
        return TIDE_NO_COLUMN;
    }
    for (size_t at = hash(name, length);; at++) {
        uint32_t slot = names->slots[at & (names->capacity - 1)];
        const char *known;

        if (slot == 0) {
            return TIDE_NO_COLUMN;
        }
        known = schema->columns[slot - 1].name;
        if (strncmp(known, (const char *)name, length) == 0 && known[length] == '\0' &&
            !memchr(name, '\0', length)) {
            return slot - 1;
        }
    }
}

void names_fini(struct names *names)
{
    free(names->slots);
    memset(names, 0, sizeof *names);
}
