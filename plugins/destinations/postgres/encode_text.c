/*
 * encode_text - batches as the rows of a text COPY.
 */
#include <tidemill/value.h>

#include "encode.h"
#include "postgres/fixed.h"

/* Long values are escaped in pieces of so many bytes. */
#define PIECE ((size_t)16 * 1024)

static void put_char(struct pg_output *output, char c)
{
    output->data[output->length++] = (uint8_t)c;
}

/* The letter behind a backslash for a byte that COPY would take for its own; 0: none. */
static char escape_letter(char c)
{
    switch (c) {
    case '\\':
        return '\\';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* Room for a piece in which every byte doubles. */
static int make_room(struct pg_output *output, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (output->length >= TIDE_PG_CHUNK) {
        rc = pg_output_flush(output, err);
    }
    return rc == TIDE_OK ? pg_output_reserve(output, 2 * PIECE, err) : rc;
}

static int put_text(struct pg_output *output, const char *text, size_t length,
                    struct tide_error *err)
{
    while (length > 0) {
        size_t piece = length < PIECE ? length : PIECE;
        int rc = make_room(output, err);

        if (rc != TIDE_OK) {
            return rc;
        }
        for (size_t i = 0; i < piece; i++) {
            char letter = escape_letter(text[i]);

            if (letter) {
                put_char(output, '\\');
                put_char(output, letter);
            } else {
                put_char(output, text[i]);
            }
        }
        text += piece;
        length -= piece;
    }
    return TIDE_OK;
}

static int put_hex(struct pg_output *output, const char *bytes, size_t length,
                   struct tide_error *err)
{
    static const char hex[] = "0123456789abcdef";
    int rc = pg_output_bytes(output, "\\\\x", 3, err);

    while (rc == TIDE_OK && length > 0) {
        size_t piece = length < PIECE ? length : PIECE;

        rc = make_room(output, err);
        for (size_t i = 0; rc == TIDE_OK && i < piece; i++) {
            put_char(output, hex[(uint8_t)bytes[i] >> 4]);
            put_char(output, hex[(uint8_t)bytes[i] & 15]);
        }
        bytes += piece;
        length -= piece;
    }
    return rc;
}

static int put_value(struct pg_output *output, int type, const struct ArrowArray *values,
                     int64_t row, struct tide_error *err)
{
    char fixed[TIDE_VALUE_TEXT_MAX];
    const char *text;
    size_t length;

    if (tide_array_is_null(values, row)) {
        return pg_output_bytes(output, "\\N", 2, err);
    }
    if (!tide_type_is_variable(type)) {
        length = tide_pg_format_fixed(type, values, row, fixed);
        return pg_output_bytes(output, fixed, length, err);
    }
    text = tide_array_text(values, row, &length);
    return type == TIDE_TYPE_BYTES ? put_hex(output, text, length, err)
                                   : put_text(output, text, length, err);
}

static int put_row(struct pg_output *output, const struct pg_rows *rows, int64_t row,
                   struct tide_error *err)
{
    const struct pg_target *target = rows->target;
    char order[TIDE_VALUE_TEXT_MAX];
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < target->count; i++) {
        if (i > 0) {
            rc = pg_output_bytes(output, "\t", 1, err);
        }
        if (rc == TIDE_OK) {
            rc = put_value(output, pg_target_column(target, i)->type.type,
                           rows->batch->array.children[i], row, err);
        }
    }
    if (rc == TIDE_OK && rows->order) {
        size_t length = tide_format_int64(order + 1, rows->order + row);

        order[0] = '\t';
        rc = pg_output_bytes(output, order, length + 1, err);
    }
    return rc == TIDE_OK ? pg_output_bytes(output, "\n", 1, err) : rc;
}

int pg_encode_text(struct pg_output *output, const struct pg_rows *rows,
                   struct tide_error *err)
{
    int rc = TIDE_OK;

    for (int64_t row = rows->start; rc == TIDE_OK && row < rows->end; row++) {
        if (rows->skip[row]) {
            continue;
        }
        rc = put_row(output, rows, row, err);
        if (rc == TIDE_OK && output->length >= output->flush_at) {
            rc = pg_output_flush(output, err);
        }
    }
    return rc;
}
