/*
 * compile_try - the plugins themselves asked whether their options can work, once the
 * tables have nothing against them: all those of a document at once.
 */
#include <stdlib.h>
#include <string.h>

#include "pipeline/compile.h"
#include "plugin/options.h"

/* From the document down to the options of one plugin; the places point to each other. */
struct spot {
    struct tide_place steps[3];
};

/* A plugin's options, where they stand: in the source, the destination, or the
 * transformation of an index. */
enum { AT_SOURCE, AT_DESTINATION, AT_TRANSFORMATION };

struct trying {
    const struct tide_place *root;
    const char *placeholder; /* or NULL */
    struct tide_options_asked *asked;
    size_t *at; /* of each */
    size_t count;
};

static const struct tide_place *find_spot(const struct tide_place *root, size_t at,
                                          struct spot *spot)
{
    if (at < AT_TRANSFORMATION) {
        spot->steps[0] =
            tide_place_member(root, at == AT_SOURCE ? "source" : "destination");
        spot->steps[1] = tide_place_member(&spot->steps[0], "connection");
        spot->steps[2] = tide_place_member(&spot->steps[1], "options");
    } else {
        spot->steps[0] = tide_place_member(root, "transformations");
        spot->steps[1] = tide_place_element(&spot->steps[0], at - AT_TRANSFORMATION);
        spot->steps[2] = tide_place_member(&spot->steps[1], "config");
    }
    return &spot->steps[2];
}

/* Whether a text is the value, or stands in the list or map. */
static bool holds(struct json_object *value, const char *text)
{
    bool found = false;

    if (json_object_is_type(value, json_type_string)) {
        return strcmp(json_object_get_string(value), text) == 0;
    }
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; !found && i < json_object_array_length(value); i++) {
            found = holds(json_object_array_get_idx(value, i), text);
        }
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, item)
        {
            (void)key;
            found = found || holds(item, text);
        }
    }
    return found;
}

static void add(struct trying *trying, const struct tide_plugin_info *info,
                struct json_object *options, size_t at)
{
    struct spot spot;
    const struct tide_place *place = find_spot(trying->root, at, &spot);

    if (info && options && !tide_place_has_problem(place->up, place->key) &&
        !(trying->placeholder && holds(options, trying->placeholder))) {
        trying->asked[trying->count] = (struct tide_options_asked){info, options};
        trying->at[trying->count++] = at;
    }
}

static void note(void *arg, size_t asked, const char *key, const char *message)
{
    const struct trying *trying = arg;
    struct spot spot;
    const struct tide_place *place = find_spot(trying->root, trying->at[asked], &spot);

    if (key) {
        tide_place_key_problem(place, key, TIDE_PROBLEM_MEANING, "%s", message);
    } else {
        tide_place_problem(place, TIDE_PROBLEM_MEANING, "%s", message);
    }
}

static void add_all(struct trying *trying, const struct tide_compile *compile)
{
    const struct tide_pipeline *pipeline = compile->pipeline;

    add(trying, compile->source, pipeline->source.options, AT_SOURCE);
    add(trying, compile->destination, pipeline->destination.options, AT_DESTINATION);
    for (size_t i = 0; i < pipeline->transformation_count; i++) {
        const struct tide_step *step = &pipeline->transformations[i];

        if (step->options) {
            add(trying,
                tide_catalog_find(compile->options->catalog, TIDE_KIND_TRANSFORM,
                                  step->plugin),
                step->options, AT_TRANSFORMATION + i);
        }
    }
}

void tide_compile_try(const struct tide_compile *compile, const struct tide_place *root)
{
    size_t most = AT_TRANSFORMATION + compile->pipeline->transformation_count;
    struct trying trying = {.root = root,
                            .placeholder = compile->options->placeholder,
                            .asked = tide_alloc_array(most, sizeof *trying.asked),
                            .at = tide_alloc_array(most, sizeof *trying.at)};

    add_all(&trying, compile);
    tide_options_try(compile->options->catalog, trying.asked, trying.count,
                     compile->options->base_folder, note, &trying);
    free(trying.asked);
    free(trying.at);
}
