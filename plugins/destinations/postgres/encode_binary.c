/*
 * encode_binary - batches as the rows of a binary COPY.
 */
#include <math.h>

#include "encode.h"
#include "postgres/numeric.h"

#define JSONB_VERSION 1
#define UUID_BYTES 16

/* The longest fixed field: a uuid behind its length. */
#define FIELD_ROOM 20

static const uint8_t header[19] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n'};

bool pg_encode_is_binary(const struct pg_target *target)
{
    for (size_t i = 0; i < target->count; i++) {
        if (pg_target_column(target, i)->type.form == TIDE_PG_AS_TEXT) {
            return false;
        }
    }
    return true;
}

/* ---- values ---------------------------------------------------------------------- */

static void put_float4(struct pg_output *output, double value)
{
    float narrow = (float)value;
    uint32_t bits;

    memcpy(&bits, &narrow, sizeof bits);
    pg_put32(output, 4);
    pg_put32(output, bits);
}

static void put_float8(struct pg_output *output, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    pg_put32(output, 8);
    pg_put64(output, bits);
}

static void put_date(struct pg_output *output, int32_t days)
{
    if (days != TIDE_DATE_INFINITY && days != TIDE_DATE_MINUS_INFINITY) {
        days -= TIDE_PG_EPOCH_DAYS;
    }
    pg_put32(output, 4);
    pg_put32(output, (uint32_t)days);
}

static void put_timestamp(struct pg_output *output, int64_t micros)
{
    if (micros != TIDE_INSTANT_INFINITY && micros != TIDE_INSTANT_MINUS_INFINITY) {
        micros -= TIDE_PG_EPOCH_MICROS;
    }
    pg_put32(output, 8);
    pg_put64(output, (uint64_t)micros);
}

static uint8_t hex_value(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static void put_uuid(struct pg_output *output, const char *text)
{
    pg_put32(output, UUID_BYTES);
    for (int i = 0; i < UUID_BYTES; i++) {
        text += *text == '-';
        pg_put_byte(output, (uint8_t)(hex_value(text[0]) << 4 | hex_value(text[1])));
        text += 2;
    }
}

static int put_numeric(struct pg_output *output, const char *text, size_t length,
                       struct tide_error *err)
{
    struct tide_pg_decimal decimal;
    size_t wire;
    int rc;

    if (!tide_pg_decimal_parse(text, length, &decimal)) {
        return tide_error_set(err, TIDE_E_INTERNAL, "a decimal was not well formed");
    }
    rc = pg_output_reserve(output, 4 + tide_pg_numeric_wire_bound(&decimal), err);
    if (rc == TIDE_OK) {
        wire = tide_pg_numeric_wire(&decimal, output->data + output->length + 4);
        pg_put32(output, (uint32_t)wire);
        output->length += wire;
    }
    return rc;
}

/* A value of variable length; those before it left no promise of room. */
static int put_variable(struct pg_output *output, enum tide_pg_form form,
                        const struct ArrowArray *values, int64_t row,
                        struct tide_error *err)
{
    size_t length;
    const char *text = tide_array_text(values, row, &length);
    int rc;

    if (form == TIDE_PG_NUMERIC) {
        return put_numeric(output, text, length, err);
    }
    rc = pg_output_reserve(output, FIELD_ROOM, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    if (form == TIDE_PG_JSONB) {
        pg_put32(output, (uint32_t)length + 1);
        pg_put_byte(output, JSONB_VERSION);
    } else {
        pg_put32(output, (uint32_t)length);
    }
    return pg_output_bytes(output, text, length, err);
}

static int put_value(struct pg_output *output, enum tide_pg_form form,
                     const struct ArrowArray *values, int64_t row, struct tide_error *err)
{
    size_t length;

    switch (form) {
    case TIDE_PG_BOOL:
        pg_put32(output, 1);
        pg_put_byte(output, tide_array_bool(values, row));
        return TIDE_OK;
    case TIDE_PG_INT2:
        pg_put32(output, 2);
        pg_put16(output, (uint16_t)tide_array_int64(values, row));
        return TIDE_OK;
    case TIDE_PG_INT4:
        pg_put32(output, 4);
        pg_put32(output, (uint32_t)tide_array_int64(values, row));
        return TIDE_OK;
    case TIDE_PG_INT8:
    case TIDE_PG_TIME:
        pg_put32(output, 8);
        pg_put64(output, (uint64_t)tide_array_int64(values, row));
        return TIDE_OK;
    case TIDE_PG_FLOAT4:
        put_float4(output, tide_array_float64(values, row));
        return TIDE_OK;
    case TIDE_PG_FLOAT8:
        put_float8(output, tide_array_float64(values, row));
        return TIDE_OK;
    case TIDE_PG_DATE:
        put_date(output, tide_array_int32(values, row));
        return TIDE_OK;
    case TIDE_PG_TIMESTAMP:
        put_timestamp(output, tide_array_int64(values, row));
        return TIDE_OK;
    case TIDE_PG_UUID:
        put_uuid(output, tide_array_text(values, row, &length));
        return TIDE_OK;
    case TIDE_PG_NUMERIC:
    case TIDE_PG_JSONB:
    case TIDE_PG_STRING:
    case TIDE_PG_BYTEA:
    case TIDE_PG_AS_TEXT:
        break;
    }
    return put_variable(output, form, values, row, err);
}

/* ---- rows ------------------------------------------------------------------------ */

static int put_row(struct pg_output *output, const struct pg_rows *rows, int64_t row,
                   struct tide_error *err)
{
    const struct pg_target *target = rows->target;
    size_t count = target->count + (rows->order ? 1 : 0);
    int rc = pg_output_reserve(output, 2, err);

    if (rc == TIDE_OK) {
        pg_put16(output, (uint16_t)count);
    }
    for (size_t i = 0; rc == TIDE_OK && i < target->count; i++) {
        const struct ArrowArray *values = rows->batch->array.children[i];

        rc = pg_output_reserve(output, FIELD_ROOM, err);
        if (rc != TIDE_OK) {
            return rc;
        }
        if (tide_array_is_null(values, row)) {
            pg_put32(output, UINT32_MAX);
        } else {
            rc = put_value(output, pg_target_column(target, i)->type.form, values, row,
                           err);
        }
    }
    if (rc == TIDE_OK && rows->order) {
        rc = pg_output_reserve(output, FIELD_ROOM, err);
        if (rc == TIDE_OK) {
            pg_put32(output, 8);
            pg_put64(output, (uint64_t)(rows->order + row));
        }
    }
    return rc;
}

int pg_encode_head(struct pg_output *output, struct tide_error *err)
{
    return pg_output_bytes(output, header, sizeof header, err);
}

int pg_encode_binary(struct pg_output *output, const struct pg_rows *rows,
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

int pg_encode_tail(struct pg_output *output, struct tide_error *err)
{
    int rc = pg_output_reserve(output, 2, err);

    if (rc == TIDE_OK) {
        pg_put16(output, UINT16_MAX);
    }
    return rc;
}
