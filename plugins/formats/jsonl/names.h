/*
 * names - from a key to the number of its column.
 */
#ifndef JSONL_NAMES_H
#define JSONL_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include <tidemill/schema.h>

/** Zeroed at first.  An open hash table of numbers; the names themselves stay in the
 * schema, to which columns are only ever added. */
struct names {
    uint32_t *slots; /**< owned: column number + 1, or 0 */
    size_t capacity; /**< a power of two */
    size_t count;
};

/** Note columns of the schema that are not noted yet.  TIDE_OK or TIDE_E_LIMIT. */
int names_update(struct names *names, const struct tide_schema *schema);

/** The column of that name, or TIDE_NO_COLUMN. */
size_t names_find(const struct names *names, const struct tide_schema *schema,
                  const uint8_t *name, size_t length);

void names_fini(struct names *names);

#endif
