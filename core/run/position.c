/*
 * position - the place a table was committed with; see position.h.
 */
#include "run/position.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"

/* ---- writing ------------------------------------------------------------------------*/

static void set_count(struct json_object *object, const char *name, int64_t count)
{
    if (count > 0) {
        tide_json_set_int(object, name, count);
    }
}

static void set_counts(struct json_object *object, const struct tide_position *position)
{
    set_count(object, "rows", position->rows);
    set_count(object, "rejected", position->rejected);
    set_count(object, "filtered", position->filtered);
}

/* The words of an end need an envelope only where they look like one. */
static bool is_plain(const struct tide_position *position)
{
    struct tide_position taken;
    bool is = false;

    if (position->kind == TIDE_POSITION_END) {
        tide_position_parse(position->words, &taken);
        is = taken.kind == TIDE_POSITION_END && strcmp(taken.words, position->words) == 0;
        tide_position_clear(&taken);
    }
    return is;
}

char *tide_position_format(const struct tide_position *position)
{
    struct json_object *object = NULL;
    char *text;

    if (is_plain(position)) {
        return tide_strdup(position->words);
    }
    object = json_object_new_object();
    if (position->kind == TIDE_POSITION_CHECKPOINT) {
        tide_json_set_text(object, "checkpoint", position->words);
        set_counts(object, position);
        if (position->from) {
            tide_json_set_text(object, "from", position->from);
        }
        if (position->recipe) {
            tide_json_set_text(object, "recipe", position->recipe);
        }
    } else if (position->kind == TIDE_POSITION_DONE) {
        tide_json_set_text(object, "done", position->run);
        tide_json_set_text(object, "position", position->words);
        set_counts(object, position);
    } else {
        tide_json_set_text(object, "position", position->words);
    }
    text = tide_json_format(object);
    json_object_put(object);
    return text;
}

/* ---- reading ------------------------------------------------------------------------*/

/* Take a count if there is one; how many members that were. */
static int take_count(struct json_object *object, const char *name, int64_t *count)
{
    struct json_object *value = tide_json_member(object, name);

    if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) <= 0) {
        return 0;
    }
    *count = json_object_get_int64(value);
    return 1;
}

/* Likewise of all that may stand beside the words. */
static int take_counts(struct json_object *object, struct tide_position *position)
{
    return take_count(object, "rows", &position->rows) +
           take_count(object, "rejected", &position->rejected) +
           take_count(object, "filtered", &position->filtered);
}

static bool take_done(struct json_object *object, struct tide_position *position)
{
    const char *run = tide_json_text(object, "done");
    struct json_object *words = NULL;
    int known = 2;

    if (!run || !json_object_object_get_ex(object, "position", &words) ||
        (words && !json_object_is_type(words, json_type_string))) {
        return false;
    }
    known += take_counts(object, position);
    if (json_object_object_length(object) != known) {
        return false;
    }
    position->kind = TIDE_POSITION_DONE;
    position->run = tide_strdup(run);
    position->words = words ? tide_strdup(json_object_get_string(words)) : NULL;
    return true;
}

static bool take_words(struct json_object *object, struct tide_position *position)
{
    const char *checkpoint = tide_json_text(object, "checkpoint");
    const char *words = checkpoint ? checkpoint : tide_json_text(object, "position");
    const char *from = checkpoint ? tide_json_text(object, "from") : NULL;
    const char *recipe = checkpoint ? tide_json_text(object, "recipe") : NULL;
    int known = 1 + (from != NULL) + (recipe != NULL);

    if (checkpoint) {
        known += take_counts(object, position);
    }
    if (!words || json_object_object_length(object) != known) {
        return false;
    }
    position->kind = checkpoint ? TIDE_POSITION_CHECKPOINT : TIDE_POSITION_END;
    position->words = tide_strdup(words);
    position->from = from ? tide_strdup(from) : NULL;
    position->recipe = recipe ? tide_strdup(recipe) : NULL;
    return true;
}

void tide_position_parse(const char *kept, struct tide_position *position)
{
    static const struct tide_position none = {0};
    struct json_object *object = NULL;
    bool is_ours = false;

    *position = none;
    if (kept[0] == '{' && tide_json_parse(kept, strlen(kept), &object, NULL) == TIDE_OK) {
        is_ours = take_done(object, position) || take_words(object, position);
    }
    json_object_put(object);
    if (!is_ours) {
        *position = none;
        position->words = tide_strdup(kept);
    }
}

void tide_position_clear(struct tide_position *position)
{
    free(position->words);
    free(position->run);
    free(position->from);
    free(position->recipe);
    memset(position, 0, sizeof *position);
}
