/*
 * file - destination: a file for each table, or a folder of parts; any format on any
 * storage, compressed or not.
 *
 * One file: the storage shows it when it is whole, at the final commit.  Before it
 * nothing is durable, so a run that fails leaves what was there before, and is run again
 * from its start.  Parts can be committed on the way: see parts.c.
 */
#include "file.h"

#include "name.h"

static const struct tide_option file_option_table[] = {
    {.name = "path",
     .type = TIDE_OPTION_PATH,
     .required = true,
     .offset = offsetof(struct file_options, path),
     .help = "The folder; a table becomes a file below it.",
     .example = "./out"},
    {.name = "format",
     .type = TIDE_OPTION_COMPONENT,
     .component_kind = TIDE_KIND_FORMAT,
     .required = true,
     .offset = offsetof(struct file_options, format),
     .help = "How rows are written; the format's own options stand beside these.",
     .example = "jsonl"},
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
     .help = "How to compress; auto goes by the .gz or .zst of the table's name."},
    {.name = "level",
     .type = TIDE_OPTION_INT,
     .offset = offsetof(struct file_options, level),
     .minimum = 1,
     .maximum = 19,
     .help = "Of the compression: gzip 1 to 9, zstd 1 to 19; default 6 and 3."},
    {.name = "part_size",
     .type = TIDE_OPTION_SIZE,
     .offset = offsetof(struct file_options, part_size),
     .minimum = 1,
     .maximum = INT64_MAX,
     .help = "Make a table a folder of parts of about this size, with a manifest.json "
             "that lists them; by default it is one file.",
     .example = "256MiB"},
    {0},
};

static int file_check(const void *options, const struct tide_host *host,
                      struct tide_error *err)
{
    const struct file_options *file = options;

    (void)host;
    if (file->part_size > 0 && !file->storage.plugin->storage->remove) {
        return tide_error_at(err, TIDE_E_CONFIG, "part_size",
                             "the storage \"%s\" cannot remove files, which parts need",
                             file->storage.plugin->name);
    }
    return compression_check_level((enum compression)file->compression, file->level, err);
}

static void file_close(void *state)
{
    struct writer *writer = state;

    if (!writer) {
        return;
    }
    output_close(writer);
    parts_close(writer);
    tide_schema_clear(&writer->schema);
    free(writer->name);
    free(writer->location);
    free(writer);
}

static int prepare_file(struct writer *writer, struct tide_error *err)
{
    int rc = file_name_make(writer->request, writer_format(writer)->extension,
                            &writer->kind, &writer->name, err);

    return rc == TIDE_OK ? output_open(writer, writer->name,
                                       writer->request->mode == TIDE_MODE_APPEND, err)
                         : rc;
}

static int prepare_parts(struct writer *writer, char **position, struct tide_error *err)
{
    char *suffix = NULL;
    int rc = folder_name_make(writer->request, writer_format(writer)->extension,
                              &writer->kind, &writer->name, &suffix, err);

    if (rc == TIDE_OK) {
        rc = parts_open(writer, suffix, position, err);
    }
    free(suffix);
    return rc;
}

static int prepare(struct writer *writer, char **position, struct tide_error *err)
{
    int rc = file_check(writer->options, writer->host, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (tide_schema_copy_types(writer->request->schema, &writer->schema) != TIDE_OK) {
        return tide_error_memory(err);
    }
    return writer->options->part_size > 0 ? prepare_parts(writer, position, err)
                                          : prepare_file(writer, err);
}

static int file_open(const void *options, const struct tide_destination_request *request,
                     const struct tide_host *host, void **state,
                     struct tide_schema *accepted, char **position,
                     struct tide_error *err)
{
    struct writer *writer = calloc(1, sizeof *writer);
    char *kept = NULL;
    int rc;

    if (!writer) {
        return tide_error_memory(err);
    }
    writer->options = options;
    writer->request = request;
    writer->host = host;
    writer->kind = (enum compression)writer->options->compression;
    rc = prepare(writer, &kept, err);
    if (rc == TIDE_OK && tide_schema_copy(&writer->schema, accepted) != TIDE_OK) {
        rc = tide_error_memory(err);
    }
    if (rc != TIDE_OK) {
        free(kept);
        file_close(writer);
        return rc;
    }
    *position = kept;
    *state = writer;
    return TIDE_OK;
}

static int file_write(void *state, const struct tide_batch *batch, struct tide_error *err)
{
    struct writer *writer = state;

    return writer->parts ? parts_write(writer, batch, err)
                         : output_write(writer, batch, err);
}

static int commit_file(struct writer *writer, bool final, struct tide_error *err)
{
    return final ? output_publish(writer, err) : TIDE_MORE;
}

static int file_commit(void *state, const char *position, bool final,
                       struct tide_error *err)
{
    struct writer *writer = state;
    int rc;

    if (writer->published) {
        return TIDE_OK;
    }
    rc = writer->parts ? parts_commit(writer, position, final, err)
                       : commit_file(writer, final, err);
    writer->published = final && rc == TIDE_OK;
    return rc;
}

static const char *file_location(void *state)
{
    struct writer *writer = state;
    size_t size = strlen(writer->name) + sizeof "/part-*";

    if (!writer->parts) {
        return writer->name;
    }
    if (!writer->location) {
        writer->location = malloc(size);
    }
    if (writer->location) {
        (void)snprintf(writer->location, size, "%s/part-*", writer->name);
    }
    return writer->location;
}

static int file_identify(const void *options,
                         const struct tide_destination_request *request, char **identity,
                         struct tide_error *err)
{
    const struct file_options *file = options;
    const char *extension = file->format.plugin->format->extension;
    enum compression kind = (enum compression)file->compression;
    char *name = NULL, *suffix = NULL;
    int rc = file->part_size > 0
                 ? folder_name_make(request, extension, &kind, &name, &suffix, err)
                 : file_name_make(request, extension, &kind, &name, err);

    free(suffix);
    if (rc == TIDE_OK) {
        file_name_resolve(name);
        *identity = name;
    }
    return rc;
}

static const struct tide_destination file_destination = {
    .size = sizeof file_destination,
    .flags = TIDE_DESTINATION_APPEND | TIDE_DESTINATION_REPLACE |
             TIDE_DESTINATION_READABLE | TIDE_DESTINATION_ATOMIC,
    .open = file_open,
    .write = file_write,
    .commit = file_commit,
    .close = file_close,
    .location = file_location,
    .identify = file_identify,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, "file", "1.0",
                     "Writes files of any format to any storage."),
    .options = file_option_table,
    .options_size = sizeof(struct file_options),
    .destination = &file_destination,
    .check = file_check,
};
