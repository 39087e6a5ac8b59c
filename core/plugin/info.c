/*
 * info - what is known of a plugin without running it.
 */
#include "plugin/info.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

static const char *const kind_names[] = {"",       "source", "transform", "destination",
                                         "format", "storage"};

#define KINDS (sizeof kind_names / sizeof kind_names[0])

const char *tide_plugin_kind_name(uint32_t kind)
{
    return kind < KINDS ? kind_names[kind] : "";
}

int tide_plugin_kind_parse(const char *text, uint32_t *kind)
{
    for (uint32_t i = 1; text && i < KINDS; i++) {
        if (strcmp(text, kind_names[i]) == 0) {
            *kind = i;
            return TIDE_OK;
        }
    }
    return TIDE_E_NOT_FOUND;
}

static char *copy_text(const char *text)
{
    return text ? tide_strdup(text) : NULL;
}

/* ---- from an entry ---- */

static char **copy_choices(const char *const *choices)
{
    size_t count = 0;
    char **copy;

    while (choices[count]) {
        count++;
    }
    copy = tide_alloc_array(count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        copy[i] = tide_strdup(choices[i]);
    }
    return copy;
}

static void copy_option(const struct tide_option *option, struct tide_option_info *info)
{
    info->name = tide_strdup(option->name);
    info->type = option->type;
    info->component_kind = option->component_kind;
    info->required = option->required;
    info->secret = option->secret;
    info->default_value = copy_text(option->default_value);
    info->choices = option->choices ? copy_choices(option->choices) : NULL;
    info->minimum = option->minimum;
    info->maximum = option->maximum;
    info->help = copy_text(option->help);
    info->example = copy_text(option->example);
}

struct tide_option_info *tide_option_info_of(const struct tide_option *option)
{
    struct tide_option_info *info = tide_alloc(sizeof *info);

    copy_option(option, info);
    return info;
}

static void copy_table_facts(const struct tide_plugin_entry *entry,
                             struct tide_plugin_info *info)
{
    info->can_check = entry->check != NULL;
    if (entry->kind == TIDE_KIND_SOURCE) {
        info->flags = entry->source->flags;
        info->can_discover = entry->source->discover != NULL;
    } else if (entry->kind == TIDE_KIND_DESTINATION) {
        info->flags = entry->destination->flags;
        info->can_discover = entry->destination->discover != NULL;
    } else if (entry->kind == TIDE_KIND_FORMAT) {
        info->extension = copy_text(entry->format->extension);
    }
}

struct tide_plugin_info *tide_plugin_info_of(const struct tide_plugin_entry *entry,
                                             const char *path)
{
    struct tide_plugin_info *info = tide_alloc(sizeof *info);
    size_t count = 0;

    while (entry->options && entry->options[count].name) {
        count++;
    }
    info->kind = entry->kind;
    info->name = tide_strdup(entry->name);
    info->version = tide_strdup(entry->version);
    info->summary = tide_strdup(entry->summary);
    info->path = tide_strdup(path);
    info->options = tide_alloc_array(count + 1, sizeof *info->options);
    info->option_count = count;
    for (size_t i = 0; i < count; i++) {
        copy_option(&entry->options[i], &info->options[i]);
    }
    copy_table_facts(entry, info);
    return info;
}

/* "sources" as the name of a folder, or 0. */
static uint32_t kind_of_folder(const char *name, size_t length)
{
    for (uint32_t kind = 1; kind < KINDS; kind++) {
        if (length == strlen(kind_names[kind]) + 1 && name[length - 1] == 's' &&
            strncmp(name, kind_names[kind], length - 1) == 0) {
            return kind;
        }
    }
    return 0;
}

/* Kind and name from .../<kind>s/NAME.so or .../<kind>s/NAME/NAME.so. */
static void guess_identity(struct tide_plugin_info *info)
{
    const char *file = strrchr(info->path, '/');
    const char *at = info->path;

    file = file ? file + 1 : info->path;
    info->name = tide_strndup(file, strcspn(file, "."));
    while (at < file) {
        size_t length = strcspn(at, "/");
        uint32_t kind = length > 0 ? kind_of_folder(at, length) : 0;

        info->kind = kind != 0 ? kind : info->kind;
        at += length + 1;
    }
}

struct tide_plugin_info *tide_plugin_info_refused(const char *path, const char *why)
{
    struct tide_plugin_info *info = tide_alloc(sizeof *info);

    info->path = tide_strdup(path);
    info->refused = tide_strdup(why);
    guess_identity(info);
    return info;
}

/* ---- as JSON ---- */

static struct json_object *choices_json(char **choices)
{
    struct json_object *array = json_object_new_array();

    for (size_t i = 0; choices[i]; i++) {
        (void)json_object_array_add(array, json_object_new_string(choices[i]));
    }
    return array;
}

static struct json_object *option_json(const struct tide_option_info *option)
{
    struct json_object *json = json_object_new_object();

    tide_json_set_text(json, "name", option->name);
    tide_json_set_int(json, "type", option->type);
    tide_json_set_bool(json, "required", option->required);
    tide_json_set_bool(json, "secret", option->secret);
    if (option->component_kind) {
        tide_json_set_int(json, "component_kind", option->component_kind);
    }
    if (option->default_value) {
        tide_json_set_text(json, "default", option->default_value);
    }
    if (option->choices) {
        tide_json_set(json, "choices", choices_json(option->choices));
    }
    if (option->minimum || option->maximum) {
        tide_json_set_int(json, "minimum", option->minimum);
        tide_json_set_int(json, "maximum", option->maximum);
    }
    if (option->help) {
        tide_json_set_text(json, "help", option->help);
    }
    if (option->example) {
        tide_json_set_text(json, "example", option->example);
    }
    return json;
}

