/*
 * reject_event - a rejected row as the event that tells of it.
 */
#include "run/reject_event.h"

#include <json-c/printbuf.h>
#include <string.h>

#include "base/json.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "pipeline/worker.h"
#include "run/held.h"
#include "run/redact.h"

/* What an event takes beside the texts of its note: the names of its members, and what
 * stands around them. */
#define EVENT_FRAME 120

/* How many bytes append_escaped makes of one. */
static int64_t escaped_size(unsigned char byte, bool is_text)
{
    if (byte == '\\') {
        return 2;
    }
    return byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_text) ? 4 : 1;
}

/* Bytes as text: what is no printable ASCII or UTF-8 is written \xNN. */
static void append_escaped(struct tide_text *text, const char *bytes, size_t length)
{
    bool is_text = tide_text_is_utf8(bytes, length);

    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        switch (escaped_size(byte, is_text)) {
        case 1:
            tide_text_append_char(text, (char)byte);
            break;
        case 2:
            tide_text_append(text, "\\\\");
            break;
        default:
            tide_text_appendf(text, "\\x%02x", byte);
        }
    }
}

static bool is_changed(const struct tide_text *text, const char *before, size_t length)
{
    return text->length != length ||
           (length > 0 && memcmp(text->data, before, length) != 0);
}

/* Blank secrets; false when there was one. */
static bool redact(const char *const *secrets, struct tide_text *text,
                   void (*blank)(const char *const *secrets, struct tide_text *text))
{
    struct tide_text before = {0};
    bool is_same = true;

    if (secrets) {
        tide_text_append_n(&before, text->data, text->length);
        blank(secrets, text);
        is_same = !is_changed(text, before.data, before.length);
        tide_text_fini(&before);
    }
    return is_same;
}

/* *text is what the event says of the bytes; whether all of it is there. */
static bool make_raw(const char *const *secrets, const char *bytes, size_t length,
                     struct tide_text *text)
{
    bool is_whole = length <= TIDE_HELD_MAX;

    append_escaped(text, bytes, is_whole ? length : TIDE_HELD_MAX);
    if (!is_whole) {
        tide_text_appendf(text, "... (%zu bytes in all)", length);
    }
    return redact(secrets, text, tide_redact_text) && is_whole;
}

static int print_row(struct json_object *row, struct printbuf *out, int level, int flags)
{
    (void)level;
    (void)flags;
    return printbuf_memappend(out, json_object_get_string(row),
                              json_object_get_string_len(row));
}

/* It is printed to the letter and never looked into: numbers that no double holds stay as
 * they are. */
static struct json_object *row_object(const struct tide_text *text)
{
    struct json_object *row =
        tide_json_made(json_object_new_string_len(text->data, (int)text->length));

    json_object_set_serializer(row, print_row, NULL, NULL);
    return row;
}

/* The row or the bytes; whether they are as they were. */
static bool put_content(const char *const *secrets, struct json_object *event,
                        const struct tide_reject_note *note)
{
    bool is_row = note->row && note->row_length <= TIDE_HELD_MAX, is_whole = false;
    struct json_object *row = NULL, *raw = NULL;
    struct tide_text text = {0};

    if (is_row) {
        tide_text_append_n(&text, note->row, note->row_length);
        is_whole = redact(secrets, &text, tide_redact_json);
        row = row_object(&text);
    } else if (note->row) {
        (void)make_raw(secrets, note->row, note->row_length, &text);
    } else if (note->raw) {
        is_whole = make_raw(secrets, note->raw, note->raw_length, &text);
    }
    if (!is_row && (note->row || note->raw)) {
        raw = tide_json_string(text.data ? text.data : "");
    }
    tide_json_put(event, "row", row);
    tide_json_put(event, "raw", raw);
    tide_text_fini(&text);
    return is_whole;
}

struct json_object *tide_reject_event(const struct tide_reject_note *note,
                                      const char *const *secrets)
{
    struct json_object *event = tide_json_made(json_object_new_object());
    bool is_whole = false;

    tide_json_put(event, "event", tide_json_string("reject"));
    tide_json_put(event, "table", tide_json_string(note->table));
    tide_json_put(event, "step", tide_json_string(tide_step_name(note->step)));
    tide_json_put(event, "code", tide_json_string(note->code));
    tide_json_put(event, "message", tide_json_string(note->message));
    tide_json_put(event, "origin", tide_json_string(note->origin));
    tide_json_put(event, "position",
                  tide_json_made(json_object_new_int64(note->position)));
    is_whole = put_content(secrets, event, note);
    tide_json_put(event, "replay", is_whole ? tide_json_string(note->replay) : NULL);
    return event;
}

static size_t kept_length(size_t length)
{
    return length < TIDE_HELD_MAX ? length : TIDE_HELD_MAX;
}

static int64_t raw_bytes(const char *raw, size_t length)
{
    bool is_text = tide_text_is_utf8(raw, length);
    int64_t bytes = 0;

    for (size_t i = 0; i < length; i++) {
        bytes += escaped_size((unsigned char)raw[i], is_text);
    }
    return bytes;
}

int64_t tide_reject_event_bytes(const struct tide_reject_note *note)
{
    const char *const texts[] = {
        note->table,  tide_step_name(note->step), note->code, note->message, note->origin,
        note->replay,
    };
    int64_t bytes = EVENT_FRAME;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        bytes += texts[i] ? (int64_t)strlen(texts[i]) : 0;
    }
    if (note->row) {
        return bytes + (int64_t)kept_length(note->row_length);
    }
    return note->raw ? bytes + raw_bytes(note->raw, kept_length(note->raw_length))
                     : bytes;
}
