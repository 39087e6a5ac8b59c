/*
 * present - the file that rows are to be appended to: does it fit?
 *
 * What the format writes for no rows at all (the header of a csv file, nothing for jsonl)
 * is what each of its files of these columns begins with.  So the check needs to know
 * nothing of any format, but for what its lines end with: the last one may lack it.
 */
#include "file.h"

#define PIECE ((size_t)64 * 1024)

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

/* What a text is long without the end of its last line. */
static size_t length_of_line(const uint8_t *text, size_t length)
{
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) {
        length--;
    }
    return length;
}

/* A stretch of bytes: what the file begins with, or has to. */
struct stretch {
    const uint8_t *data;
    size_t length;
};

static int first_line_differs(const struct writer *writer, const char *name,
                              struct stretch expected, struct stretch head,
                              struct tide_error *err)
{
    size_t line = length_of_line(expected.data, expected.length);
    bool is_the_line = head.length > line && memcmp(head.data, expected.data, line) == 0;
    bool is_its_end = is_the_line && length_of_line(head.data, line + 1) == line;

    return tide_error_set(err, TIDE_E_CONFIG,
                          "cannot append to %s/%s: it does not begin with the line "
                          "\"%.*s\"%s; use mode replace, or another name",
                          writer->options->path, name, (int)(line < 400 ? line : 400),
                          (const char *)expected.data,
                          is_its_end ? ", ended as the format's options say" : "");
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

/* Whether it is the first line without its end, and nothing else. */
static bool is_unended(struct stretch expected, struct stretch head, const char *end)
{
    size_t length = end ? strlen(end) : 0;

    return length > 0 && head.length + length == expected.length &&
           memcmp(head.data, expected.data, head.length) == 0 &&
           memcmp(expected.data + head.length, end, length) == 0;
}

static const char *line_end(const struct writer *writer)
{
    const struct tide_format *format = writer_format(writer);

    return format->line_end ? format->line_end(writer->options->format.options) : NULL;
}

static int compare_head(const struct writer *writer, const char *name,
                        struct stretch expected, bool *has_rows, struct tide_error *err)
{
    size_t size = expected.length > 0 ? expected.length : 1;
    uint8_t *bytes = malloc(size);
    struct stretch head = {.data = bytes};
    int rc;

    if (!bytes) {
        return tide_error_memory(err);
    }
    rc = read_head(writer, name, bytes, size, &head.length, err);
    if (rc == TIDE_OK) {
        *has_rows = head.length > 0;
    }
    if (rc == TIDE_OK && *has_rows && expected.length > 0 &&
        !is_unended(expected, head, line_end(writer)) &&
        (head.length < expected.length ||
         memcmp(bytes, expected.data, expected.length) != 0)) {
        rc = first_line_differs(writer, name, expected, head, err);
    }
    free(bytes);
    return rc;
}

/* The last byte of a file that has some, from its end where that can be. */
static int read_last(struct present *present, int64_t size, uint8_t *last,
                     struct tide_error *err)
{
    uint8_t *piece = malloc(PIECE);
    size_t got = 1;
    int rc = TIDE_OK;

    if (!piece) {
        return tide_error_memory(err);
    }
    if (present->storage->read_seek &&
        compression_reader_kind(present->stream) == COMPRESSION_NONE) {
        rc = present->storage->read_seek(present->file, size - 1, err);
    }
    while (rc == TIDE_OK && got > 0) {
        got = 0;
        rc = compression_read(present->stream, piece, PIECE, &got, err);
        if (rc == TIDE_OK && got > 0) {
            *last = piece[got - 1];
        }
    }
    free(piece);
    return rc;
}

int check_present_file(const struct writer *writer, const char *name, bool *has_rows,
                       struct tide_error *err)
{
    const struct tide_format *format = writer_format(writer);
    struct stretch expected = {0};
    void *probe = NULL;
    int rc = format->encoder_open(writer->options->format.options, &writer->schema,
                                  writer->host, &probe, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    rc = format->encoder_begin(probe, false, err);
    if (rc == TIDE_OK) {
        rc = format->encode(probe, NULL, &expected.data, &expected.length, err);
    }
    if (rc == TIDE_OK) {
        rc = compare_head(writer, name, expected, has_rows, err);
    }
    format->encoder_close(probe);
    return rc;
}

int find_missing_end(const struct writer *writer, const char *name, int64_t size,
                     const char **missing, struct tide_error *err)
{
    struct present present = {0};
    uint8_t last = '\n';
    int rc = TIDE_OK;

    *missing = NULL;
    if (!line_end(writer)) {
        return TIDE_OK;
    }
    rc = present_open(&present, writer, name, err);
    if (rc == TIDE_OK) {
        rc = read_last(&present, size, &last, err);
    }
    present_close(&present);
    if (rc != TIDE_OK) {
        return tide_error_wrap(err, "cannot append to %s/%s", writer->options->path,
                               name);
    }
    *missing = last == '\n' ? NULL : line_end(writer);
    return TIDE_OK;
}
