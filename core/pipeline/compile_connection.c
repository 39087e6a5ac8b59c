/*
 * compile_connection - plugins and their options: known, resolved, checked.
 */
#include <stdlib.h>
#include <string.h>

#include "base/document_scalar.h"
#include "base/json.h"
#include "base/text.h"
#include "pipeline/compile.h"
#include "plugin/options.h"

/* ---- variables ---- */

static struct json_object *resolve(struct tide_compile *compile,
                                   const struct tide_place *place);

static struct json_object *resolve_text(struct tide_compile *compile,
                                        const struct tide_place *place)
{
    const char *text = json_object_get_string(place->value);
    struct tide_error err = {0};
    struct json_object *value;
    char *out = NULL;

    if (!strchr(text, '$')) {
        return json_object_get(place->value);
    }
    if (tide_variables_expand(text, compile->options->variable,
                              compile->options->variable_arg, &out, &err) != TIDE_OK) {
        tide_place_problem(place, TIDE_PROBLEM_MEANING, "%s", err.message);
        return json_object_get(place->value);
    }
    value = json_object_new_string(out);
    free(out);
    return value;
}

static struct json_object *resolve_list(struct tide_compile *compile,
                                        const struct tide_place *place)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < json_object_array_length(place->value); i++) {
        struct tide_place element = tide_place_element(place, i);

        (void)json_object_array_add(list, resolve(compile, &element));
    }
    return list;
}

static struct json_object *resolve_map(struct tide_compile *compile,
                                       const struct tide_place *place)
{
    struct json_object *map = json_object_new_object();

    json_object_object_foreach(place->value, key, value)
    {
        struct tide_place member = tide_place_member(place, key);

        (void)value;
        tide_json_set(map, key, resolve(compile, &member));
    }
    return map;
}

static struct json_object *resolve(struct tide_compile *compile,
                                   const struct tide_place *place)
{
    switch (json_object_get_type(place->value)) {
    case json_type_string:
        return resolve_text(compile, place);
    case json_type_array:
        return resolve_list(compile, place);
    case json_type_object:
        return resolve_map(compile, place);
    default:
        return json_object_get(place->value);
    }
}

/* ---- options against the plugin's table ---- */

/* A value whose variable is not set was reported as that, and is not looked at again. */
static void report(void *arg, const char *key, bool is_shape, const char *message)
{
    const struct tide_place *place = arg;
    enum tide_problem_kind kind = is_shape ? TIDE_PROBLEM_SHAPE : TIDE_PROBLEM_MEANING;

    if (key && tide_place_has_problem(place, key)) {
        return;
    }
    if (key) {
        tide_place_key_problem(place, key, kind, "%s", message);
    } else {
        tide_place_problem(place, kind, "%s", message);
    }
}

/* A relative path needs a folder to start from. */
static void check_path(const struct tide_place *place,
                       const struct tide_option_info *option, const char *text)
{
    if (option->type == TIDE_OPTION_PATH && *text != '/') {
        tide_place_key_problem(place, option->name, TIDE_PROBLEM_MEANING,
                               "must be an absolute path: there is no file here that "
                               "\"%.200s\" could be relative to",
                               text);
    }
}

static void keep_secret(struct tide_pipeline_parts *parts, const char *text)
{
    if (!text || !*text) {
        return;
    }
    parts->secrets =
        tide_realloc(parts->secrets, (parts->secret_count + 2) * sizeof *parts->secrets);
    parts->secrets[parts->secret_count++] = tide_strdup(text);
    parts->secrets[parts->secret_count] = NULL;
}

/* The password of postgresql://user:password@host, when the text is such an address. */
static void keep_password_of_url(struct tide_pipeline_parts *parts, const char *url)
{
    const char *start = strstr(url, "://");
    const char *at = start ? strrchr(start + 3, '@') : NULL;
    const char *colon = at ? memchr(start + 3, ':', (size_t)(at - start - 3)) : NULL;

    if (colon && at - colon > 1) {
        char *password = tide_strndup(colon + 1, (size_t)(at - colon - 1));

        keep_secret(parts, password);
        free(password);
    }
}

