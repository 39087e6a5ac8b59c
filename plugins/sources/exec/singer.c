/*
 * singer - messages are read: columns, states, and the stream's records put together.
 */
#include "singer.h"

#include <tidemill/value.h>

#include "../../shared/column/column.h"

/* ---- rejects ---- */

int64_t singer_line_of(const struct singer *singer, int64_t ordinal)
{
    int64_t at = ordinal - 1 - singer->line_base;

    return at >= 0 && at < (int64_t)singer->line_count ? singer->lines[at] : 0;
}

/* The decoder counts records; the reader of a reject wants the program's line. */
static int reject_at_line(const struct tide_host *host, const struct tide_reject *reject)
{
    union {
        const struct tide_host *host;
        const struct singer_host *ours;
    } seen = {host};
    struct tide_reject moved = *reject;

    moved.position = singer_line_of(seen.ours->singer, reject->position);
    return seen.ours->real->reject(seen.ours->real, &moved);
}

static int reject_line(const struct reader *reader, const struct tide_span *line,
                       const char *code, const char *message, struct tide_error *err)
{
    struct tide_reject reject = {.code = code,
                                 .message = message,
                                 .origin = reader->request->table,
                                 .position = reader->singer->line,
                                 .raw = (const char *)line->data,
                                 .raw_length = line->length};
    int rc = reader->host->reject(reader->host, &reject);

    return rc == TIDE_OK ? rc : tide_error_set(err, rc, "%s", message);
}

/* ---- messages ---- */

static int take_schema(struct reader *reader, const struct message *message,
                       struct tide_error *err)
{
    struct singer *singer = reader->singer;
    struct tide_schema schema = {0};
    bool is_same;
    int rc = columns_of(message, &schema, err);

    if (rc != TIDE_OK || singer->columns.column_count == 0) {
        tide_schema_clear(&singer->columns);
        singer->columns = schema;
        return rc;
    }
    is_same = schema.column_count == singer->columns.column_count;
    for (size_t i = 0; is_same && i < schema.column_count; i++) {
        is_same = strcmp(schema.columns[i].name, singer->columns.columns[i].name) == 0 &&
                  schema.columns[i].type == singer->columns.columns[i].type;
    }
    tide_schema_clear(&schema);
    return is_same ? TIDE_OK
                   : tide_error_set(err, TIDE_E_DATA,
                                    "line %lld: a second SCHEMA of \"%s\" has other "
                                    "columns than the first",
                                    (long long)singer->line, reader->request->table);
}

static int note_other(struct singer *singer, const struct json_value *stream)
{
    char *name = message_text(stream, NULL);
    int rc = name ? TIDE_OK : TIDE_E_LIMIT;

    if (name && name[0] && tide_schema_find(&singer->others, name) == TIDE_NO_COLUMN) {
        rc = tide_schema_add(&singer->others, name, TIDE_TYPE_NULL, 0);
    }
    free(name);
    return rc;
}

/* The engine keeps the position of a table that has a cursor alone. */
static void warn_of_state(struct reader *reader)
{
    char text[256];

    if (reader->request->cursor || reader->singer->is_warned) {
        return;
    }
    (void)snprintf(
        text, sizeof text,
        "the program's STATE is not kept, because table \"%.100s\" has no cursor: the "
        "next run starts over; give the table a cursor",
        reader->request->table);
    reader->host->log(reader->host, TIDE_LOG_WARNING, text);
    reader->singer->is_warned = true;
}

static int take_state(struct reader *reader, const struct json_value *value)
{
    struct singer *singer = reader->singer;
    char *state = strndup((const char *)value->text, value->length);

    if (!state) {
        return TIDE_E_LIMIT;
    }
    free(singer->pending);
    singer->pending = state;
    warn_of_state(reader);
    return TIDE_OK;
}

/* A date-time that the record has, as a column wants it.  What is no string is left to
 * the decoder. */
static int look_at_instant(const struct json_value *value, bool *is_good)
{
    size_t length = 0;
    char *text;
    int64_t instant;

    *is_good = true;
    if (value->kind != JSON_STRING) {
        return TIDE_OK;
    }
    text = message_text(value, &length);
    if (!text) {
        return TIDE_E_LIMIT;
    }
    *is_good = tide_parse_timestamp(text, length, &instant) == TIDE_OK;
    free(text);
    return TIDE_OK;
}

bool singer_is_instant(const struct singer *singer, size_t column)
{
    return singer->columns.columns[column].type == TIDE_TYPE_TIMESTAMP &&
           singer->taken.columns[column].type == TIDE_TYPE_STRING;
}

