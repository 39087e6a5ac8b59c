/*
 * postgres_horizon_test - no row is lost and none comes twice, whatever writers do and
 * wherever a run is cut off.
 *
 * A model of the table and of its writers is read by runs that decide as the source
 * does, with its own code, and that are killed now and then.  Readers that go by the
 * cursor alone, or that do not wait for open transactions, are caught by the same checks.
 * TIDEMILL_TEST_SEED makes other trials, TIDEMILL_TEST_TRIALS more or fewer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mvcc_model.h"

/* Sanitizers are ten times slower. */
#ifdef __SANITIZE_ADDRESS__
#define TRIALS 10000
#else
#define TRIALS 100000
#endif

enum strategy {
    BY_WINDOW,
    BY_GREATER_CURSOR, /* cursor > max(cursor) */
    BY_EQUAL_CURSOR,   /* cursor >= max(cursor) */
    BY_COMMITTED       /* windows that end where open transactions do not count */
};

/* What a destination keeps: a place, and what came before it. */
struct position {
    bool present, unfinished;
    struct pg_window window; /* finished: the next one begins at its end */
    int last;                /* unfinished: the version that was read last */
    bool has_cursor;         /* of the naive */
    int cursor;
};

struct reader {
    enum strategy strategy;
    bool may_repeat, by_row; /* merge; no primary key */
    struct position position;
    int came[MODEL_VERSIONS];   /* times that a version came */
    int merged[MODEL_VERSIONS]; /* version of each row, or -1 */
};

/* One run: the versions it reads, in order. */
struct run {
    struct pg_window window;
    int versions[MODEL_VERSIONS];
    int count;
    int done; /* of these, committed */
};

/* ---- what a run reads ------------------------------------------------------------ */

/* By cursor, null last, then by key: the row, or the place on disk. */
static int compare(const struct model *model, const struct reader *reader, int a, int b)
{
    const struct model_version *x = &model->versions[a], *y = &model->versions[b];

    if (x->has_cursor != y->has_cursor) {
        return x->has_cursor ? -1 : 1;
    }
    if (x->has_cursor && x->cursor != y->cursor) {
        return x->cursor < y->cursor ? -1 : 1;
    }
    return reader->by_row ? a - b : x->row - y->row;
}

/* The source's decision; false: there is nothing to read. */
static bool open_window(const struct reader *reader, const struct pg_clock *clock,
                        struct pg_window *window)
{
    const struct position *position = &reader->position;
    enum pg_window_verdict verdict;

    if (!position->present) {
        *window = pg_window_first(clock);
        return true;
    }
    if (position->unfinished) {
        *window = position->window;
        verdict = pg_window_resume(window, clock);
    } else {
        verdict = pg_window_next(position->window.to, clock, reader->may_repeat, window);
    }
    assert_true(verdict == PG_WINDOW_READ || verdict == PG_WINDOW_NOTHING);
    return verdict == PG_WINDOW_READ;
}

static bool goes_by_cursor(const struct reader *reader)
{
    return reader->strategy == BY_GREATER_CURSOR || reader->strategy == BY_EQUAL_CURSOR;
}

static bool is_after_cursor(const struct reader *reader,
                            const struct model_version *version)
{
    const struct position *position = &reader->position;

    if (!position->has_cursor) {
        return true;
    }
    return version->has_cursor &&
           (reader->strategy == BY_EQUAL_CURSOR ? version->cursor >= position->cursor
                                                : version->cursor > position->cursor);
}

static bool is_wanted(const struct model *model, const struct reader *reader, int version,
                      const struct pg_ages *ages, const struct pg_clock *clock)
{
    const struct position *position = &reader->position;

    if (!model_sees(model, version)) {
        return false;
    }
    if (goes_by_cursor(reader)) {
        return is_after_cursor(reader, &model->versions[version]);
    }
    return pg_ages_have(ages, model_age(model, version, clock)) &&
           (!position->unfinished || compare(model, reader, version, position->last) > 0);
}

static void insert_sorted(const struct model *model, const struct reader *reader,
                          struct run *run, int version)
{
    int place = run->count++;

    while (place > 0 && compare(model, reader, run->versions[place - 1], version) > 0) {
        run->versions[place] = run->versions[place - 1];
        place--;
    }
    run->versions[place] = version;
}

static void open_run(const struct model *model, const struct reader *reader,
                     struct run *run)
{
    struct pg_clock clock = model_clock(model);
    struct pg_ages ages;

