/*
 * variables_test - ${NAME} and its kin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/pipeline.h"

static const char *variable(void *arg, const char *name)
{
    assert_string_equal(arg, "arg");
    return strcmp(name, "SET") == 0      ? "value"
           : strcmp(name, "EMPTY") == 0  ? ""
           : strcmp(name, "DOLLAR") == 0 ? "${SET}"
                                         : NULL;
}

static void expect(const char *text, const char *wanted)
{
    char arg[] = "arg", *out = NULL;
    struct tide_error err = {0};

    if (tide_variables_expand(text, variable, arg, &out, &err) != TIDE_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    assert_string_equal(out, wanted);
    free(out);
}

static void expect_problem(const char *text, const char *wanted)
{
    char arg[] = "arg", *out = NULL;
    struct tide_error err = {0};

    assert_int_equal(tide_variables_expand(text, variable, arg, &out, &err),
                     TIDE_E_CONFIG);
    assert_null(out);
    if (!strstr(err.message, wanted)) {
        fail_msg("%s: %s", text, err.message);
    }
}

static void a_text_without_variables_stays(void **state)
{
    (void)state;
    expect("", "");
    expect("plain", "plain");
    expect("$HOME $ {SET} }", "$HOME $ {SET} }");
}

static void a_variable_gives_its_value(void **state)
{
    (void)state;
    expect("${SET}", "value");
    expect("a${SET}b${SET}", "avaluebvalue");
    expect("<${EMPTY}>", "<>");
}

static void a_default_stands_for_what_is_unset_or_empty(void **state)
{
    (void)state;
    expect("${SET:-other}", "value");
    expect("${UNSET:-other}", "other");
    expect("${EMPTY:-other}", "other");
    expect("${UNSET:-}", "");
    expect("${SET:?gone}", "value");
}

static void two_dollars_are_one(void **state)
{
    (void)state;
    expect("$${SET}", "${SET}");
    expect("$$", "$");
    expect("$$$${SET}", "$${SET}");
    expect("$$${SET}", "$value");
}

static void a_value_is_not_expanded_again(void **state)
{
    (void)state;
    expect("${DOLLAR}", "${SET}");
}

static void what_is_missing_or_malformed_is_a_problem(void **state)
{
    (void)state;
    expect_problem("${UNSET}", "variable UNSET is not set");
    expect_problem("${UNSET:?set it to a path}", "variable UNSET: set it to a path");
    expect_problem("${EMPTY:?}", "variable EMPTY: not set");
    expect_problem("${}", "no variable");
    expect_problem("${1ST}", "no variable");
    expect_problem("${A B}", "no variable");
    expect_problem("${A-b}", "no variable");
    expect_problem("${SET", "without its");
}

static void the_environment_is_asked_when_nobody_else_is(void **state)
{
    char *out = NULL;

    (void)state;
    assert_int_equal(setenv("TIDE_VARIABLES_TEST", "from outside", 1), 0);
    assert_int_equal(
        tide_variables_expand("${TIDE_VARIABLES_TEST}", NULL, NULL, &out, NULL), TIDE_OK);
    assert_string_equal(out, "from outside");
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_without_variables_stays),
        cmocka_unit_test(a_variable_gives_its_value),
        cmocka_unit_test(a_default_stands_for_what_is_unset_or_empty),
        cmocka_unit_test(two_dollars_are_one),
        cmocka_unit_test(a_value_is_not_expanded_again),
        cmocka_unit_test(what_is_missing_or_malformed_is_a_problem),
        cmocka_unit_test(the_environment_is_asked_when_nobody_else_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
