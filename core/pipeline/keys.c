/*
 * keys - a document held against the table of its keys.
 */
#include "pipeline/keys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#define CONDITION_DEPTH 16

static const char *shape_of(struct json_object *value)
{
    static const char *const names[] = {"null",  "true or false", "a number", "a number",
                                        "a map", "a list",        "a text"};

    return names[json_object_get_type(value)];
}

static void wrong_shape(const struct tide_place *place, const char *wanted)
{
    tide_place_problem(place, TIDE_PROBLEM_SHAPE, "must be %s, not %s", wanted,
                       shape_of(place->value));
}

/* ---- words ---- */

bool tide_word_find(const char *const *words, const char *word, int *index)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0) {
            if (index) {
                *index = i;
            }
            return true;
        }
    }
    return false;
}

void tide_word_advice(const char *const *words, const char *word, struct tide_text *out)
{
    const char *nearest;
    size_t count = 0;

    while (words[count]) {
        count++;
    }
    nearest = tide_text_nearest(word, words, count);
    tide_text_appendf(out, "\"%.64s\" is none of ", word);
    for (size_t i = 0; i < count; i++) {
        tide_text_appendf(out, "%s%s", i ? ", " : "", words[i]);
    }
    if (nearest) {
        tide_text_appendf(out, "; did you mean \"%s\"?", nearest);
    }
}

static void check_word(const struct tide_place *place, const char *const *words)
{
    const char *word = json_object_get_string(place->value);
    struct tide_text advice = {0};

    if (tide_word_find(words, word, NULL)) {
        return;
    }
    tide_word_advice(words, word, &advice);
    tide_place_problem(place, TIDE_PROBLEM_MEANING, "%s", advice.data);
    tide_text_fini(&advice);
}

/* ---- single values ---- */

static size_t count_characters(const char *text)
{
    size_t count = 0;

    for (; *text; text++) {
        count += (*text & 0xc0) != 0x80;
    }
    return count;
}

static void check_text(const struct tide_place *place, const struct tide_key *key)
{
    const char *text;

    if (!json_object_is_type(place->value, json_type_string)) {
        wrong_shape(place,
                    place->value ? "a text" : "a text (in quotes, \"null\" is one)");
        return;
    }
    text = json_object_get_string(place->value);
    if (!*text) {
        tide_place_problem(place, TIDE_PROBLEM_MEANING, "must not be empty");
    } else if (strlen(text) != (size_t)json_object_get_string_len(place->value)) {
        tide_place_problem(place, TIDE_PROBLEM_MEANING, "must not hold a NUL character");
    } else if (key->words) {
        check_word(place, key->words);
    } else if (key->maximum && count_characters(text) > (size_t)key->maximum) {
        tide_place_problem(place, TIDE_PROBLEM_MEANING,
                           "has %zu characters, at most %" PRId64 " are allowed",
                           count_characters(text), key->maximum);
    }
}

static void check_count(const struct tide_place *place, const struct tide_key *key)
{
    int64_t number;

    if (!json_object_is_type(place->value, json_type_int)) {
        wrong_shape(place, "a whole number");
        return;
    }
    number = json_object_get_int64(place->value);
    if (key->minimum == key->maximum && number != key->minimum) {
        tide_place_problem(place, TIDE_PROBLEM_MEANING, "must be %" PRId64, key->minimum);
    } else if (number < key->minimum || number > key->maximum) {
        tide_place_problem(place, TIDE_PROBLEM_MEANING,
                           "must be from %" PRId64 " to %" PRId64, key->minimum,
                           key->maximum);
    }
}

static void check_count_or_share(const struct tide_place *place)
{
    const char *text;
    size_t digits;

    if (json_object_is_type(place->value, json_type_int)) {
        if (json_object_get_int64(place->value) < 0) {
            tide_place_problem(place, TIDE_PROBLEM_MEANING, "must not be negative");
        }
        return;
    }
    if (!json_object_is_type(place->value, json_type_string)) {
        wrong_shape(place, "a count or a share as \"1%\"");
        return;
    }
    text = json_object_get_string(place->value);
    digits = strspn(text, "0123456789.");
    if (digits == 0 || strcmp(text + digits, "%") != 0 || strtod(text, NULL) > 100 ||
        strchr(text, '.') != strrchr(text, '.')) {
        tide_place_problem(place, TIDE_PROBLEM_MEANING,
                           "must be a count or a share from 0%% to 100%%, not \"%.32s\"",
                           text);
    }
}

/* ---- lists and maps ---- */

static bool is_scalar(struct json_object *value)
{
    return json_object_is_type(value, json_type_string) ||
           json_object_is_type(value, json_type_int) ||
           json_object_is_type(value, json_type_double) ||
           json_object_is_type(value, json_type_boolean);
}

static void check_element(const struct tide_place *place, const struct tide_key *key)
{
    if (key->shape == TIDE_SHAPE_OBJECTS) {
        tide_keys_check(place, key->keys);
    } else if (key->shape == TIDE_SHAPE_TEXTS) {
        check_text(place, key);
    } else if (!is_scalar(place->value)) {
        wrong_shape(place, "a text, a number, true or false");
    }
}

