/*
 * value - one option's value, from what a user wrote to what a plugin's field holds.
 */
#include "plugin/value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <tidemill/value.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

/* ---- what a user wrote, as numbers ---- */

/* The byte of \xHH, 0 when it is none. */
static char parse_hex(const char *digits)
{
    unsigned high = tide_hex_digit_(digits[0]), low = tide_hex_digit_(digits[1]);

    if (high > 15 || low > 15) {
        return '\0';
    }
    return (char)(high * 16 + low);
}

/* One byte, or \t \n \r \\ \xHH. */
static bool parse_char(const char *text, char *out)
{
    static const char letters[] = "tnr\\", bytes[] = "\t\n\r\\";
    size_t length = strlen(text);
    const char *letter;

    *out = '\0';
    if (length == 1) {
        *out = text[0];
    } else if (length == 2 && text[0] == '\\') {
        letter = strchr(letters, text[1]);
        if (letter) {
            *out = bytes[letter - letters];
        }
    } else if (length == 4 && text[0] == '\\' && text[1] == 'x') {
        *out = parse_hex(text + 2);
    }
    return *out != '\0';
}

static int parse_number(int type, struct json_object *value, int64_t *out,
                        struct tide_error *err)
{
    if (json_object_is_type(value, json_type_int)) {
        *out = json_object_get_int64(value);
        return TIDE_OK;
    }
    if (type == TIDE_OPTION_DURATION) {
        return tide_duration_parse(json_object_get_string(value), out, err);
    }
    return tide_size_parse(json_object_get_string(value), out, err);
}

