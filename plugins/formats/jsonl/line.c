/*
 * line - one line of JSON as one row, or as a reject.
 *
 * Keys mostly come in the order of the columns: the next column's key is compared with
 * the line as it stands there, and only when that fails is a key read and looked up.  A
 * row that turns out bad half-way is taken back.
 */
#include <tidemill/value.h>

#include "../../shared/format/reject.h"
#include "jsonl.h"

/* The longest part of a key that a message shows. */
#define SHOWN_KEY 100

int jsonl_reject(struct jsonl_decoder *decoder, const struct jsonl_line *line,
                 struct tide_error *err, const char *code, const char *format, ...)
{
    const struct tide_reject reject = {.code = code,
                                       .origin = decoder->request.origin,
                                       .position = decoder->line,
                                       .raw = (const char *)line->data,
                                       .raw_length = line->length};
    va_list args;
    int rc;

    va_start(args, format);
    rc = reject_with(decoder->host, reject, err, format, args);
    va_end(args);
    return rc;
}

/* A line on its way to become a row. */
struct row {
    struct json_text json;
    const struct jsonl_line *line;
    size_t next;   /* the column that is expected */
    size_t filled; /* columns that have their value */
};

static int reject_malformed(struct jsonl_decoder *decoder, const struct row *row,
                            struct tide_error *err)
{
    return jsonl_reject(decoder, row->line, err, "malformed_json", "byte %zu: %s",
                        (size_t)(row->json.at - row->line->data) + 1, row->json.fault);
}

/* Whether nothing stands behind the whole. */
static bool is_at_end(struct row *row)
{
    json_skip_blanks(&row->json);
    return row->json.at == row->json.end ||
           json_fail(&row->json, "something stands behind the object");
}

/* Behind a value: whether the rest of the line is JSON.  A line that is none is rejected
 * for that, whatever else is wrong with it. */
static bool is_sound(struct row *row)
{
    struct json_value value;
    bool first = false;
    int more;

    while ((more = json_next_item(&row->json, &first)) > 0) {
        if (!json_read_key(&row->json, &value) || !json_pass_colon(&row->json) ||
            !json_read_value(&row->json, &value)) {
            return false;
        }
    }
    return more == 0 && is_at_end(row);
}

static int reject_mismatch(struct jsonl_decoder *decoder, struct row *row,
                           const struct jsonl_column *column,
                           const struct json_value *value, struct tide_error *err)
{
    static const char *const kinds[] = {
        [JSON_NULL] = "null",          [JSON_BOOL] = "true or false",
        [JSON_INTEGER] = "an integer", [JSON_NUMBER] = "a number",
        [JSON_STRING] = "a string",    [JSON_NESTED] = "an object or array"};
    bool large = column->mode == JSONL_INT64 && value->kind == JSON_INTEGER;

    if (!is_sound(row)) {
        return reject_malformed(decoder, row, err);
    }
    return jsonl_reject(decoder, row->line, err, "type_mismatch",
                        "\"%s\" is %s, where the %s made the column %s; declare its type "
                        "under types: in the definition",
                        column->name, large ? "beyond 64 bits" : kinds[value->kind],
                        decoder->request.table ? "first file, or a SCHEMA,"
                                               : "first rows",
                        tide_type_name(column->builder.type));
}

static int reject_duplicate(struct jsonl_decoder *decoder, struct row *row,
                            const struct jsonl_column *column, struct tide_error *err)
{
    if (!is_sound(row)) {
        return reject_malformed(decoder, row, err);
    }
    return jsonl_reject(decoder, row->line, err, "duplicate_key",
                        "the key \"%s\" stands in the line twice", column->name);
}

/* A key, which has just been read, that is no column's. */
static int reject_key(struct jsonl_decoder *decoder, struct row *row, const uint8_t *key,
                      size_t length, struct tide_error *err)
{
    struct json_value value;
    size_t shown = length < SHOWN_KEY ? length : SHOWN_KEY;

    if (!json_pass_colon(&row->json) || !json_read_value(&row->json, &value) ||
        !is_sound(row)) {
        return reject_malformed(decoder, row, err);
    }
    while (shown < length && shown > 0 && (key[shown] & 0xc0) == 0x80) {
        shown--;
    }
    return jsonl_reject(decoder, row->line, err, "unknown_field",
                        "the first rows had no \"%.*s\"%s; declare its type under types: "
                        "in the definition",
                        (int)shown, (const char *)key, shown < length ? "..." : "");
}

static uint64_t load_word(const void *from)
{
    uint64_t word;

    memcpy(&word, from, sizeof word);
    return word;
}

/* Whether the expected column's key stands here; it is then passed.  Words are compared,
 * the last one as far as the key goes: both sides are padded. */
static inline bool take_expected(const struct jsonl_decoder *decoder, struct row *row)
{
    const struct jsonl_column *column = &decoder->columns[row->next];
    size_t length, i;

    if (row->next == decoder->schema.column_count) {
        return false;
    }
    length = column->quoted_length;
    if ((size_t)(row->json.end - row->json.at) < length) {
        return false;
    }
    for (i = 0; i + 8 <= length; i += 8) {
        if (load_word(row->json.at + i) != load_word(column->quoted + i)) {
            return false;
        }
    }
    if ((load_word(row->json.at + i) ^ load_word(column->quoted + i)) &
        column->last_mask) {
        return false;
    }
    row->json.at += length;
    return true;
}

