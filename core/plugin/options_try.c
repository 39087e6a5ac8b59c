/*
 * options_try - options held against the plugins themselves, where their tables have
 * nothing against them.
 *
 * A program that loads plugins asks them in its own process; one that must not, as the
 * daemon, has a helper do it, with one question for all of them:
 *     {"plugin_folder": "/…", "base_folder": "/…" | null,
 *      "asked": [{"kind": "transform", "name": "find_and_replace", "options": {…}}, …]}
 * and the answer
 *     {"refused": [{"asked": 0, "option": "find" | null, "message": "…"}, …]}
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "plugin/helper.h"
#include "plugin/options_ask.h"

#define QUESTION_LIMIT ((size_t)16 << 20)

/* ---- in the helper ---- */

static void add_refusal(void *arg, size_t asked, const char *key, const char *message)
{
    struct json_object *refusal = json_object_new_object();

    tide_json_set_int(refusal, "asked", (int64_t)asked);
    tide_json_set_text(refusal, "option", key);
    tide_json_set_text(refusal, "message", message);
    (void)json_object_array_add(arg, refusal);
}

static void answer_one(struct json_object *question, struct json_object *one,
                       size_t asked, struct json_object *refused)
{
    const struct tide_hearing hearing = {add_refusal, refused};
    const char *folder = tide_json_text(question, "plugin_folder");
    struct tide_ask ask = {.index = asked,
                           .name = tide_json_text(one, "name"),
                           .options = tide_json_member(one, "options")};

    if (folder && ask.name &&
        tide_plugin_kind_parse(tide_json_text(one, "kind"), &ask.kind) == TIDE_OK) {
        tide_options_ask(folder, tide_json_text(question, "base_folder"), &ask, &hearing);
    }
}

static struct json_object *read_question(void)
{
    struct json_object *question = NULL;
    struct tide_text text = {0};
    char buffer[4096];
    ssize_t length;

    while (text.length < QUESTION_LIMIT &&
           (length = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
        tide_text_append_n(&text, buffer, (size_t)length);
    }
    if (text.length > 0) {
        (void)tide_json_parse(text.data, text.length, &question, NULL);
    }
    tide_text_fini(&text);
    return question;
}

int tide_options_try_main(void)
{
    int out = tide_helper_begin();
    struct json_object *question = read_question();
    struct json_object *asked = tide_json_member(question, "asked");
    struct json_object *answer = json_object_new_object();
    struct json_object *refused = json_object_new_array();
    size_t count =
        json_object_is_type(asked, json_type_array) ? json_object_array_length(asked) : 0;

    for (size_t i = 0; i < count; i++) {
        answer_one(question, json_object_array_get_idx(asked, i), i, refused);
    }
    tide_json_set(answer, "refused", refused);
    tide_helper_answer(out, answer);
    json_object_put(question);
    return 0;
}

/* ---- in the process that must not load them ---- */

static char *make_question(const struct tide_catalog *catalog,
                           const struct tide_options_asked *asked, size_t count,
                           const char *base_folder)
{
    struct json_object *question = json_object_new_object();
    struct json_object *list = json_object_new_array();
    char *text;

    tide_json_set_text(question, "plugin_folder", tide_catalog_folder(catalog));
    tide_json_set_text(question, "base_folder", base_folder);
    for (size_t i = 0; i < count; i++) {
        struct json_object *one = json_object_new_object();

        tide_json_set_text(one, "kind", tide_plugin_kind_name(asked[i].info->kind));
        tide_json_set_text(one, "name", asked[i].info->name);
        tide_json_set(one, "options", json_object_get(asked[i].options));
        (void)json_object_array_add(list, one);
    }
    tide_json_set(question, "asked", list);
    text = tide_json_format(question);
    json_object_put(question);
    return text;
}

/* first is the index of the first of those that this helper was asked about. */
static void pass_on(const struct tide_text *answer, size_t first,
                    const struct tide_hearing *hearing)
{
    struct json_object *json = NULL, *refused;

    if (tide_json_parse(answer->data, answer->length, &json, NULL) != TIDE_OK) {
        return;
    }
    refused = tide_json_member(json, "refused");
    for (size_t i = 0; json_object_is_type(refused, json_type_array) &&
                       i < json_object_array_length(refused);
         i++) {
        struct json_object *one = json_object_array_get_idx(refused, i);
        const char *message = tide_json_text(one, "message");

        hearing->refused(hearing->arg, first + (size_t)tide_json_int(one, "asked", 0),
                         tide_json_text(one, "option"), message ? message : "");
    }
    json_object_put(json);
}

static int ask_helper(const struct tide_catalog *catalog,
                      const struct tide_options_asked *asked, size_t first, size_t count,
                      const char *base_folder, const struct tide_hearing *hearing,
                      struct tide_error *err)
{
    const char *const arguments[] = {"--check", NULL};
    char *text = make_question(catalog, asked + first, count, base_folder);
    const struct tide_helper_question question = {
        .helper = tide_catalog_helper(catalog),
        .arguments = arguments,
        .input = text,
        .when = "when it is asked whether its options can work",
    };
    struct tide_text answer = {0};
    int rc = tide_helper_ask(&question, &answer, err);

