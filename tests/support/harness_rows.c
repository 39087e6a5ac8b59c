/*
 * harness_rows - rows and columns written as texts, for tests to make and to compare.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tidemill/row.h>
#include <tidemill/value.h>

#include "base/text.h"
#include "plugin_harness.h"

/* ---- schemas ---- */

static int parse_type(const char *word)
{
    for (int type = 0; type < TIDE_TYPE_COUNT; type++) {
        if (strcmp(tide_type_name(type), word) == 0) {
            return type;
        }
    }
    harness_abort("\"%s\" is no type", word);
}

static uint32_t parse_flag(const char *word)
{
    if (strcmp(word, "key") == 0) {
        return TIDE_COLUMN_KEY;
    }
    if (strcmp(word, "required") == 0) {
        return TIDE_COLUMN_REQUIRED;
    }
    harness_abort("\"%s\" is no column flag", word);
}

static void add_column(char *text, struct tide_schema *schema)
{
    char *rest, *name = strtok_r(text, " \n", &rest),
                *type = strtok_r(NULL, " \n", &rest);
    uint32_t flags = 0;

    if (!type) {
        harness_abort("a column is written \"name type\"");
    }
    for (char *word = strtok_r(NULL, " \n", &rest); word;
         word = strtok_r(NULL, " \n", &rest)) {
        flags |= parse_flag(word);
    }
    if (tide_schema_add(schema, name, parse_type(type), flags) != TIDE_OK) {
        harness_abort("out of memory");
    }
}

void harness_schema(const char *text, struct tide_schema *schema)
{
    char *copy = tide_strdup(text), *rest;

    for (char *column = strtok_r(copy, ",", &rest); column;
         column = strtok_r(NULL, ",", &rest)) {
        add_column(column, schema);
    }
    free(copy);
}

char *harness_columns(const struct tide_schema *schema)
{
    struct tide_text text = {0};

    for (size_t i = 0; i < schema->column_count; i++) {
        const struct tide_column *column = &schema->columns[i];

        tide_text_appendf(&text, "%s%s %s%s%s", i > 0 ? ", " : "", column->name,
                          tide_type_name(column->type),
                          column->flags & TIDE_COLUMN_KEY ? " key" : "",
                          column->flags & TIDE_COLUMN_REQUIRED ? " required" : "");
    }
    return tide_text_take(&text);
}

/* ---- values from texts ---- */

static int append_fixed(struct tide_builder *builder, const char *text, size_t length)
{
    int64_t integer;
    int32_t days;
    double number;
    bool boolean;
    int rc;

    switch (builder->type) {
    case TIDE_TYPE_BOOL:
        rc = tide_parse_bool(text, length, &boolean);
        return rc == TIDE_OK ? tide_append_bool(builder, boolean) : rc;
    case TIDE_TYPE_FLOAT64:
        rc = tide_parse_float64(text, length, &number);
        return rc == TIDE_OK ? tide_append_float64(builder, number) : rc;
    case TIDE_TYPE_DATE:
        rc = tide_parse_date(text, length, &days);
        return rc == TIDE_OK ? tide_append_int32(builder, days) : rc;
    case TIDE_TYPE_TIME:
        rc = tide_parse_time(text, length, &integer);
        break;
    case TIDE_TYPE_TIMESTAMP:
        rc = tide_parse_timestamp(text, length, &integer);
        break;
    case TIDE_TYPE_DATETIME:
        rc = tide_parse_datetime(text, length, &integer);
        break;
    default:
        rc = tide_parse_int64(text, length, &integer);
    }
    return rc == TIDE_OK ? tide_append_int64(builder, integer) : rc;
}

static void append_value(struct tide_builder *builder, const struct tide_text *value,
                         bool is_null)
{
    const char *text = value->data ? value->data : "";
    int rc;

    if (is_null) {
        rc = tide_append_null(builder);
    } else if (tide_type_is_variable(builder->type)) {
        rc = tide_append_bytes(builder, text, value->length);
    } else {
        rc = append_fixed(builder, text, value->length);
    }
    if (rc != TIDE_OK) {
        harness_abort("\"%s\" is no %s", text, tide_type_name(builder->type));
    }
}

