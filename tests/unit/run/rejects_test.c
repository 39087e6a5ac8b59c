/*
 * rejects_test - rows that failed are counted all, kept some, and end a run when they are
 * too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "run/ledger.h"
#include "run/rejects.h"

struct kept {
    int count;
    struct json_object *last; /**< owned */
};

static void note_event(void *arg, struct json_object *event)
{
    struct kept *kept = arg;

    kept->count++;
    json_object_put(kept->last);
    kept->last = json_object_get(event);
}

static struct tide_reject_policy make_policy(struct kept *kept,
                                             const struct tide_ledger *ledger)
{
    return (struct tide_reject_policy){.max_count = -1,
                                       .max_share = -1,
                                       .keep_count = 1000,
                                       .keep_bytes = 1 << 20,
                                       .ledger = ledger,
                                       .emit = note_event,
                                       .emit_arg = kept};
}

static struct tide_reject_note make_note(const char *row)
{
    return (struct tide_reject_note){.table = "t",
                                     .step = TIDE_STEP_INPUT_VALIDATION,
                                     .code = "format",
                                     .message = "bad",
                                     .origin = "t.csv",
                                     .position = 17,
                                     .row = row,
                                     .row_length = row ? strlen(row) : 0,
                                     .replay = "d 0 1"};
}

static void expect_counts(struct tide_rejects *rejects, int64_t kept, int64_t dropped)
{
    int64_t found_kept = 0, found_dropped = 0;

    tide_rejects_counts(rejects, &found_kept, &found_dropped);
    assert_int_equal(found_kept, kept);
    assert_int_equal(found_dropped, dropped);
}

