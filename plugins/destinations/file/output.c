/*
 * output - one file: rows through the format and the compression into the storage.
 */
#include "file.h"

static int push(void *arg, const uint8_t *data, size_t length, struct tide_error *err)
{
    struct writer *writer = arg;
    struct output *output = &writer->output;

    if (writer->parts) {
        xxh64_add(&output->hash, data, length);
    }
    output->bytes += (int64_t)length;
    return writer_storage(writer)->write(output->file, data, length, err);
}

static int open_encoder(struct writer *writer, bool resumes, struct tide_error *err)
{
    const struct tide_format *format = writer_format(writer);
    int rc = format->encoder_open(writer->options->format.options, &writer->schema,
                                  writer->host, &writer->output.encoder, err);

    return rc == TIDE_OK ? format->encoder_begin(writer->output.encoder, resumes, err)
                         : rc;
}

static int open_file(struct writer *writer, const char *name, bool append, bool *resumes,
                     struct tide_error *err)
{
    const struct file_options *options = writer->options;
    int64_t existing = 0;
    int rc = writer_storage(writer)->write_open(
        options->storage.options, writer->host, options->path, name, writer->request->run,
        append, &writer->output.file, &existing, err);

    if (rc == TIDE_OK && append && existing > 0) {
        rc = check_present_file(writer, name, resumes, err);
    }
    if (rc == TIDE_OK && *resumes) {
        rc = find_missing_end(writer, name, existing, &writer->output.missing, err);
    }
    return rc;
}

int output_open(struct writer *writer, const char *name, bool append,
                struct tide_error *err)
{
    struct output *output = &writer->output;
    bool resumes = false;
    int rc;

    memset(output, 0, sizeof *output);
    xxh64_init(&output->hash);
    rc = compression_writer_create(writer->kind, writer->options->level, push, writer,
                                   &output->stream, err);
    if (rc == TIDE_OK) {
        rc = open_file(writer, name, append, &resumes, err);
    }
    return rc == TIDE_OK ? open_encoder(writer, resumes, err) : rc;
}

/* The last line of the file that is appended to gets its end. */
static int end_last_line(struct output *output, struct tide_error *err)
{
    const char *missing = output->missing;

    output->missing = NULL;
    return compression_write(output->stream, (const uint8_t *)missing, strlen(missing),
                             err);
}

static int write_encoded(struct writer *writer, const struct tide_batch *batch,
                         struct tide_error *err)
{
    const uint8_t *data = NULL;
    size_t length = 0;
    int rc =
        writer_format(writer)->encode(writer->output.encoder, batch, &data, &length, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    writer->output.plain += (int64_t)length;
    return compression_write(writer->output.stream, data, length, err);
}

int output_write(struct writer *writer, const struct tide_batch *batch,
                 struct tide_error *err)
{
    int rc = TIDE_OK;

    if (writer->output.missing && batch->array.length > 0) {
        rc = end_last_line(&writer->output, err);
    }
    if (rc == TIDE_OK) {
        rc = write_encoded(writer, batch, err);
    }
    if (rc == TIDE_OK) {
        writer->output.rows += batch->array.length;
    }
    return rc;
}

int output_publish(struct writer *writer, struct tide_error *err)
{
    int rc = write_encoded(writer, NULL, err);

    if (rc == TIDE_OK) {
        rc = compression_finish(writer->output.stream, err);
    }
    return rc == TIDE_OK ? writer_storage(writer)->publish(writer->output.file, err) : rc;
}

void output_close(struct writer *writer)
{
    struct output *output = &writer->output;

    compression_writer_destroy(output->stream);
    if (output->encoder) {
        writer_format(writer)->encoder_close(output->encoder);
    }
    if (output->file) {
        writer_storage(writer)->write_close(output->file);
    }
    memset(output, 0, sizeof *output);
}
