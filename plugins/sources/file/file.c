/*
 * file - source: rows of files, any format on any storage, compressed or not.
 *
 * A table is a file or a pattern below the connection's path; the files a pattern matches
 * are read one behind the other as one table.  The first that has columns decides them;
 * the others must have the same, in any order.
 *
 * files.c opens the files, part.c reads one, resume.c resumes an interrupted run.
 */
#include "reader.h"

#include "listed.h"

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

/* Whether the table names a file as it is: who asks for one part gets it. */
static bool is_only(const struct names *names, const char *table)
{
    return names->count == 1 && strcmp(names->items[0], table) == 0;
}

static int list_files(struct reader *reader, const struct tide_host *host,
                      struct tide_error *err)
{
    const struct file_options *options = reader->options;
    const char *table = reader->request->table;
    int rc = options->storage.plugin->storage->list(options->storage.options, host,
                                                    options->path, table, names_add,
                                                    &reader->names, err);

    if (rc == TIDE_OK && !is_only(&reader->names, table)) {
        rc = names_keep_listed(&reader->names, table, options, host, err);
    }
    if (rc == TIDE_OK && reader->names.count == 0) {
        rc = tide_error_set(err, TIDE_E_NOT_FOUND, "no file in %s matches \"%s\"",
                            options->path, table);
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
    position_text_fini(&reader->position);
    free(reader->order);
    free(reader->ends);
    free(reader);
}

static int file_open(const void *options, const struct tide_source_request *request,
                     const struct tide_host *host, void **state,
                     struct tide_schema *schema, struct tide_error *err)
{
    struct reader *reader = calloc(1, sizeof *reader);
    int rc;

    if (!reader) {
        return tide_error_memory(err);
    }
    reader->options = options;
    reader->request = request;
    reader->host = host;
    part_init(&reader->part, options, host);
    reader->part.request.batch_rows = request->batch_rows;
    reader->part.request.batch_bytes = request->batch_bytes;
    reader->part.request.declared = request->declared;
    xxh64_init(&reader->all);
    reader->part.window.all = request->exact ? &reader->all : NULL;
    window_suit(&reader->part.window, request->batch_bytes);
    rc = list_files(reader, host, err);
    if (rc == TIDE_OK) {
        rc = reader_start(reader, err);
    }
    if (rc == TIDE_OK && tide_schema_copy(&reader->schema, schema) != TIDE_OK) {
        rc = tide_error_memory(err);
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
        return tide_error_memory(err);
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
            reader->has_read = true;
            return reader->is_reordered ? reorder(reader, batch, err) : TIDE_OK;
        }
        if (rc == TIDE_END) {
            reader_note_end(reader);
        }
        part_close(&reader->part);
        reader->is_open = false;
        if (rc == TIDE_END && reader->next < reader->names.count) {
            rc = reader_open_next(reader, err);
        }
        if (rc != TIDE_OK) {
            reader->has_ended = rc == TIDE_END;
            return rc;
        }
    }
}

static bool file_at_end(void *state)
{
    const struct reader *reader = state;

    return reader->next == reader->names.count &&
           (!reader->is_open || part_is_done(&reader->part));
}

static const char *file_position(void *state)
{
    return reader_position(state);
}

static const struct tide_source file_source = {
    .size = sizeof file_source,
    .flags = TIDE_SOURCE_RESUMABLE | TIDE_SOURCE_EXACT | TIDE_SOURCE_KEYLESS,
    .discover = file_discover,
    .open = file_open,
    .read = file_read,
    .position = file_position,
    .close = file_close,
    .again = file_again,
    .at_end = file_at_end,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "file", "1.0",
                     "Reads files of any format from any storage."),
    .options = file_option_table,
    .options_size = sizeof(struct file_options),
    .source = &file_source,
};
