/*
 * decode - rows of a binary COPY straight into column builders.
 */
#include "decode.h"

#include <stdlib.h>
#include <string.h>
#include <tidemill/value.h>

#include "postgres/numeric.h"

#define UUID_BYTES 16
#define UUID_TEXT 36
#define JSONB_VERSION 1

static const uint8_t signature[11] = {'P',  'G',  'C',  'O',  'P', 'Y',
                                      '\n', 0xff, '\r', '\n', '\0'};

static uint16_t get16(const uint8_t *data)
{
    uint16_t value;

    memcpy(&value, data, sizeof value);
    return __builtin_bswap16(value);
}

static uint32_t get32(const uint8_t *data)
{
    uint32_t value;

    memcpy(&value, data, sizeof value);
    return __builtin_bswap32(value);
}

static uint64_t get64(const uint8_t *data)
{
    uint64_t value;

    memcpy(&value, data, sizeof value);
    return __builtin_bswap64(value);
}

int pg_decoder_init(struct pg_decoder *decoder, size_t count, struct tide_error *err)
{
    decoder->columns = calloc(count + 1, sizeof *decoder->columns);
    decoder->count = count;
    decoder->sent = count;
    return decoder->columns ? TIDE_OK
                            : tide_error_set(err, TIDE_E_LIMIT, "no memory for columns");
}

void pg_decoder_clear(struct pg_decoder *decoder)
{
    for (size_t i = 0; decoder->columns && i < decoder->count; i++) {
        tide_builder_clear(&decoder->columns[i].builder);
    }
    free(decoder->columns);
    memset(decoder, 0, sizeof *decoder);
}

void pg_decoder_leave_out(struct pg_decoder *decoder, size_t i)
{
    decoder->columns[i].is_left_out = true;
    decoder->sent--;
}

size_t pg_decode_header(const uint8_t *data, size_t length)
{
    size_t extension;

    if (length < sizeof signature + 8 || memcmp(data, signature, sizeof signature) != 0) {
        return 0;
    }
    extension = get32(data + sizeof signature + 4);
    return length - sizeof signature - 8 >= extension ? sizeof signature + 8 + extension
                                                      : 0;
}

/* ---- values ---------------------------------------------------------------------- */

static int decode_float4(struct tide_builder *builder, const uint8_t *data)
{
    uint32_t bits = get32(data);
    float value;

    memcpy(&value, &bits, sizeof value);
    return tide_append_float64(builder, (double)value);
}

static int decode_float8(struct tide_builder *builder, const uint8_t *data)
{
    uint64_t bits = get64(data);
    double value;

    memcpy(&value, &bits, sizeof value);
    return tide_append_float64(builder, value);
}

static int decode_date(struct tide_builder *builder, const uint8_t *data)
{
    int32_t days = (int32_t)get32(data);

    if (days != TIDE_DATE_INFINITY && days != TIDE_DATE_MINUS_INFINITY) {
        days += TIDE_PG_EPOCH_DAYS;
    }
    return tide_append_int32(builder, days);
}

/* Ours end in the year 294246, thirty years before PostgreSQL's. */
static int decode_timestamp(struct tide_builder *builder, const uint8_t *data)
{
    int64_t micros = (int64_t)get64(data);

    if (micros != TIDE_INSTANT_INFINITY && micros != TIDE_INSTANT_MINUS_INFINITY &&
        (__builtin_add_overflow(micros, TIDE_PG_EPOCH_MICROS, &micros) ||
         micros == TIDE_INSTANT_INFINITY)) {
        return TIDE_E_DATA;
    }
    return tide_append_int64(builder, micros);
}

static int decode_uuid(struct tide_builder *builder, const uint8_t *data)
{
    static const char hex[] = "0123456789abcdef";
    char text[UUID_TEXT];
    char *out = text;

    for (int i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *out++ = '-';
        }
        *out++ = hex[data[i] >> 4];
        *out++ = hex[data[i] & 15];
    }
    return tide_append_bytes(builder, text, sizeof text);
}

static int decode_numeric(struct tide_builder *builder, const uint8_t *data,
                          size_t length)
{
    char small[256];
    size_t bound = tide_pg_numeric_text_bound(data, length);
    char *text = bound <= sizeof small ? small : malloc(bound);
    int rc;

    if (bound == 0) {
        return TIDE_E_INTERNAL;
    }
    if (!text) {
        return TIDE_E_LIMIT;
    }
    rc = tide_append_bytes(builder, text, tide_pg_numeric_text(data, text));
    if (text != small) {
        free(text);
    }
    return rc;
}

/* Bytes that a value of a fixed form has; 0: any number. */
static size_t fixed_length(enum tide_pg_form form)
{
    switch (form) {
    case TIDE_PG_BOOL:
        return 1;
    case TIDE_PG_INT2:
        return 2;
    case TIDE_PG_INT4:
    case TIDE_PG_FLOAT4:
    case TIDE_PG_DATE:
        return 4;
    case TIDE_PG_INT8:
    case TIDE_PG_FLOAT8:
    case TIDE_PG_TIME:
    case TIDE_PG_TIMESTAMP:
        return 8;
    case TIDE_PG_UUID:
        return UUID_BYTES;
    default:
        return 0;
    }
}