/* What is no instant is found before the decoder makes a row of it. */
static int look_at_instants(const struct singer *singer, const struct json_value *record,
                            bool *is_good)
{
    struct json_text json = {.at = record->text + 1,
                             .end = record->text + record->length};
    struct json_value key, value;
    bool first = true;
    int rc = TIDE_OK;

    *is_good = true;
    while (rc == TIDE_OK && *is_good && json_next_item(&json, &first) > 0 &&
           json_read_key(&json, &key) && json_pass_colon(&json) &&
           json_read_value(&json, &value)) {
        for (size_t i = 0; i < singer->columns.column_count; i++) {
            if (singer_is_instant(singer, i) &&
                message_is(&key, singer->columns.columns[i].name)) {
                rc = look_at_instant(&value, is_good);
            }
        }
    }
    return rc;
}

static int note_line(struct singer *singer)
{
    if (singer->line_count == singer->line_capacity) {
        size_t capacity = singer->line_capacity ? singer->line_capacity * 2 : 1024;
        int64_t *lines = realloc(singer->lines, capacity * sizeof *lines);

        if (!lines) {
            return TIDE_E_LIMIT;
        }
        singer->lines = lines;
        singer->line_capacity = capacity;
    }
    singer->lines[singer->line_count++] = singer->line;
    return TIDE_OK;
}

static int take_record(struct reader *reader, const struct tide_span *line,
                       const struct json_value *record, struct tide_error *err)
{
    struct singer *singer = reader->singer;
    bool is_good = false;

    if (singer->taken.column_count == 0) {
        return tide_error_set(err, TIDE_E_DATA,
                              "line %lld: a RECORD of \"%s\" comes before its SCHEMA",
                              (long long)singer->line, reader->request->table);
    }
    if (look_at_instants(singer, record, &is_good) != TIDE_OK) {
        return tide_error_memory(err);
    }
    if (!is_good) {
        return reject_line(reader, line, "type_mismatch",
                           "a property that the SCHEMA calls a date-time is none", err);
    }
    if (note_line(singer) != TIDE_OK ||
        buffer_add(&singer->records, record->text, record->length) != TIDE_OK ||
        buffer_add(&singer->records, "\n", 1) != TIDE_OK) {
        return tide_error_memory(err);
    }
    return TIDE_OK;
}

static int take_message(struct reader *reader, const struct tide_span *line,
                        const struct message *message, struct tide_error *err)
{
    bool is_ours = message_is(&message->stream, reader->request->table);
    int rc = TIDE_OK;

    if (message->kind == MESSAGE_STATE) {
        rc = take_state(reader, &message->value);
    } else if (message->kind == MESSAGE_RECORD && is_ours) {
        return take_record(reader, line, &message->record, err);
    } else if (message->kind == MESSAGE_SCHEMA && is_ours) {
        return take_schema(reader, message, err);
    } else if (message->kind == MESSAGE_SCHEMA) {
        rc = note_other(reader->singer, &message->stream);
    } else if (message->kind == MESSAGE_OTHER && message_is(&message->type, "BATCH")) {
        return tide_error_set(err, TIDE_E_DATA,
                              "line %lld: BATCH messages are not read; have the program "
                              "send RECORD messages",
                              (long long)reader->singer->line);
    } else if (message->kind == MESSAGE_OTHER && (message->type.kind != JSON_STRING ||
                                                  message_is(&message->type, "RECORD") ||
                                                  message_is(&message->type, "SCHEMA") ||
                                                  message_is(&message->type, "STATE"))) {
        return reject_line(reader, line, "not_a_message",
                           "the line is no whole message of Singer", err);
    }
    return rc == TIDE_OK ? rc : tide_error_memory(err);
}

static int take_line(struct reader *reader, const struct tide_span *line,
                     struct tide_error *err)
{
    struct json_text json = {.at = line->data, .end = line->data + line->length};
    struct message message;
    char text[160];

    reader->singer->line++;
    json_skip_blanks(&json);
    if (json.at == json.end) {
        return TIDE_OK;
    }
    if (!tide_is_utf8(line->data, line->length)) {
        return reject_line(reader, line, "invalid_utf8", "the line is not valid UTF-8",
                           err);
    }
    if (message_parse(&json, &message)) {
        return take_message(reader, line, &message, err);
    }
    (void)snprintf(text, sizeof text, "byte %zu: %s", (size_t)(json.at - line->data) + 1,
                   json.fault);
    return reject_line(reader, line, "malformed_json", text, err);
}