/* Read a key and find its column.  TIDE_END: the line was rejected. */
static int find_column(struct jsonl_decoder *decoder, struct row *row, size_t *column,
                       struct tide_error *err)
{
    struct json_value key;
    const uint8_t *name;
    size_t length;
    int rc;

    if (take_expected(decoder, row)) {
        *column = row->next;
        return TIDE_OK;
    }
    if (!json_read_key(&row->json, &key)) {
        rc = reject_malformed(decoder, row, err);
        return rc == TIDE_OK ? TIDE_END : rc;
    }
    name = jsonl_key_text(decoder, &key, &length);
    if (!name) {
        return tide_error_memory(err);
    }
    *column = names_find(&decoder->names, &decoder->schema, name, length);
    if (*column == TIDE_NO_COLUMN) {
        rc = reject_key(decoder, row, name, length, err);
        return rc == TIDE_OK ? TIDE_END : rc;
    }
    return TIDE_OK;
}

/* Read one field into its column.  TIDE_END: the line was rejected. */
static int read_field(struct jsonl_decoder *decoder, struct row *row,
                      struct tide_error *err)
{
    struct jsonl_column *column;
    struct json_value value;
    size_t at = TIDE_NO_COLUMN;
    int rc = find_column(decoder, row, &at, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    column = &decoder->columns[at];
    if (!json_pass_colon(&row->json) || !json_read_value(&row->json, &value)) {
        rc = reject_malformed(decoder, row, err);
    } else if (column->builder.length > decoder->rows) {
        rc = reject_duplicate(decoder, row, column, err);
    } else {
        rc = jsonl_append(column, &value);
        row->next = at + 1;
        row->filled++;
        if (rc == TIDE_OK) {
            return TIDE_OK;
        }
        rc = rc == TIDE_E_DATA ? reject_mismatch(decoder, row, column, &value, err)
                               : tide_error_set(err, rc, "out of memory");
    }
    return rc == TIDE_OK ? TIDE_END : rc;
}

static int reject_no_object(struct jsonl_decoder *decoder, struct row *row,
                            struct tide_error *err)
{
    struct json_value value;

    if (json_read_value(&row->json, &value)) {
        json_skip_blanks(&row->json);
        if (row->json.at == row->json.end) {
            return jsonl_reject(decoder, row->line, err, "not_an_object",
                                "the line is no JSON object, but %s",
                                value.kind == JSON_NESTED ? "an array"
                                                          : "a single value");
        }
        (void)json_fail(&row->json, "something stands behind the value");
    }
    return reject_malformed(decoder, row, err);
}

/* All fields.  TIDE_END: the line was rejected. */
static int read_object(struct jsonl_decoder *decoder, struct row *row,
                       struct tide_error *err)
{
    bool first = true;
    int more, rc;

    json_skip_blanks(&row->json);
    if (!json_take(&row->json, '{')) {
        rc = reject_no_object(decoder, row, err);
        return rc == TIDE_OK ? TIDE_END : rc;
    }
    while ((more = json_next_item(&row->json, &first)) > 0) {
        rc = read_field(decoder, row, err);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    if (more == 0 && is_at_end(row)) {
        return TIDE_OK;
    }
    rc = reject_malformed(decoder, row, err);
    return rc == TIDE_OK ? TIDE_END : rc;
}

static void take_back(struct jsonl_decoder *decoder)
{
    for (size_t i = 0; i < decoder->schema.column_count; i++) {
        if (decoder->columns[i].builder.length > decoder->rows) {
            tide_builder_truncate(&decoder->columns[i].builder, decoder->rows);
        }
    }
}

/* Columns without a value in this row are null. */
static int fill_up(struct jsonl_decoder *decoder)
{
    for (size_t i = 0; i < decoder->schema.column_count; i++) {
        struct tide_builder *builder = &decoder->columns[i].builder;

        if (builder->length == decoder->rows && tide_append_null(builder) != TIDE_OK) {
            return TIDE_E_LIMIT;
        }
    }
    return TIDE_OK;
}

int jsonl_read_line(struct jsonl_decoder *decoder, const struct jsonl_line *line,
                    bool is_utf8, struct tide_error *err)
{
    struct row row = {.json = {.at = line->data, .end = line->data + line->length},
                      .line = line};
    int rc;

    json_skip_blanks(&row.json);
    if (row.json.at == row.json.end) {
        return TIDE_OK;
    }
    if (!is_utf8 && !tide_is_utf8(line->data, line->length)) {
        return jsonl_reject(decoder, line, err, "invalid_utf8",
                            "the line is not valid UTF-8");
    }
    if (decoder->rows == decoder->room && jsonl_grow(decoder) != TIDE_OK) {
        return tide_error_memory(err);
    }
    rc = read_object(decoder, &row, err);
    if (rc != TIDE_OK) {
        take_back(decoder);
        return rc == TIDE_END ? TIDE_OK : rc;
    }
    if (row.filled < decoder->schema.column_count && fill_up(decoder) != TIDE_OK) {
        return tide_error_memory(err);
    }
    decoder->positions[decoder->rows++] = decoder->line;
    return TIDE_OK;
}