    memset(run, 0, sizeof *run);
    if (reader->strategy == BY_COMMITTED) {
        clock.oldest = clock.end;
    }
    if (!open_window(reader, &clock, &run->window)) {
        return;
    }
    ages = pg_window_ages(&run->window, &clock, reader->may_repeat);
    for (int i = 0; i < model->version_count; i++) {
        if (is_wanted(model, reader, i, &ages, &clock)) {
            insert_sorted(model, reader, run, i);
        }
    }
}

/* ---- what a destination keeps ---------------------------------------------------- */

/* Rows and position become durable together. */
static void commit(const struct model *model, struct reader *reader, struct run *run,
                   int upto, bool final)
{
    struct position *position = &reader->position;

    for (; run->done < upto; run->done++) {
        int version = run->versions[run->done];
        const struct model_version *which = &model->versions[version];

        reader->came[version]++;
        reader->merged[which->row] = version;
        position->last = version;
        if (which->has_cursor &&
            (!position->has_cursor || which->cursor > position->cursor)) {
            position->has_cursor = true;
            position->cursor = which->cursor;
        }
    }
    position->present = true;
    position->window = run->window;
    position->unfinished = !final;
}

/* Read in batches while writers go on; now and then a checkpoint, now and then the end.
 * Returns whether the run came to its own end. */
static bool read_table(struct model *model, struct reader *reader, bool quiet)
{
    struct run run;
    int upto = 0;

    open_run(model, reader, &run);
    while (upto < run.count) {
        upto += 1 + model_random(model, 3);
        upto = upto > run.count ? run.count : upto;
        if (!quiet) {
            model_step(model);
        }
        if (reader->strategy == BY_WINDOW && model_random(model, 3) == 0) {
            commit(model, reader, &run, upto, false);
        }
        if (reader->strategy == BY_WINDOW && model_random(model, 8) == 0) {
            return false;
        }
    }
    if (reader->strategy == BY_WINDOW && model_random(model, 8) == 0) {
        return false;
    }
    commit(model, reader, &run, run.count, true);
    return true;
}

/* ---- trials ---------------------------------------------------------------------- */

struct outcome {
    long lost, doubled, versions;
};

static void judge(const struct model *model, const struct reader *reader,
                  struct outcome *outcome)
{
    for (int i = 0; i < model->version_count; i++) {
        bool is_last = model_sees(model, i);
        int row = model->versions[i].row;

        /* A cursor alone says nothing of rows without one. */
        if (goes_by_cursor(reader) && !model->versions[i].has_cursor) {
            continue;
        }
        outcome->versions++;
        if (reader->may_repeat) {
            outcome->lost += is_last && reader->merged[row] != i;
        } else {
            outcome->lost += is_last && reader->came[i] == 0;
            outcome->doubled += reader->came[i] > 1;
        }
    }
}

static void try_once(enum strategy strategy, bool may_repeat, uint64_t seed,
                     struct outcome *outcome)
{
    struct model model;
    struct reader reader;

    model_init(&model, seed);
    memset(&reader, 0, sizeof reader);
    memset(reader.merged, -1, sizeof reader.merged);
    reader.strategy = strategy;
    reader.may_repeat = may_repeat;
    reader.by_row = model_random(&model, 2) == 0;
    for (int i = 0; i < 120; i++) {
        model_step(&model);
        if (model_random(&model, 12) == 0) {
            (void)read_table(&model, &reader, false);
        }
    }
    model_settle(&model);
    /* The first may be the rest of one that was cut off, the second is a quiet one. */
    for (int ended = 0; ended < 2;) {
        ended += read_table(&model, &reader, true);
    }
    judge(&model, &reader, outcome);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

static struct outcome try_many(enum strategy strategy, bool may_repeat, uint64_t divisor)
{
    uint64_t seed = from_environment("TIDEMILL_TEST_SEED", 1);
    uint64_t trials = from_environment("TIDEMILL_TEST_TRIALS", TRIALS) / divisor;
    struct outcome outcome = {0};

