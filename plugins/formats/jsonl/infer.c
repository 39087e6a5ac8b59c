/*
 * infer - the columns of a JSON lines file, from its first rows.
 *
 * Columns stand in the order in which their keys first appear; declared ones that do not
 * appear come last.  A column takes the one kind of value that was seen in it; of mixed
 * kinds, or of nothing but null, it becomes json, which loses nothing.  Lines that cannot
 * be read are left for the decoder to reject.
 */
#include <tidemill/value.h>

#include "jsonl.h"

/* The rows of a first batch decide, of so many bytes at most. */
#define SAMPLE_BYTES ((size_t)2 << 20)

/* More keys than this are taken for data that are no columns. */
#define MAX_COLUMNS ((size_t)65536)

enum seen {
    SEEN_INT64 = 1,
    SEEN_NUMBER = 2,
    SEEN_BOOL = 4,
    SEEN_STRING = 8,
    SEEN_NESTED = 16
};

/* Kinds seen in each column, as far as the search has come. */
struct survey {
    struct jsonl_decoder *decoder;
    struct tide_schema schema;
    struct names names;
    uint8_t *seen; /* of enum seen, for each column */
    size_t capacity;
    int64_t rows;
};

static uint8_t seen_of(const struct json_value *value)
{
    int64_t number;

    switch (value->kind) {
    case JSON_INTEGER:
        return tide_parse_int64((const char *)value->text, value->length, &number) ==
                       TIDE_OK
                   ? SEEN_INT64
                   : SEEN_NUMBER;
    case JSON_NUMBER:
        return SEEN_NUMBER;
    case JSON_BOOL:
        return SEEN_BOOL;
    case JSON_STRING:
        return SEEN_STRING;
    case JSON_NESTED:
        return SEEN_NESTED;
    default:
        return 0;
    }
}

static int add_column(struct survey *survey, const char *name, size_t length)
{
    size_t count = survey->schema.column_count;

    if (count == survey->capacity) {
        size_t capacity = count ? count * 2 : 64;
        uint8_t *seen = realloc(survey->seen, capacity);

        if (!seen) {
            return TIDE_E_LIMIT;
        }
        survey->seen = seen;
        survey->capacity = capacity;
    }
    if (tide_schema_add_n(&survey->schema, name, length, TIDE_TYPE_JSON, 0) != TIDE_OK) {
        return TIDE_E_LIMIT;
    }
    survey->seen[count] = 0;
    return names_update(&survey->names, &survey->schema);
}

static int note_field(struct survey *survey, const struct json_value *key,
                      const struct json_value *value)
{
    size_t length, column;
    const uint8_t *name = jsonl_key_text(survey->decoder, key, &length);
    int rc = TIDE_OK;

    if (!name) {
        return TIDE_E_LIMIT;
    }
    if (length == 0 || memchr(name, '\0', length) || !tide_is_utf8(name, length)) {
        return TIDE_OK;
    }
    column = names_find(&survey->names, &survey->schema, name, length);
    if (column == TIDE_NO_COLUMN) {
        column = survey->schema.column_count;
        rc = add_column(survey, (const char *)name, length);
    }
    if (rc == TIDE_OK) {
        survey->seen[column] |= seen_of(value);
    }
    return rc;
}

/* Look at each field of a line, and note it if there is a survey; *valid tells whether
 * the line is a JSON object at all. */
static int walk_line(struct survey *survey, struct json_text json, bool *valid)
{
    struct json_value key, value;
    bool first = true;
    int more;

    *valid = false;
    json_skip_blanks(&json);
    if (!json_take(&json, '{')) {
        return TIDE_OK;
    }
    while ((more = json_next_item(&json, &first)) > 0) {
        if (!json_read_key(&json, &key) || !json_pass_colon(&json) ||
            !json_read_value(&json, &value)) {
            return TIDE_OK;
        }
        if (survey && note_field(survey, &key, &value) != TIDE_OK) {
            return TIDE_E_LIMIT;
        }
    }
    json_skip_blanks(&json);
    *valid = more == 0 && json.at == json.end;
    return TIDE_OK;
}

