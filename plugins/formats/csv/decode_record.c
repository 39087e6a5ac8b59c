/*
 * decode_record - single records by the full rules, and what becomes of those that break
 * them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <tidemill/value.h>

#include "../../shared/format/reject.h"
#include "csv.h"

int csv_reject(struct csv_decoder *decoder, const uint8_t *raw, size_t length,
               struct tide_error *err, const char *code, const char *format, ...)
{
    const struct tide_reject reject = {.code = code,
                                       .origin = decoder->request.origin,
                                       .position = decoder->line,
                                       .raw = (const char *)raw,
                                       .raw_length = length};
    va_list args;
    int rc;

    va_start(args, format);
    rc = reject_with(decoder->host, reject, err, format, args);
    va_end(args);
    return rc;
}

int csv_reject_ragged(struct csv_decoder *decoder, const uint8_t *raw, size_t length,
                      size_t found, struct tide_error *err)
{
    return csv_reject(decoder, raw, length, err, "ragged_row",
                      "the row has %zu field%s where %zu %s expected", found,
                      found == 1 ? "" : "s", decoder->schema.column_count,
                      decoder->schema.column_count == 1 ? "is" : "are");
}

int csv_reject_utf8(struct csv_decoder *decoder, const uint8_t *raw, size_t length,
                    size_t column, struct tide_error *err)
{
    return csv_reject(decoder, raw, length, err, "invalid_utf8",
                      "column \"%s\" is not valid UTF-8",
                      decoder->schema.columns[column].name);
}

size_t csv_shown_length(const uint8_t *data, size_t length)
{
    if (length && data[length - 1] == '\n') {
        length--;
    }
    if (length && data[length - 1] == '\r') {
        length--;
    }
    return length;
}

static size_t find_bad_field(const struct csv_record *record, const uint8_t *data)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct csv_field *field = &record->fields[i];

        if (!tide_is_utf8(data + field->start, field->end - field->start)) {
            return i;
        }
    }
    return TIDE_NO_COLUMN;
}

static bool is_blank(const struct csv_record *record)
{
    return record->field_count == 1 && !record->fields[0].quoted &&
           record->fields[0].start == record->fields[0].end;
}

/* Append the complete record in hand, or reject it. */
static int take_record(struct csv_decoder *decoder, const uint8_t *data,
                       struct tide_error *err)
{
    const struct csv_record *record = &decoder->record;
    size_t length = csv_shown_length(data, record->length);
    size_t bad;

    if (record->field_count != decoder->schema.column_count) {
        return is_blank(record)
                   ? TIDE_OK
                   : csv_reject_ragged(decoder, data, length, record->field_count, err);
    }
    bad = find_bad_field(record, data);
    if (bad != TIDE_NO_COLUMN) {
        return csv_reject_utf8(decoder, data, length, bad, err);
    }
    decoder->positions[decoder->rows] = decoder->line;
    if (csv_columns_append_record(decoder, data) != TIDE_OK) {
        return tide_error_set(err, TIDE_E_LIMIT,
                              "out of memory, or over 2 GiB in one column");
    }
    return TIDE_OK;
}

static int reject_malformed(struct csv_decoder *decoder, const uint8_t *data,
                            struct tide_error *err)
{
    const struct csv_record *record = &decoder->record;
    int64_t line = decoder->line + csv_count_lines(data, record->fault);

    return csv_reject(
        decoder, data, csv_shown_length(data, record->length), err, "malformed_quote",
        "in line %" PRId64 ", field %zu: text stands behind a closing quote "
        "(a quote within quotes is written twice)",
        line, record->field_count + 1);
}

/* The quotes of a record lead nowhere: give up the line it starts in alone, so that the
 * lines behind it are not lost with it. */
static int reject_line(struct csv_decoder *decoder, const uint8_t *data, size_t length,
                       const char *code, const char *message, struct tide_error *err)
{
    const uint8_t *line = memchr(data, '\n', length);
    size_t size = line ? (size_t)(line - data) + 1 : length;
    int rc =
        csv_reject(decoder, data, csv_shown_length(data, size), err, code, "%s", message);

    decoder->skipping = !line;
    decoder->record.length = size;
    return rc;
}

static int reject_long(struct csv_decoder *decoder, const uint8_t *data, size_t length,
                       struct tide_error *err)
{
    char message[160];

    (void)snprintf(message, sizeof message,
                   "the record that starts here is longer than max_row_size (%" PRId64
                   " bytes); is a quote never closed?",
                   decoder->options->max_row_size);
    return reject_line(decoder, data, length, "row_too_long", message, err);
}

int csv_decode_record(struct csv_decoder *decoder, const struct tide_span *span,
                      size_t *pos, struct tide_error *err)
{
    struct csv_record *record = &decoder->record;
    const uint8_t *data = span->data + *pos;
    size_t limit = (size_t)decoder->options->max_row_size;
    size_t left = span->length - *pos;
    int rc = csv_record_read(record, &decoder->syntax, data, left, span->last);

    if (((rc == CSV_MORE || rc == CSV_UNTERMINATED) && left > limit) ||
        ((rc == CSV_COMPLETE || rc == CSV_MALFORMED) && record->length > limit)) {
        rc = reject_long(decoder, data, left, err);
    } else if (rc == CSV_MORE) {
        return TIDE_MORE;
    } else if (rc == CSV_COMPLETE) {
        rc = take_record(decoder, data, err);
    } else if (rc == CSV_MALFORMED) {
        rc = reject_malformed(decoder, data, err);
    } else if (rc == CSV_UNTERMINATED) {
        rc = reject_line(decoder, data, left, "malformed_quote",
                         "a quote that opens in this line is never closed", err);
    }
    if (rc < 0) {
        return rc;
    }
    decoder->line += csv_count_lines(data, record->length);
    *pos += record->length;
    csv_record_reset(record);
    return TIDE_OK;
}
