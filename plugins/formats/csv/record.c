/*
 * record - the state machine behind record.h.
 */
#include "record.h"

#include <stdlib.h>
#include <string.h>
#include <tidemill/error.h>

enum state { START, UNQUOTED, QUOTED, CLOSED, TRAILING, CLOSED_CR, FAULT, DONE };

struct input {
    const struct csv_syntax *syntax;
    const uint8_t *data;
    size_t length;
    bool last;
};

void csv_record_reset(struct csv_record *record)
{
    record->field_count = 0;
    record->length = 0;
    record->fault = 0;
    record->state = START;
    record->position = 0;
    record->start = 0;
    record->end = 0;
}

void csv_record_fini(struct csv_record *record)
{
    free(record->fields);
    memset(record, 0, sizeof *record);
}

/* A blank that trim drops: a tab that separates fields is none. */
static bool is_blank(const struct csv_syntax *syntax, uint8_t byte)
{
    return (byte == ' ' || byte == '\t') && byte != syntax->delimiter;
}

static int add_field(struct csv_record *record, size_t start, size_t end, bool quoted)
{
    if (record->field_count == record->capacity && record->capacity < record->keep) {
        size_t capacity = record->capacity ? record->capacity * 2 : 16;
        struct csv_field *fields =
            realloc(record->fields, capacity * sizeof *record->fields);

        if (!fields) {
            return TIDE_E_LIMIT;
        }
        record->fields = fields;
        record->capacity = capacity;
    }
    if (record->field_count < record->capacity) {
        record->fields[record->field_count] =
            (struct csv_field){.start = start, .end = end, .quoted = quoted};
    }
    record->field_count++;
    return TIDE_OK;
}

static int close_unquoted(struct csv_record *record, const struct input *in, bool row_end)
{
    size_t end = record->position;

    if (row_end && end > record->start && in->data[end - 1] == '\r') {
        end--;
    }
    if (in->syntax->trim) {
        while (end > record->start && is_blank(in->syntax, in->data[end - 1])) {
            end--;
        }
    }
    return add_field(record, record->start, end, false);
}

static int end_record(struct csv_record *record)
{
    record->state = DONE;
    record->length = record->position;
    return TIDE_OK;
}

static int read_start(struct csv_record *record, const struct input *in)
{
    while (in->syntax->trim && record->position < in->length &&
           is_blank(in->syntax, in->data[record->position])) {
        record->position++;
    }
    record->start = record->position;
    if (record->position < in->length) {
        record->state = UNQUOTED;
        if (in->data[record->position] == in->syntax->quote) {
            record->state = QUOTED;
            record->start = ++record->position;
        }
    }
    return TIDE_OK;
}

static int read_unquoted(struct csv_record *record, const struct input *in)
{
    uint8_t delimiter = in->syntax->delimiter;
    size_t at = record->position;
    int rc;

    while (at < in->length && in->data[at] != delimiter && in->data[at] != '\n') {
        at++;
    }
    record->position = at;
    if (at == in->length) {
        return TIDE_OK;
    }
    rc = close_unquoted(record, in, in->data[at] == '\n');
    record->position++;
    record->state = START;
    if (rc == TIDE_OK && in->data[at] == '\n') {
        rc = end_record(record);
    }
    return rc;
}

/* Inside quotes with an escape of its own; an escape at the very end waits for its
 * second byte. */
static int read_escaped(struct csv_record *record, const struct input *in)
{
    const struct csv_syntax *syntax = in->syntax;
    size_t at = record->position;

    while (at < in->length && in->data[at] != syntax->quote) {
        if (in->data[at] == syntax->escape) {
            if (at + 1 == in->length && !in->last) {
                break;
            }
            if (at + 1 < in->length && (in->data[at + 1] == syntax->quote ||
                                        in->data[at + 1] == syntax->escape)) {
                at++;
            }
        }
        at++;
    }
    record->position = at;
    if (at < in->length && in->data[at] == syntax->quote) {
        record->end = at;
        record->position++;
        record->state = CLOSED;
    }
    return TIDE_OK;
}