static int survey_line(struct survey *survey, const uint8_t *data, size_t length)
{
    struct json_text json = {.at = data, .end = data + length};
    bool valid;
    int rc = walk_line(NULL, json, &valid);

    if (rc == TIDE_OK && valid) {
        rc = walk_line(survey, json, &valid);
        survey->rows++;
    }
    return rc;
}

static int survey_sample(struct survey *survey, const struct tide_span *sample,
                         size_t start)
{
    int64_t rows = survey->decoder->request.batch_rows;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && start < sample->length && survey->rows < rows &&
           survey->schema.column_count <= MAX_COLUMNS) {
        const uint8_t *data = sample->data + start;
        const uint8_t *line = memchr(data, '\n', sample->length - start);
        size_t length = line ? (size_t)(line - data) : sample->length - start;

        if (!line && !sample->last) {
            break;
        }
        rc = survey_line(survey, data, length);
        start += length + (line != NULL);
    }
    return rc;
}

static int mode_of(uint8_t seen)
{
    switch (seen) {
    case SEEN_INT64:
        return JSONL_INT64;
    case SEEN_NUMBER:
    case SEEN_NUMBER | SEEN_INT64:
        return JSONL_DECIMAL;
    case SEEN_BOOL:
        return JSONL_BOOL;
    case SEEN_STRING:
        return JSONL_STRING;
    default:
        return JSONL_JSON;
    }
}

static int type_of(int mode)
{
    static const int types[] = {
        [JSONL_INT64] = TIDE_TYPE_INT64, [JSONL_DECIMAL] = TIDE_TYPE_DECIMAL,
        [JSONL_BOOL] = TIDE_TYPE_BOOL,   [JSONL_STRING] = TIDE_TYPE_STRING,
        [JSONL_JSON] = TIDE_TYPE_JSON,   [JSONL_TEXT] = TIDE_TYPE_STRING};

    return types[mode];
}

/* Declared columns that no row had. */
static int add_declared(struct survey *survey)
{
    const struct tide_schema *declared = survey->decoder->request.declared;
    int rc = TIDE_OK;

    for (size_t i = 0; declared && i < declared->column_count && rc == TIDE_OK; i++) {
        const char *name = declared->columns[i].name;

        if (tide_schema_find(&survey->schema, name) == TIDE_NO_COLUMN) {
            rc = add_column(survey, name, strlen(name));
        }
    }
    return rc;
}

/* What a declared column takes is all text, but json; the engine casts it. */
static int mode_of_column(const struct survey *survey, size_t column)
{
    const struct tide_schema *declared = survey->decoder->request.declared;
    size_t at;

    if (!declared) {
        return mode_of(survey->seen[column]);
    }
    at = tide_schema_find(declared, survey->schema.columns[column].name);
    if (at == TIDE_NO_COLUMN) {
        return mode_of(survey->seen[column]);
    }
    return declared->columns[at].type == TIDE_TYPE_JSON ? JSONL_JSON : JSONL_TEXT;
}

static int init_column(struct jsonl_column *column, const char *name, int mode)
{
    size_t length = strlen(name);
    uint8_t mask[8] = {0};

    column->mode = mode;
    column->name = name;
    column->expected = 4096;
    tide_builder_init(&column->builder, type_of(mode));
    column->quoted = calloc(1, length + 2 + 8);
    if (!column->quoted) {
        return TIDE_E_LIMIT;
    }
    column->quoted[0] = '"';
    memcpy(column->quoted + 1, name, length);
    column->quoted[length + 1] = '"';
    column->quoted_length = length + 2;
    memset(mask, 0xff, column->quoted_length % 8);
    memcpy(&column->last_mask, mask, sizeof mask);
    return TIDE_OK;
}

/* Give each column its type; what was seen in it gives way to its mode. */
static void decide(struct survey *survey)
{
    for (size_t i = 0; i < survey->schema.column_count; i++) {
        int mode = mode_of_column(survey, i);

        survey->seen[i] = (uint8_t)mode;
        survey->schema.columns[i].type = type_of(mode);
    }
}