static void test_a_reject_says_everything(void **unused)
{
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_rejects *rejects = tide_rejects_create(&policy);
    struct tide_reject_note note = make_note("{\"n\":12345678901234567890.10}");
    char *text = NULL;

    (void)unused;
    assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    text = tide_json_format(kept.last);
    assert_string_equal(
        text, "{\"event\":\"reject\",\"table\":\"t\",\"step\":\"input_validation\","
              "\"code\":\"format\",\"message\":\"bad\",\"origin\":\"t.csv\","
              "\"position\":17,\"row\":{\"n\":12345678901234567890.10},\"raw\":null,"
              "\"replay\":\"d 0 1\"}");
    free(text);
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_no_more_are_kept_than_allowed(void **unused)
{
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_reject_note note = make_note("{}");
    struct tide_rejects *rejects = NULL;

    (void)unused;
    policy.keep_count = 3;
    rejects = tide_rejects_create(&policy);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(tide_rejects_keeps(rejects), i < 3);
        assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    }
    assert_int_equal(kept.count, 3);
    expect_counts(rejects, 3, 7);
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_no_more_bytes_are_kept_than_allowed(void **unused)
{
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_reject_note note = make_note("{\"text\":\"some words\"}");
    struct tide_rejects *rejects = NULL;

    (void)unused;
    policy.keep_bytes = 500;
    rejects = tide_rejects_create(&policy);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    }
    assert_in_range(kept.count, 1, 3);
    expect_counts(rejects, kept.count, 10 - kept.count);
    tide_rejects_destroy(rejects);
    /* What is written as four bytes counts as four. */
    note = make_note(NULL);
    note.raw = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
    note.raw_length = strlen(note.raw);
    policy.keep_bytes = 200;
    rejects = tide_rejects_create(&policy);
    assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    expect_counts(rejects, 0, 1);
    note.raw_length /= 4;
    assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    expect_counts(rejects, 1, 1);
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_secrets_are_blanked_everywhere(void **unused)
{
    static const char *const secrets[] = {"pa\"ss", "hunter2", NULL};
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_reject_note note =
        make_note("{\"a\":\"x pa\\\"ss y\",\"b\":\"hunter2\"}");
    struct tide_rejects *rejects = NULL;
    const char *text = NULL;

    (void)unused;
    policy.secrets = secrets;
    rejects = tide_rejects_create(&policy);
    note.message = "no hunter2 please, hunter2";
    assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    text = json_object_to_json_string_ext(kept.last, JSON_C_TO_STRING_PLAIN);
    assert_null(strstr(text, "hunter2"));
    assert_null(strstr(text, "ss y"));
    assert_non_null(strstr(text, "{\"a\":\"x [redacted] y\",\"b\":\"[redacted]\"}"));
    assert_string_equal(tide_json_text(kept.last, "message"),
                        "no [redacted] please, [redacted]");
    assert_null(tide_json_text(kept.last, "replay"));
    note.row = NULL;
    note.raw = "1;hunter2;3";
    note.raw_length = strlen(note.raw);
    assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    assert_string_equal(tide_json_text(kept.last, "raw"), "1;[redacted];3");
    assert_null(tide_json_text(kept.last, "replay"));
    /* A row that holds none is as it came, to the letter. */
    note.row = "{\"a\":\"\\u00e9\",\"b\":{\"c\":1.10,\"c\":2}}";
    note.row_length = strlen(note.row);
    assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    assert_string_equal(json_object_to_json_string(tide_json_member(kept.last, "row")),
                        note.row);
    assert_non_null(tide_json_text(kept.last, "replay"));
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_a_row_without_its_secrets_is_json_still(void **unused)
{
    static const char *const secrets[] = {"5432", "key", "nabc", "s", NULL};
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_reject_note note = make_note("{\"id\":5432,\"n\":54321,\"key\":\"key\","
                                             "\"t\":\"\\nabc\",\"s\":[\"s\",\"sums\"],"
                                             "\"nabc\":\"at 5432.\"}");
    struct tide_rejects *rejects = NULL;
    struct json_object *row = NULL;
    const char *text = NULL;

    (void)unused;
    policy.secrets = secrets;
    rejects = tide_rejects_create(&policy);
    assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    text = json_object_to_json_string(tide_json_member(kept.last, "row"));
    assert_string_equal(text, "{\"id\":\"[redacted]\",\"n\":54321,\"key\":\"[redacted]\","
                              "\"t\":\"\\nabc\",\"s\":[\"[redacted]\",\"sums\"],"
                              "\"nabc\":\"at [redacted].\"}");
    assert_int_equal(tide_json_parse(text, strlen(text), &row, NULL), TIDE_OK);
    json_object_put(row);
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_what_ends_a_run_names_no_secret(void **unused)
{
    static const char *const secrets[] = {"hunter2", NULL};
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_reject_note note = make_note("{}");
    struct tide_rejects *rejects = NULL;
    struct tide_error err = {0};

    (void)unused;
    policy.secrets = secrets;
    policy.is_first_fatal = true;
    note.message = "\"hunter2\" is no number";
    rejects = tide_rejects_create(&policy);
    assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_E_DATA);
    assert_null(strstr(err.message, "hunter2"));
    assert_non_null(strstr(err.message, "\"[redacted]\" is no number"));
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_raw_bytes_are_escaped_and_cut(void **unused)
{
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_rejects *rejects = tide_rejects_create(&policy);
    struct tide_reject_note note = make_note(NULL);
    size_t length = 100000;
    char *much = malloc(length);

    (void)unused;
    assert_non_null(much);
    memset(much, 'm', length);
    note.raw = "a\\\xff\n";
    note.raw_length = 4;
    assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    assert_string_equal(tide_json_text(kept.last, "raw"), "a\\\\\\xff\\x0a");
    assert_string_equal(tide_json_text(kept.last, "replay"), "d 0 1");
    note.raw = much;
    note.raw_length = length;
    assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    assert_in_range(strlen(tide_json_text(kept.last, "raw")), 65536, 65636);
    assert_non_null(strstr(tide_json_text(kept.last, "raw"), "100000 bytes in all"));
    assert_null(tide_json_text(kept.last, "replay"));
    free(much);
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_a_row_too_long_for_json_is_cut_as_raw(void **unused)
{
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_rejects *rejects = tide_rejects_create(&policy);
    size_t length = 100000;
    char *row = malloc(length + 1);
    struct tide_reject_note note;

    (void)unused;
    assert_non_null(row);
    memset(row, 'r', length);
    row[length] = '\0';
    note = make_note(row);
    assert_int_equal(tide_rejects_take(rejects, &note, NULL), TIDE_OK);
    assert_null(tide_json_member(kept.last, "row"));
    assert_in_range(strlen(tide_json_text(kept.last, "raw")), 65536, 65700);
    free(row);
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_the_first_ends_a_run_that_wants_that(void **unused)
{
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_reject_note note = make_note("{}");
    struct tide_error err = {0};
    struct tide_rejects *rejects = NULL;

    (void)unused;
    policy.is_first_fatal = true;
    rejects = tide_rejects_create(&policy);
    assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_E_DATA);
    assert_non_null(strstr(err.message, "row 17 of t.csv was rejected"));
    assert_int_equal(kept.count, 1);
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_one_more_than_the_count_ends_the_run(void **unused)
{
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_reject_note note = make_note("{}");
    struct tide_error err = {0};
    struct tide_rejects *rejects = NULL;

    (void)unused;
    policy.max_count = 2;
    rejects = tide_rejects_create(&policy);
    assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_OK);
    assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_OK);
    assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_E_DATA);
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_rows_of_an_earlier_run_count_towards_the_limit(void **unused)
{
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_reject_note note = make_note("{}");
    struct tide_error err = {0};
    struct tide_rejects *rejects = NULL;

    (void)unused;
    policy.max_count = 3;
    rejects = tide_rejects_create(&policy);
    tide_rejects_recall(rejects, 2, 2);
    assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_OK);
    assert_int_equal(tide_rejects_judge(rejects, &err), TIDE_OK);
    expect_counts(rejects, 1, 0);
    tide_rejects_recall(rejects, 1, 1);
    assert_int_equal(tide_rejects_judge(rejects, &err), TIDE_E_DATA);
    assert_non_null(strstr(err.message, "4 rows were rejected, 3 of them before"));
    assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_E_DATA);
    assert_non_null(strstr(err.message, "before the last checkpoint"));
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

/* Threads are at several parcels, and reject rows of them in any order. */
static void test_a_checkpoint_covers_the_rows_of_its_parcels(void **unused)
{
    static const int64_t parcels[] = {9, 7, 5, 9, 0, 5, 7, 6};
    struct tide_ledger ledger = {0};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_reject_note note = make_note("{}");
    struct tide_rejects *rejects = tide_rejects_create(&policy);
    struct tide_error err = {0};

    (void)unused;
    for (size_t i = 0; i < sizeof parcels / sizeof *parcels; i++) {
        note.parcel = parcels[i];
        assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_OK);
    }
    assert_int_equal(tide_rejects_covered(rejects, 4), 1);
    assert_int_equal(tide_rejects_covered(rejects, 5), 3);
    assert_int_equal(tide_rejects_covered(rejects, 8), 6);
    assert_int_equal(tide_rejects_covered(rejects, TIDE_REJECTS_ALL), 8);
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_a_share_is_judged_at_the_end_and_of_many_rows_at_once(void **unused)
{
    struct tide_ledger ledger = {.passed = {99}, .failed = {1}};
    struct kept kept = {0};
    struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_reject_note note = make_note("{}");
    struct tide_error err = {0};
    struct tide_rejects *rejects = NULL;

    (void)unused;
    policy.max_share = 0.01;
    rejects = tide_rejects_create(&policy);
    assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_OK);
    assert_int_equal(tide_rejects_judge(rejects, &err), TIDE_OK);
    assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_OK);
    assert_int_equal(tide_rejects_judge(rejects, &err), TIDE_E_DATA);
    ledger.passed[0] = 20000;
    assert_int_equal(tide_rejects_judge(rejects, &err), TIDE_OK);
    for (int i = 2; i < 200; i++) {
        assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_OK);
    }
    assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_E_DATA);
    assert_non_null(strstr(err.message, "1%"));
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_counts_that_do_not_add_up_are_found(void **unused)
{
    struct tide_tally tally = {.passed = {10, 9, 5, 5, 5, 5},
                               .failed = {3, 1, 4, 0, 0, 0}};
    struct tide_error err = {0};

    (void)unused;
    assert_int_equal(tide_tally_check(&tally, &err), TIDE_OK);
    tally.failed[TIDE_STEP_FINALIZE] = 1;
    assert_int_equal(tide_tally_check(&tally, &err), TIDE_E_INTERNAL);
    assert_non_null(strstr(err.message, "finalize"));
}

