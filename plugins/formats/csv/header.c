/*
 * header - the columns of a CSV file, from its first record.
 */
#include <stdio.h>
#include <tidemill/value.h>

#include "csv.h"

/* More columns than this are taken for a file that is not CSV. */
#define MAX_COLUMNS ((size_t)65536)

static int refuse(const struct csv_decoder *decoder, struct tide_error *err,
                  const char *message)
{
    return tide_error_at(err, TIDE_E_DATA, decoder->request.origin, "%s", message);
}

/* The byte order mark of UTF-8, which is skipped; those of other encodings are an
 * error. */
static int read_mark(struct csv_decoder *decoder, const struct tide_span *sample,
                     struct tide_error *err)
{
    const uint8_t *data = sample->data;

    if (sample->length >= 2 &&
        ((data[0] == 0xff && data[1] == 0xfe) || (data[0] == 0xfe && data[1] == 0xff))) {
        return refuse(decoder, err,
                      "the file is in UTF-16 or UTF-32, as its byte order mark says: "
                      "convert it to UTF-8, for instance with iconv");
    }
    if (sample->length >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        decoder->mark = 3;
    }
    decoder->lead = decoder->mark;
    return TIDE_OK;
}

static bool is_blank_record(const struct csv_record *record)
{
    return record->field_count == 1 && !record->fields[0].quoted &&
           record->fields[0].start == record->fields[0].end;
}

/* Whether a CR ends lines here by itself, as on the Macintosh of old. */
static bool has_lone_cr(const struct csv_record *record, const uint8_t *data)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct csv_field *field = &record->fields[i];

        if (!field->quoted &&
            memchr(data + field->start, '\r', field->end - field->start)) {
            return true;
        }
    }
    return false;
}

static int refuse_record(const struct csv_decoder *decoder, int outcome,
                         struct tide_error *err)
{
    char where[sizeof err->where];

    (void)snprintf(where, sizeof where, "%s:%lld", decoder->request.origin,
                   (long long)decoder->line);
    if (outcome == CSV_UNTERMINATED) {
        return tide_error_at(err, TIDE_E_DATA, where,
                             "the first record opens a quote that is never closed");
    }
    if (outcome == CSV_MALFORMED) {
        return tide_error_at(err, TIDE_E_DATA, where,
                             "in the first record, text stands behind a closing quote; "
                             "is the quote character %c?",
                             decoder->syntax.quote);
    }
    return tide_error_set(err, outcome, "out of memory");
}

/* Read the first record that is not a blank line; lead moves in front of it. */
static int read_first(struct csv_decoder *decoder, const struct tide_span *sample,
                      struct tide_error *err)
{
    struct csv_record *record = &decoder->record;

    record->keep = MAX_COLUMNS + 1;
    for (;;) {
        const uint8_t *data = sample->data + decoder->lead;
        int rc;

        csv_record_reset(record);
        rc = csv_record_read(record, &decoder->syntax, data,
                             sample->length - decoder->lead, sample->last);
        if (rc == CSV_NOTHING) {
            return TIDE_END;
        }
        if (rc == CSV_MORE) {
            return sample->length > (size_t)decoder->options->max_row_size
                       ? refuse(decoder, err,
                                "the first record is longer than max_row_size")
                       : TIDE_MORE;
        }
        if (rc != CSV_COMPLETE) {
            return refuse_record(decoder, rc, err);
        }
        if (!is_blank_record(record)) {
            return TIDE_OK;
        }
        decoder->lead += record->length;
        decoder->lead_lines++;
        decoder->line++;
    }
}

static int add_numbered(struct tide_schema *schema)
{
    char name[32];

    (void)snprintf(name, sizeof name, "column_%zu", schema->column_count + 1);
    return tide_schema_add(schema, name, TIDE_TYPE_STRING, 0);
}

static int add_named(struct csv_decoder *decoder, const uint8_t *data,
                     const struct csv_field *field, struct tide_schema *schema,
                     struct tide_error *err)
{
    size_t length = field->end - field->start;
    char *name = malloc(length + 1);
    size_t number = schema->column_count + 1;
    int rc;

    if (!name) {
        return tide_error_memory(err);
    }
    memcpy(name, data + field->start, length);
    if (field->quoted) {
        length =
            csv_unescape((uint8_t *)name, data + field->start, length, &decoder->syntax);
    }
    name[length] = '\0';
    if (memchr(name, '\0', length) || !tide_is_utf8((const uint8_t *)name, length)) {
        rc = tide_error_at(err, TIDE_E_DATA, decoder->request.origin,
                           "the name of column %zu is not UTF-8 text", number);
    } else if (length > 0 && tide_schema_find(schema, name) != TIDE_NO_COLUMN) {
        rc = tide_error_at(err, TIDE_E_DATA, decoder->request.origin,
                           "columns %zu and %zu are both named \"%s\"",
                           tide_schema_find(schema, name) + 1, number, name);
    } else {
        rc = length ? tide_schema_add_n(schema, name, length, TIDE_TYPE_STRING, 0)
                    : add_numbered(schema);
    }
    free(name);
    return rc;
}

