/*
 * position - the place a table was committed with; see position.h.
 */
#include "run/position.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"

static char *wrap(const char *name, const char *words)
{
    struct json_object *object = json_object_new_object();
    char *text;

    tide_json_set_text(object, name, words);
    text = tide_json_format(object);
    json_object_put(object);
    return text;
}

/* The words in {"name": "words"} and nothing else, malloc'ed, or NULL. */
static char *unwrap(const char *kept, const char *name)
{
    struct json_object *object = NULL;
    const char *words = NULL;
    char *copy = NULL;

    if (kept[0] != '{' || tide_json_parse(kept, strlen(kept), &object, NULL) != TIDE_OK) {
        return NULL;
    }
    words = tide_json_text(object, name);
    if (words && json_object_object_length(object) == 1) {
        copy = tide_strdup(words);
    }
    json_object_put(object);
    return copy;
}

char *tide_position_format_done(const char *words, const char *run)
{
    struct json_object *object = json_object_new_object();
    char *text;

    tide_json_set_text(object, "done", run);
    tide_json_set_text(object, "position", words);
    text = tide_json_format(object);
    json_object_put(object);
    return text;
}

char *tide_position_parse_done(const char *kept, char **words)
{
    struct json_object *object = NULL, *position = NULL;
    const char *run = NULL;
    char *copy = NULL;

    if (kept[0] != '{' || tide_json_parse(kept, strlen(kept), &object, NULL) != TIDE_OK) {
        return NULL;
    }
    run = tide_json_text(object, "done");
    if (run && json_object_object_length(object) == 2 &&
        json_object_object_get_ex(object, "position", &position) &&
        (!position || json_object_is_type(position, json_type_string))) {
        copy = tide_strdup(run);
        *words = position ? tide_strdup(json_object_get_string(position)) : NULL;
    }
    json_object_put(object);
    return copy;
}

static bool is_done(const char *kept)
{
    char *words = NULL;
    char *run = tide_position_parse_done(kept, &words);
    bool is = run != NULL;

    free(run);
    free(words);
    return is;
}

char *tide_position_format(const char *words, bool is_checkpoint)
{
    bool is_wrapped = is_done(words);

    if (is_checkpoint) {
        return wrap("checkpoint", words);
    }
    for (int i = 0; i < 2 && !is_wrapped; i++) {
        char *inner = unwrap(words, i == 0 ? "checkpoint" : "position");

        is_wrapped = inner != NULL;
        free(inner);
    }
    return is_wrapped ? wrap("position", words) : tide_strdup(words);
}

char *tide_position_parse(const char *kept, bool *is_checkpoint)
{
    char *words = unwrap(kept, "checkpoint");

    *is_checkpoint = words != NULL;
    if (!words) {
        words = unwrap(kept, "position");
    }
    return words ? words : tide_strdup(kept);
}
