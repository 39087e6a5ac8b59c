/*
 * files - the files of a table, opened one behind the other, and their columns.
 */
#include "reader.h"

static int other_columns(const struct reader *reader, const char *what,
                         const char *column, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_DATA,
                          "%s/%s has other columns than the files before it: column "
                          "\"%s\" %s; read it as a table of its own",
                          reader->options->path, reader->part.request.origin, column,
                          what);
}

/* Find the place of each column of the table in the file that was just opened.  A file
 * in which the format found no columns at all has none to differ. */
static int match_columns(struct reader *reader, struct tide_error *err)
{
    const struct tide_schema *table = &reader->schema, *file = &reader->part.schema;

    reader->is_reordered = false;
    for (size_t i = 0; i < table->column_count && file->column_count > 0; i++) {
        const struct tide_column *column = &table->columns[i];
        size_t place = tide_schema_find(file, column->name);

        if (place == TIDE_NO_COLUMN) {
            return other_columns(reader, "is missing", column->name, err);
        }
        if (file->columns[place].type != column->type) {
            return other_columns(
                reader, "has another type; declare it under types:", column->name, err);
        }
        reader->order[i] = place;
        reader->is_reordered |= place != i;
    }
    for (size_t i = 0; i < file->column_count; i++) {
        const char *name = file->columns[i].name;

        if (tide_schema_find(table, name) == TIDE_NO_COLUMN) {
            return other_columns(reader, "is new", name, err);
        }
    }
    return TIDE_OK;
}

/* The first file that has columns decides the columns of the table. */
static int adopt_columns(struct reader *reader, struct tide_error *err)
{
    size_t count = reader->part.schema.column_count;

    if (count == 0) {
        return TIDE_OK;
    }
    reader->order = calloc(count, sizeof *reader->order);
    if (!reader->order ||
        tide_schema_copy(&reader->part.schema, &reader->schema) != TIDE_OK) {
        return tide_error_memory(err);
    }
    return match_columns(reader, err);
}

int reader_open_next(struct reader *reader, struct tide_error *err)
{
    const char *name = reader->names.items[reader->next];
    bool is_first = reader->schema.column_count == 0;
    int rc = part_open(&reader->part, name, is_first ? NULL : &reader->schema, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    reader->next++;
    reader->is_open = true;
    return is_first ? adopt_columns(reader, err) : match_columns(reader, err);
}

int reader_open_first(struct reader *reader, struct tide_error *err)
{
    int rc = reader_open_next(reader, err);

    while (rc == TIDE_OK && reader->schema.column_count == 0 &&
           window_span(&reader->part.window).length == 0 &&
           reader->next < reader->names.count) {
        reader_note_end(reader);
        part_close(&reader->part);
        rc = reader_open_next(reader, err);
    }
    return rc;
}