/* One column, in whose name stands what parts the fields of other files. */
static void warn_of_delimiter(const struct csv_decoder *decoder,
                              const struct tide_schema *schema)
{
    const char *found =
        schema->column_count == 1 ? strpbrk(schema->columns[0].name, ",;\t|") : NULL;
    bool is_told = decoder->request.table && decoder->request.table->column_count > 0;
    char likely[] = {found ? *found : '\0', '\0'}, text[512];

    if (!found || decoder->record.fields[0].quoted || is_told) {
        return;
    }
    (void)snprintf(
        text, sizeof text,
        "%.200s: the header is one column, \"%.100s\"; is the option delimiter "
        "\"%s\"?",
        decoder->request.origin, schema->columns[0].name,
        *found == '\t' ? "\\t" : likely);
    decoder->host->log(decoder->host, TIDE_LOG_WARNING, text);
}

static int read_names(struct csv_decoder *decoder, const uint8_t *data,
                      struct tide_schema *schema, struct tide_error *err)
{
    const struct csv_record *record = &decoder->record;
    int rc = TIDE_OK;

    if (has_lone_cr(record, data)) {
        return refuse(decoder, err,
                      "the first line holds a CR that is not followed by LF: convert the "
                      "line ends to LF or CR LF");
    }
    for (size_t i = 0; i < record->field_count && rc == TIDE_OK; i++) {
        rc = add_named(decoder, data, &record->fields[i], schema, err);
    }
    if (rc == TIDE_OK) {
        warn_of_delimiter(decoder, schema);
    }
    decoder->lead += record->length;
    decoder->lead_lines += csv_count_lines(data, record->length);
    return rc;
}

static int give_names(const struct csv_decoder *decoder, struct tide_schema *schema)
{
    const struct tide_list *names = &decoder->options->columns;
    size_t count = names->count ? names->count : decoder->record.field_count;
    int rc = TIDE_OK;

    for (size_t i = 0; i < count && rc == TIDE_OK; i++) {
        rc = names->count ? tide_schema_add(schema, names->items[i], TIDE_TYPE_STRING, 0)
                          : add_numbered(schema);
    }
    return rc;
}

static int find_columns(struct csv_decoder *decoder, const struct tide_span *sample,
                        struct tide_schema *schema, struct tide_error *err)
{
    const uint8_t *data = sample->data + decoder->lead;
    int rc;

    if (decoder->record.field_count > MAX_COLUMNS) {
        return refuse(decoder, err,
                      "the first record has more than 65536 fields: is it CSV?");
    }
    rc = decoder->options->header ? read_names(decoder, data, schema, err)
                                  : give_names(decoder, schema);
    if (!decoder->options->header && schema->column_count == 1) {
        decoder->lead = decoder->mark; /* blank lines are rows */
        decoder->lead_lines = 0;
    }
    if (rc == TIDE_E_LIMIT) {
        return tide_error_set(err, rc, "out of memory");
    }
    return rc;
}

/* Columns are kept here too, with the memory that goes with each. */
static int keep_columns(struct csv_decoder *decoder, const struct tide_schema *schema,
                        struct tide_error *err)
{
    size_t count = schema->column_count;

    decoder->columns = calloc(count + 1, sizeof *decoder->columns);
    decoder->expected = calloc(count + 1, sizeof *decoder->expected);
    if (!decoder->columns || !decoder->expected ||
        tide_schema_copy(schema, &decoder->schema) != TIDE_OK) {
        return tide_error_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        tide_builder_init(&decoder->columns[i], TIDE_TYPE_STRING);
        decoder->expected[i] = 4096;
    }
    decoder->record.keep = count;
    return TIDE_OK;
}

int csv_decoder_schema(void *state, const struct tide_span *sample,
                       struct tide_schema *schema, struct tide_error *err)
{
    struct csv_decoder *decoder = state;
    struct tide_schema found = {0};
    int rc;

    decoder->mark = 0;
    decoder->lead_lines = 0;
    decoder->line = 1;
    rc = read_mark(decoder, sample, err);
    if (rc == TIDE_OK) {
        rc = read_first(decoder, sample, err);
    }
    if (rc == TIDE_END && decoder->options->columns.count == 0) {
        return TIDE_OK;
    }
    if (rc == TIDE_OK || rc == TIDE_END) {
        rc = find_columns(decoder, sample, &found, err);
    }
    if (rc == TIDE_OK) {
        rc = keep_columns(decoder, &found, err);
    }
    if (rc == TIDE_OK) {
        *schema = found;
        return TIDE_OK;
    }
    tide_schema_clear(&found);
    return rc;
}