    for (uint64_t i = 0; i < trials; i++) {
        struct outcome before = outcome;

        try_once(strategy, may_repeat, seed * UINT64_C(1000000007) + i, &outcome);
        if (strategy == BY_WINDOW &&
            (outcome.lost != before.lost || outcome.doubled != before.doubled)) {
            printf("# trial %llu of seed %llu\n", (unsigned long long)i,
                   (unsigned long long)seed);
            break;
        }
    }
    printf("# %llu trials, %ld row versions: %ld lost, %ld doubled\n",
           (unsigned long long)trials, outcome.versions, outcome.lost, outcome.doubled);
    return outcome;
}

static void appended_rows_are_neither_lost_nor_doubled(void **state)
{
    struct outcome outcome = try_many(BY_WINDOW, false, 1);

    (void)state;
    assert_int_equal(outcome.lost, 0);
    assert_int_equal(outcome.doubled, 0);
}

static void merged_rows_are_as_the_source_has_them(void **state)
{
    struct outcome outcome = try_many(BY_WINDOW, true, 1);

    (void)state;
    assert_int_equal(outcome.lost, 0);
}

static void a_greater_cursor_alone_loses_rows(void **state)
{
    (void)state;
    assert_true(try_many(BY_GREATER_CURSOR, false, 100).lost > 0);
    assert_true(try_many(BY_GREATER_CURSOR, true, 100).lost > 0);
}

static void an_equal_cursor_doubles_rows_and_loses_some(void **state)
{
    struct outcome outcome = try_many(BY_EQUAL_CURSOR, false, 100);

    (void)state;
    assert_true(outcome.doubled > 0);
    assert_true(outcome.lost > 0);
}

static void windows_that_do_not_wait_for_open_transactions_lose_rows(void **state)
{
    (void)state;
    assert_true(try_many(BY_COMMITTED, false, 100).lost > 0);
}

/* ---- the edges of a window ------------------------------------------------------- */

static const struct pg_clock clock_at = {
    .oldest = 5000000000, .end = 5000000010, .next = 5000000020};

static void a_window_ends_where_the_oldest_open_transaction_begins(void **state)
{
    struct pg_window window;
    struct pg_ages ages;

    (void)state;
    assert_int_equal(pg_window_next(4999999990, &clock_at, false, &window),
                     PG_WINDOW_READ);
    ages = pg_window_ages(&window, &clock_at, false);
    assert_false(pg_ages_have(&ages, 31)); /* 4999999989 */
    assert_true(pg_ages_have(&ages, 30));
    assert_true(pg_ages_have(&ages, 21)); /* 4999999999 */
    assert_false(pg_ages_have(&ages, 20));
    assert_false(pg_ages_have(&ages, -5));
    assert_false(pg_ages_have(&ages, INT32_MAX));
    ages = pg_window_ages(&window, &clock_at, true);
    assert_true(pg_ages_have(&ages, 0));
    assert_false(pg_ages_have(&ages, 31));
    assert_false(pg_ages_are_all(&ages));
}

static void a_first_window_has_all_that_came_before(void **state)
{
    struct pg_window window = pg_window_first(&clock_at);
    struct pg_ages ages = pg_window_ages(&window, &clock_at, false);

    (void)state;
    assert_true(pg_ages_have(&ages, 21));
    assert_false(pg_ages_have(&ages, 20));
    assert_false(pg_ages_have(&ages, 0));
    assert_true(pg_ages_have(&ages, -1));
    assert_true(pg_ages_have(&ages, INT32_MAX));
    ages = pg_window_ages(&window, &clock_at, true);
    assert_true(pg_ages_are_all(&ages));
}

static void what_a_window_cannot_follow_is_told(void **state)
{
    struct pg_window window = {0};

    (void)state;
    assert_int_equal(pg_window_next(5000000000, &clock_at, false, &window),
                     PG_WINDOW_NOTHING);
    assert_int_equal(pg_window_next(5000000000, &clock_at, true, &window),
                     PG_WINDOW_READ);
    assert_int_equal(pg_window_next(5000000001, &clock_at, true, &window),
                     PG_WINDOW_AHEAD);
    assert_int_equal(
        pg_window_next(5000000020 - INT64_C(2147483647), &clock_at, false, &window),
        PG_WINDOW_TOO_OLD);
    window = (struct pg_window){.whole = true, .to = 5000000001};
    assert_int_equal(pg_window_resume(&window, &clock_at), PG_WINDOW_AHEAD);
    window.to = 4000000000;
    assert_int_equal(pg_window_resume(&window, &clock_at), PG_WINDOW_READ);
    window.to = 10;
    assert_int_equal(pg_window_resume(&window, &clock_at), PG_WINDOW_TOO_OLD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_rows_are_neither_lost_nor_doubled),
        cmocka_unit_test(merged_rows_are_as_the_source_has_them),
        cmocka_unit_test(a_greater_cursor_alone_loses_rows),
        cmocka_unit_test(an_equal_cursor_doubles_rows_and_loses_some),
        cmocka_unit_test(windows_that_do_not_wait_for_open_transactions_lose_rows),
        cmocka_unit_test(a_window_ends_where_the_oldest_open_transaction_begins),
        cmocka_unit_test(a_first_window_has_all_that_came_before),
        cmocka_unit_test(what_a_window_cannot_follow_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
