/*
 * kept_row - a rejected row, written down and read back; see kept_row.h.
 *
 * Each value is read as text first, and then cast to its type as any text is: what can be
 * written can be read.
 */
#include "batch/kept_row.h"

#include <tidemill/row.h>

#include "base/json_token.h"
#include "base/memory.h"
#include "batch/cast.h"
#include "batch/json_check.h"

/* By type, in the order of enum tide_type. */
static const char letters[TIDE_TYPE_COUNT + 1] = "-bifdsxDtTujL";

/* ---- writing ------------------------------------------------------------------------*/

/* What calls itself JSON and is not was written as a string. */
static int type_of(const struct ArrowArray *column, int type, int64_t row)
{
    size_t length;
    const char *text;

    if (tide_array_is_null(column, row)) {
        return TIDE_TYPE_NULL;
    }
    if (type != TIDE_TYPE_JSON) {
        return type;
    }
    text = tide_array_text(column, row, &length);
    return tide_json_is_valid(text, length) ? type : TIDE_TYPE_STRING;
}

void tide_kept_row_types(const struct tide_batch *batch, const struct tide_schema *schema,
                         int64_t row, struct tide_text *out)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        int type = type_of(batch->array.children[i], schema->columns[i].type, row);

        tide_text_append_char(out, letters[type]);
    }
}

/* ---- reading ------------------------------------------------------------------------*/

struct reading {
    struct tide_json_cursor cursor;
    const char *types; /* what is left of them */
    struct tide_schema *schema;
    struct tide_builder *texts; /* one a column, of one value */
    size_t capacity;
    struct tide_text text; /* name or value in hand */
};

static int broken(struct reading *reading, const char *message)
{
    return tide_json_fail(&reading->cursor, message);
}

static bool take(struct reading *reading, char c)
{
    struct tide_json_cursor *cursor = &reading->cursor;

    tide_json_skip_blank(cursor);
    if (cursor->at == cursor->end || *cursor->at != c) {
        return false;
    }
    cursor->at++;
    return true;
}

/* Behind a string whose opening quote was passed. */
static void skip_string(struct tide_json_cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at != '"') {
        cursor->at += *cursor->at == '\\' && cursor->end - cursor->at > 1 ? 2 : 1;
    }
    cursor->at += cursor->at < cursor->end ? 1 : 0;
}

