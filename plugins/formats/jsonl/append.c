/*
 * append - the values of a line, into the columns.
 */
#include <tidemill/value.h>

#include "../../shared/format/build.h"
#include "../../shared/json/text.h"
#include "jsonl.h"

uint8_t *jsonl_scratch(struct jsonl_decoder *decoder, size_t length)
{
    if (length > decoder->scratch_capacity || !decoder->scratch) {
        uint8_t *scratch = realloc(decoder->scratch, length + 256);

        if (!scratch) {
            return NULL;
        }
        decoder->scratch = scratch;
        decoder->scratch_capacity = length + 256;
    }
    return decoder->scratch;
}

const uint8_t *jsonl_key_text(struct jsonl_decoder *decoder, const struct json_value *key,
                              size_t *length)
{
    uint8_t *scratch;

    *length = key->length - 2;
    if (!key->escaped) {
        return key->text + 1;
    }
    scratch = jsonl_scratch(decoder, *length);
    if (scratch) {
        *length = json_unescape(scratch, key->text + 1, *length);
    }
    return scratch;
}

static int append_text(struct tide_builder *builder, const uint8_t *text, size_t length)
{
    if (build_room(builder, length) != TIDE_OK) {
        return TIDE_E_LIMIT;
    }
    build_copy(builder->data + builder->data_length, text, length);
    builder->data_length += length;
    build_end_text(builder);
    return TIDE_OK;
}

/* The inside of a string. */
static int append_string(struct tide_builder *builder, const struct json_value *value)
{
    if (!value->escaped) {
        return append_text(builder, value->text + 1, value->length - 2);
    }
    if (build_room(builder, value->length) != TIDE_OK) {
        return TIDE_E_LIMIT;
    }
    builder->data_length += json_unescape(builder->data + builder->data_length,
                                          value->text + 1, value->length - 2);
    build_end_text(builder);
    return TIDE_OK;
}

static int append_int64(struct tide_builder *builder, const struct json_value *value)
{
    int64_t number;

    if (value->kind != JSON_INTEGER ||
        tide_parse_int64((const char *)value->text, value->length, &number) != TIDE_OK) {
        return TIDE_E_DATA;
    }
    return tide_append_int64(builder, number);
}

int jsonl_append(struct jsonl_column *column, const struct json_value *value)
{
    struct tide_builder *builder = &column->builder;

    if (value->kind == JSON_NULL) {
        return tide_append_null(builder);
    }
    switch (column->mode) {
    case JSONL_INT64:
        return append_int64(builder, value);
    case JSONL_STRING:
        return value->kind == JSON_STRING ? append_string(builder, value) : TIDE_E_DATA;
    case JSONL_BOOL:
        return value->kind == JSON_BOOL ? tide_append_bool(builder, *value->text == 't')
                                        : TIDE_E_DATA;
    case JSONL_DECIMAL:
        return value->kind == JSON_INTEGER || value->kind == JSON_NUMBER
                   ? append_text(builder, value->text, value->length)
                   : TIDE_E_DATA;
    case JSONL_TEXT:
        return value->kind == JSON_STRING
                   ? append_string(builder, value)
                   : append_text(builder, value->text, value->length);
    default:
        return append_text(builder, value->text, value->length);
    }
}