static int decode_value(struct pg_decode_column *column, const uint8_t *data,
                        size_t length)
{
    struct tide_builder *builder = &column->builder;
    size_t fixed = fixed_length(column->type.form);

    if (fixed && length != fixed) {
        return TIDE_E_INTERNAL;
    }
    switch (column->type.form) {
    case TIDE_PG_BOOL:
        return tide_append_bool(builder, data[0] != 0);
    case TIDE_PG_INT2:
        return tide_append_int64(builder, (int16_t)get16(data));
    case TIDE_PG_INT4:
        return tide_append_int64(builder, (int32_t)get32(data));
    case TIDE_PG_INT8:
    case TIDE_PG_TIME:
        return tide_append_int64(builder, (int64_t)get64(data));
    case TIDE_PG_FLOAT4:
        return decode_float4(builder, data);
    case TIDE_PG_FLOAT8:
        return decode_float8(builder, data);
    case TIDE_PG_DATE:
        return decode_date(builder, data);
    case TIDE_PG_TIMESTAMP:
        return decode_timestamp(builder, data);
    case TIDE_PG_UUID:
        return decode_uuid(builder, data);
    case TIDE_PG_NUMERIC:
        return decode_numeric(builder, data, length);
    case TIDE_PG_JSONB:
        if (length == 0 || data[0] != JSONB_VERSION) {
            return TIDE_E_INTERNAL;
        }
        return tide_append_bytes(builder, data + 1, length - 1);
    case TIDE_PG_STRING:
    case TIDE_PG_BYTEA:
    case TIDE_PG_AS_TEXT:
        break;
    }
    return tide_append_bytes(builder, data, length);
}

/* ---- rows ------------------------------------------------------------------------ */

/* Say what is wrong with a value of a column. */
static int describe(struct pg_decoder *decoder, const struct pg_decode_column *column,
                    int code, struct tide_error *err)
{
    if (code == TIDE_E_DATA && column->type.form != TIDE_PG_TIMESTAMP) {
        decoder->reject_code = "invalid_utf8";
        return tide_error_at(err, code, column->name, "column %s: not UTF-8",
                             column->name);
    }
    decoder->reject_code = "range";
    switch (code) {
    case TIDE_E_DATA:
        return tide_error_at(err, code, column->name,
                             "column %s: the time is beyond the year 294246",
                             column->name);
    case TIDE_E_LIMIT:
        return tide_error_at(err, code, column->name, "column %s: no memory for a value",
                             column->name);
    default:
        return tide_error_at(err, TIDE_E_INTERNAL, column->name,
                             "column %s: the server sent a binary value of another form",
                             column->name);
    }
}

/* Text from a server whose encoding promises nothing must be UTF-8 all the same. */
static bool is_readable(const struct pg_decoder *decoder,
                        const struct pg_decode_column *column, const uint8_t *data,
                        size_t length)
{
    bool is_text = column->type.form == TIDE_PG_STRING ||
                   column->type.form == TIDE_PG_AS_TEXT ||
                   column->type.form == TIDE_PG_JSONB;

    return !decoder->check_utf8 || !is_text || tide_is_utf8(data, length);
}

/* Decode the fields from p to end, one for each column. */
static int decode_fields(struct pg_decoder *decoder, const uint8_t *p, const uint8_t *end,
                         struct tide_error *err)
{
    for (size_t i = 0; i < decoder->count; i++) {
        struct pg_decode_column *column = &decoder->columns[i];
        int32_t length;
        int rc;

        if (column->is_left_out) {
            continue;
        }
        length = end - p >= 4 ? (int32_t)get32(p) : INT32_MAX;
        p += 4;
        if (length < 0) {
            rc = tide_append_null(&column->builder);
        } else if (length <= end - p) {
            rc = is_readable(decoder, column, p, (size_t)length)
                     ? decode_value(column, p, (size_t)length)
                     : TIDE_E_DATA;
            p += length;
        } else {
            rc = TIDE_E_INTERNAL;
        }
        if (rc != TIDE_OK) {
            return describe(decoder, column, rc, err);
        }
    }
    return p == end ? TIDE_OK
                    : tide_error_set(err, TIDE_E_INTERNAL,
                                     "the server sent more than a row in one message");
}

int pg_decode_row(struct pg_decoder *decoder, const uint8_t *data, size_t length,
                  struct tide_error *err)
{
    int fields = length >= 2 ? (int16_t)get16(data) : 0;
    int rc;

    if (fields == -1) {
        return TIDE_END;
    }
    if (length < 2 || (size_t)fields != decoder->sent) {
        return tide_error_set(err, TIDE_E_INTERNAL,
                              "the server sent a row of %d columns instead of %zu",
                              fields, decoder->sent);
    }
    rc = decode_fields(decoder, data + 2, data + length, err);
    if (rc == TIDE_OK) {
        decoder->rows++;
        return TIDE_OK;
    }
    for (size_t i = 0; i < decoder->count; i++) {
        tide_builder_truncate(&decoder->columns[i].builder, decoder->rows);
    }
    return rc;
}

static int append_nulls(struct tide_builder *builder, int64_t rows)
{
    int rc = TIDE_OK;

    while (rc == TIDE_OK && builder->length < rows) {
        rc = tide_append_null(builder);
    }
    return rc;
}

int pg_decoder_take(struct pg_decoder *decoder, size_t i, int64_t rows,
                    struct ArrowArray *column)
{
    struct tide_builder *builder = &decoder->columns[i].builder;
    int rc = decoder->columns[i].is_left_out ? append_nulls(builder, rows) : TIDE_OK;
    size_t bytes = builder->data_length;

    rc = rc == TIDE_OK ? tide_builder_finish(builder, column) : rc;

    /* The next batch will be much like this one. */
    return rc == TIDE_OK ? tide_builder_reserve(builder, rows, bytes + bytes / 16) : rc;
}
