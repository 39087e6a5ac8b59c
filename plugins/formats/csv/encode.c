/*
 * encode - batches written as CSV: the header, and what a batch needs before its rows.
 *
 * One scan over a column's whole data tells which of its values, if any, need quotes;
 * the rows are then put together without looking at a byte twice.  The output's bound is
 * reserved beforehand, so that nothing is checked on the way.
 */
#include "encode.h"

#include <tidemill/value.h>

#include "quote.h"

int csv_encoder_open(const void *options, const struct tide_schema *schema,
                     const struct tide_host *host, void **state, struct tide_error *err)
{
    static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ+-.:\\ ";
    struct csv_encoder *encoder = calloc(1, sizeof *encoder);
    int rc;

    (void)host;
    if (!encoder) {
        return tide_error_memory(err);
    }
    encoder->options = options;
    encoder->schema = schema;
    encoder->null_length = strlen(encoder->options->null_string);
    encoder->header_due = encoder->options->header;
    encoder->at_start = true;
    encoder->outputs = calloc(schema->column_count + 1, sizeof *encoder->outputs);
    rc = encoder->outputs ? csv_syntax_init(options, &encoder->syntax, err)
                          : tide_error_memory(err);
    if (rc != TIDE_OK) {
        csv_encoder_close(encoder);
        return rc;
    }
    encoder->odd_syntax = strchr(plain, encoder->syntax.delimiter) != NULL ||
                          strchr(plain, encoder->syntax.quote) != NULL ||
                          strchr(plain, encoder->syntax.escape) != NULL;
    encoder->is_single = schema->column_count == 1;
    *state = encoder;
    return TIDE_OK;
}

void csv_encoder_close(void *state)
{
    struct csv_encoder *encoder = state;

    if (!encoder) {
        return;
    }
    for (size_t i = 0; encoder->outputs && i < encoder->schema->column_count; i++) {
        free(encoder->outputs[i].marks);
    }
    free(encoder->outputs);
    free(encoder->buffer);
    free(encoder);
}

int csv_encoder_begin(void *state, bool resumes, struct tide_error *err)
{
    struct csv_encoder *encoder = state;

    (void)err;
    encoder->header_due = encoder->options->header && !resumes;
    encoder->at_start = !resumes;
    return TIDE_OK;
}

static int reserve(struct csv_encoder *encoder, size_t size)
{
    if (size + TIDE_PADDING > encoder->capacity) {
        free(encoder->buffer);
        encoder->capacity = size + size / 8 + TIDE_PADDING;
        encoder->buffer = malloc(encoder->capacity);
        if (!encoder->buffer) {
            encoder->capacity = 0;
            return TIDE_E_LIMIT;
        }
    }
    return TIDE_OK;
}

/* ---- the header ---- */

static size_t header_bound(const struct csv_encoder *encoder)
{
    size_t bound = 2;

    for (size_t i = 0; i < encoder->schema->column_count; i++) {
        bound += 2 * strlen(encoder->schema->columns[i].name) + 3;
    }
    return bound;
}

static uint8_t *put_name(const struct csv_encoder *encoder, uint8_t *out,
                         const char *name)
{
    const struct csv_syntax *syntax = &encoder->syntax;
    const char special[] = {(char)syntax->delimiter,
                            (char)syntax->quote,
                            (char)syntax->escape,
                            '\r',
                            '\n',
                            '\0'};
    bool quoted = name[strcspn(name, special)] != '\0' ||
                  csv_ends_copy(encoder, (const uint8_t *)name, strlen(name));

    if (quoted) {
        *out++ = syntax->quote;
    }
    for (const char *at = name; *at; at++) {
        uint8_t byte = (uint8_t)*at;

        if (quoted && (byte == syntax->quote || byte == syntax->escape)) {
            *out++ = syntax->escape;
        }
        *out++ = byte;
    }
    if (quoted) {
        *out++ = syntax->quote;
    }
    return out;
}

static uint8_t *put_header(const struct csv_encoder *encoder, uint8_t *out)
{
    for (size_t i = 0; i < encoder->schema->column_count; i++) {
        if (i > 0) {
            *out++ = encoder->syntax.delimiter;
        }
        out = put_name(encoder, out, encoder->schema->columns[i].name);
    }
    return csv_put_line_end(encoder, out);
}

/* ---- batches ---- */

/* Mark the values that hold special bytes.  Returns their length in all, or -1 when
 * memory is out. */
