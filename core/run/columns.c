/*
 * columns - which columns of a table a run takes, and which are its key and cursor; see
 * columns.h.
 */
#include "run/columns.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#define COLUMN_IS_CURSOR (UINT32_C(1) << 31)
/* Of the key that the source knows, whatever the table names. */
#define COLUMN_IS_OWN_KEY (UINT32_C(1) << 30)

int tide_columns_absent(const struct tide_schema *schema, const char *what,
                        const char *name, struct tide_error *err)
{
    const char **names = tide_alloc_array(schema->column_count + 1, sizeof *names);
    const char *nearest = NULL;

    for (size_t i = 0; i < schema->column_count; i++) {
        names[i] = schema->columns[i].name;
    }
    nearest = tide_text_nearest(name, names, schema->column_count);
    free(names);
    return tide_error_set(err, TIDE_E_CONFIG, "%s: there is no column \"%s\"%s%s%s", what,
                          name, nearest ? "; did you mean \"" : "",
                          nearest ? nearest : "", nearest ? "\"?" : "");
}

static bool is_listed(const char *const *names, const char *name)
{
    for (size_t i = 0; names && names[i]; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* No failure, for a source without fixed columns may have none of that name today; but
 * what was meant to be left out goes on under another name. */
static void warn_of_absent(const struct tide_table *table,
                           const struct tide_schema *schema)
{
    for (size_t i = 0; table->exclude && table->exclude[i]; i++) {
        struct tide_error why;

        if (tide_schema_find(schema, table->exclude[i]) == TIDE_NO_COLUMN &&
            tide_columns_absent(schema, "columns.exclude", table->exclude[i], &why) !=
                TIDE_OK) {
            TIDE_LOG(TIDE_LOG_WARNING, why.message, TIDE_KEY_TEXT("table", table->name));
        }
    }
}

int tide_columns_exclude(const struct tide_table *table, const struct tide_schema *schema,
                         size_t **excluded, size_t *count, struct tide_error *err)
{
    size_t *columns = NULL;
    size_t found = 0;

    for (size_t i = 0; table->include && table->include[i]; i++) {
        if (tide_schema_find(schema, table->include[i]) == TIDE_NO_COLUMN) {
            return tide_columns_absent(schema, "columns.include", table->include[i], err);
        }
    }
    warn_of_absent(table, schema);
    columns = tide_alloc_array(schema->column_count + 1, sizeof *columns);
    for (size_t i = schema->column_count; i-- > 0;) {
        const char *name = schema->columns[i].name;

        if (is_listed(table->exclude, name) ||
            (table->include && !is_listed(table->include, name))) {
            columns[found++] = i;
        }
    }
    if (found == schema->column_count && found > 0) {
        free(columns);
        return tide_error_set(err, TIDE_E_CONFIG, "columns: none of the %zu is left",
                              found);
    }
    *excluded = columns;
    *count = found;
    return TIDE_OK;
}

void tide_columns_mark(const struct tide_table *table, struct tide_schema *received)
{
    for (size_t i = 0; i < received->column_count; i++) {
        struct tide_column *column = &received->columns[i];

        column->flags |= column->flags & TIDE_COLUMN_KEY ? COLUMN_IS_OWN_KEY : 0U;
        if (table->key && is_listed(table->key, column->name)) {
            column->flags |= TIDE_COLUMN_KEY;
        } else if (table->key) {
            column->flags &= ~(uint32_t)TIDE_COLUMN_KEY;
        }
        if (table->cursor && strcmp(table->cursor, column->name) == 0) {
            column->flags |= COLUMN_IS_CURSOR;
        }
    }
}

static void declare(struct tide_column *column, const struct tide_column *declared)
{
    if (column->type != declared->type) {
        free(column->logical);
        column->logical = NULL;
    }
    column->type = declared->type;
    column->max_length = declared->max_length;
    column->flags |= declared->flags & (uint32_t)TIDE_COLUMN_REQUIRED;
}

int tide_columns_declare(const struct tide_table *table, struct tide_schema *schema,
                         struct tide_error *err)
{
    for (size_t i = 0; i < table->types.column_count; i++) {
        const struct tide_column *declared = &table->types.columns[i];
        size_t column = tide_schema_find(schema, declared->name);

        if (column != TIDE_NO_COLUMN) {
            declare(&schema->columns[column], declared);
        } else if (!is_listed(table->exclude, declared->name)) {
            return tide_columns_absent(schema, "types", declared->name, err);
        }
    }
    return TIDE_OK;
}

/* A key that the table names as it is called behind the transforms. */
static int mark_late(const struct tide_table *table, const struct tide_schema *received,
                     struct tide_schema *outgoing, struct tide_error *err)
{
    for (size_t i = 0; table->key && table->key[i]; i++) {
        const char *name = table->key[i];
        size_t late = tide_schema_find(outgoing, name);

        if (tide_schema_find(received, name) != TIDE_NO_COLUMN) {
            continue;
        }
        if (late == TIDE_NO_COLUMN) {
            return tide_columns_absent(received, "key", name, err);
        }
        outgoing->columns[late].flags |= TIDE_COLUMN_KEY;
    }
    return TIDE_OK;
}

static size_t count_flagged(const struct tide_schema *schema, uint32_t flags)
{
    size_t count = 0;

    for (size_t i = 0; i < schema->column_count; i++) {
        count += (schema->columns[i].flags & flags) == flags;
    }
    return count;
}

static int check_key(const struct tide_table *table, size_t before, size_t after,
                     struct tide_error *err)
{
    if (table->mode != TIDE_MODE_MERGE) {
        return TIDE_OK;
    }
    if (after < before) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "a key column is excluded by a transformation; mode merge "
                              "cannot do without it");
    }
    if (after == 0) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "mode merge wants a key and the source knows none; name "
                              "its columns with \"key\", or choose append or replace");
    }
    return TIDE_OK;
}

bool tide_columns_has_null_ties(const struct tide_schema *source,
                                const struct tide_schema *outgoing)
{
    size_t own = count_flagged(source, TIDE_COLUMN_KEY);

    return count_flagged(outgoing, COLUMN_IS_CURSOR) >
               count_flagged(outgoing, COLUMN_IS_CURSOR | TIDE_COLUMN_REQUIRED) &&
           (own == 0 ||
            count_flagged(outgoing, COLUMN_IS_OWN_KEY | TIDE_COLUMN_KEY) < own);
}

void tide_columns_unmark(struct tide_schema *outgoing)
{
    for (size_t i = 0; i < outgoing->column_count; i++) {
        outgoing->columns[i].flags &= ~(COLUMN_IS_CURSOR | COLUMN_IS_OWN_KEY);
    }
}

int tide_columns_find_marked(const struct tide_table *table,
                             const struct tide_schema *received,
                             struct tide_schema *outgoing, const char ***key,
                             const char **cursor, struct tide_error *err)
{
    size_t count = 0;
    int rc = mark_late(table, received, outgoing, err);

    if (rc == TIDE_OK) {
        rc = check_key(table, count_flagged(received, TIDE_COLUMN_KEY),
                       count_flagged(outgoing, TIDE_COLUMN_KEY), err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    *key = tide_alloc_array(outgoing->column_count + 1, sizeof **key);
    *cursor = NULL;
    for (size_t i = 0; i < outgoing->column_count; i++) {
        struct tide_column *column = &outgoing->columns[i];

        if (column->flags & TIDE_COLUMN_KEY) {
            (*key)[count++] = column->name;
        }
        if (column->flags & COLUMN_IS_CURSOR) {
            *cursor = column->name;
        }
    }
    return TIDE_OK;
}
