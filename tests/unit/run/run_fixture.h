/*
 * run_fixture - a run of a definition over the engine's test plugins, and what it left.
 */
#ifndef TIDE_TEST_RUN_FIXTURE_H
#define TIDE_TEST_RUN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <json-c/json.h>
#include <stdatomic.h>

#include "run/run.h"

#define COUNTS(...) ((const int64_t[]){__VA_ARGS__})
#define ALL(n) COUNTS(n, n, n, n, n, n)
#define NONE ALL(0)

/** A test with a fixture of its own. */
#define RUN_TEST(name_)                                                                  \
    cmocka_unit_test_setup_teardown(name_, fixture_set_up, fixture_tear_down)

struct fixture {
    char folder[64]; /**< of its own: links to plugins, and what the run writes */
    struct tide_catalog *catalog;
    const char *table;               /**< the first, "numbers" unless changed */
    const char *source;              /**< the plugin, "script" unless changed */
    const char *destination;         /**< the plugin, "record" unless changed */
    struct tide_run_request request; /**< to be changed before a run */
    struct tide_ledger ledger;
    atomic_bool cancel;

    enum tide_run_state state;
    struct tide_error err;
    struct json_object *end;
    struct json_object *events; /**< array of all but the end */
};

/** For cmocka: *state is a fixture. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/** Run a table `numbers`, and those that are put behind it, from the source to record.
 * source, destination and table are the members of their objects ("\"rows\": 10"), more
 * is put behind the tables; each may be
 * "". */
void fixture_run(struct fixture *fixture, const char *source, const char *destination,
                 const char *table, const char *more);
/** Forget the counts and the events of the runs before. */
void fixture_forget(struct fixture *fixture);
/** The definition that fixture_run runs, compiled. */
struct tide_pipeline *fixture_compile(struct fixture *fixture, const char *source,
                                      const char *destination, const char *table,
                                      const char *more);

/** What a file of the fixture's folder holds, "" when there is none; the caller frees. */
char *fixture_read(const struct fixture *fixture, const char *name);
/** Take such a file away. */
void fixture_remove(const struct fixture *fixture, const char *name);
/** Events of that kind. */
size_t fixture_count(const struct fixture *fixture, const char *kind);
struct json_object *fixture_event(const struct fixture *fixture, const char *kind,
                                  size_t i);

void fixture_expect_state(const struct fixture *fixture, enum tide_run_state state);
/** The six counts, in the ledger and in the end event alike. */
void fixture_expect_counts(const struct fixture *fixture, const int64_t passed[6],
                           const int64_t failed[6]);
/** It failed with that in its message, and nothing was committed. */
void fixture_expect_failure(const struct fixture *fixture, int code, const char *message);

/* ---- what the plugin record wrote ---------------------------------------------------*/

/** A file of the fixture's folder holds that text. */
void expect_file(const struct fixture *fixture, const char *name, const char *wanted);
/** All of its file: the rows from..to but each `skip_every`th, and that commit. */
void expect_rows(const struct fixture *fixture, int from, int to, int skip_every,
                 const char *commit);
/** Ids from..to are in its file, each once and in order. */
void expect_ids(const struct fixture *fixture, int64_t from, int64_t to);
/** Lines of a file with such a beginning. */
int64_t count_lines(const struct fixture *fixture, const char *name,
                    const char *beginning);
/** Whether the last run went on from where another was cut off. */
bool is_resumed(const struct fixture *fixture);

#endif