static void check_list(const struct tide_place *place, const struct tide_key *key)
{
    size_t count;

    if (!json_object_is_type(place->value, json_type_array)) {
        wrong_shape(place, "a list");
        return;
    }
    count = json_object_array_length(place->value);
    if (count == 0 && !key->may_be_empty) {
        tide_place_problem(place, TIDE_PROBLEM_MEANING, "must not be an empty list");
    }
    for (size_t i = 0; i < count; i++) {
        struct tide_place element = tide_place_element(place, i);

        check_element(&element, key);
    }
}

static void check_map(const struct tide_place *place, bool of_texts)
{
    if (!json_object_is_type(place->value, json_type_object)) {
        wrong_shape(place, "a map");
        return;
    }
    json_object_object_foreach(place->value, key, value)
    {
        struct tide_place member = tide_place_member(place, key);

        if (of_texts && !json_object_is_type(value, json_type_string)) {
            wrong_shape(&member, "a text");
        }
    }
}

/* ---- conditions ---- */

static void check_group(const struct tide_place *place, const char *word, int depth)
{
    struct tide_place group = tide_place_member(place, word);

    if (json_object_object_length(place->value) != 1) {
        tide_place_problem(place, TIDE_PROBLEM_SHAPE,
                           "a group has the one key \"%s\" and nothing beside it", word);
    }
    if (!json_object_is_type(group.value, json_type_array)) {
        wrong_shape(&group, "a list of conditions");
        return;
    }
    if (json_object_array_length(group.value) == 0) {
        tide_place_problem(&group, TIDE_PROBLEM_MEANING, "must not be an empty list");
    }
    for (size_t i = 0; i < json_object_array_length(group.value); i++) {
        struct tide_place element = tide_place_element(&group, i);

        tide_keys_check_condition(&element, depth + 1);
    }
}

void tide_keys_check_condition(const struct tide_place *place, int depth)
{
    if (!json_object_is_type(place->value, json_type_object)) {
        wrong_shape(place,
                    "a condition {field, operator, values} or a group {and} or {or}");
    } else if (depth > CONDITION_DEPTH) {
        tide_place_problem(place, TIDE_PROBLEM_MEANING, "groups nest deeper than %d",
                           CONDITION_DEPTH);
    } else if (json_object_object_get_ex(place->value, "and", NULL)) {
        check_group(place, "and", depth);
    } else if (json_object_object_get_ex(place->value, "or", NULL)) {
        check_group(place, "or", depth);
    } else {
        tide_keys_check(place, tide_condition_keys);
    }
}

/* ---- objects ---- */

static void check_value(const struct tide_place *place, const struct tide_key *key)
{
    switch (key->shape) {
    case TIDE_SHAPE_TEXT:
    case TIDE_SHAPE_WORD:
        check_text(place, key);
        break;
    case TIDE_SHAPE_BOOL:
        if (!json_object_is_type(place->value, json_type_boolean)) {
            wrong_shape(place, "true or false");
        }
        break;
    case TIDE_SHAPE_COUNT:
        check_count(place, key);
        break;
    case TIDE_SHAPE_COUNT_OR_SHARE:
        check_count_or_share(place);
        break;
    case TIDE_SHAPE_TEXTS:
    case TIDE_SHAPE_SCALARS:
    case TIDE_SHAPE_OBJECTS:
        check_list(place, key);
        break;
    case TIDE_SHAPE_MAP:
    case TIDE_SHAPE_TEXT_MAP:
        check_map(place, key->shape == TIDE_SHAPE_TEXT_MAP);
        break;
    case TIDE_SHAPE_OBJECT:
        tide_keys_check(place, key->keys);
        break;
    case TIDE_SHAPE_CONDITION:
        tide_keys_check_condition(place, 0);
        break;
    }
}

static const struct tide_key *find_key(const struct tide_key *keys, const char *name)
{
    for (; keys->name; keys++) {
        if (strcmp(keys->name, name) == 0) {
            return keys;
        }
    }
    return NULL;
}

static void unknown_key(const struct tide_place *place, const struct tide_key *keys,
                        const char *name)
{
    const char *names[16];
    const char *nearest;
    size_t count = 0;
    struct tide_text known = {0};

    for (; keys->name && count < sizeof names / sizeof names[0]; keys++) {
        tide_text_appendf(&known, "%s%s", count ? ", " : "", keys->name);
        names[count++] = keys->name;
    }
    nearest = tide_text_nearest(name, names, count);
    if (nearest) {
        tide_place_key_problem(place, name, TIDE_PROBLEM_SHAPE,
                               "unknown key; did you mean \"%s\"?", nearest);
    } else {
        tide_place_key_problem(place, name, TIDE_PROBLEM_SHAPE,
                               "unknown key; here are known: %s", known.data);
    }
    tide_text_fini(&known);
}

void tide_keys_check(const struct tide_place *place, const struct tide_key *keys)
{
    if (!json_object_is_type(place->value, json_type_object)) {
        wrong_shape(place, "a map");
        return;
    }
    json_object_object_foreach(place->value, name, value)
    {
        const struct tide_key *key = find_key(keys, name);
        struct tide_place member = tide_place_member(place, name);

        (void)value;
        if (key) {
            check_value(&member, key);
        } else {
            unknown_key(place, keys, name);
        }
    }
    for (const struct tide_key *key = keys; key->name; key++) {
        struct tide_place member = tide_place_member(place, key->name);

        if (key->required && !json_object_object_get_ex(place->value, key->name, NULL)) {
            tide_place_problem(&member, TIDE_PROBLEM_SHAPE, "required and missing: %s",
                               key->help);
        }
    }
}
