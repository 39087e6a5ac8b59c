/*
 * columns - the JSON schema of a stream as columns.
 *
 * A property of one kind, with or without null, has that kind's type; of several kinds,
 * or of a kind that no column has, it is json, which loses nothing.
 */
#include "singer.h"

enum allowed {
    ALLOWS_INTEGER = 1,
    ALLOWS_NUMBER = 2,
    ALLOWS_BOOL = 4,
    ALLOWS_TEXT = 8,
    ALLOWS_INSTANT = 16,
    ALLOWS_OTHER = 32
};

/* What "type" may be; format date-time makes a string an instant. */
static unsigned allowed_by_name(const struct json_value *name)
{
    static const struct {
        const char *name;
        unsigned allowed;
    } kinds[] = {{"null", 0},
                 {"integer", ALLOWS_INTEGER},
                 {"number", ALLOWS_NUMBER},
                 {"boolean", ALLOWS_BOOL},
                 {"string", ALLOWS_TEXT}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (message_is(name, kinds[i].name)) {
            return kinds[i].allowed;
        }
    }
    return ALLOWS_OTHER;
}

static struct json_text inside(const struct json_value *value)
{
    struct json_text json = {.at = value->text + 1, .end = value->text + value->length};

    return json;
}

static unsigned allowed_by_type(const struct json_value *type)
{
    struct json_text json = inside(type);
    struct json_value name;
    unsigned allowed = 0;
    bool first = true;

    if (type->kind != JSON_NESTED || type->text[0] != '[') {
        return allowed_by_name(type);
    }
    while (message_next_element(&json, &first) > 0 && json_read_value(&json, &name)) {
        allowed |= allowed_by_name(&name);
    }
    return allowed;
}

/* One property, or one of its alternatives when `branches` is found. */
static unsigned allowed_by_property(const struct json_value *property,
                                    struct json_value *branches)
{
    struct json_text json = inside(property);
    struct json_value key, value;
    unsigned allowed = ALLOWS_OTHER;
    bool first = true, is_instant = false;

    if (property->kind != JSON_NESTED || property->text[0] != '{') {
        return ALLOWS_OTHER;
    }
    while (json_next_item(&json, &first) > 0 && json_read_key(&json, &key) &&
           json_pass_colon(&json) && json_read_value(&json, &value)) {
        if (message_is(&key, "type")) {
            allowed = allowed_by_type(&value);
        } else if (message_is(&key, "format")) {
            is_instant = message_is(&value, "date-time");
        } else if (message_is(&key, "anyOf") || message_is(&key, "oneOf")) {
            *branches = value;
        }
    }
    if (is_instant && (allowed & ALLOWS_TEXT)) {
        allowed = (allowed & ~(unsigned)ALLOWS_TEXT) | ALLOWS_INSTANT;
    }
    return allowed;
}

static unsigned allowed_by_branches(const struct json_value *branches)
{
    struct json_text json = inside(branches);
    struct json_value branch, deeper;
    unsigned allowed = 0;
    bool first = true;

    while (message_next_element(&json, &first) > 0 && json_read_value(&json, &branch)) {
        deeper = (struct json_value){0};
        allowed |= allowed_by_property(&branch, &deeper);
    }
    return allowed;
}

static int type_of(const struct json_value *property)
{
    struct json_value branches = {0};
    unsigned allowed = allowed_by_property(property, &branches);

    if (branches.kind == JSON_NESTED && branches.text[0] == '[') {
        allowed = allowed_by_branches(&branches);
    }
    switch (allowed) {
    case ALLOWS_INTEGER:
        return TIDE_TYPE_INT64;
    case ALLOWS_NUMBER:
    case ALLOWS_NUMBER | ALLOWS_INTEGER:
        return TIDE_TYPE_DECIMAL;
    case ALLOWS_BOOL:
        return TIDE_TYPE_BOOL;
    case ALLOWS_TEXT:
    case ALLOWS_TEXT | ALLOWS_INSTANT:
        return TIDE_TYPE_STRING;
    case ALLOWS_INSTANT:
        return TIDE_TYPE_TIMESTAMP;
    default:
        return TIDE_TYPE_JSON;
    }
}

static bool is_key(const struct json_value *keys, const char *name)
{
    struct json_text json;
    struct json_value key;
    bool first = true;

    if (keys->kind != JSON_NESTED || keys->text[0] != '[') {
        return false;
    }
    json = inside(keys);
    while (message_next_element(&json, &first) > 0 && json_read_value(&json, &key)) {
        if (message_is(&key, name)) {
            return true;
        }
    }
    return false;
}

static int add_property(const struct message *message, const struct json_value *key,
                        const struct json_value *property, struct tide_schema *schema)
{
    size_t length = 0;
    char *name = message_text(key, &length);
    int rc = name ? TIDE_OK : TIDE_E_LIMIT;

    if (rc == TIDE_OK && name[0] && strlen(name) == length &&
        tide_schema_find(schema, name) == TIDE_NO_COLUMN) {
        rc = tide_schema_add(schema, name, type_of(property),
                             is_key(&message->keys, name) ? TIDE_COLUMN_KEY : 0);
    }
    free(name);
    return rc;
}

static int add_properties(const struct message *message,
                          const struct json_value *properties, struct tide_schema *schema)
{
    struct json_text json = inside(properties);
    struct json_value key, value;
    bool first = true;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && json_next_item(&json, &first) > 0 &&
           json_read_key(&json, &key) && json_pass_colon(&json) &&
           json_read_value(&json, &value)) {
        rc = add_property(message, &key, &value, schema);
    }
    return rc;
}

int columns_of(const struct message *message, struct tide_schema *schema,
               struct tide_error *err)
{
    struct json_text json = inside(&message->schema);
    struct json_value key, value;
    bool first = true;

    while (json_next_item(&json, &first) > 0 && json_read_key(&json, &key) &&
           json_pass_colon(&json) && json_read_value(&json, &value)) {
        if (message_is(&key, "properties") && value.kind == JSON_NESTED &&
            value.text[0] == '{' && add_properties(message, &value, schema) != TIDE_OK) {
            return tide_error_memory(err);
        }
    }
    if (schema->column_count == 0) {
        return tide_error_set(err, TIDE_E_DATA,
                              "the stream's SCHEMA names no properties: what its columns "
                              "are is not known");
    }
    return TIDE_OK;
}
