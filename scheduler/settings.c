/*
 * settings - what the daemon is told: by flags, over variables, over a YAML file, over
 * defaults.
 *
 * Layer: uses core/base.
 */
#include "settings_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#ifndef TIDE_SYSCONFDIR
#define TIDE_SYSCONFDIR "/etc"
#endif

static void set_defaults(struct tide_settings *settings)
{
    struct tide_error err;

    for (const struct tide_settings_key *key = tide_settings_keys; key->name; key++) {
        if (key->fallback) {
            (void)tide_settings_set(settings, key, key->fallback, ".", &err);
        }
    }
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
        if (text && *text && tide_settings_set(settings, key, text, ".", err)) {
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
            return tide_settings_set(settings, key, value, ".", err)
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
        code = tide_settings_read_file(settings, err);
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
