/*
 * options_test - what a user wrote, checked against a table and put into a struct.
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
#include "base/text.h"
#include "plugin/options.h"
#include "support/every_option.h"

struct fixture {
    char *folder;
    struct tide_catalog *catalog;
    struct tide_plugin_info *info;
    struct tide_arena *arena;
    struct tide_text problems;
};

static int set_up(void **state)
{
    struct fixture *fixture = tide_alloc(sizeof *fixture);

    fixture->folder = tide_plugin_folder();
    fixture->catalog = tide_catalog_of_loaded(fixture->folder);
    fixture->info = tide_plugin_info_of(&every_entry, "/plugins/sources/every.so");
    fixture->arena = tide_arena_create();
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    tide_plugin_info_destroy(fixture->info);
    tide_catalog_close(fixture->catalog);
    tide_arena_destroy(fixture->arena);
    tide_text_fini(&fixture->problems);
    free(fixture->folder);
    free(fixture);
    return 0;
}

static struct json_object *parse(const char *text)
{
    struct json_object *value = NULL;
    struct tide_error err = {0};

    if (tide_json_parse(text, strlen(text), &value, &err) != TIDE_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    return value;
}

static void note(void *arg, const char *key, bool is_shape, const char *message)
{
    tide_text_appendf(arg, "%s %s: %s\n", is_shape ? "shape" : "meaning", key ? key : "-",
                      message);
}

/* The problems of a text, as lines. */
static const char *problems(struct fixture *fixture, const char *text)
{
    struct json_object *options = parse(text);

    tide_text_fini(&fixture->problems);
    tide_text_append(&fixture->problems, "");
    (void)tide_options_check(fixture->catalog, fixture->info, options, note,
                             &fixture->problems);
    json_object_put(options);
    return fixture->problems.data ? fixture->problems.data : "";
}

static const struct every *bind(struct fixture *fixture, const char *text)
{
    struct json_object *options = parse(text);
    struct tide_error err = {0};
    const void *bound = NULL;

    if (tide_options_bind(fixture->folder, &every_entry, options, "/base", fixture->arena,
                          &bound, &err) != TIDE_OK) {
        fail_msg("%s", err.message);
    }
    json_object_put(options);
    return bound;
}

static void defaults_fill_what_is_not_written(void **state)
{
    const struct every *every = bind(*state, "{\"path\": \"in\"}");

    assert_string_equal(problems(*state, "{\"path\": \"in\"}"), "");
    assert_true(every->flag);
    assert_int_equal(every->count, 3);
    assert_true(every->share == 0.5);
    assert_null(every->text);
    assert_int_equal(every->word, 1);
    assert_int_equal(every->names.count, 2);
    assert_string_equal(every->names.items[1], "b");
    assert_int_equal(every->mapping.count, 0);
    assert_string_equal(every->path, "/base/in");
    assert_int_equal(every->wait, 30000000);
    assert_int_equal(every->room, 4 << 20);
    assert_int_equal(every->mark, ',');
    assert_null(every->format.plugin);
}

static void every_type_is_bound(void **state)
{
    const char *text =
        "{\"flag\": false, \"count\": 9, \"share\": 1, \"text\": \"\", \"word\": "
        "\"zstd\","
        "\"names\": [\"x\"], \"mapping\": {\"b\": \"1\", \"a\": \"2\"},"
        "\"path\": \"/abs/./x\", \"wait\": \"5m\", \"room\": 4096, \"mark\": \"\\\\t\","
        "\"format\": \"csv\", \"delimiter\": \";\", \"password\": \"p\"}";
    const struct every *every = bind(*state, text);

    assert_string_equal(problems(*state, text), "");
    assert_false(every->flag);
    assert_int_equal(every->count, 9);
    assert_true(every->share == 1.0);
    assert_string_equal(every->text, "");
    assert_int_equal(every->word, 2);
    assert_int_equal(every->names.count, 1);
    assert_string_equal(every->mapping.pairs[0].key, "b");
    assert_string_equal(every->mapping.pairs[1].value, "2");
    assert_string_equal(every->path, "/abs/./x");
    assert_int_equal(every->wait, 300000000);
    assert_int_equal(every->room, 4096);
    assert_int_equal(every->mark, '\t');
    assert_string_equal(every->format.plugin->name, "csv");
    assert_non_null(every->format.options);
    assert_string_equal(every->password, "p");
}

static void marks_have_escapes(void **state)
{
    static const struct {
        const char *written;
        char byte;
    } marks[] = {{";", ';'},       {"\\\\", '\\'},  {"\\\\\\\\", '\\'},
                 {"\\\\n", '\n'},  {"\\\\r", '\r'}, {"\\\\x1f", '\x1f'},
                 {"\\\\x7C", '|'}, {"\\\"", '"'}};

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        char *text = tide_strf("{\"path\": \"/\", \"mark\": \"%s\"}", marks[i].written);

        assert_string_equal(problems(*state, text), "");
        assert_int_equal(bind(*state, text)->mark, marks[i].byte);
        free(text);
    }
    assert_non_null(strstr(problems(*state, "{\"path\": \"/\", \"mark\": \"ab\"}"),
                           "must be one character"));
    assert_non_null(strstr(problems(*state, "{\"path\": \"/\", \"mark\": \"\\\\x00\"}"),
                           "must be one character"));
}