/* Take one escape at `at`; returns what is behind it. */
static const char *unescape(const char *at, struct tide_text *value)
{
    static const char names[] = "nt\\|", means[] = "\n\t\\|";
    const char *name = *at ? strchr(names, *at) : NULL;

    if (name) {
        tide_text_append_char(value, means[name - names]);
        return at + 1;
    }
    if (*at == 'x' && at[1] && at[2]) {
        char digits[3] = {at[1], at[2], '\0'};

        tide_text_append_char(value, (char)strtoul(digits, NULL, 16));
        return at + 3;
    }
    harness_abort("unknown escape \\%c", *at);
}

/* Read one value up to its | or line end, which is taken too. */
static const char *take_value(const char *at, struct tide_text *value, bool *is_null)
{
    const char *start = at;

    while (*at && *at != '|' && *at != '\n') {
        if (*at == '\\') {
            at = unescape(at + 1, value);
        } else {
            tide_text_append_char(value, *at++);
        }
    }
    *is_null = at - start == 4 && strncmp(start, "NULL", 4) == 0;
    return *at ? at + 1 : at;
}

static void finish(struct tide_builder *builders, const struct tide_schema *schema,
                   int64_t rows, struct tide_batch *batch)
{
    if (tide_batch_init(batch, schema->column_count, rows) != TIDE_OK) {
        harness_abort("out of memory");
    }
    for (size_t i = 0; i < schema->column_count; i++) {
        if (tide_builder_finish(&builders[i], batch->array.children[i]) != TIDE_OK) {
            harness_abort("out of memory");
        }
        tide_builder_clear(&builders[i]);
    }
    free(builders);
}

void harness_batch(const struct tide_schema *schema, const char *rows,
                   struct tide_batch *batch)
{
    struct tide_builder *builders =
        tide_alloc_array(schema->column_count + 1, sizeof *builders);
    int64_t count = 0;

    for (size_t i = 0; i < schema->column_count; i++) {
        tide_builder_init(&builders[i], schema->columns[i].type);
    }
    for (; *rows; count++) {
        for (size_t i = 0; i < schema->column_count; i++) {
            struct tide_text value = {0};
            bool is_null;

            rows = take_value(rows, &value, &is_null);
            append_value(&builders[i], &value, is_null);
            tide_text_fini(&value);
        }
        if (rows[-1] != '\n' && *rows) {
            harness_abort("row %lld has too many values", (long long)count + 1);
        }
    }
    finish(builders, schema, count, batch);
    batch->first_position = 1;
}

/* ---- texts from values ---- */

static bool is_bare(int type)
{
    return type == TIDE_TYPE_BOOL || type == TIDE_TYPE_INT64 ||
           type == TIDE_TYPE_FLOAT64 || type == TIDE_TYPE_DECIMAL ||
           type == TIDE_TYPE_JSON;
}

static void append_hex(struct tide_text *text, const char *bytes, size_t length)
{
    tide_text_append(text, "\"\\\\x");
    for (size_t i = 0; i < length; i++) {
        tide_text_appendf(text, "%02x", (unsigned)(unsigned char)bytes[i]);
    }
    tide_text_append(text, "\"");
}

static void append_cell(struct tide_text *text, const struct ArrowArray *column, int type,
                        int64_t row)
{
    char buffer[TIDE_VALUE_TEXT_MAX];
    size_t length;
    const char *value = tide_array_value(column, type, row, buffer, &length);

    if (!value) {
        tide_text_append(text, "null");
    } else if (is_bare(type)) {
        tide_text_append_n(text, value, length);
    } else if (type == TIDE_TYPE_BYTES) {
        append_hex(text, value, length);
    } else {
        tide_text_append_json(text, value, length);
    }
}

static void append_row(struct tide_text *text, const struct tide_batch *batch,
                       const struct tide_schema *schema, int64_t row)
{
    tide_text_append(text, "{");
    for (size_t i = 0; i < schema->column_count; i++) {
        const struct tide_column *column = &schema->columns[i];

        tide_text_append(text, i > 0 ? "," : "");
        tide_text_append_json(text, column->name, strlen(column->name));
        tide_text_append(text, ":");
        append_cell(text, batch->array.children[i], column->type, row);
    }
    tide_text_append(text, "}\n");
}

char *harness_lines(const struct tide_batch *batch, const struct tide_schema *schema)
{
    struct tide_text text = {0};

    if (batch->array.release &&
        batch->array.n_children != (int64_t)schema->column_count) {
        harness_abort("a batch of %lld columns is not of a schema of %zu",
                      (long long)batch->array.n_children, schema->column_count);
    }
    for (int64_t row = 0; row < batch->array.length; row++) {
        append_row(&text, batch, schema, row);
    }
    return tide_text_take(&text);
}
