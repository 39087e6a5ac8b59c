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

char *tide_position_format(const char *words, bool is_checkpoint)
{
    bool is_wrapped = false;

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
