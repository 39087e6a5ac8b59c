/*
 * settings_value - one setting from its text, by the type and range of its key.
 *
 * Layer: uses core/base.
 */
#include "settings_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

static int set_word(const struct tide_settings_key *key, const char *text, int64_t *value,
                    struct tide_error *err)
{
    struct tide_text list = {0};
    const char *nearest;
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
    nearest = tide_text_nearest(text, key->choices, i);
    code = tide_error_set(err, TIDE_E_CONFIG, "\"%s\" is not one of: %s%s%s%s", text,
                          list.data, nearest ? "; did you mean \"" : "",
                          nearest ? nearest : "", nearest ? "\"?" : "");
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

int tide_settings_set(struct tide_settings *settings, const struct tide_settings_key *key,
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