/* Behind a value of any kind; whether it is one is for the cast to say. */
static void skip_value(struct tide_json_cursor *cursor)
{
    int64_t depth = 0;

    while (cursor->at < cursor->end) {
        char c = *cursor->at;

        if (depth == 0 && (c == ',' || c == '}')) {
            return;
        }
        cursor->at++;
        if (c == '"') {
            skip_string(cursor);
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
}

/* Its text: that of a string is what it stands for, unless it is itself JSON, which stays
 * as it is to the last blank. */
static int read_text(struct reading *reading, int type)
{
    struct tide_json_cursor *cursor = &reading->cursor;
    const char *start = cursor->at;

    tide_text_reset(&reading->text);
    if (type != TIDE_TYPE_JSON && take(reading, '"')) {
        return tide_json_take_text(cursor, &reading->text);
    }
    skip_value(cursor);
    if (cursor->at == start) {
        return broken(reading, "a value is missing");
    }
    tide_text_append_n(&reading->text, start, (size_t)(cursor->at - start));
    return TIDE_OK;
}

static int append(struct reading *reading, int type)
{
    struct tide_builder *builder = &reading->texts[reading->schema->column_count - 1];
    int rc = TIDE_OK;

    tide_builder_init(builder, type == TIDE_TYPE_NULL ? type : TIDE_TYPE_STRING);
    rc = type == TIDE_TYPE_NULL
             ? tide_append_null(builder)
             : tide_append_bytes(builder, reading->text.data ? reading->text.data : "",
                                 reading->text.length);
    return rc == TIDE_OK ? TIDE_OK
                         : tide_error_set(reading->cursor.err, rc, "memory is out");
}

static int read_value(struct reading *reading)
{
    const char *found = *reading->types ? strchr(letters, *reading->types) : NULL;
    int type = found ? (int)(found - letters) : 0;
    int rc = TIDE_OK;

    if (!found) {
        return broken(reading, "there is no type for this column");
    }
    reading->types++;
    reading->schema->columns[reading->schema->column_count - 1].type = type;
    rc = read_text(reading, type);
    if (rc == TIDE_OK && type == TIDE_TYPE_NULL &&
        strcmp(reading->text.data ? reading->text.data : "", "null") != 0) {
        return broken(reading, "this is not null");
    }
    return rc == TIDE_OK ? append(reading, type) : rc;
}

static int read_member(struct reading *reading)
{
    int rc = TIDE_OK;

    tide_text_reset(&reading->text);
    if (!take(reading, '"')) {
        return broken(reading, "a name is missing");
    }
    rc = tide_json_take_text(&reading->cursor, &reading->text);
    if (rc == TIDE_OK && reading->text.length == 0) {
        return broken(reading, "a name is empty");
    }
    if (rc == TIDE_OK && !take(reading, ':')) {
        return broken(reading, "\":\" is missing");
    }
    if (rc == TIDE_OK && reading->schema->column_count == reading->capacity) {
        return broken(reading, "there is no type for this column");
    }
    if (rc == TIDE_OK && tide_schema_add_n(reading->schema, reading->text.data,
                                           reading->text.length, 0, 0) != TIDE_OK) {
        return tide_error_set(reading->cursor.err, TIDE_E_LIMIT, "memory is out");
    }
    return rc == TIDE_OK ? read_value(reading) : rc;
}

static int read_members(struct reading *reading)
{
    int rc = take(reading, '{') ? TIDE_OK : broken(reading, "this is no row");
    bool more = rc == TIDE_OK && !take(reading, '}');

    while (rc == TIDE_OK && more) {
        rc = read_member(reading);
        if (rc == TIDE_OK) {
            more = take(reading, ',');
        }
        if (rc == TIDE_OK && !more && !take(reading, '}')) {
            rc = broken(reading, "\",\" or \"}\" is missing");
        }
    }
    tide_json_skip_blank(&reading->cursor);
    if (rc == TIDE_OK && reading->cursor.at != reading->cursor.end) {
        return broken(reading, "there is more behind the row");
    }
    if (rc == TIDE_OK && *reading->types) {
        return tide_error_set(reading->cursor.err, TIDE_E_DATA,
                              "there are more types than columns");
    }
    return rc;
}

/* ---- types --------------------------------------------------------------------------*/

static int note_misfit(void *arg, int64_t row, const char *code, const char *message)
{
    (void)row;
    (void)code;
    return tide_error_set(arg, TIDE_E_DATA, "%s", message);
}

static int cast_values(const struct tide_schema *schema, struct tide_batch *batch,
                       struct tide_error *err)
{
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < schema->column_count; i++) {
        const struct tide_column *to = &schema->columns[i];
        const struct tide_column from = {.name = to->name, .type = TIDE_TYPE_STRING};

        if (to->type != TIDE_TYPE_NULL && to->type != TIDE_TYPE_STRING) {
            rc = tide_cast_column(batch, i, &from, to, NULL, note_misfit, err);
        }
    }
    if (rc == TIDE_E_LIMIT) {
        return tide_error_set(err, rc, "memory is out");
    }
    return rc;
}

static int build(struct reading *reading, struct tide_batch *batch,
                 struct tide_error *err)
{
    size_t count = reading->schema->column_count;
    int rc = tide_batch_init(batch, count, 1);

    for (size_t i = 0; rc == TIDE_OK && i < count; i++) {
        rc = tide_builder_finish(&reading->texts[i], batch->array.children[i]);
    }
    if (rc != TIDE_OK) {
        return tide_error_set(err, rc, "memory is out");
    }
    return cast_values(reading->schema, batch, err);
}

int tide_kept_row_read(const char *row, size_t length, const char *types,
                       struct tide_schema *schema, struct tide_batch *batch,
                       struct tide_error *err)
{
    struct tide_place where = {1, 1};
    struct reading reading = {
        .cursor = {.at = row, .end = row + length, .counted = row, .place = {1, 1}},
        .types = types,
        .schema = schema,
        .capacity = strlen(types),
    };
    int rc = TIDE_OK;

    reading.cursor.where = &where;
    reading.cursor.err = err;
    reading.texts = tide_alloc_array(reading.capacity + 1, sizeof *reading.texts);
    rc = read_members(&reading);
    if (rc == TIDE_OK) {
        rc = build(&reading, batch, err);
    }
    for (size_t i = 0; i < reading.capacity; i++) {
        tide_builder_clear(&reading.texts[i]);
    }
    free(reading.texts);
    tide_text_fini(&reading.text);
    if (rc != TIDE_OK) {
        tide_batch_release(batch);
        tide_schema_clear(schema);
        return tide_error_wrap(err, "kept row");
    }
    return TIDE_OK;
}