struct json_object *tide_plugin_info_to_json(const struct tide_plugin_info *info)
{
    struct json_object *json = json_object_new_object();
    struct json_object *options;

    tide_json_set_text(json, "path", info->path);
    if (info->kind != 0) {
        tide_json_set_text(json, "kind", tide_plugin_kind_name(info->kind));
    }
    if (info->name) {
        tide_json_set_text(json, "name", info->name);
    }
    if (info->refused) {
        tide_json_set_text(json, "refused", info->refused);
        return json;
    }
    tide_json_set_text(json, "version", info->version);
    tide_json_set_text(json, "summary", info->summary);
    tide_json_set_int(json, "flags", info->flags);
    tide_json_set_bool(json, "can_discover", info->can_discover);
    tide_json_set_bool(json, "can_check", info->can_check);
    if (info->extension) {
        tide_json_set_text(json, "extension", info->extension);
    }
    options = json_object_new_array();
    for (size_t i = 0; i < info->option_count; i++) {
        (void)json_object_array_add(options, option_json(&info->options[i]));
    }
    tide_json_set(json, "options", options);
    return json;
}

static char **choices_from_json(struct json_object *array)
{
    size_t count = json_object_array_length(array);
    char **choices = tide_alloc_array(count + 1, sizeof *choices);

    for (size_t i = 0; i < count; i++) {
        const char *word = json_object_get_string(json_object_array_get_idx(array, i));

        choices[i] = tide_strdup(word ? word : "");
    }
    return choices;
}

static bool option_from_json(struct json_object *json, struct tide_option_info *option)
{
    struct json_object *choices = tide_json_member(json, "choices");

    option->name = copy_text(tide_json_text(json, "name"));
    option->type = (int32_t)tide_json_int(json, "type", 0);
    option->component_kind = (uint32_t)tide_json_int(json, "component_kind", 0);
    option->required = tide_json_bool(json, "required", false);
    option->secret = tide_json_bool(json, "secret", false);
    option->default_value = copy_text(tide_json_text(json, "default"));
    option->minimum = tide_json_int(json, "minimum", 0);
    option->maximum = tide_json_int(json, "maximum", 0);
    option->help = copy_text(tide_json_text(json, "help"));
    option->example = copy_text(tide_json_text(json, "example"));
    if (choices && json_object_is_type(choices, json_type_array)) {
        option->choices = choices_from_json(choices);
    }
    return option->name && option->type > TIDE_OPTION_END &&
           option->type <= TIDE_OPTION_COMPONENT &&
           (option->type != TIDE_OPTION_ENUM || option->choices);
}

static bool options_from_json(struct json_object *array, struct tide_plugin_info *info)
{
    size_t count;

    if (!array || !json_object_is_type(array, json_type_array)) {
        return false;
    }
    count = json_object_array_length(array);
    info->options = tide_alloc_array(count + 1, sizeof *info->options);
    for (size_t i = 0; i < count; i++) {
        info->option_count = i + 1;
        if (!option_from_json(json_object_array_get_idx(array, i), &info->options[i])) {
            return false;
        }
    }
    return true;
}

static bool info_from_json(struct json_object *json, struct tide_plugin_info *info)
{
    info->path = copy_text(tide_json_text(json, "path"));
    info->refused = copy_text(tide_json_text(json, "refused"));
    info->name = copy_text(tide_json_text(json, "name"));
    (void)tide_plugin_kind_parse(tide_json_text(json, "kind"), &info->kind);
    if (info->refused) {
        return info->path != NULL;
    }
    info->version = copy_text(tide_json_text(json, "version"));
    info->summary = copy_text(tide_json_text(json, "summary"));
    info->flags = (uint32_t)tide_json_int(json, "flags", 0);
    info->can_discover = tide_json_bool(json, "can_discover", false);
    info->can_check = tide_json_bool(json, "can_check", false);
    info->extension = copy_text(tide_json_text(json, "extension"));
    return info->path && info->name && info->version && info->summary &&
           info->kind != 0 && options_from_json(tide_json_member(json, "options"), info);
}

int tide_plugin_info_from_json(struct json_object *json, struct tide_plugin_info **out,
                               struct tide_error *err)
{
    struct tide_plugin_info *info = tide_alloc(sizeof *info);

    if (!info_from_json(json, info)) {
        tide_plugin_info_destroy(info);
        return tide_error_set(err, TIDE_E_DATA, "no description of a plugin");
    }
    *out = info;
    return TIDE_OK;
}

/* ---- end ---- */

static void free_option(struct tide_option_info *option)
{
    for (size_t i = 0; option->choices && option->choices[i]; i++) {
        free(option->choices[i]);
    }
    free(option->choices);
    free(option->name);
    free(option->default_value);
    free(option->help);
    free(option->example);
}

void tide_option_info_destroy(struct tide_option_info *info)
{
    if (info) {
        free_option(info);
        free(info);
    }
}

void tide_plugin_info_destroy(struct tide_plugin_info *info)
{
    if (!info) {
        return;
    }
    for (size_t i = 0; i < info->option_count; i++) {
        free_option(&info->options[i]);
    }
    free(info->options);
    free(info->name);
    free(info->version);
    free(info->summary);
    free(info->path);
    free(info->refused);
    free(info->extension);
    free(info);
}
