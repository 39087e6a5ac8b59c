/*
 * present - the file that rows are to be appended to: does it fit?
 *
 * What the format writes for no rows at all (the header of a csv file, nothing for jsonl)
 * is what each of its files of these columns begins with.  So the check needs to know
 * nothing of any format.
 */
#include "file.h"

struct present {
    const struct tide_storage *storage;
    void *file;
    struct compression_reader *stream;
};

static int pull(void *arg, uint8_t *data, size_t capacity, size_t *length,
                struct tide_error *err)
{
    const struct present *present = arg;

    return present->storage->read(present->file, data, capacity, length, err);
}

static int present_open(struct present *present, const struct writer *writer,
                        const char *name, struct tide_error *err)
{
    const struct file_options *options = writer->options;
    int rc;

    present->storage = writer_storage(writer);
    rc = present->storage->read_open(options->storage.options, writer->host,
                                     options->path, name, &present->file, err);
    if (rc == TIDE_OK) {
        rc = compression_reader_create(compression_of_name(name), pull, present,
                                       &present->stream, err);
    }
    return rc;
}

static void present_close(struct present *present)
{
    compression_reader_destroy(present->stream);
    if (present->file) {
        present->storage->read_close(present->file);
    }
}

/* Fill head with the first bytes, fewer only if the file is shorter. */
static int present_head(struct present *present, uint8_t *head, size_t capacity,
                        size_t *length, struct tide_error *err)
{
    size_t got = 1;
    int rc = TIDE_OK;

    *length = 0;
    while (rc == TIDE_OK && got > 0 && *length < capacity) {
        got = 0;
        rc = compression_read(present->stream, head + *length, capacity - *length, &got,
                              err);
        *length += got;
    }
    return rc;
}

static int first_line_differs(const struct writer *writer, const char *name,
                              const uint8_t *expected, size_t length,
                              struct tide_error *err)
{
    while (length > 0 && (expected[length - 1] == '\n' || expected[length - 1] == '\r')) {
        length--;
    }
    return tide_error_set(err, TIDE_E_CONFIG,
                          "cannot append to %s/%s: it does not begin with the line "
                          "\"%.*s\"; use mode replace, or another name",
                          writer->options->path, name, (int)(length < 400 ? length : 400),
                          (const char *)expected);
}

/* Read as many bytes of the present file as head holds. */
static int read_head(const struct writer *writer, const char *name, uint8_t *head,
                     size_t capacity, size_t *length, struct tide_error *err)
{
    struct present present = {0};
    int rc = present_open(&present, writer, name, err);

    if (rc == TIDE_OK) {
        rc = present_head(&present, head, capacity, length, err);
    }
    present_close(&present);
    return rc == TIDE_OK ? rc
                         : tide_error_wrap(err, "cannot append to %s/%s",
                                           writer->options->path, name);
}

static int compare_head(const struct writer *writer, const char *name,
                        const uint8_t *expected, size_t length, bool *has_rows,
                        struct tide_error *err)
{
    size_t size = length > 0 ? length : 1, got = 0;
    uint8_t *head = malloc(size);
    int rc;

    if (!head) {
        return tide_error_memory(err);
    }
    rc = read_head(writer, name, head, size, &got, err);
    if (rc == TIDE_OK) {
        *has_rows = got > 0;
    }
    if (rc == TIDE_OK && got > 0 && length > 0 &&
        (got < length || memcmp(head, expected, length) != 0)) {
        rc = first_line_differs(writer, name, expected, length, err);
    }
    free(head);
    return rc;
}

int check_present_file(const struct writer *writer, const char *name, bool *has_rows,
                       struct tide_error *err)
{
    const struct tide_format *format = writer_format(writer);
    const uint8_t *expected = NULL;
    size_t length = 0;
    void *probe = NULL;
    int rc = format->encoder_open(writer->options->format.options, &writer->schema,
                                  writer->host, &probe, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    rc = format->encoder_begin(probe, false, err);
    if (rc == TIDE_OK) {
        rc = format->encode(probe, NULL, &expected, &length, err);
    }
    if (rc == TIDE_OK) {
        rc = compare_head(writer, name, expected, length, has_rows, err);
    }
    format->encoder_close(probe);
    return rc;
}
