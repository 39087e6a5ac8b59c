/*
 * events - the lines a worker sends, cut and read, and the rejects among them.
 */
#include "supervise/events.h"

#include <string.h>

#include "base/json.h"

/* ---- lines --------------------------------------------------------------------------*/

static int emit_line(struct tide_event_reader *reader, tide_event_fn emit, void *arg,
                     struct tide_error *err)
{
    const struct tide_text *line = &reader->line;
    struct json_object *event = NULL;
    const char *name;
    int code = tide_json_parse(line->data ? line->data : "", line->length, &event, err);

    if (code != TIDE_OK) {
        return tide_error_set(err, TIDE_E_DATA, "\"%.60s\" is not JSON",
                              line->data ? line->data : "");
    }
    name = tide_json_text(event, "event");
    if (name) {
        emit(arg, name, event);
    } else {
        code = tide_error_set(err, TIDE_E_DATA, "\"%.60s\" has no member \"event\"",
                              line->data ? line->data : "");
    }
    json_object_put(event);
    return code;
}

int tide_event_feed(struct tide_event_reader *reader, const char *data, size_t length,
                    tide_event_fn emit, void *arg, struct tide_error *err)
{
    while (length > 0) {
        const char *end = memchr(data, '\n', length);
        size_t part = end ? (size_t)(end - data) : length;
        int code;

        if (reader->line.length + part > TIDE_EVENT_MOST) {
            return tide_error_set(err, TIDE_E_DATA, "a line of more than %zu bytes",
                                  TIDE_EVENT_MOST);
        }
        tide_text_append_n(&reader->line, data, part);
        if (!end) {
            return TIDE_OK;
        }
        code = emit_line(reader, emit, arg, err);
        if (code != TIDE_OK) {
            return code;
        }
        tide_text_reset(&reader->line);
        data += part + 1;
        length -= part + 1;
    }
    return TIDE_OK;
}

void tide_event_reader_fini(struct tide_event_reader *reader)
{
    tide_text_fini(&reader->line);
}

/* ---- rejects ------------------------------------------------------------------------*/

static const char *text_or(struct json_object *event, const char *key,
                           const char *fallback)
{
    const char *text = tide_json_text(event, key);

    return text ? text : fallback;
}

static size_t length_of(const char *text)
{
    return text ? strlen(text) : 0;
}

bool tide_reject_take(struct tide_reject_bag *bag, struct json_object *event,
                      int64_t most_count, int64_t most_bytes)
{
    const char *row = tide_json_text(event, "row");
    const char *raw = tide_json_text(event, "raw");
    int64_t bytes = (int64_t)(length_of(row) + length_of(raw));

    if (bag->kept >= most_count || bag->bytes + bytes > most_bytes) {
        bag->dropped++;
        return false;
    }
    bag->bytes += bytes;
    bag->kept++;
    bag->events[bag->count] = json_object_get(event);
    bag->records[bag->count++] =
        (struct tide_reject_record){.ordinal = bag->kept,
                                    .table = text_or(event, "table", ""),
                                    .step = text_or(event, "step", ""),
                                    .code = text_or(event, "code", ""),
                                    .message = text_or(event, "message", ""),
                                    .origin = tide_json_text(event, "origin"),
                                    .position = tide_json_int(event, "position", 0),
                                    .row = row,
                                    .raw = raw,
                                    .replay = tide_json_text(event, "replay")};
    return bag->count == TIDE_REJECT_BATCH;
}

void tide_reject_empty(struct tide_reject_bag *bag)
{
    for (size_t i = 0; i < bag->count; i++) {
        json_object_put(bag->events[i]);
    }
    bag->count = 0;
}
