/*
 * settings_file - the YAML file of the daemon's settings.
 *
 * Layer: uses core/base.
 */
#include "settings_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/file.h"
#include "base/text.h"

static const struct tide_settings_key *find_key(const char *name, const char *group)
{
    char full[64];

    (void)snprintf(full, sizeof full, "%s%s%s", group, *group ? "." : "", name);
    for (const struct tide_settings_key *key = tide_settings_keys; key->name; key++) {
        if (strcmp(key->name, full) == 0) {
            return key;
        }
    }
    return NULL;
}

struct reading {
    struct tide_settings *settings;
    struct tide_document *document;
    const char *path;
    char *folder;
};

static int fail_at(const struct reading *reading, struct json_object *parent,
                   const char *key, struct tide_error *err)
{
    unsigned line = 0, column = 0;

    tide_document_where(reading->document, parent, key, 0, &line, &column);
    (void)tide_error_wrap(err, "%s:%u:%u: %s", reading->path, line, column, key);
    err->code = TIDE_E_CONFIG;
    return TIDE_E_CONFIG;
}

/** Names that may stand here: keys of the group, and at the top the groups. */
static int unknown_key(const struct reading *reading, struct json_object *parent,
                       const char *group, const char *name, struct tide_error *err)
{
    const char *names[TIDE_SETTINGS_MOST + 2];
    size_t count = 0, length = strlen(group);
    const char *nearest;

    for (const struct tide_settings_key *key = tide_settings_keys; key->name; key++) {
        const char *dot = strchr(key->name, '.');

        if (!*group && !dot) {
            names[count++] = key->name;
        } else if (*group && dot && strncmp(key->name, group, length) == 0 &&
                   key->name[length] == '.') {
            names[count++] = dot + 1;
        }
    }
    if (!*group) {
        names[count++] = "limits";
        names[count++] = "rejects";
    }
    nearest = tide_text_nearest(name, names, count);
    (void)tide_error_set(err, TIDE_E_CONFIG, "there is no such key%s%s%s",
                         nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                         nearest ? "\"?" : "");
    return fail_at(reading, parent, name, err);
}

static bool is_group(const char *name)
{
    return strcmp(name, "limits") == 0 || strcmp(name, "rejects") == 0;
}

static int read_mapping(const struct reading *reading, struct json_object *mapping,
                        const char *group, struct tide_error *err);

static int read_member(const struct reading *reading, struct json_object *parent,
                       const char *group, const char *name, struct json_object *value,
                       struct tide_error *err)
{
    const struct tide_settings_key *key = find_key(name, group);

    if (!*group && is_group(name) && json_object_is_type(value, json_type_object)) {
        return read_mapping(reading, value, name, err);
    }
    if (!key) {
        if (!*group && is_group(name)) {
            (void)tide_error_set(err, TIDE_E_CONFIG, "must be a mapping");
            return fail_at(reading, parent, name, err);
        }
        return unknown_key(reading, parent, group, name, err);
    }
    if (!json_object_is_type(value, json_type_string) &&
        !json_object_is_type(value, json_type_int)) {
        (void)tide_error_set(err, TIDE_E_CONFIG, "must be a text or a whole number");
        return fail_at(reading, parent, name, err);
    }
    if (tide_settings_set(reading->settings, key, json_object_get_string(value),
                          reading->folder, err)) {
        return fail_at(reading, parent, name, err);
    }
    return TIDE_OK;
}

static int read_mapping(const struct reading *reading, struct json_object *mapping,
                        const char *group, struct tide_error *err)
{
    struct json_object_iterator i = json_object_iter_begin(mapping);
    struct json_object_iterator end = json_object_iter_end(mapping);

    for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
        int code = read_member(reading, mapping, group, json_object_iter_peek_name(&i),
                               json_object_iter_peek_value(&i), err);

        if (code) {
            return code;
        }
    }
    return TIDE_OK;
}

int tide_settings_read_file(struct tide_settings *settings, struct tide_error *err)
{
    struct reading reading = {.settings = settings, .path = settings->file};
    struct json_object *root;
    char *text = NULL;
    size_t length = 0;
    int code =
        tide_file_read(settings->file, (size_t)TIDE_DOCUMENT_MAX, &text, &length, err);

    if (!code) {
        code = tide_document_parse(text, length, TIDE_DOCUMENT_YAML, settings->file,
                                   &reading.document, err);
    }
    if (code) {
        goto out;
    }
    reading.folder = tide_path_folder(settings->file);
    root = tide_document_root(reading.document);
    if (root && !json_object_is_type(root, json_type_object)) {
        code = tide_error_set(err, TIDE_E_CONFIG,
                              "%s: must be a mapping of keys to values", settings->file);
    } else if (root) {
        code = read_mapping(&reading, root, "", err);
    }
out:
    tide_document_destroy(reading.document);
    free(reading.folder);
    free(text);
    return code;
}
