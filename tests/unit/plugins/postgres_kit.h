/*
 * postgres_kit - a real server, and the postgres plugins as the engine would drive them.
 *
 * The server is that of TIDEMILL_TEST_POSTGRES_URL, or a throw-away one; each program
 * works in a database of its own.  The plugins are loaded from TIDEMILL_PLUGIN_DIR.
 */
#ifndef TIDE_TEST_POSTGRES_KIT_H
#define TIDE_TEST_POSTGRES_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdbool.h>
#include <tidemill/plugin.h>

#include "postgres/connection.h"
#include "sources/postgres/options.h"

struct kit_reject {
    int64_t row; /* of a batch, or the position */
    char code[32];
    char message[512];
};

#define KIT_REJECTS 512

/* A host that notes what it is told. */
struct kit_host {
    struct tide_host host;
    struct kit_reject rejects[KIT_REJECTS];
    size_t reject_count;
    size_t refused;     /* of them by the server */
    size_t max_rejects; /* beyond them the run ends; 0: never */
    char log[1024];     /* warnings, one after the other */
    bool cancelled;
    void (*when_asked)(
        struct kit_host *host); /* called by each cancelled(); may be NULL */
};

/* One table being read. */
struct kit_source {
    struct kit_host host;
    struct pg_source_options options;
    struct tide_source_request request;
    struct tide_schema schema;
    struct tide_error err;
    void *state;
};

/* One table being loaded. */
struct kit_destination {
    struct kit_host host;
    struct tide_pg_options options;
    struct tide_destination_request request;
    struct tide_schema accepted;
    struct tide_error err;
    char *position;
    void *state;
    struct tide_batch lent[8]; /* with request.lends, until kit_settle() */
    size_t lent_count;
};

/* Start or find the server.  False: there is none, and *status is what main returns,
 * after saying why. */
bool kit_start(int *status);
void kit_stop(void);

/* Run a group of tests between the two: what main returns. */
int kit_run(const char *name, const struct CMUnitTest *tests, size_t count);
#define KIT_RUN(tests_) kit_run(#tests_, tests_, sizeof(tests_) / sizeof(tests_)[0])

/* Options that reach the database of this program. */
struct tide_pg_options kit_options(void);

/* Run statements; a failure fails the test. */
TIDE_PRINTF(1, 2) void kit_sql(const char *format, ...);

/* The first value of a query as text; the buffer lasts until the fourth next call. */
TIDE_PRINTF(1, 2) const char *kit_value(const char *format, ...);

void kit_host_init(struct kit_host *host);
const struct tide_source *kit_source_plugin(void);
const struct tide_destination *kit_destination_plugin(void);

/* Get ready to read a table in batches of up to 1000 rows; then open. */
void kit_source_init(struct kit_source *source, const char *table);
int kit_source_open(struct kit_source *source);
void kit_source_close(struct kit_source *source);

/* Open, expecting it to go well. */
void kit_source_opens(struct kit_source *source);

/* Read everything and put the values of the first column, integers, in `values`; returns
 * how many. */
size_t kit_read_all(struct kit_source *source, int64_t *values, size_t capacity);

const char *kit_position(struct kit_source *source);

/* Read one batch; returns how many rows it had, 0 at the end. */
int64_t kit_read_batch(struct kit_source *source);

/* Get ready to load a table from rows of schema; then open. */
void kit_destination_init(struct kit_destination *destination, const char *table,
                          int mode, const struct tide_schema *schema);
int kit_destination_open(struct kit_destination *destination);
void kit_destination_close(struct kit_destination *destination);

/* Write a batch. */
int kit_write(struct kit_destination *destination, const struct tide_batch *batch);

/* Open, expecting it to go well or to fail with words in its message. */
void kit_destination_opens(struct kit_destination *destination);
void kit_destination_fails(struct kit_destination *destination, int code,
                           const char *words);

/* Write rows given as text, have all decided that are lent, commit finally. */
void kit_write_lines(struct kit_destination *destination, const char *const *lines,
                     size_t count);
int kit_settle(struct kit_destination *destination);
void kit_commit(struct kit_destination *destination);

/* A schema of columns given as "name:type name:type!", "!" for required. */
void kit_schema(struct tide_schema *schema, const char *columns);

/* Load all of one table into another and commit; both are left closed. */
void kit_copy(const char *from, const char *to, int mode, const char *const *key);

/* Fill a batch with one row a line, fields parted by "|" and read by the column's type:
 * "\N" is null. */
void kit_batch(const struct tide_schema *schema, const char *const *lines, size_t count,
               struct tide_batch *batch);

#endif
