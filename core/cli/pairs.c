/*
 * pairs - a plugin's options as words of the command line; see pairs.h.
 */
#include "cli/pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

static struct json_object *plain_value(const char *text)
{
    struct json_object *value = NULL;
    struct tide_error err;

    if (tide_json_parse(text, strlen(text), &value, &err) == TIDE_OK && value &&
        !json_object_is_type(value, json_type_string)) {
        return value;
    }
    json_object_put(value);
    return json_object_new_string(text);
}

struct json_object *tide_cli_pairs(const char *const *pairs, size_t count)
{
    struct json_object *options = json_object_new_object();

    for (size_t i = 0; i < count; i++) {
        const char *equals = strchr(pairs[i], '=');
        char *key = tide_strndup(pairs[i], strcspn(pairs[i], "="));

        tide_json_set(options, key, plain_value(equals ? equals + 1 : ""));
        free(key);
    }
    return options;
}

void tide_cli_report_option(void *arg, const char *key, bool is_shape,
                            const char *message)
{
    const char *plugin = arg;

    (void)is_shape;
    (void)fprintf(stderr, "tidemill: %s%s%s: %s\n", plugin, key ? "." : "",
                  key ? key : "", message);
}