    if (rc == TIDE_OK) {
        pass_on(&answer, first, hearing);
    }
    tide_text_fini(&answer);
    free(text);
    return rc;
}

/* When the helper of all died, one of its own for each tells whose fault it was. */
static void ask_helpers(const struct tide_catalog *catalog,
                        const struct tide_options_asked *asked, size_t count,
                        const char *base_folder, const struct tide_hearing *hearing)
{
    struct tide_error err = {0};
    int rc = ask_helper(catalog, asked, 0, count, base_folder, hearing, &err);

    for (size_t i = 0; rc != TIDE_OK && rc != TIDE_E_IO && i < count; i++) {
        if (ask_helper(catalog, asked, i, 1, base_folder, hearing, &err) != TIDE_OK) {
            (void)tide_error_wrap(&err, "%s \"%s\"",
                                  tide_plugin_kind_name(asked[i].info->kind),
                                  asked[i].info->name);
            hearing->refused(hearing->arg, i, NULL, err.message);
        }
    }
}

/* ---- whom to ask ---- */

static bool can_tell(const struct tide_catalog *catalog,
                     const struct tide_options_asked *asked)
{
    const struct tide_plugin_info *info = asked->info;
    bool can = info->can_check;

    for (size_t i = 0; !can && i < info->option_count; i++) {
        const struct tide_option_info *option = &info->options[i];
        const char *name = tide_json_text(asked->options, option->name);
        const struct tide_plugin_info *component = NULL;

        name = name ? name : option->default_value;
        if (option->type == TIDE_OPTION_COMPONENT && name) {
            component = tide_catalog_find(catalog, option->component_kind, name);
        }
        can = component && component->can_check;
    }
    return can;
}

/* Those who can tell, in the order asked, and for each its index among all. */
struct able {
    struct tide_options_asked *asked;
    size_t *index;
    size_t count;
    struct tide_hearing hearing;
};

static void hear(void *arg, size_t asked, const char *key, const char *message)
{
    const struct able *able = arg;

    if (asked < able->count) {
        able->hearing.refused(able->hearing.arg, able->index[asked], key, message);
    }
}

void tide_options_try(const struct tide_catalog *catalog,
                      const struct tide_options_asked *asked, size_t count,
                      const char *base_folder, tide_options_refused_fn refused, void *arg)
{
    struct able able = {.asked = tide_alloc_array(count + 1, sizeof *able.asked),
                        .index = tide_alloc_array(count + 1, sizeof *able.index),
                        .hearing = {refused, arg}};
    const struct tide_hearing hearing = {hear, &able};

    for (size_t i = 0; i < count; i++) {
        if (can_tell(catalog, &asked[i])) {
            able.index[able.count] = i;
            able.asked[able.count++] = asked[i];
        }
    }
    if (able.count > 0 && tide_catalog_helper(catalog)) {
        ask_helpers(catalog, able.asked, able.count, base_folder, &hearing);
    } else {
        for (size_t i = 0; i < able.count; i++) {
            const struct tide_plugin_info *info = able.asked[i].info;
            const struct tide_ask ask = {i, info->kind, info->name,
                                         able.asked[i].options};

            tide_options_ask(tide_catalog_folder(catalog), base_folder, &ask, &hearing);
        }
    }
    free(able.asked);
    free(able.index);
}
