/*
 * show - values and rows as text, for rejects, previews and messages.
 */
#include <string.h>
#include <tidemill/row.h>

#include "base/memory.h"
#include "batch/batch_ops.h"
#include "batch/encode.h"
#include "batch/json_check.h"

static void append_hex(struct tide_text *out, const char *bytes, size_t length)
{
    char *text = tide_alloc(tide_hex_size(length));

    tide_hex_encode((const uint8_t *)bytes, length, text);
    tide_text_append_n(out, text, tide_hex_size(length));
    free(text);
}

static void append_base64(struct tide_text *out, const char *bytes, size_t length)
{
    char *text = tide_alloc(tide_base64_size(length) + 1);

    tide_base64_encode((const uint8_t *)bytes, length, text);
    tide_text_append_char(out, '"');
    tide_text_append_n(out, text, tide_base64_size(length));
    tide_text_append_char(out, '"');
    free(text);
}

void tide_batch_value_text(const struct tide_batch *batch,
                           const struct tide_schema *schema, size_t column, int64_t row,
                           struct tide_text *out)
{
    int type = schema->columns[column].type;
    char buffer[TIDE_VALUE_TEXT_MAX];
    size_t length;
    const char *value =
        tide_array_value(batch->array.children[column], type, row, buffer, &length);

    if (!value) {
        return;
    }
    if (type == TIDE_TYPE_BYTES) {
        append_hex(out, value, length);
    } else {
        tide_text_append_n(out, value, length);
    }
}

static void append_json_text(struct tide_text *out, const char *text, size_t length)
{
    if (tide_json_is_valid(text, length)) {
        tide_text_append_n(out, text, length);
    } else {
        tide_text_append_json(out, text, length);
    }
}

/* Whether the text of a value of that type is itself JSON: what is not finite is not. */
static bool is_json_number(int type, const char *value, size_t length)
{
    if (type == TIDE_TYPE_DECIMAL && !tide_is_decimal(value, length)) {
        return false;
    }
    return length > 0 && tide_digit_(value[length - 1]) <= 9;
}

static void append_value(struct tide_text *out, int type, const char *value,
                         size_t length)
{
    bool verbatim = false;

    switch (type) {
    case TIDE_TYPE_BYTES:
        append_base64(out, value, length);
        return;
    case TIDE_TYPE_JSON:
        append_json_text(out, value, length);
        return;
    case TIDE_TYPE_BOOL:
        verbatim = true;
        break;
    case TIDE_TYPE_INT64:
    case TIDE_TYPE_FLOAT64:
    case TIDE_TYPE_DECIMAL:
        verbatim = is_json_number(type, value, length);
        break;
    default:
        break;
    }
    if (verbatim) {
        tide_text_append_n(out, value, length);
    } else {
        tide_text_append_json(out, value, length);
    }
}

void tide_batch_row_json(const struct tide_batch *batch, const struct tide_schema *schema,
                         int64_t row, struct tide_text *out)
{
    tide_text_append_char(out, '{');
    for (size_t i = 0; i < schema->column_count; i++) {
        const struct tide_column *column = &schema->columns[i];
        char buffer[TIDE_VALUE_TEXT_MAX];
        size_t length;
        const char *value = tide_array_value(batch->array.children[i], column->type, row,
                                             buffer, &length);

        if (i > 0) {
            tide_text_append_char(out, ',');
        }
        tide_text_append_json(out, column->name, strlen(column->name));
        tide_text_append_char(out, ':');
        if (value) {
            append_value(out, column->type, value, length);
        } else {
            tide_text_append(out, "null");
        }
    }
    tide_text_append_char(out, '}');
}

/* ---- sizes ---- */

static int64_t column_bytes(const struct ArrowArray *column, int type)
{
    int64_t rows = column->length;
    int64_t bytes = 0;

    if (type == TIDE_TYPE_NULL || rows == 0) {
        return 0;
    }
    if (tide_type_is_variable(type)) {
        const int32_t *offsets = column->buffers[1];

        bytes = (rows + 1) * (int64_t)sizeof *offsets + offsets[rows] - offsets[0];
    } else if (type == TIDE_TYPE_BOOL) {
        bytes = (rows + 7) / 8;
    } else {
        bytes = rows * (int64_t)tide_type_width(type);
    }
    return column->buffers[0] ? bytes + (rows + 7) / 8 : bytes;
}

int64_t tide_batch_bytes(const struct tide_batch *batch, const struct tide_schema *schema)
{
    int64_t bytes = 0;

    for (size_t i = 0; i < schema->column_count; i++) {
        bytes += column_bytes(batch->array.children[i], schema->columns[i].type);
    }
    return bytes;
}