int singer_next_line(struct reader *reader, struct tide_error *err)
{
    struct buffer *input = &reader->input;
    struct singer *singer = reader->singer;
    const uint8_t *data, *end = NULL;
    struct tide_span line;
    int rc = TIDE_OK;

    while (rc == TIDE_OK) {
        data = input->data + input->start;
        end = memchr(data + singer->searched, '\n', input->length - singer->searched);
        if (end || reader->is_ended) {
            break;
        }
        singer->searched = input->length;
        rc = exec_fill(reader, err);
    }
    if (rc != TIDE_OK || (!end && input->length == 0)) {
        return rc == TIDE_OK ? TIDE_END : rc;
    }
    line = (struct tide_span){data, end ? (size_t)(end - data) : input->length, !end};
    singer->searched = 0;
    rc = take_line(reader, &line, err);
    buffer_take(input, line.length + (end != NULL));
    return rc;
}

/* ---- opening ---- */

/* Instants, and what the user declared, are read as text. */
static int prepare_taken(struct reader *reader, struct tide_error *err)
{
    const struct tide_schema *declared = reader->request->declared;
    struct singer *singer = reader->singer;
    struct tide_schema *taken = &singer->taken;
    size_t at;
    int rc = TIDE_OK;

    for (size_t i = 0; declared && i < declared->column_count && rc == TIDE_OK; i++) {
        const char *name = declared->columns[i].name;
        int type = declared->columns[i].type == TIDE_TYPE_JSON ? TIDE_TYPE_JSON
                                                               : TIDE_TYPE_STRING;

        at = tide_schema_find(&singer->columns, name);
        if (at == TIDE_NO_COLUMN) {
            rc = tide_schema_add(&singer->columns, name, type, 0);
        } else {
            singer->columns.columns[at].type = type;
        }
    }
    if (rc != TIDE_OK || tide_schema_copy(&singer->columns, taken) != TIDE_OK) {
        return tide_error_memory(err);
    }
    for (size_t i = 0; i < taken->column_count; i++) {
        if (taken->columns[i].type == TIDE_TYPE_TIMESTAMP) {
            taken->columns[i].type = TIDE_TYPE_STRING;
        }
    }
    return TIDE_OK;
}

static int no_such_stream(const struct reader *reader, struct tide_error *err)
{
    const char *table = reader->request->table;
    const char *nearest = column_nearest(&reader->singer->others, table);

    return tide_error_set(err, TIDE_E_NOT_FOUND,
                          "the program sent no SCHEMA of a stream \"%s\"%s%s%s", table,
                          nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                          nearest ? "\"?" : "");
}

static int open_rows(struct reader *reader, struct tide_schema *schema,
                     struct tide_error *err)
{
    struct singer *singer = reader->singer;
    struct tide_span nothing = {(const uint8_t *)"", 0, true};
    struct tide_schema found = {0};
    int rc = prepare_taken(reader, err);

    if (rc == TIDE_OK) {
        rc = exec_open_decoder(reader, &singer->host.host, &singer->taken, err);
    }
    if (rc == TIDE_OK) {
        rc = exec_format(reader)->decoder_schema(reader->decoder, &nothing, &found, err);
    }
    tide_schema_clear(&found);
    if (rc == TIDE_OK && tide_schema_copy(&singer->columns, schema) != TIDE_OK) {
        rc = tide_error_memory(err);
    }
    return rc;
}

int singer_open(struct reader *reader, struct tide_schema *schema, struct tide_error *err)
{
    struct singer *singer = calloc(1, sizeof *singer);
    int rc = TIDE_OK;

    reader->singer = singer;
    if (!singer) {
        return tide_error_memory(err);
    }
    rc = exec_check_format(reader->options, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    singer->host.host = *reader->host;
    singer->host.host.reject = reject_at_line;
    singer->host.real = reader->host;
    singer->host.singer = singer;
    if (reader->request->position) {
        singer->position = strdup(reader->request->position);
        rc = singer->position ? TIDE_OK : tide_error_memory(err);
    }
    while (rc == TIDE_OK && singer->columns.column_count == 0) {
        rc = singer_next_line(reader, err);
    }
    if (rc == TIDE_END) {
        return no_such_stream(reader, err);
    }
    return rc == TIDE_OK ? open_rows(reader, schema, err) : rc;
}

void singer_close(struct singer *singer)
{
    if (!singer) {
        return;
    }
    tide_schema_clear(&singer->columns);
    tide_schema_clear(&singer->taken);
    tide_schema_clear(&singer->others);
    free(singer->records.data);
    free(singer->lines);
    free(singer->pending);
    free(singer->position);
    free(singer);
}