/* Keep the columns found, and give them to schema. */
static int keep_columns(struct survey *survey, struct tide_schema *schema)
{
    struct jsonl_decoder *decoder = survey->decoder;
    size_t count = survey->schema.column_count;
    int rc = TIDE_OK;

    decoder->columns = calloc(count + 1, sizeof *decoder->columns);
    if (!decoder->columns) {
        return TIDE_E_LIMIT;
    }
    decoder->schema = survey->schema;
    survey->schema = (struct tide_schema){0};
    decoder->names = survey->names;
    survey->names = (struct names){0};
    for (size_t i = 0; i < count && rc == TIDE_OK; i++) {
        rc = init_column(&decoder->columns[i], decoder->schema.columns[i].name,
                         survey->seen[i]);
    }
    return rc == TIDE_OK ? tide_schema_copy(&decoder->schema, schema) : rc;
}

static int finish(struct survey *survey, struct tide_schema *schema,
                  struct tide_error *err)
{
    const char *origin = survey->decoder->request.origin;
    int rc = add_declared(survey);

    if (rc == TIDE_OK && survey->schema.column_count > MAX_COLUMNS) {
        return tide_error_at(err, TIDE_E_DATA, origin,
                             "the first rows have more than %zu different keys",
                             MAX_COLUMNS);
    }
    if (rc == TIDE_OK) {
        decide(survey);
        rc = keep_columns(survey, schema);
    }
    return rc == TIDE_OK ? rc : tide_error_set(err, rc, "out of memory");
}

static int mode_of_type(int type)
{
    switch (type) {
    case TIDE_TYPE_INT64:
        return JSONL_INT64;
    case TIDE_TYPE_DECIMAL:
        return JSONL_DECIMAL;
    case TIDE_TYPE_BOOL:
        return JSONL_BOOL;
    case TIDE_TYPE_STRING:
        return JSONL_STRING;
    default:
        return JSONL_JSON;
    }
}

/* The columns are those of the files before: what does not fit them is rejected by the
 * row, as behind the first rows of one file. */
static int adopt_columns(struct survey *survey, const struct tide_schema *table,
                         struct tide_schema *schema)
{
    int rc = TIDE_OK;

    for (size_t i = 0; i < table->column_count && rc == TIDE_OK; i++) {
        const char *name = table->columns[i].name;

        rc = add_column(survey, name, strlen(name));
    }
    for (size_t i = 0; i < table->column_count && rc == TIDE_OK; i++) {
        bool as_text = mode_of_column(survey, i) == JSONL_TEXT;

        survey->seen[i] =
            (uint8_t)(as_text ? JSONL_TEXT : mode_of_type(table->columns[i].type));
        survey->schema.columns[i].type = table->columns[i].type;
    }
    return rc == TIDE_OK ? keep_columns(survey, schema) : rc;
}

/* Survey the sample; TIDE_MORE when it is too short to tell. */
static int find_columns(struct survey *survey, const struct tide_span *sample,
                        size_t start, struct tide_schema *schema, struct tide_error *err)
{
    int rc;

    if (!sample->last && sample->length < SAMPLE_BYTES) {
        return TIDE_MORE;
    }
    rc = survey_sample(survey, sample, start);
    if (rc != TIDE_OK) {
        return tide_error_set(err, rc, "out of memory");
    }
    if (!sample->last && survey->rows == 0) {
        return TIDE_MORE;
    }
    return finish(survey, schema, err);
}

int jsonl_decoder_schema(void *state, const struct tide_span *sample,
                         struct tide_schema *schema, struct tide_error *err)
{
    struct jsonl_decoder *decoder = state;
    const struct tide_schema *table = decoder->request.table;
    struct survey survey = {.decoder = decoder};
    size_t mark;
    int rc = jsonl_read_mark(decoder, sample, &mark, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (table && table->column_count > 0) {
        rc = adopt_columns(&survey, table, schema);
        if (rc != TIDE_OK) {
            (void)tide_error_set(err, rc, "out of memory");
        }
    } else {
        rc = find_columns(&survey, sample, mark, schema, err);
    }
    tide_schema_clear(&survey.schema);
    names_fini(&survey.names);
    free(survey.seen);
    return rc;
}