static int find_choice(const char *const *choices, const char *word)
{
    for (int i = 0; choices[i]; i++) {
        if (strcmp(choices[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

/* ---- checking ---- */

static bool wrong_shape(struct tide_value_problem *problem, const char *wanted,
                        struct json_object *value)
{
    static const char *const names[] = {"null",  "true or false", "a number", "a number",
                                        "a map", "a list",        "a text"};

    problem->is_shape = true;
    (void)snprintf(problem->message, sizeof problem->message, "must be %s, not %s",
                   wanted, names[json_object_get_type(value)]);
    return false;
}

static bool wrong_value(struct tide_value_problem *problem, const char *message)
{
    (void)snprintf(problem->message, sizeof problem->message, "%s", message);
    return false;
}

static bool check_range(const struct tide_option_info *option, int64_t number,
                        struct tide_value_problem *problem)
{
    if ((option->minimum || option->maximum) &&
        (number < option->minimum || number > option->maximum)) {
        (void)snprintf(problem->message, sizeof problem->message,
                       "must be from %" PRId64 " to %" PRId64, option->minimum,
                       option->maximum);
        return false;
    }
    return true;
}

static bool check_scaled(const struct tide_option_info *option, struct json_object *value,
                         struct tide_value_problem *problem)
{
    struct tide_error err = {0};
    int64_t number;

    if (!json_object_is_type(value, json_type_string) &&
        !(option->type == TIDE_OPTION_SIZE &&
          json_object_is_type(value, json_type_int))) {
        return wrong_shape(problem,
                           option->type == TIDE_OPTION_SIZE
                               ? "a size as 4096 or \"4MiB\""
                               : "a duration as \"30s\" or \"5m\"",
                           value);
    }
    if (parse_number(option->type, value, &number, &err) != TIDE_OK) {
        return wrong_value(problem, option->secret ? "cannot be read" : err.message);
    }
    if (number < 0) {
        return wrong_value(problem, "must not be below 0");
    }
    return check_range(option, number, problem);
}

static bool check_choice(const struct tide_option_info *option, struct json_object *value,
                         struct tide_value_problem *problem)
{
    const char *const *choices = (const char *const *)option->choices;
    const char *word, *nearest;
    struct tide_text message = {0};
    size_t count = 0;

    if (!json_object_is_type(value, json_type_string)) {
        return wrong_shape(problem, "a word", value);
    }
    word = json_object_get_string(value);
    if (find_choice(choices, word) >= 0) {
        return true;
    }
    if (option->secret) {
        return wrong_value(problem, "is none of its choices");
    }
    tide_text_appendf(&message, "\"%.64s\" is none of", word);
    for (; choices[count]; count++) {
        tide_text_appendf(&message, "%s %s", count ? "," : "", choices[count]);
    }
    nearest = tide_text_nearest(word, choices, count);
    if (nearest) {
        tide_text_appendf(&message, "; did you mean %s?", nearest);
    }
    wrong_value(problem, message.data);
    tide_text_fini(&message);
    return false;
}

static bool check_list(struct json_object *value, struct tide_value_problem *problem)
{
    if (!json_object_is_type(value, json_type_array)) {
        return wrong_shape(problem, "a list of texts", value);
    }
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        struct json_object *item = json_object_array_get_idx(value, i);

        if (!json_object_is_type(item, json_type_string)) {
            (void)snprintf(problem->where, sizeof problem->where, "[%zu]", i);
            return wrong_shape(problem, "a text", item);
        }
    }
    return true;
}

static bool check_map(struct json_object *value, struct tide_value_problem *problem)
{
    if (!json_object_is_type(value, json_type_object)) {
        return wrong_shape(problem, "a map of texts", value);
    }
    json_object_object_foreach(value, key, item)
    {
        if (!json_object_is_type(item, json_type_string)) {
            (void)snprintf(problem->where, sizeof problem->where, ".%.60s", key);
            return wrong_shape(problem, "a text", item);
        }
    }
    return true;
}

static bool check_text(const struct tide_option_info *option, struct json_object *value,
                       struct tide_value_problem *problem)
{
    char c;

    if (!json_object_is_type(value, json_type_string)) {
        return wrong_shape(problem, "a text", value);
    }
    if (strlen(json_object_get_string(value)) !=
        (size_t)json_object_get_string_len(value)) {
        return wrong_value(problem, "must not hold a NUL character");
    }
    if (option->type == TIDE_OPTION_PATH && !*json_object_get_string(value)) {
        return wrong_value(problem, "must not be empty");
    }
    if (option->type == TIDE_OPTION_CHAR &&
        !parse_char(json_object_get_string(value), &c)) {
        return wrong_value(problem,
                           "must be one character of ASCII, or \\t, \\n, \\r, \\\\ or "
                           "\\x and two hexadecimal digits");
    }
    return true;
}

bool tide_value_check(const struct tide_option_info *option, struct json_object *value,
                      struct tide_value_problem *problem)
{
    memset(problem, 0, sizeof *problem);
    switch (option->type) {
    case TIDE_OPTION_BOOL:
        return json_object_is_type(value, json_type_boolean) ||
               wrong_shape(problem, "true or false", value);
    case TIDE_OPTION_INT:
        if (!json_object_is_type(value, json_type_int)) {
            return wrong_shape(problem, "a whole number", value);
        }
        return check_range(option, json_object_get_int64(value), problem);
    case TIDE_OPTION_FLOAT:
        return json_object_is_type(value, json_type_int) ||
               json_object_is_type(value, json_type_double) ||
               wrong_shape(problem, "a number", value);
    case TIDE_OPTION_ENUM:
        return check_choice(option, value, problem);
    case TIDE_OPTION_LIST:
        return check_list(value, problem);
    case TIDE_OPTION_MAP:
        return check_map(value, problem);
    case TIDE_OPTION_DURATION:
    case TIDE_OPTION_SIZE:
        return check_scaled(option, value, problem);
    default:
        return check_text(option, value, problem);
    }
}

/* ---- storing ---- */

struct json_object *tide_value_of_text(int type, const char *text)
{
    struct json_object *value = NULL;
    struct tide_error err;

    if (type == TIDE_OPTION_BOOL || type == TIDE_OPTION_INT ||
        type == TIDE_OPTION_FLOAT || type == TIDE_OPTION_LIST ||
        type == TIDE_OPTION_MAP) {
        if (tide_json_parse(text, strlen(text), &value, &err) == TIDE_OK) {
            return value;
        }
    }
    return json_object_new_string(text);
}

static void store_list(struct json_object *value, struct tide_arena *arena,
                       struct tide_list *list)
{
    size_t count = json_object_array_length(value);
    const char **items = tide_arena_alloc(arena, (count + 1) * sizeof *items);

    for (size_t i = 0; i < count; i++) {
        items[i] = tide_arena_strdup(
            arena, json_object_get_string(json_object_array_get_idx(value, i)));
    }
    list->items = items;
    list->count = count;
}

static void store_map(struct json_object *value, struct tide_arena *arena,
                      struct tide_map *map)
{
    size_t count = (size_t)json_object_object_length(value), i = 0;
    struct tide_pair *pairs = tide_arena_alloc(arena, (count + 1) * sizeof *pairs);

    json_object_object_foreach(value, key, item)
    {
        pairs[i].key = tide_arena_strdup(arena, key);
        pairs[i++].value = tide_arena_strdup(arena, json_object_get_string(item));
    }
    map->pairs = pairs;
    map->count = count;
}

static const char *store_path(struct json_object *value, const char *base_folder,
                              struct tide_arena *arena)
{
    const char *text = json_object_get_string(value);
    char *joined;
    const char *path;

    while (strncmp(text, "./", 2) == 0) {
        text += 2;
        text += strspn(text, "/");
    }
    joined = *text && strcmp(text, ".") != 0 ? tide_path_join(base_folder, text)
                                             : tide_strdup(base_folder);
    path = tide_arena_strdup(arena, joined);
    free(joined);
    return path;
}

void tide_value_store(const struct tide_option *option, struct json_object *value,
                      const char *base_folder, struct tide_arena *arena, void *field)
{
    struct tide_error err;

    switch (option->type) {
    case TIDE_OPTION_BOOL:
        *(bool *)field = json_object_get_boolean(value);
        break;
    case TIDE_OPTION_INT:
        *(int64_t *)field = json_object_get_int64(value);
        break;
    case TIDE_OPTION_FLOAT:
        *(double *)field = json_object_get_double(value);
        break;
    case TIDE_OPTION_STRING:
        *(const char **)field = tide_arena_strdup(arena, json_object_get_string(value));
        break;
    case TIDE_OPTION_PATH:
        *(const char **)field = store_path(value, base_folder ? base_folder : "/", arena);
        break;
    case TIDE_OPTION_ENUM:
        *(int64_t *)field = find_choice(option->choices, json_object_get_string(value));
        break;
    case TIDE_OPTION_LIST:
        store_list(value, arena, field);
        break;
    case TIDE_OPTION_MAP:
        store_map(value, arena, field);
        break;
    case TIDE_OPTION_CHAR:
        (void)parse_char(json_object_get_string(value), field);
        break;
    default:
        (void)parse_number(option->type, value, field, &err);
        break;
    }
}
