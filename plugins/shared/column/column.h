/*
 * column - find a column by the name a user wrote, or say which one was probably meant.
 *
 * Header-only, because each plugin is linked by itself.  Layer: plugins, uses the SDK.
 */
#ifndef TIDE_SHARED_COLUMN_H
#define TIDE_SHARED_COLUMN_H

#include <stdlib.h>
#include <string.h>
#include <tidemill/error.h>
#include <tidemill/schema.h>

/* Names longer than this are not worth a guess. */
#define COLUMN_GUESS_MAX 63

static inline size_t column_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/** Edit distance of two names; as far as COLUMN_GUESS_MAX when one is too long. */
static inline size_t column_distance(const char *a, const char *b)
{
    size_t row[COLUMN_GUESS_MAX + 1];
    size_t length = strlen(b);

    if (length > COLUMN_GUESS_MAX) {
        return COLUMN_GUESS_MAX;
    }
    for (size_t j = 0; j <= length; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t replaced = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            row[j + 1] = column_least(replaced, column_least(row[j], diagonal) + 1);
        }
    }
    return row[length];
}

/** The column whose name is nearest, at most a third of it away, or NULL. */
static inline const char *column_nearest(const struct tide_schema *schema,
                                         const char *name)
{
    size_t best = strlen(name) / 3 + 1;
    const char *nearest = NULL;

    for (size_t i = 0; i < schema->column_count; i++) {
        size_t distance = column_distance(name, schema->columns[i].name);

        if (distance < best) {
            best = distance;
            nearest = schema->columns[i].name;
        }
    }
    return nearest;
}

/** TIDE_E_CONFIG that says the column is absent, and which one is like it. */
static inline int column_absent(const struct tide_schema *schema, const char *name,
                                struct tide_error *err)
{
    const char *nearest = column_nearest(schema, name);

    if (nearest) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "there is no column \"%s\"; did you mean \"%s\"?", name,
                              nearest);
    }
    return tide_error_set(err, TIDE_E_CONFIG, "there is no column \"%s\"", name);
}

#endif
