/*
 * unread_test - a source is told of columns that are dropped before anything looks at
 * them, and of no others.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run/unread.h"
#include "run_fixture.h"

#define EXCLUDE(fields)                                                                  \
    "{\"type\": \"exclude_fields\", \"config\": {\"fields\": [" fields "]}}"
#define RENAME(from, to)                                                                 \
    "{\"type\": \"rename_fields\", \"config\": {\"mapping\": {\"" from "\": \"" to "\"}" \
    "}}"
#define PICKY "{\"type\": \"picky\", \"config\": {}}"

/* The rest of a definition: what the source is told, "" when nothing. */
static void expect_told(struct fixture *fixture, const char *table,
                        const char *transforms, const char *wanted)
{
    char *source =
        tide_strf("\"rows\": 3, \"batch\": 2, \"seen\": \"%s/seen\"", fixture->folder);
    char *more = tide_strf("\"transformations\": [%s]", transforms);
    char *seen;
    const char *told;

    fixture_forget(fixture);
    fixture_remove(fixture, "seen");
    fixture_run(fixture, source, "", table, more);
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(3), NONE);
    seen = fixture_read(fixture, "seen");
    told = strstr(seen, "leave_out ");
    if (told) {
        *strchr(told, '\n') = '\0';
        assert_string_equal(told + strlen("leave_out "), wanted);
    } else {
        assert_string_equal(wanted, "");
    }
    free(seen);
    free(more);
    free(source);
}

static void test_what_the_first_steps_leave_out_need_not_come(void **state)
{
    struct fixture *fixture = *state;

    expect_told(fixture, "", EXCLUDE("\"name\""), "1");
    expect_told(fixture, "", EXCLUDE("\"name\", \"amount\""), "1,2");
    expect_told(fixture, "", RENAME("name", "label") ", " EXCLUDE("\"label\""), "1");
    expect_told(
        fixture, "",
        EXCLUDE("\"name\"") ", " RENAME("amount", "name") ", " EXCLUDE("\"name\""),
        "1,2");
    expect_told(fixture, "", EXCLUDE("\"name\"") ", " PICKY, "1");
    expect_told(fixture, "\"columns\": {\"exclude\": [\"name\"]}", EXCLUDE("\"amount\""),
                "1,2");
}

static void test_what_a_step_looks_at_comes(void **state)
{
    struct fixture *fixture = *state;

    expect_told(fixture, "", "", "");
    expect_told(fixture, "", RENAME("name", "label"), "");
    expect_told(fixture, "", PICKY ", " EXCLUDE("\"name\""), "");
    expect_told(fixture,
                "\"filter\": {\"and\": [{\"field\": \"id\", \"operator\": \"is greater "
                "than\", \"values\": [0]}]}",
                EXCLUDE("\"name\""), "");
    expect_told(fixture, "\"types\": {\"amount\": \"decimal\"}", EXCLUDE("\"name\""), "");
    fixture->request.check = true;
    expect_told(fixture, "", EXCLUDE("\"name\""), "");
}

static void test_a_step_that_brings_another_order_is_not_believed(void **state)
{
    const struct tide_transform transform = {.flags = TIDE_TRANSFORM_COLUMNS_ALONE};
    struct tide_unread unread = {0};
    struct tide_schema schema = {0};
    struct tide_column moved;

    (void)state;
    assert_int_equal(tide_schema_add(&schema, "a", TIDE_TYPE_INT64, 0), TIDE_OK);
    assert_int_equal(tide_schema_add(&schema, "b", TIDE_TYPE_INT64, 0), TIDE_OK);
    tide_unread_begin(&unread, 2, NULL, 0);
    tide_unread_enter(&unread, &transform, &schema);
    moved = schema.columns[0];
    schema.columns[0] = schema.columns[1];
    schema.columns[1] = moved;
    tide_unread_leave(&unread, &schema);
    assert_null(unread.left);
    assert_int_equal(schema.columns[0].flags | schema.columns[1].flags, 0);
    tide_unread_fini(&unread);
    tide_schema_clear(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_what_the_first_steps_leave_out_need_not_come),
        RUN_TEST(test_what_a_step_looks_at_comes),
        cmocka_unit_test(test_a_step_that_brings_another_order_is_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
