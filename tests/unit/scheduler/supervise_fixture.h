/*
 * supervise_fixture - a supervisor of real processes of a fake worker.
 *
 * Time is the fake clock of the store's fixture, so limits and graces pass when a test
 * says so.
 */
#ifndef TIDE_TESTS_SUPERVISE_FIXTURE_H
#define TIDE_TESTS_SUPERVISE_FIXTURE_H

#include "store_fixture.h"
#include "supervise/supervise.h"

#define SECOND INT64_C(1000000)

extern struct tide_supervise *supervise;

/** The last run that ended, and how many did. */
extern struct answer ended;
extern int64_t ended_count;
void note_end(void *arg, const struct tide_run_record *run);

int supervise_setup(void **state);
int supervise_teardown(void **state);
#define SUPERVISE_TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(name_, supervise_setup, supervise_teardown)

void start_supervisor(int64_t concurrent);
void stop_supervisor(int64_t grace);
/** Says in a bool that something is closed. */
void note_closed(void *arg);

/** A run of a pipeline of its own, whose worker follows a script. */
struct tide_run_record submit(const char *script);
void await_ends(int64_t count);
/** Run a script to its end. */
struct tide_run_record run_script(const char *script);
/** Until the worker has begun and has done what it does before it waits. */
void await_live(int64_t run);
struct tide_supervise_stats stats(void);

void assert_contains(const char *text, const char *part);

#endif
