/*
 * settings - what the daemon is told: by flags, over variables, over a YAML file, over
 * defaults.
 *
 * Layer: uses core/base.
 */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/document.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#ifndef TIDE_SYSCONFDIR
#define TIDE_SYSCONFDIR "/etc"
#endif

/* ---- one value ---- */

static int set_word(const struct tide_settings_key *key, const char *text, int64_t *value,
                    struct tide_error *err)
{
    struct tide_text list = {0};
    size_t i = 0;
    int code;

    for (; key->choices[i]; i++) {
        if (strcmp(key->choices[i], text) == 0) {
            *value = (int64_t)i;
            tide_text_fini(&list);
            return TIDE_OK;
        }
        tide_text_append(&list, i ? ", " : "");
        tide_text_append(&list, key->choices[i]);
    }
    code =
        tide_error_set(err, TIDE_E_CONFIG, "\"%s\" is not one of: %s", text, list.data);
    tide_text_fini(&list);
    return code;
}

static int parse_count(const char *text, int64_t *value, struct tide_error *err)
{
    char *end;

    errno = 0;
    *value = strtoll(text, &end, 10);
    if (errno || end == text || *end) {
        return tide_error_set(err, TIDE_E_CONFIG, "\"%s\" is not a number", text);
    }
    return TIDE_OK;
}

static int set_number(const struct tide_settings_key *key, const char *text,
                      int64_t *value, struct tide_error *err)
{
    int64_t number = 0;
    int code = key->type == TIDE_SETTING_SIZE ? tide_size_parse(text, &number, err)
               : key->type == TIDE_SETTING_DURATION
                   ? tide_duration_parse(text, &number, err)
                   : parse_count(text, &number, err);
    bool ranged = key->minimum || key->maximum;

    if (code) {
        err->code = TIDE_E_CONFIG;
        return TIDE_E_CONFIG;
    }
    if (number < key->minimum || (ranged && number > key->maximum)) {
        return tide_error_set(err, TIDE_E_CONFIG, "%s is out of range", text);
    }
    *value = number;
    return TIDE_OK;
}

/** `folder` is where a relative path starts. */
static int set_value(struct tide_settings *settings, const struct tide_settings_key *key,
                     const char *text, const char *folder, struct tide_error *err)
{
    char *place = (char *)settings + key->offset;
    char **string = (char **)(void *)place;
    int64_t *number = (int64_t *)(void *)place;

    switch (key->type) {
    case TIDE_SETTING_WORD:
        return set_word(key, text, number, err);
    case TIDE_SETTING_SIZE:
    case TIDE_SETTING_DURATION:
    case TIDE_SETTING_COUNT:
        return set_number(key, text, number, err);
    case TIDE_SETTING_TEXT:
    case TIDE_SETTING_PATH:
        break;
    }
    if (!*text) {
        return tide_error_set(err, TIDE_E_CONFIG, "it is empty");
    }
    free(*string);
    *string =
        key->type == TIDE_SETTING_PATH ? tide_path_join(folder, text) : tide_strdup(text);
    return TIDE_OK;
}

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

static void set_defaults(struct tide_settings *settings)
{
    struct tide_error err;

    for (const struct tide_settings_key *key = tide_settings_keys; key->name; key++) {
        if (key->fallback) {
            (void)set_value(settings, key, key->fallback, ".", &err);
        }
    }
}

/* ---- the file ---- */

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
    if (set_value(reading->settings, key, json_object_get_string(value), reading->folder,
                  err)) {
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

static int read_file(struct tide_settings *settings, struct tide_error *err)
{
    struct reading reading = {.settings = settings, .path = settings->file};
    struct json_object *root;
    char *text = NULL;
    size_t length = 0;
    int code = tide_file_read(settings->file, TIDE_DOCUMENT_MAX, &text, &length, err);

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

/* ---- variables and flags ---- */

static int read_variables(struct tide_settings *settings,
                          char *(*variable)(const char *name), struct tide_error *err)
{
    for (const struct tide_settings_key *key = tide_settings_keys; key->name; key++) {
        char name[64];
        const char *text;

        tide_settings_variable_name(key, name);
        text = variable(name);
        if (text && *text && set_value(settings, key, text, ".", err)) {
            return tide_error_wrap(err, "%s", name);
        }
    }
    return TIDE_OK;
}

/** A flag that is no key. */
struct command {
    const char *name;
    enum tide_settings_action action;
};
static const struct command commands[] = {
    {"--check-config", TIDE_SETTING_CHECK},
    {"--help", TIDE_SETTING_HELP},
    {"--version", TIDE_SETTING_VERSION},
};

static int unknown_flag(const char *flag, struct tide_error *err)
{
    char texts[TIDE_SETTINGS_MOST][64];
    const char *names[TIDE_SETTINGS_MOST + 4] = {"--config", "--check-config", "--help",
                                                 "--version"};
    size_t count = 4;
    const char *nearest;

    for (size_t i = 0; tide_settings_keys[i].name; i++) {
        tide_settings_flag_name(&tide_settings_keys[i], texts[i]);
        names[count++] = texts[i];
    }
    nearest = tide_text_nearest(flag, names, count);
    return tide_error_set(err, TIDE_E_CONFIG,
                          "there is no flag %s%s%s; tidemilld --help lists them", flag,
                          nearest ? "; did you mean " : "", nearest ? nearest : "");
}

/** Who takes the flag's value: a key, or one of the two texts beside them. */
static int take_flag(struct tide_settings *settings, const char *flag, const char *value,
                     struct tide_error *err)
{
    for (const struct tide_settings_key *key = tide_settings_keys; key->name; key++) {
        char name[64];

        tide_settings_flag_name(key, name);
        if (strcmp(name, flag) == 0) {
            return set_value(settings, key, value, ".", err)
                       ? tide_error_wrap(err, "%s", flag)
                       : TIDE_OK;
        }
    }
    if (strcmp(flag, "--test-clock-file") == 0) {
        free(settings->test_clock);
        settings->test_clock = tide_strdup(value);
    }
    return TIDE_OK;
}

static bool takes_value(const char *flag)
{
    for (const struct tide_settings_key *key = tide_settings_keys; key->name; key++) {
        char name[64];

        tide_settings_flag_name(key, name);
        if (strcmp(name, flag) == 0) {
            return true;
        }
    }
    return strcmp(flag, "--config") == 0 || strcmp(flag, "--test-clock-file") == 0;
}

static bool is_command(const char *flag, enum tide_settings_action *action)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, flag) == 0) {
            *action = commands[i].action;
            return true;
        }
    }
    return false;
}