/* Each text of a secret value, a list or a map too. */
static void keep_secrets(struct tide_pipeline_parts *parts, struct json_object *value)
{
    if (json_object_is_type(value, json_type_string)) {
        keep_secret(parts, json_object_get_string(value));
        keep_password_of_url(parts, json_object_get_string(value));
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            keep_secrets(parts, json_object_array_get_idx(value, i));
        }
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, item)
        {
            (void)key;
            keep_secrets(parts, item);
        }
    }
}

/* A variable's text where the option is a number, or true or false: what it says. */
static void retype(struct json_object *options, const struct tide_option_info *option,
                   struct json_object *written)
{
    bool is_plain = option->type == TIDE_OPTION_BOOL || option->type == TIDE_OPTION_INT ||
                    option->type == TIDE_OPTION_FLOAT;
    const char *text = tide_json_text(options, option->name);

    if (is_plain && text && json_object_is_type(written, json_type_string) &&
        strchr(json_object_get_string(written), '$')) {
        tide_json_set(options, option->name, tide_scalar_resolve(text, strlen(text)));
    }
}

/* What the table of a plugin makes of options: types of variables, paths, secrets. */
static void apply_table(struct tide_compile *compile, const struct tide_place *place,
                        const struct tide_plugin_info *info, struct json_object *options)
{
    json_object_object_foreach(place->value, key, written)
    {
        const struct tide_option_info *option =
            tide_options_find(compile->options->catalog, info, options, key);
        const char *text = option ? tide_json_text(options, key) : NULL;

        if (option && option->secret) {
            keep_secrets(compile->parts, tide_json_member(options, key));
        }
        if (text && !compile->options->base_folder) {
            check_path(place, option, text);
        }
        if (option) {
            retype(options, option, written);
        }
    }
}

struct json_object *tide_compile_options(struct tide_compile *compile,
                                         const struct tide_place *place,
                                         const struct tide_plugin_info *info)
{
    struct tide_place from = *place;
    struct json_object *options;

    if (place->value && !json_object_is_type(place->value, json_type_object)) {
        return NULL;
    }
    options = place->value ? resolve(compile, place) : json_object_new_object();
    (void)json_object_array_add(compile->parts->resolved, options);
    if (place->value) {
        apply_table(compile, place, info, options);
    }
    (void)tide_options_check(compile->options->catalog, info, options, report, &from);
    return options;
}

/* ---- connections ---- */

static const struct tide_plugin_info *find_plugin(struct tide_compile *compile,
                                                  const struct tide_place *place,
                                                  uint32_t kind, const char *name)
{
    const struct tide_catalog *catalog = compile->options->catalog;
    const struct tide_plugin_info *info = tide_catalog_find(catalog, kind, name);
    const char *nearest;

    if (info && info->refused) {
        tide_place_problem(place, TIDE_PROBLEM_MEANING, "%s \"%s\" was refused: %s",
                           tide_plugin_kind_name(kind), name, info->refused);
        return NULL;
    }
    if (!info) {
        nearest = tide_catalog_nearest(catalog, kind, name);
        tide_place_problem(place, TIDE_PROBLEM_MEANING, "no %s \"%.64s\"%s%s%s",
                           tide_plugin_kind_name(kind), name,
                           nearest ? "; did you mean \""
                                   : "; tidemill plugins lists them",
                           nearest ? nearest : "", nearest ? "\"?" : "");
    }
    return info;
}