static int read_quoted(struct csv_record *record, const struct input *in)
{
    const uint8_t *from = in->data + record->position;
    const uint8_t *quote;

    if (in->syntax->escape != in->syntax->quote) {
        return read_escaped(record, in);
    }
    quote = memchr(from, in->syntax->quote, in->length - record->position);
    if (!quote) {
        record->position = in->length;
        return TIDE_OK;
    }
    record->end = (size_t)(quote - in->data);
    record->position = record->end + 1;
    record->state = CLOSED;
    return TIDE_OK;
}

/* Behind a closing quote. */
static int read_closed(struct csv_record *record, const struct input *in)
{
    const struct csv_syntax *syntax = in->syntax;
    uint8_t byte = in->data[record->position];
    bool after_cr = record->state == CLOSED_CR;
    int rc = TIDE_OK;

    if (record->state == CLOSED && byte == syntax->quote &&
        syntax->escape == syntax->quote) {
        record->state = QUOTED;
    } else if (byte == syntax->delimiter && !after_cr) {
        rc = add_field(record, record->start, record->end, true);
        record->state = START;
    } else if (byte == '\n') {
        rc = add_field(record, record->start, record->end, true);
        record->position++;
        return rc == TIDE_OK ? end_record(record) : rc;
    } else if (byte == '\r' && !after_cr) {
        record->state = CLOSED_CR;
    } else if (syntax->trim && is_blank(syntax, byte) && !after_cr) {
        record->state = TRAILING;
    } else {
        record->state = FAULT;
        record->fault = record->position;
        return TIDE_OK;
    }
    record->position++;
    return rc;
}

static int read_fault(struct csv_record *record, const struct input *in)
{
    const uint8_t *line =
        memchr(in->data + record->position, '\n', in->length - record->position);

    record->position = line ? (size_t)(line - in->data) + 1 : in->length;
    if (line) {
        record->length = record->position;
        record->state = DONE;
    }
    return TIDE_OK;
}

static int read_state(struct csv_record *record, const struct input *in)
{
    switch (record->state) {
    case START:
        return read_start(record, in);
    case UNQUOTED:
        return read_unquoted(record, in);
    case QUOTED:
        return read_quoted(record, in);
    case FAULT:
        return read_fault(record, in);
    default:
        return read_closed(record, in);
    }
}

/* The file ends here: what is in hand is the whole record. */
static int read_end(struct csv_record *record, const struct input *in)
{
    int rc = TIDE_OK;

    if (record->state == QUOTED) {
        return CSV_UNTERMINATED;
    }
    if (record->position == 0) {
        return CSV_NOTHING;
    }
    if (record->state == START || record->state == UNQUOTED) {
        record->start = record->state == START ? record->position : record->start;
        rc = close_unquoted(record, in, true);
    } else if (record->state != FAULT) {
        rc = add_field(record, record->start, record->end, true);
    }
    record->length = record->position;
    if (rc != TIDE_OK) {
        return rc;
    }
    return record->state == FAULT ? CSV_MALFORMED : CSV_COMPLETE;
}

int csv_record_read(struct csv_record *record, const struct csv_syntax *syntax,
                    const uint8_t *data, size_t length, bool last)
{
    struct input in = {.syntax = syntax, .data = data, .length = length, .last = last};

    while (record->position < length && record->state != DONE) {
        size_t before = record->position;
        int state = record->state;
        int rc = read_state(record, &in);

        if (rc != TIDE_OK) {
            return rc;
        }
        if (record->position == before && record->state == state) {
            return CSV_MORE;
        }
    }
    if (record->state == DONE) {
        return record->fault ? CSV_MALFORMED : CSV_COMPLETE;
    }
    return last ? read_end(record, &in) : CSV_MORE;
}

size_t csv_unescape(uint8_t *to, const uint8_t *from, size_t length,
                    const struct csv_syntax *syntax)
{
    size_t out = 0;

    for (size_t i = 0; i < length; i++) {
        if (from[i] == syntax->escape && i + 1 < length &&
            (from[i + 1] == syntax->quote || from[i + 1] == syntax->escape)) {
            i++;
        }
        to[out++] = from[i];
    }
    return out;
}