/** Call take(flag, value) for each; twice walked, because --config comes first. */
static int walk_flags(int argc, char *const *argv, struct tide_settings *settings,
                      enum tide_settings_action *action,
                      int (*take)(struct tide_settings *settings, const char *flag,
                                  const char *value, struct tide_error *err),
                      struct tide_error *err)
{
    for (int i = 1; i < argc; i++) {
        char flag[64];
        const char *equals = strchr(argv[i], '=');
        int length = (int)(equals ? equals - argv[i] : (long)strlen(argv[i]));
        const char *value = equals ? equals + 1 : NULL;
        int code;

        (void)snprintf(flag, sizeof flag, "%.*s", length, argv[i]);
        if (!equals && is_command(flag, action)) {
            continue;
        }
        if (!takes_value(flag)) {
            return unknown_flag(flag, err);
        }
        if (!value && i + 1 == argc) {
            return tide_error_set(err, TIDE_E_CONFIG, "%s needs a value", flag);
        }
        code = take(settings, flag, value ? value : argv[++i], err);
        if (code) {
            return code;
        }
    }
    return TIDE_OK;
}

static int take_file_flag(struct tide_settings *settings, const char *flag,
                          const char *value, struct tide_error *err)
{
    (void)err;
    if (strcmp(flag, "--config") == 0) {
        free(settings->file);
        settings->file = tide_strdup(value);
    }
    return TIDE_OK;
}

/** The file of the variable, else the installed one if there is one to read. */
static void find_file(struct tide_settings *settings, char *(*variable)(const char *name))
{
    static const char installed[] = TIDE_SYSCONFDIR "/tidemill/tidemill.yaml";
    const char *named = variable("TIDEMILL_CONFIG");

    if (settings->file) {
        return;
    }
    if (named && *named) {
        settings->file = tide_strdup(named);
    } else if (access(installed, R_OK) == 0) {
        settings->file = tide_strdup(installed);
    }
}

static void make_absolute(char **path)
{
    if (*path) {
        char *absolute = tide_path_absolute(*path);

        free(*path);
        *path = absolute;
    }
}

static int complete(struct tide_settings *settings, struct tide_error *err)
{
    if (!settings->state_dir) {
        settings->state_dir = tide_state_folder();
    }
    if (!settings->plugin_dir) {
        settings->plugin_dir = tide_plugin_folder();
    }
    make_absolute(&settings->state_dir);
    make_absolute(&settings->plugin_dir);
    make_absolute(&settings->tls_certificate);
    make_absolute(&settings->tls_key);
    if (!settings->tls_certificate != !settings->tls_key) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "tls_certificate and tls_key go together; %s is missing",
                              settings->tls_key ? "tls_certificate" : "tls_key");
    }
    return TIDE_OK;
}

int tide_settings_load(int argc, char *const *argv, char *(*variable)(const char *name),
                       struct tide_settings *settings, enum tide_settings_action *action,
                       struct tide_error *err)
{
    int code;

    memset(settings, 0, sizeof *settings);
    *action = TIDE_SETTING_RUN;
    set_defaults(settings);
    code = walk_flags(argc, argv, settings, action, take_file_flag, err);
    if (code || *action == TIDE_SETTING_HELP || *action == TIDE_SETTING_VERSION) {
        return code;
    }
    find_file(settings, variable);
    if (settings->file) {
        code = read_file(settings, err);
    }
    if (!code) {
        code = read_variables(settings, variable, err);
    }
    if (!code) {
        code = walk_flags(argc, argv, settings, action, take_flag, err);
    }
    return code ? code : complete(settings, err);
}

void tide_settings_fini(struct tide_settings *settings)
{
    free(settings->file);
    free(settings->listen);
    free(settings->state_dir);
    free(settings->plugin_dir);
    free(settings->tls_certificate);
    free(settings->tls_key);
    free(settings->test_clock);
    memset(settings, 0, sizeof *settings);
}
