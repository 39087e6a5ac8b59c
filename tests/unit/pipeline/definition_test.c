/*
 * definition_test - what the golden definitions do not show: ownership, formats of
 * problems, the schema for editors, and the words of runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "pipeline/keys.h"
#include "pipeline/worker.h"

static struct tide_catalog *catalog;

static int open_plugins(void **state)
{
    char *folder = tide_plugin_folder();

    (void)state;
    catalog = tide_catalog_of_loaded(folder);
    free(folder);
    return 0;
}

static int close_plugins(void **state)
{
    (void)state;
    tide_catalog_close(catalog);
    return 0;
}

static const char *variable(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "SECRET") == 0 ? "hunter2" : NULL;
}

static int parse(const char *text, struct tide_pipeline **out,
                 struct tide_problems *problems)
{
    struct tide_pipeline_options options = {
        .catalog = catalog, .base_folder = "/base", .variable = variable};

    return tide_pipeline_parse(text, strlen(text), TIDE_DOCUMENT_YAML, &options, out,
                               problems);
}

#define GOOD                                                                             \
    "definition_version: 1\n"                                                            \
    "name: p\n"                                                                          \
    "source: {connection: {plugin: generate, options: {rows: 3}}}\n"                     \
    "destination: {connection: {plugin: 'null'}}\n"                                      \
    "sync: {frequency: 60}\n"                                                            \
    "tables: [{name: t}]\n"

static void the_document_is_kept_as_it_was_written(void **state)
{
    struct tide_pipeline *pipeline = NULL;
    struct tide_problems problems;
    char *text;

    (void)state;
    assert_int_equal(
        parse("definition_version: 1\nname: p\n"
              "source: {connection: {plugin: file, options: {path: 'a${SECRET}', "
              "format: csv}}}\n"
              "destination: {connection: {plugin: 'null'}}\n"
              "sync: {frequency: 60}\ntables: [{name: t}]\n",
              &pipeline, &problems),
        TIDE_OK);
    text = tide_json_format(pipeline->document);
    assert_non_null(strstr(text, "a${SECRET}"));
    assert_null(strstr(text, "hunter2"));
    assert_string_equal(tide_json_text(pipeline->source.options, "path"), "ahunter2");
    assert_string_equal(pipeline->base_folder, "/base");
    assert_null(tide_pipeline_secrets(pipeline));
    free(text);
    tide_problems_fini(&problems);
    tide_pipeline_destroy(pipeline);
}

static void a_wrong_document_leaves_the_result_alone(void **state)
{
    struct tide_pipeline *pipeline = NULL;
    struct tide_problems problems;

    (void)state;
    assert_int_equal(parse(GOOD "colour: red\n", &pipeline, &problems), TIDE_E_CONFIG);
    assert_null(pipeline);
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.items[0].kind, TIDE_PROBLEM_SHAPE);
    tide_problems_fini(&problems);
    assert_int_equal(problems.count, 0);
}

static void problems_are_formatted_as_compilers_do(void **state)
{
    struct tide_pipeline *pipeline = NULL;
    struct tide_problems problems;
    char *lines;

    (void)state;
    assert_int_equal(parse(GOOD "on_error: stop\nhooks: 1\n", &pipeline, &problems),
                     TIDE_E_CONFIG);
    lines = tide_problems_format(&problems, "p.yaml");
    assert_string_equal(lines, "p.yaml:7:11: on_error: \"stop\" is none of reject, fail\n"
                               "p.yaml:8:8: hooks: must be a list, not a number\n");
    free(lines);
    tide_problems_fini(&problems);
    assert_int_equal(parse("a: [", &pipeline, &problems), TIDE_E_CONFIG);
    assert_int_equal(problems.items[0].kind, TIDE_PROBLEM_SYNTAX);
    tide_problems_fini(&problems);
}

static void a_document_beyond_the_limit_is_refused(void **state)
{
    size_t length = TIDE_DOCUMENT_MAX + 1;
    char *text = tide_alloc(length + 1);
    struct tide_pipeline *pipeline = NULL;
    struct tide_problems problems;

    (void)state;
    memset(text, '#', length);
    assert_int_equal(parse(text, &pipeline, &problems), TIDE_E_CONFIG);
    assert_non_null(strstr(problems.items[0].message, "1 MiB"));
    tide_problems_fini(&problems);
    free(text);
}

/* ---- the schema for editors ---- */

static struct json_object *property(struct json_object *schema, const char *name)
{
    return tide_json_member(tide_json_member(schema, "properties"), name);
}

static void the_schema_has_each_key_of_the_table(void **state)
{
    struct json_object *schema = tide_pipeline_json_schema(catalog);
    size_t required = 0;

    (void)state;
    for (const struct tide_key *key = tide_document_keys; key->name; key++) {
        assert_non_null(property(schema, key->name));
        assert_non_null(tide_json_text(property(schema, key->name), "description"));
        required += key->required;
    }
    assert_int_equal(json_object_array_length(tide_json_member(schema, "required")),
                     required);
    assert_false(tide_json_bool(schema, "additionalProperties", true));
    json_object_put(schema);
}

static void the_schema_names_operators_and_plugins(void **state)
{
    struct json_object *schema = tide_pipeline_json_schema(catalog);
    struct json_object *condition, *test, *connection;

    (void)state;
    condition = tide_json_member(tide_json_member(schema, "$defs"), "condition");
    test = json_object_array_get_idx(tide_json_member(condition, "oneOf"), 2);
    assert_int_equal(
        json_object_array_length(tide_json_member(property(test, "operator"), "enum")),
        26);
    connection = property(property(schema, "source"), "connection");
    assert_non_null(tide_json_member(property(connection, "plugin"), "enum"));
    json_object_put(schema);
}

/* ---- words ---- */

static void steps_and_states_have_their_words(void **state)
{
    int parsed = -1;

    (void)state;
    assert_string_equal(tide_step_name(TIDE_STEP_RECEIVE), "receive");
    assert_string_equal(tide_step_name(TIDE_STEP_FINALIZE), "finalize");
    assert_string_equal(tide_step_name(TIDE_STEPS), "unknown");
    for (int i = TIDE_RUN_QUEUED; i <= TIDE_RUN_SKIPPED; i++) {
        assert_int_equal(tide_run_state_parse(tide_run_state_name(i), &parsed), TIDE_OK);
        assert_int_equal(parsed, i);
    }
    assert_int_equal(tide_run_state_parse("done", &parsed), TIDE_E_NOT_FOUND);
    assert_string_equal(tide_run_state_name(-1), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_is_kept_as_it_was_written),
        cmocka_unit_test(a_wrong_document_leaves_the_result_alone),
        cmocka_unit_test(problems_are_formatted_as_compilers_do),
        cmocka_unit_test(a_document_beyond_the_limit_is_refused),
        cmocka_unit_test(the_schema_has_each_key_of_the_table),
        cmocka_unit_test(the_schema_names_operators_and_plugins),
        cmocka_unit_test(steps_and_states_have_their_words),
    };

    return cmocka_run_group_tests(tests, open_plugins, close_plugins);
}
