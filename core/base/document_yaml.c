/*
 * document_yaml - events of libyaml become a json-c tree.
 *
 * Aliases are refused because they let a small text become a huge tree, anchors and tags
 * because they then mean nothing, and a second document because nobody would run it.
 */
#include "base/document_yaml.h"

#include <string.h>
#include <tidemill/value.h>
#include <yaml.h>

#include "base/document_scalar.h"
#include "base/memory.h"

struct reader {
    yaml_parser_t parser;
    const char *text;
    const struct tide_placed_sink *sink;
    struct tide_place *where;
    struct tide_error *err;
    unsigned depth;
};

static int read_node(struct reader *reader, const yaml_event_t *event,
                     struct json_object **out);

/* ---- places and failures ---- */

static struct tide_place place_of(const yaml_mark_t *mark)
{
    return (struct tide_place){(unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

static struct tide_place place_of_byte(const char *text, size_t offset)
{
    struct tide_place place = {1, 1};

    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (((uint8_t)text[i] & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

static int refuse(struct reader *reader, const yaml_event_t *event, const char *message)
{
    *reader->where = place_of(&event->start_mark);
    return tide_error_set(reader->err, TIDE_E_DATA, "%s", message);
}

/* libyaml's own complaint. */
static int syntax_error(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "not YAML";

    if (parser->error == YAML_READER_ERROR) {
        *reader->where = place_of_byte(reader->text, parser->problem_offset);
    } else {
        *reader->where = place_of(&parser->problem_mark);
    }
    if (parser->context) {
        return tide_error_set(reader->err, TIDE_E_DATA, "%s, %s (line %zu)", problem,
                              parser->context, parser->context_mark.line + 1);
    }
    return tide_error_set(reader->err, TIDE_E_DATA, "%s", problem);
}

static int next_event(struct reader *reader, yaml_event_t *event)
{
    if (!yaml_parser_parse(&reader->parser, event)) {
        return syntax_error(reader);
    }
    return TIDE_OK;
}

/* ---- nodes ---- */

static int check_properties(struct reader *reader, const yaml_event_t *event,
                            const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor) {
        return refuse(reader, event, "anchors (&name) are not supported: write it out");
    }
    if (tag) {
        return refuse(reader, event,
                      "tags (!name) are not supported: quote a text that looks like "
                      "another type");
    }
    return TIDE_OK;
}

static int read_scalar(struct reader *reader, const yaml_event_t *event,
                       struct json_object **out)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;

    if (length > 0 && memchr(text, '\0', length)) {
        return refuse(reader, event, "a text holds a NUL character");
    }
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        *out = tide_scalar_resolve(text, length);
    } else {
        *out = tide_json_made(json_object_new_string_len(text, (int)length));
    }
    return TIDE_OK;
}

static int check_key(struct reader *reader, struct json_object *object,
                     const yaml_event_t *event)
{
    const char *key = (const char *)event->data.scalar.value;

    if (event->type != YAML_SCALAR_EVENT) {
        return refuse(reader, event,
                      event->type == YAML_ALIAS_EVENT
                          ? "aliases (*name) are not supported: write it out"
                          : "a key must be a plain text, not a list or a mapping");
    }
    if (strlen(key) != event->data.scalar.length) {
        return refuse(reader, event, "a key holds a NUL character");
    }
    if (json_object_object_get_ex(object, key, NULL)) {
        *reader->where = place_of(&event->start_mark);
        return tide_error_set(reader->err, TIDE_E_DATA,
                              "the key \"%.200s\" is there twice", key);
    }
    return check_properties(reader, event, event->data.scalar.anchor,
                            event->data.scalar.tag);
}

/* A key that was read, its value, and where both stand. */
static int read_member(struct reader *reader, struct json_object *object,
                       const yaml_event_t *key)
{
    struct json_object *value = NULL;
    yaml_event_t event;
    int rc = check_key(reader, object, key);

    if (rc == TIDE_OK) {
        rc = next_event(reader, &event);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    rc = read_node(reader, &event, &value);
    if (rc == TIDE_OK) {
        const char *name = (const char *)key->data.scalar.value;

        tide_json_add(object, name, value);
        reader->sink->placed(reader->sink->arg, object, name, 0,
                             place_of(&event.start_mark), place_of(&key->start_mark));
    }
    yaml_event_delete(&event);
    return rc;
}

static int read_element(struct reader *reader, struct json_object *array,
                        const yaml_event_t *event)
{
    struct tide_place place = place_of(&event->start_mark);
    struct json_object *value = NULL;
    int rc = read_node(reader, event, &value);

    if (rc == TIDE_OK) {
        tide_json_push(array, value);
        reader->sink->placed(reader->sink->arg, array, NULL,
                             json_object_array_length(array) - 1, place, place);
    }
    return rc;
}

static int read_items(struct reader *reader, struct json_object *container, bool mapping)
{
    int rc = TIDE_OK;
    bool end = false;

    while (rc == TIDE_OK && !end) {
        yaml_event_t event;

        rc = next_event(reader, &event);
        if (rc != TIDE_OK) {
            break;
        }
        end =
            event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT;
        if (!end) {
            rc = mapping ? read_member(reader, container, &event)
                         : read_element(reader, container, &event);
        }
        yaml_event_delete(&event);
    }
    return rc;
}

static int read_container(struct reader *reader, const yaml_event_t *event,
                          struct json_object **out)
{
    bool mapping = event->type == YAML_MAPPING_START_EVENT;
    struct json_object *container;
    int rc;

    if (reader->depth == TIDE_JSON_DEPTH) {
        return refuse(reader, event, "nested more than 64 deep");
    }
    container =
        tide_json_made(mapping ? json_object_new_object() : json_object_new_array());
    reader->depth++;
    rc = read_items(reader, container, mapping);
    reader->depth--;
    if (rc == TIDE_OK) {
        *out = container;
    } else {
        (void)json_object_put(container);
    }
    return rc;
}

static int read_node(struct reader *reader, const yaml_event_t *event,
                     struct json_object **out)
{
    int rc;

    switch (event->type) {
    case YAML_SCALAR_EVENT:
        rc = check_properties(reader, event, event->data.scalar.anchor,
                              event->data.scalar.tag);
        return rc == TIDE_OK ? read_scalar(reader, event, out) : rc;
    case YAML_SEQUENCE_START_EVENT:
        rc = check_properties(reader, event, event->data.sequence_start.anchor,
                              event->data.sequence_start.tag);
        return rc == TIDE_OK ? read_container(reader, event, out) : rc;
    case YAML_MAPPING_START_EVENT:
        rc = check_properties(reader, event, event->data.mapping_start.anchor,
                              event->data.mapping_start.tag);
        return rc == TIDE_OK ? read_container(reader, event, out) : rc;
    default:
        return refuse(reader, event, "aliases (*name) are not supported: write it out");
    }
}

/* ---- the stream ---- */

/* Take events up to the first node, or to the end of an empty stream. */
static int first_node(struct reader *reader, yaml_event_t *event)
{
    for (;;) {
        int rc = next_event(reader, event);

        if (rc != TIDE_OK || (event->type != YAML_STREAM_START_EVENT &&
                              event->type != YAML_DOCUMENT_START_EVENT)) {
            return rc;
        }
        yaml_event_delete(event);
    }
}

/* After the root: the end of its document, and of the stream. */
static int check_end(struct reader *reader)
{
    bool end = false;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && !end) {
        yaml_event_t event;

        rc = next_event(reader, &event);
        if (rc != TIDE_OK) {
            break;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            rc = refuse(reader, &event,
                        "a second document begins: put it in its own file");
        }
        yaml_event_delete(&event);
    }
    return rc;
}

static int read_stream(struct reader *reader, struct json_object **out)
{
    struct json_object *root = NULL;
    struct tide_place place;
    yaml_event_t event;
    int rc = first_node(reader, &event);

    if (rc != TIDE_OK) {
        return rc;
    }
    place = place_of(&event.start_mark);
    if (event.type != YAML_STREAM_END_EVENT) {
        rc = read_node(reader, &event, &root);
        if (rc == TIDE_OK) {
            rc = check_end(reader);
        }
    }
    yaml_event_delete(&event);
    if (rc != TIDE_OK) {
        (void)json_object_put(root);
        return rc;
    }
    reader->sink->placed(reader->sink->arg, NULL, NULL, 0, place, place);
    *out = root;
    return TIDE_OK;
}

/* The offset of the first byte that is not UTF-8, or length. */
static size_t first_bad_byte(const char *text, size_t length)
{
    size_t i = 0;

    while (i < length) {
        size_t step = tide_utf8_step((const uint8_t *)text + i, length - i);

        if (step == 0) {
            break;
        }
        i += step;
    }
    return i;
}

int tide_yaml_read(const char *text, size_t length, const struct tide_placed_sink *sink,
                   struct json_object **out, struct tide_place *where,
                   struct tide_error *err)
{
    struct reader reader = {.text = text, .sink = sink, .where = where, .err = err};
    size_t bad = first_bad_byte(text, length);
    int rc;

    if (bad < length) {
        *where = place_of_byte(text, bad);
        return tide_error_set(err, TIDE_E_DATA, "this is not UTF-8");
    }
    if (!yaml_parser_initialize(&reader.parser)) {
        *where = (struct tide_place){1, 1};
        return tide_error_memory(err);
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    rc = read_stream(&reader, out);
    yaml_parser_delete(&reader.parser);
    return rc;
}
