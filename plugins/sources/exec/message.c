/*
 * message - one line of a Singer tap, taken apart.
 */
#include "../../shared/json/text.h"
#include "singer.h"

bool message_is(const struct json_value *value, const char *text)
{
    size_t length = strlen(text), plain_length = 0;
    char *plain;
    bool is_same;

    if (value->kind != JSON_STRING) {
        return false;
    }
    if (!value->escaped) {
        return value->length == length + 2 && memcmp(value->text + 1, text, length) == 0;
    }
    plain = message_text(value, &plain_length);
    is_same = plain && plain_length == length && memcmp(plain, text, length) == 0;
    free(plain);
    return is_same;
}

char *message_text(const struct json_value *value, size_t *length)
{
    size_t size = value->length - 2;
    char *text = malloc(size + TIDE_PADDING);

    if (!text) {
        return NULL;
    }
    if (value->escaped) {
        size = json_unescape((uint8_t *)text, value->text + 1, size);
    } else {
        memcpy(text, value->text + 1, size);
    }
    text[size] = '\0';
    if (length) {
        *length = size;
    }
    return text;
}

int message_next_element(struct json_text *json, bool *first)
{
    bool opened = *first;

    *first = false;
    json_skip_blanks(json);
    if (json_take(json, ']')) {
        return 0;
    }
    if (!opened && !json_take(json, ',')) {
        (void)json_fail(json, "a comma or ] is expected");
        return -1;
    }
    json_skip_blanks(json);
    return 1;
}

static void note_member(struct message *message, const struct json_value *key,
                        const struct json_value *value)
{
    const struct {
        const char *name;
        struct json_value *place;
    } members[] = {{"type", &message->type},     {"stream", &message->stream},
                   {"schema", &message->schema}, {"key_properties", &message->keys},
                   {"record", &message->record}, {"value", &message->value}};

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (message_is(key, members[i].name)) {
            *members[i].place = *value;
        }
    }
}

static bool is_object(const struct json_value *value)
{
    return value->kind == JSON_NESTED && value->text[0] == '{';
}

static int kind_of(const struct message *message)
{
    bool has_stream = message->stream.kind == JSON_STRING;

    if (message_is(&message->type, "RECORD") && has_stream &&
        is_object(&message->record)) {
        return MESSAGE_RECORD;
    }
    if (message_is(&message->type, "SCHEMA") && has_stream &&
        is_object(&message->schema)) {
        return MESSAGE_SCHEMA;
    }
    return message_is(&message->type, "STATE") && message->value.text ? MESSAGE_STATE
                                                                      : MESSAGE_OTHER;
}

bool message_parse(struct json_text *json, struct message *message)
{
    struct json_value key, value;
    bool first = true;
    int more;

    memset(message, 0, sizeof *message);
    json_skip_blanks(json);
    if (!json_take(json, '{')) {
        return json_fail(json, "a message is an object");
    }
    while ((more = json_next_item(json, &first)) > 0) {
        if (!json_read_key(json, &key) || !json_pass_colon(json) ||
            !json_read_value(json, &value)) {
            return false;
        }
        note_member(message, &key, &value);
    }
    json_skip_blanks(json);
    if (more < 0 || json->at < json->end) {
        return json_fail(json, "something stands behind the object");
    }
    message->kind = kind_of(message);
    return true;
}
