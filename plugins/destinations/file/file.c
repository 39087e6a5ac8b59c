/*
 * file - destination: one file for each table, any format on any storage, compressed or
 * not.
 *
 * The storage shows the file only when it is whole, at the final commit.  Before it
 * nothing is durable, so a run that fails leaves what was there before, and is run again
 * from its start.
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
    {0},
};

static int push(void *arg, const uint8_t *data, size_t length, struct tide_error *err)
{
    const struct writer *writer = arg;

    return writer_storage(writer)->write(writer->file, data, length, err);
}

/* Every type goes as it is, and a file has no columns that must be given. */
static int fill_accepted(const struct tide_schema *schema, struct tide_schema *accepted,
                         struct tide_error *err)
{
    if (tide_schema_copy(schema, accepted) != TIDE_OK) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    }
    for (size_t i = 0; i < accepted->column_count; i++) {
        accepted->columns[i].flags = 0;
        accepted->columns[i].max_length = 0;
    }
    return TIDE_OK;
}

static int open_encoder(struct writer *writer, bool resumes, struct tide_error *err)
{
    const struct tide_format *format = writer_format(writer);
    int rc = format->encoder_open(writer->options->format.options, &writer->schema,
                                  writer->host, &writer->encoder, err);

    return rc == TIDE_OK ? format->encoder_begin(writer->encoder, resumes, err) : rc;
}

static int open_file(struct writer *writer, bool *resumes, struct tide_error *err)
{
    const struct file_options *options = writer->options;
    bool append = writer->request->mode == TIDE_MODE_APPEND;
    int64_t existing = 0;
    int rc = writer_storage(writer)->write_open(
        options->storage.options, writer->host, options->path, writer->name,
        writer->request->run, append, &writer->file, &existing, err);

    if (rc == TIDE_OK && append && existing > 0) {
        rc = check_present_file(writer, resumes, err);
    }
    return rc;
}

static void file_close(void *state)
{
    struct writer *writer = state;

    if (!writer) {
        return;
    }
    compression_writer_destroy(writer->stream);
    if (writer->encoder) {
        writer_format(writer)->encoder_close(writer->encoder);
    }
    if (writer->file) {
        writer_storage(writer)->write_close(writer->file);
    }
    tide_schema_clear(&writer->schema);
    free(writer->name);
    free(writer);
}

static int prepare(struct writer *writer, struct tide_error *err)
{
    const struct file_options *options = writer->options;
    bool resumes = false;
    int rc = file_name_make(writer->request, writer_format(writer)->extension,
                            &writer->kind, &writer->name, err);

    if (rc == TIDE_OK) {
        rc = fill_accepted(writer->request->schema, &writer->schema, err);
    }
    if (rc == TIDE_OK) {
        rc = compression_writer_create(writer->kind, options->level, push, writer,
                                       &writer->stream, err);
    }
    if (rc == TIDE_OK) {
        rc = open_file(writer, &resumes, err);
    }
    return rc == TIDE_OK ? open_encoder(writer, resumes, err) : rc;
}

static int file_open(const void *options, const struct tide_destination_request *request,
                     const struct tide_host *host, void **state,
                     struct tide_schema *accepted, char **position,
                     struct tide_error *err)
{
    struct writer *writer = calloc(1, sizeof *writer);
    int rc;

    if (!writer) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    }
    writer->options = options;
    writer->request = request;
    writer->host = host;
    writer->kind = (enum compression)writer->options->compression;
    rc = prepare(writer, err);
    if (rc == TIDE_OK) {
        rc = fill_accepted(request->schema, accepted, err);
    }
    if (rc != TIDE_OK) {
        file_close(writer);
        return rc;
    }
    *position = NULL;
    *state = writer;
    return TIDE_OK;
}

static int write_encoded(struct writer *writer, const struct tide_batch *batch,
                         struct tide_error *err)
{
    const uint8_t *data = NULL;
    size_t length = 0;
    int rc = writer_format(writer)->encode(writer->encoder, batch, &data, &length, err);

    return rc == TIDE_OK ? compression_write(writer->stream, data, length, err) : rc;
}

static int file_write(void *state, const struct tide_batch *batch, struct tide_error *err)
{
    return write_encoded(state, batch, err);
}

static int file_commit(void *state, const char *position, bool final,
                       struct tide_error *err)
{
    struct writer *writer = state;
    int rc;

    (void)position;
    if (!final || writer->published) {
        return TIDE_OK;
    }
    rc = write_encoded(writer, NULL, err);
    if (rc == TIDE_OK) {
        rc = compression_finish(writer->stream, err);
    }
    if (rc == TIDE_OK) {
        rc = writer_storage(writer)->publish(writer->file, err);
    }
    writer->published = rc == TIDE_OK;
    return rc;
}

static const char *file_location(void *state)
{
    const struct writer *writer = state;

    return writer->name;
}

static const struct tide_destination file_destination = {
    .size = sizeof file_destination,
    .flags =
        TIDE_DESTINATION_APPEND | TIDE_DESTINATION_REPLACE | TIDE_DESTINATION_READABLE,
    .open = file_open,
    .write = file_write,
    .commit = file_commit,
    .close = file_close,
    .location = file_location,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, "file", "1.0",
                     "Writes files of any format to any storage."),
    .options = file_option_table,
    .options_size = sizeof(struct file_options),
    .destination = &file_destination,
};
