/*
 * sample - rows to give to a plugin under test; see sample.h.
 */
#include "cli/plugin/sample.h"

#include <inttypes.h>
#include <stdlib.h>
#include <tidemill/row.h>

#include "base/memory.h"
#include "base/text.h"

/* "string" comes first: what a small transform looks at is the first text. */
static const int order[TIDE_TYPE_COUNT] = {
    TIDE_TYPE_STRING,    TIDE_TYPE_INT64, TIDE_TYPE_BOOL, TIDE_TYPE_FLOAT64,
    TIDE_TYPE_DECIMAL,   TIDE_TYPE_BYTES, TIDE_TYPE_DATE, TIDE_TYPE_TIME,
    TIDE_TYPE_TIMESTAMP, TIDE_TYPE_UUID,  TIDE_TYPE_JSON, TIDE_TYPE_DATETIME,
    TIDE_TYPE_NULL};

int tide_sample_columns(struct tide_schema *out)
{
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < TIDE_TYPE_COUNT; i++) {
        uint32_t flags =
            order[i] == TIDE_TYPE_INT64 ? TIDE_COLUMN_KEY | TIDE_COLUMN_REQUIRED : 0;

        rc = tide_schema_add(out, tide_type_name(order[i]), order[i], flags);
    }
    return rc;
}

static int type_of(const char *name, size_t length)
{
    for (int type = 0; type < TIDE_TYPE_COUNT; type++) {
        if (strlen(tide_type_name(type)) == length &&
            strncmp(tide_type_name(type), name, length) == 0) {
            return type;
        }
    }
    return -1;
}

/* Where `given` ends is said by length. */
static const char *nearest_type(const char *given, size_t length)
{
    const char *names[TIDE_TYPE_COUNT];
    char *text = tide_strndup(given, length);
    const char *nearest;

    for (int type = 0; type < TIDE_TYPE_COUNT; type++) {
        names[type] = tide_type_name(type);
    }
    nearest = tide_text_nearest(text, names, TIDE_TYPE_COUNT);
    free(text);
    return nearest;
}

static int no_column(const char *text, size_t name, size_t length, struct tide_error *err)
{
    const char *nearest =
        name < length ? nearest_type(text + name + 1, length - name - 1) : NULL;

    return tide_error_set(err, TIDE_E_CONFIG,
                          "--columns: \"%.*s\" is no name:type; types are those of "
                          "tidemill-definition(5)%s%s%s",
                          (int)length, text, nearest ? "; did you mean \"" : "",
                          nearest ? nearest : "", nearest ? "\"?" : "");
}

int tide_sample_parse(const char *text, struct tide_schema *out, struct tide_error *err)
{
    while (*text) {
        size_t length = strcspn(text, ","), name = strcspn(text, ":,");
        int type =
            name > 0 && name < length ? type_of(text + name + 1, length - name - 1) : -1;

        if (type < 0) {
            return no_column(text, name, length, err);
        }
        if (tide_schema_add_n(out, text, name, type, 0) != TIDE_OK) {
            return tide_error_memory(err);
        }
        text += length + (text[length] == ',');
    }
    return TIDE_OK;
}

static void set_text(struct tide_row_builder *rows, size_t column,
                     const struct tide_column *about, int64_t row)
{
    char text[80];
    int length = 0;

    switch (about->type) {
    case TIDE_TYPE_DECIMAL:
        length = snprintf(text, sizeof text, "-%" PRId64 ".250", row);
        break;
    case TIDE_TYPE_UUID:
        length = snprintf(text, sizeof text, "00000000-0000-4000-8000-%012" PRIx64,
                          (uint64_t)row);
        break;
    case TIDE_TYPE_JSON:
        length =
            snprintf(text, sizeof text, "{\"row\":%" PRId64 ",\"list\":[1,null]}", row);
        break;
    case TIDE_TYPE_BYTES:
        length = snprintf(text, sizeof text, "\x01\xff%" PRId64, row);
        break;
    default:
        length =
            snprintf(text, sizeof text,
                     about->max_length > 0 ? "%" PRId64
                                           : "%" PRId64 ", \"quoted\" and Zo\xc3\xab\n",
                     row);
        break;
    }
    if (about->max_length > 0 && length > about->max_length) {
        length = (int)about->max_length;
    }
    tide_row_set_bytes(rows, column, text, (size_t)length);
}

static void set_value(struct tide_row_builder *rows, size_t column,
                      const struct tide_column *about, int64_t row)
{
    switch (about->type) {
    case TIDE_TYPE_NULL:
        tide_row_set_null(rows, column);
        break;
    case TIDE_TYPE_BOOL:
        tide_row_set_bool(rows, column, row % 2 == 0);
        break;
    case TIDE_TYPE_INT64:
        tide_row_set_int64(rows, column, row);
        break;
    case TIDE_TYPE_FLOAT64:
        tide_row_set_float64(rows, column, (double)row / 8);
        break;
    case TIDE_TYPE_DATE:
        tide_row_set_date(rows, column, (int32_t)(20000 + row % 1000));
        break;
    case TIDE_TYPE_TIME:
        tide_row_set_int64(rows, column, row * 1000003 % INT64_C(86400000000));
        break;
    case TIDE_TYPE_TIMESTAMP:
    case TIDE_TYPE_DATETIME:
        tide_row_set_int64(rows, column, INT64_C(1732731767937000) + row * 1000001);
        break;
    default:
        set_text(rows, column, about, row);
        break;
    }
}

int tide_sample_batch(const struct tide_schema *schema, int64_t rows, bool nulls,
                      struct tide_batch *out)
{
    struct tide_row_builder builder = {0};
    int rc = tide_row_builder_init(&builder, schema, rows + 1, 0);

    for (int64_t row = 1; rc == TIDE_OK && row <= rows; row++) {
        for (size_t i = 0; i < schema->column_count; i++) {
            const struct tide_column *column = &schema->columns[i];
            bool may_be_null =
                !(column->flags & (TIDE_COLUMN_REQUIRED | TIDE_COLUMN_KEY));

            if (nulls && may_be_null && (row + (int64_t)i) % 3 == 0) {
                tide_row_set_null(&builder, i);
            } else {
                set_value(&builder, i, column, row);
            }
        }
        tide_row_set_position(&builder, row);
        rc = tide_row_end(&builder);
    }
    if (rc == TIDE_OK) {
        rc = tide_row_builder_finish(&builder, out);
    }
    tide_row_builder_fini(&builder);
    return rc;
}
