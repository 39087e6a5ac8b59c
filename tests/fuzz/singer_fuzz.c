/* The messages of a Singer tap, its STATE among them: each line is a message whose parts
 * lie within it, or has a fault; a SCHEMA gives columns, or says why not. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "sources/exec/singer.h"

static void check_part(const struct json_value *part, const uint8_t *line, size_t length)
{
    char *text = NULL;
    size_t size = 0;

    if (!part->text) {
        return;
    }
    TIDE_INVARIANT(part->text >= line && part->text + part->length <= line + length);
    if (part->kind == JSON_STRING) {
        text = message_text(part, &size);
        TIDE_INVARIANT(text && size + 2 <= part->length && text[size] == '\0');
        free(text);
    }
}

static void check_message(const struct message *message, const uint8_t *line,
                          size_t length)
{
    const struct json_value *parts[] = {&message->type,   &message->stream,
                                        &message->schema, &message->keys,
                                        &message->record, &message->value};
    struct tide_schema schema = {0};
    struct tide_error err = {0};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        check_part(parts[i], line, length);
    }
    (void)message_is(&message->stream, "users");
    if (message->kind == MESSAGE_SCHEMA) {
        TIDE_INVARIANT(columns_of(message, &schema, &err) == TIDE_OK ||
                       err.message[0] != '\0');
    }
    tide_schema_clear(&schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *text = tide_alloc(size + TIDE_PADDING);
    size_t start = 0;

    memcpy(text, data, size);
    while (start < size) {
        const uint8_t *end = memchr(text + start, '\n', size - start);
        size_t length = end ? (size_t)(end - text) - start : size - start;
        struct json_text json = {text + start, text + start + length, NULL};
        struct message message = {0};

        if (message_parse(&json, &message)) {
            check_message(&message, text + start, length);
        } else {
            TIDE_INVARIANT(json.at <= json.end);
        }
        start += length + 1;
    }
    free(text);
    return 0;
}
