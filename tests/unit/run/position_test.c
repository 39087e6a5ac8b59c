/*
 * position_test - a source's words come back as they were, and a checkpoint's are told
 * from others, whatever they look like.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdlib.h>

#include "run/position.h"

static void expect_kept(const char *words, bool is_checkpoint, const char *wanted)
{
    char *kept = tide_position_format(words, is_checkpoint);
    bool was_checkpoint = !is_checkpoint;
    char *back = tide_position_parse(kept, &was_checkpoint);

    if (wanted) {
        assert_string_equal(kept, wanted);
    }
    assert_string_equal(back, words);
    assert_int_equal(was_checkpoint, is_checkpoint);
    free(kept);
    free(back);
}

static void test_words_of_an_end_are_kept_as_they_are(void **unused)
{
    (void)unused;
    expect_kept("2024-01-01", false, "2024-01-01");
    expect_kept("", false, "");
    expect_kept("{\"state\": 1}", false, "{\"state\": 1}");
    expect_kept("{\"checkpoint\": 1}", false, "{\"checkpoint\": 1}");
    expect_kept("{\"checkpoint\": \"1\", \"b\": 2}", false,
                "{\"checkpoint\": \"1\", \"b\": 2}");
    expect_kept("{broken", false, "{broken");
}

static void test_words_of_a_checkpoint_are_marked(void **unused)
{
    (void)unused;
    expect_kept("15", true, "{\"checkpoint\":\"15\"}");
    expect_kept("{\"a\":\"/b\"}", true, "{\"checkpoint\":\"{\\\"a\\\":\\\"/b\\\"}\"}");
}

static void test_words_that_look_like_a_mark_are_not_taken_for_it(void **unused)
{
    const char *const words[] = {
        "{\"checkpoint\": \"1\"}",
        "{\"position\":\"1\"}",
        " {\"checkpoint\": \"1\"}",
        "{\"done\":\"1/t\",\"position\":null}",
        "{\"done\":\"1/t\",\"position\":\"x\"}",
        "{\"position\":\"{\\\"position\\\":\\\"{\\\\\\\"checkpoint\\\\\\\":1}\\\"}\"}",
    };

    (void)unused;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        expect_kept(words[i], false, NULL);
        expect_kept(words[i], true, NULL);
    }
}

static void expect_done(const char *words)
{
    char *kept = tide_position_format_done(words, "7/t\"1");
    char *back = NULL, *run = tide_position_parse_done(kept, &back);

    assert_string_equal(run, "7/t\"1");
    if (words) {
        assert_string_equal(back, words);
    } else {
        assert_null(back);
    }
    free(kept);
    free(back);
    free(run);
}

static void test_a_table_that_is_done_is_told_from_others(void **unused)
{
    const char *const others[] = {"",
                                  "7",
                                  "{\"done\":\"7/t\"}",
                                  "{\"done\":7,\"position\":null}",
                                  "{\"done\":\"7\",\"position\":1}",
                                  "{\"done\":\"7\",\"position\":null,\"a\":1}",
                                  "{\"checkpoint\":\"7\"}"};
    char *words = NULL;

    (void)unused;
    expect_done(NULL);
    expect_done("");
    expect_done("{\"done\":\"8\",\"position\":null}");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_null(tide_position_parse_done(others[i], &words));
    }
    assert_null(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_an_end_are_kept_as_they_are),
        cmocka_unit_test(test_words_of_a_checkpoint_are_marked),
        cmocka_unit_test(test_words_that_look_like_a_mark_are_not_taken_for_it),
        cmocka_unit_test(test_a_table_that_is_done_is_told_from_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