/* ---- held ---- */

static void take_held(struct tide_rejects *rejects, int64_t number, const char *raw,
                      size_t raw_length)
{
    const char *row = "{\"n\":12345678901234567890.5}";
    struct tide_reject_note note = make_note(raw ? NULL : row);
    struct tide_error err;

    note.raw = raw;
    note.raw_length = raw_length;
    note.position = number;
    note.parcel = number / 100 + 1;
    note.origin = number % 2 ? NULL : "t.csv";
    note.is_held = true;
    assert_int_equal(tide_rejects_take(rejects, &note, &err), TIDE_OK);
}

static void expect_last(const struct kept *kept, int count, int64_t position)
{
    assert_int_equal(kept->count, count);
    assert_int_equal(tide_json_int(kept->last, "position", -1), position);
}

static void test_held_rejects_are_told_with_their_parcel(void **unused)
{
    struct kept kept = {0};
    const struct tide_ledger ledger = {0};
    const struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_rejects *rejects = tide_rejects_create(&policy);

    (void)unused;
    for (int64_t number = 0; number < 900; number++) {
        take_held(rejects, number, NULL, 0);
    }
    assert_int_equal(kept.count, 0);
    assert_int_equal(tide_rejects_release(rejects, 0), 0);
    assert_int_equal(tide_rejects_release(rejects, 2), 200);
    expect_last(&kept, 200, 199);
    assert_string_equal(
        json_object_to_json_string_ext(kept.last, JSON_C_TO_STRING_PLAIN),
        "{\"event\":\"reject\",\"table\":\"t\",\"step\":\"input_validation\","
        "\"code\":\"format\",\"message\":\"bad\",\"origin\":null,"
        "\"position\":199,\"row\":{\"n\":12345678901234567890.5},"
        "\"raw\":null,\"replay\":\"d 0 1\"}");
    take_held(rejects, 100, NULL, 0);
    assert_int_equal(tide_rejects_release(rejects, 2), 1);
    assert_int_equal(tide_rejects_release(rejects, TIDE_REJECTS_ALL), 700);
    expect_last(&kept, 901, 899);
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

static void test_held_bytes_are_cut_as_others_are(void **unused)
{
    enum { LENGTH = 100 * 1024 };
    static char bytes[LENGTH];
    struct kept kept = {0};
    const struct tide_ledger ledger = {0};
    const struct tide_reject_policy policy = make_policy(&kept, &ledger);
    struct tide_rejects *rejects = tide_rejects_create(&policy);
    const char *raw;

    (void)unused;
    memset(bytes, 'x', sizeof bytes);
    take_held(rejects, 7, bytes, sizeof bytes);
    take_held(rejects, 8, "", 0);
    assert_int_equal(tide_rejects_release(rejects, TIDE_REJECTS_ALL), 2);
    assert_string_equal(tide_json_text(kept.last, "raw"), "");
    take_held(rejects, 9, bytes, sizeof bytes);
    assert_int_equal(tide_rejects_release(rejects, TIDE_REJECTS_ALL), 1);
    raw = tide_json_text(kept.last, "raw");
    assert_non_null(strstr(raw, "x... (102400 bytes in all)"));
    json_object_put(kept.last);
    tide_rejects_destroy(rejects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reject_says_everything),
        cmocka_unit_test(test_no_more_are_kept_than_allowed),
        cmocka_unit_test(test_no_more_bytes_are_kept_than_allowed),
        cmocka_unit_test(test_secrets_are_blanked_everywhere),
        cmocka_unit_test(test_a_row_without_its_secrets_is_json_still),
        cmocka_unit_test(test_what_ends_a_run_names_no_secret),
        cmocka_unit_test(test_raw_bytes_are_escaped_and_cut),
        cmocka_unit_test(test_a_row_too_long_for_json_is_cut_as_raw),
        cmocka_unit_test(test_the_first_ends_a_run_that_wants_that),
        cmocka_unit_test(test_one_more_than_the_count_ends_the_run),
        cmocka_unit_test(test_rows_of_an_earlier_run_count_towards_the_limit),
        cmocka_unit_test(test_a_checkpoint_covers_the_rows_of_its_parcels),
        cmocka_unit_test(test_a_share_is_judged_at_the_end_and_of_many_rows_at_once),
        cmocka_unit_test(test_counts_that_do_not_add_up_are_found),
        cmocka_unit_test(test_held_rejects_are_told_with_their_parcel),
        cmocka_unit_test(test_held_bytes_are_cut_as_others_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
