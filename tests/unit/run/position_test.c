/*
 * position_test - a source's words come back as they were, and a checkpoint's are told
 * from others, whatever they look like.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "run/position.h"

static void expect_kept(const char *words, bool is_checkpoint, const char *wanted)
{
    char *copy = strdup(words);
    const struct tide_position position = {
        .kind = is_checkpoint ? TIDE_POSITION_CHECKPOINT : TIDE_POSITION_END,
        .words = copy,
    };
    char *kept = tide_position_format(&position);
    struct tide_position back;

    tide_position_parse(kept, &back);
    if (wanted) {
        assert_string_equal(kept, wanted);
    }
    assert_string_equal(back.words, words);
    assert_int_equal(back.kind, position.kind);
    assert_null(back.run);
    tide_position_clear(&back);
    free(kept);
    free(copy);
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
    expect_kept("{\"checkpoint\": \"1\", \"rows\": 0}", false,
                "{\"checkpoint\": \"1\", \"rows\": 0}");
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
        "{\"checkpoint\": \"1\", \"rows\": 7, \"rejected\": 1}",
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

static void test_a_checkpoint_says_what_it_covers(void **unused)
{
    char words[] = "15", from[] = "12", recipe[] = "ab";
    const struct tide_position position = {.kind = TIDE_POSITION_CHECKPOINT,
                                           .words = words,
                                           .from = from,
                                           .recipe = recipe,
                                           .rows = INT64_C(5000000000),
                                           .rejected = 3};
    char *kept = tide_position_format(&position);
    struct tide_position back;

    (void)unused;
    assert_string_equal(kept, "{\"checkpoint\":\"15\",\"rows\":5000000000,\"rejected\":3,"
                              "\"from\":\"12\",\"recipe\":\"ab\"}");
    tide_position_parse(kept, &back);
    assert_int_equal(back.kind, TIDE_POSITION_CHECKPOINT);
    assert_int_equal(back.rows, INT64_C(5000000000));
    assert_int_equal(back.rejected, 3);
    assert_string_equal(back.from, "12");
    assert_string_equal(back.recipe, "ab");
    tide_position_clear(&back);
    free(kept);
}

static void expect_done(char *words)
{
    char run[] = "7/t\"1";
    const struct tide_position position = {
        .kind = TIDE_POSITION_DONE, .words = words, .run = run, .rejected = 2};
    char *kept = tide_position_format(&position);
    struct tide_position back;

    tide_position_parse(kept, &back);
    assert_int_equal(back.kind, TIDE_POSITION_DONE);
    assert_string_equal(back.run, run);
    assert_int_equal(back.rejected, 2);
    if (words) {
        assert_string_equal(back.words, words);
    } else {
        assert_null(back.words);
    }
    tide_position_clear(&back);
    free(kept);
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
    char nested[] = "{\"done\":\"8\",\"position\":null}", empty[] = "";
    struct tide_position position;

    (void)unused;
    expect_done(NULL);
    expect_done(empty);
    expect_done(nested);
    tide_position_parse("{\"done\":\"7/t\",\"position\":null}", &position);
    assert_int_equal(position.kind, TIDE_POSITION_DONE);
    tide_position_clear(&position);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        tide_position_parse(others[i], &position);
        assert_int_not_equal(position.kind, TIDE_POSITION_DONE);
        assert_null(position.run);
        tide_position_clear(&position);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_an_end_are_kept_as_they_are),
        cmocka_unit_test(test_words_of_a_checkpoint_are_marked),
        cmocka_unit_test(test_words_that_look_like_a_mark_are_not_taken_for_it),
        cmocka_unit_test(test_a_checkpoint_says_what_it_covers),
        cmocka_unit_test(test_a_table_that_is_done_is_told_from_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