static void all_problems_are_found_at_once(void **state)
{
    const char *found = problems(
        *state, "{\"flag\": \"yes\", \"count\": 10, \"share\": \"x\", \"text\": 7,"
                "\"word\": \"gzp\", \"names\": [\"a\", 1], \"mapping\": {\"k\": []},"
                "\"wait\": \"5 minutes\", \"room\": \"4MB\", \"txet\": \"\"}");

    assert_string_equal(
        found, "shape flag: must be true or false, not a text\n"
               "meaning count: must be from 1 to 9\n"
               "shape share: must be a number, not a text\n"
               "shape text: must be a text, not a number\n"
               "meaning word: \"gzp\" is none of none, gzip, zstd; did you mean gzip?\n"
               "shape names[1]: must be a text, not a number\n"
               "shape mapping.k: must be a text, not a list\n"
               "meaning wait: \"5 minutes\" is not a duration: write a whole number and "
               "one of ms, "
               "s, m, h, d, as in 30s or 5m\n"
               "meaning room: \"4MB\" is not a size: write bytes, or a whole number and "
               "one of KiB, "
               "MiB, GiB, TiB, as in 4MiB\n"
               "shape txet: unknown option; did you mean \"text\"?\n"
               "meaning path: required by source \"every\" and missing: Help.\n");
}

static void a_size_below_zero_is_refused(void **state)
{
    assert_string_equal(problems(*state, "{\"path\": \"/x\", \"room\": -1}"),
                        "meaning room: must not be below 0\n");
    assert_string_equal(
        problems(*state, "{\"path\": \"/x\", \"room\": -9223372036854775808}"),
        "meaning room: must not be below 0\n");
}

static void options_that_are_no_mapping_are_one_problem(void **state)
{
    assert_string_equal(problems(*state, "[1]"), "shape -: must be a map of options\n");
}

static void the_options_of_a_component_stand_beside_its_owners(void **state)
{
    assert_string_equal(
        problems(*state, "{\"path\": \"/\", \"format\": \"csv\", \"delimiter\": 1,"
                         "\"delimeter\": \";\"}"),
        "shape delimiter: must be a text, not a number\n"
        "shape delimeter: unknown option; did you mean \"delimiter\"?\n");
    assert_string_equal(problems(*state, "{\"path\": \"/\", \"delimiter\": \";\"}"),
                        "shape delimiter: unknown option; tidemill plugins every lists "
                        "them\n");
}

static void an_unknown_component_hides_no_option_that_may_be_its_own(void **state)
{
    assert_string_equal(
        problems(*state, "{\"path\": \"/\", \"format\": \"nothing\", \"mystery\": 1}"),
        "meaning format: no format \"nothing\"; tidemill plugins lists them\n");
}

static void a_secret_is_never_shown(void **state)
{
    const char *found =
        problems(*state, "{\"path\": \"/\", \"password\": 12345, \"secret_wait\": "
                         "\"hunter2\"}");

    assert_null(strstr(found, "hunter2"));
    assert_null(strstr(found, "12345"));
    assert_non_null(strstr(found, "secret_wait: "));
}

static void a_relative_path_needs_a_folder(void **state)
{
    struct fixture *fixture = *state;
    struct json_object *options = parse("{\"path\": \"./in\"}");
    struct tide_error err = {0};
    const void *bound = NULL;

    assert_string_equal(bind(fixture, "{\"path\": \"././in\"}")->path, "/base/in");
    assert_string_equal(bind(fixture, "{\"path\": \".\"}")->path, "/base");
    assert_int_equal(tide_options_bind(fixture->folder, &every_entry, options, NULL,
                                       fixture->arena, &bound, &err),
                     TIDE_E_CONFIG);
    assert_non_null(strstr(err.message, "./in"));
    assert_null(bound);
    json_object_put(options);
}

static void a_description_survives_json(void **state)
{
    struct fixture *fixture = *state;
    struct json_object *json = tide_plugin_info_to_json(fixture->info), *again;
    struct tide_plugin_info *info = NULL;
    struct tide_error err = {0};
    char *before, *after;

    assert_int_equal(tide_plugin_info_from_json(json, &info, &err), TIDE_OK);
    again = tide_plugin_info_to_json(info);
    before = tide_json_format(json);
    after = tide_json_format(again);
    assert_string_equal(before, after);
    assert_int_equal(info->option_count, fixture->info->option_count);
    free(before);
    free(after);
    json_object_put(json);
    json_object_put(again);
    tide_plugin_info_destroy(info);
    json = parse("{\"name\": \"x\"}");
    assert_int_equal(tide_plugin_info_from_json(json, &info, &err), TIDE_E_DATA);
    json_object_put(json);
}

static void the_schema_names_each_option(void **state)
{
    struct fixture *fixture = *state;
    struct json_object *schema = tide_options_json_schema(fixture->info);
    struct json_object *properties = tide_json_member(schema, "properties");

    assert_int_equal(json_object_object_length(properties),
                     sizeof every_options / sizeof every_options[0] - 1);
    assert_true(
        tide_json_bool(tide_json_member(properties, "password"), "writeOnly", false));
    assert_string_equal(json_object_get_string(json_object_array_get_idx(
                            tide_json_member(schema, "required"), 0)),
                        "path");
    assert_true(tide_json_bool(schema, "additionalProperties", false));
    json_object_put(schema);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_fill_what_is_not_written),
        TEST(every_type_is_bound),
        TEST(marks_have_escapes),
        TEST(all_problems_are_found_at_once),
        TEST(a_size_below_zero_is_refused),
        TEST(options_that_are_no_mapping_are_one_problem),
        TEST(the_options_of_a_component_stand_beside_its_owners),
        TEST(an_unknown_component_hides_no_option_that_may_be_its_own),
        TEST(a_secret_is_never_shown),
        TEST(a_relative_path_needs_a_folder),
        TEST(a_description_survives_json),
        TEST(the_schema_names_each_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
