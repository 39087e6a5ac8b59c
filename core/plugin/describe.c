/*
 * describe - reads a plugin's description in a process that may die of it.
 */
#include "plugin/describe.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "plugin/helper.h"
#include "plugin/load.h"

#define PASSING "passing"

int tide_describe_main(const char *file)
{
    const struct tide_plugin_entry *entry;
    struct tide_plugin_info *info;
    struct tide_error err = {0};
    struct json_object *json;
    int out = tide_helper_begin();
    int rc = tide_plugin_load_file(file, &entry, &err);

    info = rc == TIDE_OK ? tide_plugin_info_of(entry, file)
                         : tide_plugin_info_refused(file, err.message);
    json = tide_plugin_info_to_json(info);
    tide_json_set_bool(json, PASSING, rc == TIDE_E_IO);
    tide_helper_answer(out, json);
    tide_plugin_info_destroy(info);
    return 0;
}

static struct tide_plugin_info *parse_answer(const char *file,
                                             const struct tide_text *text, bool *passing)
{
    struct json_object *json = NULL;
    struct tide_plugin_info *info = NULL;

    if (tide_json_parse(text->data, text->length, &json, NULL) == TIDE_OK &&
        tide_plugin_info_from_json(json, &info, NULL) == TIDE_OK) {
        *passing = tide_json_bool(json, PASSING, false);
        if (strcmp(info->path, file) != 0) {
            tide_plugin_info_destroy(info);
            info = NULL;
        }
    }
    json_object_put(json);
    return info;
}

struct tide_plugin_info *tide_describe(const char *helper, const char *file,
                                       bool *passing)
{
    const char *const arguments[] = {"--describe", file, NULL};
    const struct tide_helper_question question = {
        .helper = helper, .arguments = arguments, .when = "on load"};
    struct tide_plugin_info *info = NULL;
    struct tide_text answer = {0};
    struct tide_error err = {0};
    int rc = tide_helper_ask(&question, &answer, &err);

    *passing = rc == TIDE_E_TRANSIENT || rc == TIDE_E_IO;
    if (rc == TIDE_OK) {
        info = parse_answer(file, &answer, passing);
        (void)tide_error_set(&err, TIDE_E_DATA, "did not describe itself");
    }
    if (!info) {
        info = tide_plugin_info_refused(file, err.message);
    }
    tide_text_fini(&answer);
    return info;
}
