/*
 * file - source: rows of files, any format on any storage, compressed or not.
 *
 * A table is a file or a pattern below the connection's path; the files a pattern matches
 * are read one behind the other as one table.  The first that has columns decides them;
 * the others must have the same, in any order.
 */
#include "file.h"

struct reader {
    const struct file_options *options;
    const struct tide_source_request *request;
    struct names names;
    size_t next;  /* the file to open next */
    bool is_open; /* part is in the middle of a file */
    struct part part;
    struct tide_schema schema; /* of the table */
    bool is_reordered;         /* the file has its columns in another order */
    size_t *order;             /* column i of the table is column order[i] of the file */
};

static const struct tide_option file_option_table[] = {
    {.name = "path",
     .type = TIDE_OPTION_PATH,
     .required = true,
     .offset = offsetof(struct file_options, path),
     .help = "The folder; a table's name is a file or a pattern below it.",
     .example = "./in"},
    {.name = "format",
     .type = TIDE_OPTION_COMPONENT,
     .component_kind = TIDE_KIND_FORMAT,
     .required = true,
     .offset = offsetof(struct file_options, format),
     .help = "What is in the files; the format's own options stand beside these.",
     .example = "csv"},
    {.name = "storage",
     .type = TIDE_OPTION_COMPONENT,
     .component_kind = TIDE_KIND_STORAGE,
     .offset = offsetof(struct file_options, storage),
     .default_value = "local",
     .help = "Where the files are; the storage's own options stand beside these."},
    {.name = "compression",
     .type = TIDE_OPTION_ENUM,
     .offset = offsetof(struct file_options, compression),
     .default_value = "auto",
     .choices = compression_words,
     .help = "How the files are compressed; auto goes by .gz and .zst, else by the first "
             "bytes."},
    {0},
};

static int out_of_memory(struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
}

static int list_files(struct reader *reader, const struct tide_host *host,
                      struct tide_error *err)
{
    const struct file_options *options = reader->options;
    const char *table = reader->request->table;
    int rc = options->storage.plugin->storage->list(options->storage.options, host,
                                                    options->path, table, names_add,
                                                    &reader->names, err);

    if (rc == TIDE_OK && reader->names.count == 0) {
        rc = tide_error_set(err, TIDE_E_NOT_FOUND, "no file in %s matches \"%s\"",
                            options->path, table);
    }
    return rc;
}

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
        return out_of_memory(err);
    }
    return match_columns(reader, err);
}

static int open_next(struct reader *reader, struct tide_error *err)
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

/* Files of zero bytes in front are passed over: they cannot say what the columns are. */
static int open_first(struct reader *reader, struct tide_error *err)
{
    int rc = open_next(reader, err);

    while (rc == TIDE_OK && reader->schema.column_count == 0 &&
           window_span(&reader->part.window).length == 0 &&
           reader->next < reader->names.count) {
        part_close(&reader->part);
        rc = open_next(reader, err);
    }
    return rc;
}

static void file_close(void *state)
{
    struct reader *reader = state;

    if (!reader) {
        return;
    }
    part_fini(&reader->part);
    names_clear(&reader->names);
    tide_schema_clear(&reader->schema);
    free(reader->order);
    free(reader);
}

static int file_open(const void *options, const struct tide_source_request *request,
                     const struct tide_host *host, void **state,
                     struct tide_schema *schema, struct tide_error *err)
{
    struct reader *reader = calloc(1, sizeof *reader);
    int rc;

    if (!reader) {
        return out_of_memory(err);
    }
    reader->options = options;
    reader->request = request;
    part_init(&reader->part, options, host);
    reader->part.request.batch_rows = request->batch_rows;
    reader->part.request.batch_bytes = request->batch_bytes;
    reader->part.request.declared = request->declared;
    rc = list_files(reader, host, err);
    if (rc == TIDE_OK) {
        rc = open_first(reader, err);
    }
    if (rc == TIDE_OK && tide_schema_copy(&reader->schema, schema) != TIDE_OK) {
        rc = out_of_memory(err);
    }
    if (rc != TIDE_OK) {
        file_close(reader);
        return rc;
    }
    *state = reader;
    return TIDE_OK;
}

/* Put the file's columns into the order of the table's. */
static int reorder(const struct reader *reader, struct tide_batch *batch,
                   struct tide_error *err)
{
    size_t count = reader->schema.column_count;
    struct ArrowArray **children = batch->array.children;
    struct ArrowArray **ordered = calloc(count + 1, sizeof(struct ArrowArray *));

    if (!ordered) {
        tide_batch_release(batch);
        return out_of_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        ordered[i] = children[reader->order[i]];
    }
    memcpy(children, ordered, count * sizeof(struct ArrowArray *));
    free(ordered);
    return TIDE_OK;
}

static int file_read(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct reader *reader = state;

    for (;;) {
        int rc = TIDE_END;

        if (reader->is_open) {
            rc = part_read(&reader->part, batch, err);
        }
        if (rc == TIDE_OK) {
            return reader->is_reordered ? reorder(reader, batch, err) : TIDE_OK;
        }
        part_close(&reader->part);
        reader->is_open = false;
        if (rc == TIDE_END && reader->next < reader->names.count) {
            rc = open_next(reader, err);
        }
        if (rc != TIDE_OK) {
            return rc;
        }
    }
}

static const char *file_position(void *state)
{
    (void)state;
    return NULL;
}

static const struct tide_source file_source = {
    .size = sizeof file_source,
    .discover = file_discover,
    .open = file_open,
    .read = file_read,
    .position = file_position,
    .close = file_close,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "file", "1.0",
                     "Reads files of any format from any storage."),
    .options = file_option_table,
    .options_size = sizeof(struct file_options),
    .source = &file_source,
};
