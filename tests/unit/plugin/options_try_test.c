/*
 * options_try_test - plugins asked whether options can work, in this process and through
 * a helper.
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

#define MOST 4

struct fixture {
    struct tide_catalog *catalog;
    struct tide_options_asked asked[MOST];
    size_t count;
    struct tide_text heard;
};

static char *build_path(const char *below)
{
    const char *top = getenv("top_builddir");
    char *joined = tide_path_join(top ? top : ".", below);
    char *absolute = tide_path_absolute(joined);

    free(joined);
    return absolute;
}

static struct tide_catalog *open_catalog(const char *below, bool is_helped)
{
    char *helper = build_path("tests/unit/plugin/describe_helper");
    char *folder = build_path(below);
    struct tide_catalog *catalog = NULL;
    struct tide_error err = {0};

    if (!is_helped) {
        catalog = tide_catalog_of_loaded(folder);
    } else if (tide_catalog_open_with(folder, NULL, helper, &catalog, &err) != TIDE_OK) {
        fail_msg("%s", err.message);
    }
    free(folder);
    free(helper);
    return catalog;
}

static void begin(struct fixture *fixture, const char *below, bool is_helped)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->catalog = open_catalog(below, is_helped);
    tide_text_append(&fixture->heard, "");
}

static void end(struct fixture *fixture)
{
    for (size_t i = 0; i < fixture->count; i++) {
        json_object_put(fixture->asked[i].options);
    }
    tide_text_fini(&fixture->heard);
    tide_catalog_close(fixture->catalog);
}

static void add(struct fixture *fixture, uint32_t kind, const char *name,
                const char *options)
{
    struct tide_options_asked *asked = &fixture->asked[fixture->count++];
    struct tide_error err = {0};

    asked->info = tide_catalog_find(fixture->catalog, kind, name);
    assert_non_null(asked->info);
    if (tide_json_parse(options, strlen(options), &asked->options, &err) != TIDE_OK) {
        fail_msg("%s: %s", options, err.message);
    }
}

static void note(void *arg, size_t asked, const char *key, const char *message)
{
    tide_text_appendf(arg, "%zu %s: %s\n", asked, key ? key : "-", message);
}

static void expect(struct fixture *fixture, const char *lines)
{
    tide_options_try(fixture->catalog, fixture->asked, fixture->count, "/base", note,
                     &fixture->heard);
    assert_string_equal(fixture->heard.data, lines);
    end(fixture);
}

static void opinions_are_heard(bool is_helped)
{
    struct fixture fixture;

    begin(&fixture, "tests/plugins", is_helped);
    add(&fixture, TIDE_KIND_TRANSFORM, "crash_in_apply", "{}");
    add(&fixture, TIDE_KIND_TRANSFORM, "opinion", "{}");
    add(&fixture, TIDE_KIND_TRANSFORM, "opinion",
        "{\"answer\": \"refuses\", \"path\": \"a\"}");
    add(&fixture, TIDE_KIND_TRANSFORM, "opinion", "{\"answer\": \"mutters\"}");
    expect(&fixture, "2 answer: not with /base/a\n3 -: refused without saying why\n");
}

static void opinions_are_heard_in_this_process(void **state)
{
    (void)state;
    opinions_are_heard(false);
}

static void opinions_are_heard_through_a_helper(void **state)
{
    (void)state;
    opinions_are_heard(true);
}

static void components_are_asked(bool is_helped)
{
    struct fixture fixture;

    begin(&fixture, "plugins", is_helped);
    add(&fixture, TIDE_KIND_SOURCE, "file", "{\"path\": \"in\", \"format\": \"jsonl\"}");
    add(&fixture, TIDE_KIND_SOURCE, "file",
        "{\"path\": \"in\", \"format\": \"csv\", \"quote\": \",\"}");
    add(&fixture, TIDE_KIND_DESTINATION, "file",
        "{\"path\": \"in\", \"format\": \"csv\", \"compression\": \"gzip\", \"level\": "
        "12}");
    expect(&fixture, "1 delimiter: must differ from the quote and the escape\n"
                     "2 level: gzip has levels 1 to 9, not 12\n");
}

static void components_are_asked_in_this_process(void **state)
{
    (void)state;
    components_are_asked(false);
}

static void components_are_asked_through_a_helper(void **state)
{
    (void)state;
    components_are_asked(true);
}

static void a_crash_is_the_refusal_of_who_crashed(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, "tests/plugins", true);
    add(&fixture, TIDE_KIND_TRANSFORM, "opinion", "{\"answer\": \"refuses\"}");
    add(&fixture, TIDE_KIND_TRANSFORM, "opinion", "{\"answer\": \"crashes\"}");
    add(&fixture, TIDE_KIND_TRANSFORM, "opinion", "{\"answer\": \"leaves\"}");
    tide_options_try(fixture.catalog, fixture.asked, fixture.count, "/base", note,
                     &fixture.heard);
    assert_non_null(strstr(fixture.heard.data, "0 answer: not with (null)\n"));
    assert_non_null(strstr(fixture.heard.data,
                           "1 -: transform \"opinion\": crashed when it is asked whether "
                           "its options can work (signal 11"));
    assert_non_null(strstr(fixture.heard.data,
                           "2 -: transform \"opinion\": ended the process when it is "
                           "asked whether its options can work (exit status 3)\n"));
    end(&fixture);
}

/* What a run asks again need not be refused for want of a process. */
static void without_a_helper_nothing_is_refused(void **state)
{
    struct fixture fixture;
    struct tide_error err = {0};
    struct tide_catalog *loaded;
    char *folder = build_path("tests/plugins");

    (void)state;
    begin(&fixture, "tests/plugins", false);
    add(&fixture, TIDE_KIND_TRANSFORM, "opinion", "{\"answer\": \"refuses\"}");
    loaded = fixture.catalog;
    assert_int_equal(
        tide_catalog_open_with(folder, NULL, "/nowhere/helper", &fixture.catalog, &err),
        TIDE_OK);
    expect(&fixture, "");
    tide_catalog_close(loaded);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opinions_are_heard_in_this_process),
        cmocka_unit_test(opinions_are_heard_through_a_helper),
        cmocka_unit_test(components_are_asked_in_this_process),
        cmocka_unit_test(components_are_asked_through_a_helper),
        cmocka_unit_test(a_crash_is_the_refusal_of_who_crashed),
        cmocka_unit_test(without_a_helper_nothing_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
