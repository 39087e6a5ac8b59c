/*
 * json_token - the words of a JSON text: strings, numbers, literals, and where they
 * stand.
 *
 * Layer: private to core/base, under json_reader.
 */
#ifndef TIDE_BASE_JSON_TOKEN_H
#define TIDE_BASE_JSON_TOKEN_H

#include "base/json_reader.h"
#include "base/text.h"

/** A text being read from its start to its end; everything is borrowed. */
struct tide_json_cursor {
    const char *at, *end;
    const char *counted; /* place is the place of this byte */
    struct tide_place place;
    bool document;            /* as tide_json_read() has it */
    struct tide_place *where; /* of the failure */
    struct tide_error *err;
};

/** The place of a byte, which is never before one asked for earlier. */
struct tide_place tide_json_place(struct tide_json_cursor *cursor, const char *at);
/** TIDE_E_DATA with that message at that place. */
int tide_json_fail_at(struct tide_json_cursor *cursor, struct tide_place place,
                      const char *message);
/** The same at the cursor; at the end of the text it says that instead. */
int tide_json_fail(struct tide_json_cursor *cursor, const char *message);

void tide_json_skip_blank(struct tide_json_cursor *cursor);
/** Whether the literal stands here; takes it. */
bool tide_json_take_word(struct tide_json_cursor *cursor, const char *word);
/** A string from behind its opening quote to behind the closing one, appended to text. */
int tide_json_take_text(struct tide_json_cursor *cursor, struct tide_text *text);
/** A number that begins here. */
int tide_json_take_number(struct tide_json_cursor *cursor, struct json_object **out);

#endif