static void check_ways(const struct tide_place *place)
{
    int ways = json_object_object_get_ex(place->value, "id", NULL) +
               json_object_object_get_ex(place->value, "name", NULL) +
               json_object_object_get_ex(place->value, "plugin", NULL);

    if (ways != 1) {
        tide_place_problem(
            place, TIDE_PROBLEM_MEANING,
            "give %s of id or name (a stored connection) and plugin (one in "
            "place)",
            ways == 0 ? "one" : "only one");
    } else if (!json_object_object_get_ex(place->value, "plugin", NULL) &&
               tide_json_member(place->value, "options")) {
        tide_place_key_problem(place, "options", TIDE_PROBLEM_MEANING,
                               "a stored connection has its own options");
    }
}

void tide_compile_connection(struct tide_compile *compile, const struct tide_place *place,
                             uint32_t kind, struct tide_connection *out,
                             const struct tide_plugin_info **info)
{
    struct tide_place plugin = tide_place_member(place, "plugin");
    struct tide_place options = tide_place_member(place, "options");

    *info = NULL;
    if (!json_object_is_type(place->value, json_type_object)) {
        return;
    }
    check_ways(place);
    out->id = tide_json_int(place->value, "id", 0);
    out->name = tide_compile_text(compile, place->value, "name");
    out->plugin = tide_compile_text(compile, place->value, "plugin");
    if (out->plugin && *out->plugin) {
        *info = find_plugin(compile, &plugin, kind, out->plugin);
    }
    if (*info) {
        out->options = tide_compile_options(compile, &options, *info);
    }
}

/* ---- transformations ---- */

static bool has_table(const struct tide_pipeline *pipeline, const char *name)
{
    for (size_t i = 0; i < pipeline->table_count; i++) {
        if (pipeline->tables[i].name && strcmp(pipeline->tables[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_table(struct tide_compile *compile, const struct tide_place *place,
                        const char *name)
{
    const struct tide_pipeline *pipeline = compile->pipeline;
    const char **names;
    const char *nearest;
    size_t count = 0;

    if (strcmp(name, "*") == 0 || has_table(pipeline, name)) {
        return;
    }
    names = tide_alloc_array(pipeline->table_count + 1, sizeof *names);
    for (size_t i = 0; i < pipeline->table_count; i++) {
        if (pipeline->tables[i].name) {
            names[count++] = pipeline->tables[i].name;
        }
    }
    nearest = tide_text_nearest(name, names, count);
    tide_place_problem(place, TIDE_PROBLEM_MEANING,
                       "no table \"%.64s\" in this document%s%s%s; * is all tables", name,
                       nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                       nearest ? "\"?" : "");
    free(names);
}

static void compile_transformation(struct tide_compile *compile,
                                   const struct tide_place *place, struct tide_step *step)
{
    struct tide_place type = tide_place_member(place, "type");
    struct tide_place table = tide_place_member(place, "table");
    struct tide_place config = tide_place_member(place, "config");
    const struct tide_plugin_info *info = NULL;

    step->plugin = tide_compile_text(compile, place->value, "type");
    step->table = tide_compile_text(compile, place->value, "table");
    if (step->table) {
        check_table(compile, &table, step->table);
    } else {
        step->table = "*";
    }
    if (step->plugin && *step->plugin) {
        info = find_plugin(compile, &type, TIDE_KIND_TRANSFORM, step->plugin);
    }
    if (info) {
        step->options = tide_compile_options(compile, &config, info);
    }
}

void tide_compile_transformations(struct tide_compile *compile,
                                  const struct tide_place *place)
{
    struct tide_pipeline *pipeline = compile->pipeline;
    size_t count;

    if (!json_object_is_type(place->value, json_type_array)) {
        return;
    }
    count = json_object_array_length(place->value);
    pipeline->transformations = tide_arena_alloc(
        compile->parts->arena, (count + 1) * sizeof *pipeline->transformations);
    pipeline->transformation_count = count;
    for (size_t i = 0; i < count; i++) {
        struct tide_place element = tide_place_element(place, i);

        compile_transformation(compile, &element, &pipeline->transformations[i]);
    }
}
