/*
 * document_format - a tree written as block YAML that any YAML 1.2 reader takes for the
 * same tree.
 */
#include <string.h>
#include <tidemill/value.h>

#include "base/document.h"
#include "base/document_scalar.h"
#include "base/json_reader.h"
#include "base/text.h"

/* libyaml reads an implicit key of at most so many characters. */
#define LONGEST_KEY 512

static void emit_items(struct tide_text *out, struct json_object *value, int indent,
                       bool first_inline);

/* ---- scalars ---- */

enum quoting { QUOTE_NONE, QUOTE_SINGLE, QUOTE_DOUBLE };

/* Characters that YAML shows as they are; controls, line breaks and the byte order mark
 * must be escaped. */
static bool is_printable(const uint8_t *at, size_t step)
{
    switch (step) {
    case 0:
        return false;
    case 1:
        return *at >= 0x20 && *at < 0x7f;
    case 2:
        return at[0] != 0xc2 || at[1] >= 0xa0;
    case 3:
        return !(at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9)) &&
               !(at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf) &&
               !(at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe);
    default:
        return true;
    }
}

static bool all_printable(const char *text, size_t length)
{
    const uint8_t *at = (const uint8_t *)text;

    while (length > 0) {
        size_t step = tide_utf8_step(at, length);

        if (!is_printable(at, step)) {
            return false;
        }
        at += step;
        length -= step;
    }
    return true;
}

static enum quoting quoting_of(const char *text, size_t length)
{
    if (!all_printable(text, length)) {
        return QUOTE_DOUBLE;
    }
    if (!tide_scalar_is_text(text, length) || strchr("-?:,[]{}#&*!|>'\"%@` ", text[0]) ||
        text[length - 1] == ' ' || text[length - 1] == ':' || strstr(text, ": ") ||
        strstr(text, " #") || tide_text_starts(text, "...") || strcmp(text, "<<") == 0) {
        return QUOTE_SINGLE;
    }
    return QUOTE_NONE;
}

static void emit_single(struct tide_text *out, const char *text, size_t length)
{
    tide_text_append_char(out, '\'');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\'') {
            tide_text_append_char(out, '\'');
        }
        tide_text_append_char(out, text[i]);
    }
    tide_text_append_char(out, '\'');
}

/* A character that is not shown as it is; `step` is its length, 0 when it is no UTF-8. */
static void emit_escape(struct tide_text *out, const uint8_t *at, size_t step)
{
    unsigned character = at[0];

    if (step == 0) {
        character = 0xfffd;
    } else if (step == 2) {
        character = (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
    } else if (step == 3) {
        character = (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
    }
    switch (character) {
    case '\n':
        tide_text_append(out, "\\n");
        break;
    case '\t':
        tide_text_append(out, "\\t");
        break;
    case '\r':
        tide_text_append(out, "\\r");
        break;
    default:
        tide_text_appendf(out, "\\u%04X", character);
    }
}

static void emit_double(struct tide_text *out, const char *text, size_t length)
{
    const uint8_t *at = (const uint8_t *)text;

    tide_text_append_char(out, '"');
    while (length > 0) {
        size_t step = tide_utf8_step(at, length);

        if (is_printable(at, step)) {
            if (*at == '"' || *at == '\\') {
                tide_text_append_char(out, '\\');
            }
            tide_text_append_n(out, at, step);
        } else {
            emit_escape(out, at, step);
            step = step ? step : 1;
        }
        at += step;
        length -= step;
    }
    tide_text_append_char(out, '"');
}

static void emit_text(struct tide_text *out, const char *text, size_t length)
{
    switch (quoting_of(text, length)) {
    case QUOTE_NONE:
        tide_text_append_n(out, text, length);
        break;
    case QUOTE_SINGLE:
        emit_single(out, text, length);
        break;
    case QUOTE_DOUBLE:
        emit_double(out, text, length);
        break;
    }
}

static void emit_scalar(struct tide_text *out, struct json_object *value)
{
    if (json_object_is_type(value, json_type_string)) {
        emit_text(out, json_object_get_string(value),
                  (size_t)json_object_get_string_len(value));
    } else {
        tide_text_append(out,
                         json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
    }
}

/* ---- mappings and lists ---- */

static bool has_items(struct json_object *value)
{
    return (json_object_is_type(value, json_type_object) &&
            json_object_object_length(value) > 0) ||
           (json_object_is_type(value, json_type_array) &&
            json_object_array_length(value) > 0);
}

static void emit_indent(struct tide_text *out, int indent)
{
    tide_text_appendf(out, "%*s", indent, "");
}

/* Behind "key:": on the same line, or its items below. */
static void emit_member_value(struct tide_text *out, struct json_object *value,
                              int indent)
{
    if (has_items(value)) {
        tide_text_append_char(out, '\n');
        emit_items(out, value, indent + 2, false);
    } else {
        tide_text_append_char(out, ' ');
        emit_scalar(out, value);
        tide_text_append_char(out, '\n');
    }
}

static void emit_key(struct tide_text *out, const char *key, int indent)
{
    size_t length = strlen(key);

    if (length > LONGEST_KEY) {
        tide_text_append(out, "? ");
        emit_text(out, key, length);
        tide_text_append_char(out, '\n');
        emit_indent(out, indent);
    } else {
        emit_text(out, key, length);
    }
    tide_text_append_char(out, ':');
}

/* An item of either kind begins at the indent; the first one may stand behind "- ", where
 * the indent already is. */
static void begin_item(struct tide_text *out, int indent, bool *first_inline)
{
    if (!*first_inline) {
        emit_indent(out, indent);
    }
    *first_inline = false;
}

static void emit_members(struct tide_text *out, struct json_object *object, int indent,
                         bool first_inline)
{
    struct json_object_iterator at = json_object_iter_begin(object);
    struct json_object_iterator end = json_object_iter_end(object);

    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        begin_item(out, indent, &first_inline);
        emit_key(out, json_object_iter_peek_name(&at), indent);
        emit_member_value(out, json_object_iter_peek_value(&at), indent);
    }
}

static void emit_elements(struct tide_text *out, struct json_object *array, int indent,
                          bool first_inline)
{
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *item = json_object_array_get_idx(array, i);

        begin_item(out, indent, &first_inline);
        tide_text_append(out, "- ");
        if (has_items(item)) {
            emit_items(out, item, indent + 2, true);
        } else {
            emit_scalar(out, item);
            tide_text_append_char(out, '\n');
        }
    }
}

static void emit_items(struct tide_text *out, struct json_object *value, int indent,
                       bool first_inline)
{
    if (json_object_is_type(value, json_type_object)) {
        emit_members(out, value, indent, first_inline);
    } else {
        emit_elements(out, value, indent, first_inline);
    }
}

char *tide_document_format_yaml(struct json_object *root)
{
    struct tide_text out = {0};

    if (has_items(root)) {
        emit_items(&out, root, 0, false);
    } else {
        emit_scalar(&out, root);
        tide_text_append_char(&out, '\n');
    }
    return tide_text_take(&out);
}
