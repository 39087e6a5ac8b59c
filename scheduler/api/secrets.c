/*
 * secrets - what of a definition is never shown: the values of options that their plugin
 * marks as secret, and of a plugin that is not known whatever could be a secret.
 *
 * A client that reads a definition, edits it and sends it back sends "[redacted]" where a
 * secret stood; the stored one is then kept.
 *
 * Layer: scheduler/api.
 */
#include <stdlib.h>
#include <string.h>

#include "api/definition.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

/** Where in a document options stand, and who declares them. */
struct place {
    const struct tide_catalog *catalog;
    uint32_t kind;
    const char *plugin;
    struct json_object *options;
    struct json_object *old; /**< the options at the same place of the old document */
    const char *path;        /**< "source.connection.options" */
    const struct tide_plugin_info *owner; /**< of a component, else NULL */
};

struct visit {
    /** False stops. */
    bool (*secret)(const struct place *place, const char *option, char **field);
    char **field;
    bool every; /**< also the options that are no secret */
};

static bool visit_plugin(const struct visit *visit, const struct place *place);

/** The options of a component stand beside those of its owner. */
static bool visit_component(const struct visit *visit, const struct place *place,
                            const struct tide_plugin_info *info,
                            const struct tide_option_info *option)
{
    struct place inner = *place;
    const char *named = tide_json_text(place->options, option->name);

    inner.kind = option->component_kind;
    inner.plugin = named ? named : option->default_value;
    inner.owner = info;
    return visit_plugin(visit, &inner);
}

static bool declares(const struct tide_plugin_info *info, const char *name)
{
    for (size_t i = 0; info && i < info->option_count; i++) {
        if (strcmp(info->options[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/** Nobody says which options of this plugin are secret, so all that hold text are. */
static bool visit_unknown(const struct visit *visit, const struct place *place)
{
    if (!json_object_is_type(place->options, json_type_object)) {
        return true;
    }
    /* Only values are replaced, which an iteration survives. */
    json_object_object_foreach(place->options, name, value)
    {
        bool text = json_object_is_type(value, json_type_string) ||
                    json_object_is_type(value, json_type_object) ||
                    json_object_is_type(value, json_type_array);

        if (text && !declares(place->owner, name) &&
            !visit->secret(place, name, visit->field)) {
            return false;
        }
    }
    return true;
}

/** A component that may be left out has neither a name nor options. */
static bool visit_plugin(const struct visit *visit, const struct place *place)
{
    const struct tide_plugin_info *info =
        place->plugin ? tide_catalog_find(place->catalog, place->kind, place->plugin)
                      : NULL;

    if ((!info || info->refused) && (place->plugin || !place->owner)) {
        return visit_unknown(visit, place);
    }
    for (size_t i = 0; info && i < info->option_count; i++) {
        const struct tide_option_info *option = &info->options[i];

        if (option->type == TIDE_OPTION_COMPONENT) {
            if (!visit_component(visit, place, info, option)) {
                return false;
            }
        } else if ((option->secret || visit->every) &&
                   tide_json_member(place->options, option->name) &&
                   !visit->secret(place, option->name, visit->field)) {
            return false;
        }
    }
    return true;
}

static bool visit_end(const struct visit *visit, const struct tide_catalog *catalog,
                      struct json_object *document, struct json_object *old,
                      const char *end, uint32_t kind)
{
    struct json_object *connection =
        tide_json_member(tide_json_member(document, end), "connection");
    struct json_object *before =
        tide_json_member(tide_json_member(old, end), "connection");
    char path[64];
    struct place place = {.catalog = catalog,
                          .kind = kind,
                          .plugin = tide_json_text(connection, "plugin"),
                          .options = tide_json_member(connection, "options"),
                          .old = tide_json_member(before, "options"),
                          .path = path};

    (void)snprintf(path, sizeof path, "%s.connection.options", end);
    return visit_plugin(visit, &place);
}

static struct json_object *array_at(struct json_object *array, size_t i)
{
    bool there = json_object_is_type(array, json_type_array) &&
                 i < json_object_array_length(array);

    return there ? json_object_array_get_idx(array, i) : NULL;
}

static bool visit_transformations(const struct visit *visit,
                                  const struct tide_catalog *catalog,
                                  struct json_object *document, struct json_object *old)
{
    struct json_object *list = tide_json_member(document, "transformations");
    struct json_object *before = tide_json_member(old, "transformations");
    size_t count =
        json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

    for (size_t i = 0; i < count; i++) {
        char path[64];
        struct json_object *step = array_at(list, i);
        struct place place = {.catalog = catalog,
                              .kind = TIDE_KIND_TRANSFORM,
                              .plugin = tide_json_text(step, "type"),
                              .options = tide_json_member(step, "config"),
                              .old = tide_json_member(array_at(before, i), "config"),
                              .path = path};

        (void)snprintf(path, sizeof path, "transformations[%zu].config", i);
        if (!visit_plugin(visit, &place)) {
            return false;
        }
    }
    return true;
}

static bool visit_document(const struct visit *visit, const struct tide_catalog *catalog,
                           struct json_object *document, struct json_object *old)
{
    return visit_end(visit, catalog, document, old, "source", TIDE_KIND_SOURCE) &&
           visit_end(visit, catalog, document, old, "destination",
                     TIDE_KIND_DESTINATION) &&
           visit_transformations(visit, catalog, document, old);
}

/** "${NAME}" and nothing else; a default within it might be the secret itself. */
static bool is_variable(const char *text)
{
    size_t length = text ? strlen(text) : 0;

    return length > 3 && tide_text_starts(text, "${") && text[length - 1] == '}' &&
           !strchr(text, ':') && !strchr(text + 2, '$');
}

static bool redact(const struct place *place, const char *option, char **field)
{
    (void)field;
    if (!is_variable(tide_json_text(place->options, option))) {
        tide_json_set_text(place->options, option, TIDE_REDACTED);
    }
    return true;
}

void tide_secrets_redact(struct json_object *document, const struct tide_catalog *catalog)
{
    const struct visit visit = {.secret = redact};

    (void)visit_document(&visit, catalog, document, NULL);
}

static bool is_secret(const struct place *place, const char *name)
{
    const struct tide_plugin_info *info =
        place->plugin ? tide_catalog_find(place->catalog, place->kind, place->plugin)
                      : NULL;

    for (size_t i = 0; info && i < info->option_count; i++) {
        if (strcmp(info->options[i].name, name) == 0) {
            return info->options[i].secret;
        }
    }
    return false;
}

/** An option that is no secret may have been hidden while its plugin was not known, or
 * be this very text. */
static bool restore(const struct place *place, const char *option, char **field)
{
    const char *text = tide_json_text(place->options, option);
    struct json_object *old = tide_json_member(place->old, option);

    if (!text || strcmp(text, TIDE_REDACTED) != 0) {
        return true;
    }
    if (!old && !is_secret(place, option)) {
        return true;
    }
    if (!old) {
        *field = tide_strf("%s.%s", place->path, option);
        return false;
    }
    tide_json_set(place->options, option, json_object_get(old));
    return true;
}

bool tide_secrets_restore(struct json_object *document, struct json_object *old,
                          const struct tide_catalog *catalog, char **field)
{
    const struct visit visit = {.secret = restore, .field = field, .every = true};

    return visit_document(&visit, catalog, document, old);
}