static int64_t mark_column(const struct csv_encoder *encoder, struct csv_output *output,
                           int64_t rows)
{
    const int32_t *offsets = output->values;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): such a column has offsets */
    const uint8_t *end = output->data + offsets[rows];
    const uint8_t *at = csv_next_special(output->data, end, &encoder->syntax);
    int64_t row = 0, marked = 0;

    output->marked = at < end;
    if (!output->marked) {
        return 0;
    }
    if ((size_t)rows > output->capacity) {
        free(output->marks);
        output->capacity = (size_t)rows;
        output->marks = malloc(output->capacity);
        if (!output->marks) {
            output->capacity = 0;
            return -1;
        }
    }
    memset(output->marks, 0, (size_t)rows);
    while (at < end) {
        while (output->data + offsets[row + 1] <= at) {
            row++;
        }
        output->marks[row] = 1;
        marked += offsets[row + 1] - offsets[row];
        at = csv_next_special(output->data + offsets[row + 1], end, &encoder->syntax);
    }
    return marked;
}

/* Look at a column; its share of the output's bound is added to *bound. */
static int prepare_column(struct csv_encoder *encoder, struct csv_output *output,
                          const struct ArrowArray *array, int64_t rows, size_t *bound)
{
    static const uint8_t nothing[TIDE_PADDING];
    size_t each = encoder->null_length + 3;
    int64_t marked = 0;

    output->validity =
        array->n_buffers > 0 && array->null_count ? array->buffers[0] : NULL;
    output->values = array->n_buffers > 1 ? array->buffers[1] : NULL;
    output->data =
        array->n_buffers > 2 && array->buffers[2] ? array->buffers[2] : nothing;
    output->marked = false;
    if (output->type == TIDE_TYPE_BYTES) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it has offsets */
        *bound += 6 * (size_t)((const int32_t *)output->values)[rows];
        each += 16;
    } else if (tide_type_is_variable(output->type)) {
        marked = mark_column(encoder, output, rows);
        *bound += (size_t)((const int32_t *)output->values)[rows];
    } else {
        each += (size_t)TIDE_VALUE_TEXT_MAX * 3;
    }
    if (marked < 0) {
        return TIDE_E_LIMIT;
    }
    output->is_plain = tide_type_is_variable(output->type) &&
                       output->type != TIDE_TYPE_BYTES && !output->marked &&
                       !output->validity && encoder->null_length == 0 &&
                       !encoder->is_single;
    *bound += (size_t)marked + each * (size_t)rows;
    return TIDE_OK;
}

static int prepare(struct csv_encoder *encoder, const struct tide_batch *batch)
{
    int64_t rows = batch->array.length;
    size_t bound = header_bound(encoder) + 2 * (size_t)rows;
    int rc = TIDE_OK;

    for (size_t i = 0; rows > 0 && i < encoder->schema->column_count && rc == TIDE_OK;
         i++) {
        encoder->outputs[i].type = encoder->schema->columns[i].type;
        rc = prepare_column(encoder, &encoder->outputs[i], batch->array.children[i], rows,
                            &bound);
    }
    return rc == TIDE_OK ? reserve(encoder, bound) : rc;
}

/* Text at the start of a file that looks like a byte order mark would be skipped as one;
 * with a mark in front of it, it stays. */
static size_t guard_start(struct csv_encoder *encoder, size_t length)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t size = sizeof mark - 1;

    if (!encoder->at_start || length == 0) {
        return length;
    }
    encoder->at_start = false;
    if (length < size || memcmp(encoder->buffer, mark, size) != 0) {
        return length;
    }
    memmove(encoder->buffer + size, encoder->buffer, length);
    return length + size;
}

int csv_encode(void *state, const struct tide_batch *batch, const uint8_t **data,
               size_t *length, struct tide_error *err)
{
    struct csv_encoder *encoder = state;
    int rc = batch ? prepare(encoder, batch) : reserve(encoder, header_bound(encoder));
    uint8_t *out = encoder->buffer;

    if (rc != TIDE_OK) {
        return tide_error_set(err, rc, "out of memory");
    }
    if (encoder->header_due && encoder->schema->column_count) {
        out = put_header(encoder, out);
        encoder->header_due = false;
    }
    if (batch) {
        out = csv_put_rows(encoder, batch->array.length, out);
    }
    *data = encoder->buffer;
    *length = guard_start(encoder, (size_t)(out - encoder->buffer));
    return TIDE_OK;
}
