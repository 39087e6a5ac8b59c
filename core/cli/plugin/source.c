/*
 * source - what a source promises.
 */
#include <stdlib.h>
#include <string.h>

#include "batch/batch_ops.h"
#include "cli/plugin/kit.h"
#include "cli/plugin/sample.h"

/* Rows of one reading that are looked at; a source may have no end. */
#define ENOUGH 40000
#define FULL_BYTES (INT64_C(4) << 20)

struct reading {
    struct tide_kit *kit;
    const struct tide_source *source;
    struct tide_source_request request;
    void *state;
    struct tide_schema schema;
    int64_t rows;
    bool at_end;
};

/* ---- the table ----------------------------------------------------------------------*/

static int keep_first(void *arg, const char *table, const struct tide_schema *schema)
{
    char **first = arg;

    (void)schema;
    if (!*first) {
        *first = tide_strdup(table);
    }
    return TIDE_OK;
}

/* The table to read, malloc'ed. */
static char *choose_table(struct tide_kit *kit)
{
    const struct tide_source *source = kit->entry->source;
    char *first = NULL;

    if (kit->subject->table) {
        return tide_strdup(kit->subject->table);
    }
    if (source->discover) {
        tide_kit_enter(kit, "discover");
        (void)source->discover(kit->options, &kit->host.host, keep_first, &first,
                               &kit->err);
    }
    return first ? first : tide_strdup("rows");
}

/* ---- one reading --------------------------------------------------------------------*/

static void reading_init(struct reading *reading, struct tide_kit *kit, int64_t rows)
{
    memset(reading, 0, sizeof *reading);
    reading->kit = kit;
    reading->source = kit->entry->source;
    reading->request = (struct tide_source_request){
        .size = sizeof reading->request, .batch_rows = rows, .batch_bytes = FULL_BYTES};
    reading->request.table = choose_table(kit);
}

static int call_open(struct reading *reading)
{
    struct tide_kit *kit = reading->kit;

    tide_kit_enter(kit, "open");
    return reading->source->open(kit->options, &reading->request, &kit->host.host,
                                 &reading->state, &reading->schema, &kit->err);
}

static void reading_close(struct reading *reading)
{
    tide_kit_enter(reading->kit, "close");
    reading->source->close(reading->state);
    reading->state = NULL;
    tide_schema_clear(&reading->schema);
}

static void reading_fini(struct reading *reading)
{
    char *table;

    memcpy(&table, &reading->request.table, sizeof table);
    free(table);
    reading->request.table = NULL;
}

static int reading_open(struct reading *reading, struct tide_kit *kit, int64_t rows)
{
    int rc;

    reading_init(reading, kit, rows);
    rc = tide_kit_success(kit, call_open(reading));
    if (rc == TIDE_OK && reading->schema.column_count == 0) {
        rc = tide_kit_skip(kit, "table %s has no columns; name another with --table",
                           reading->request.table);
    }
    return rc;
}

static int check_batch(struct reading *reading, const struct tide_batch *batch)
{
    struct tide_kit *kit = reading->kit;
    struct tide_error err = {0};

    if (!batch->array.release) {
        return TIDE_OK;
    }
    if (tide_batch_validate(batch, &reading->schema, &err) != TIDE_OK) {
        return tide_kit_broken(kit, "a batch breaks the rules: %s", err.message);
    }
    if (batch->array.length > reading->request.batch_rows) {
        return tide_kit_broken(kit, "a batch has %lld rows, and %lld were asked for",
                               (long long)batch->array.length,
                               (long long)reading->request.batch_rows);
    }
    reading->rows += batch->array.length;
    return TIDE_OK;
}

static int read_batch(struct reading *reading)
{
    struct tide_kit *kit = reading->kit;
    struct tide_batch batch = {0};
    int rc, verdict;

    tide_kit_enter(kit, "read");
    rc = reading->source->read(reading->state, &batch, &kit->err);
    verdict = tide_kit_success(kit, rc);
    reading->at_end = rc == TIDE_END;
    if (verdict == TIDE_OK && reading->at_end && batch.array.release) {
        verdict = tide_kit_broken(kit, "read filled a batch and returned TIDE_END: the "
                                       "last rows would be lost");
    }
    if (verdict == TIDE_OK) {
        verdict = check_batch(reading, &batch);
    }
    tide_batch_release(&batch);
    return verdict;
}

static int read_all(struct reading *reading)
{
    int rc = TIDE_OK;

    while (rc == TIDE_OK && !reading->at_end && reading->rows < ENOUGH) {
        rc = read_batch(reading);
    }
    return rc;
}

/* Open, read to the end or enough, close; *rows says how many. */
static int read_table(struct tide_kit *kit, int64_t batch_rows, int64_t *rows)
{
    struct reading reading;
    int rc = reading_open(&reading, kit, batch_rows);

    if (rc == TIDE_OK) {
        rc = read_all(&reading);
    }
    *rows = reading.rows;
    if (reading.state || rc == TIDE_OK) {
        reading_close(&reading);
    }
    reading_fini(&reading);
    return rc;
}

/* ---- promises -----------------------------------------------------------------------*/

static int keeps_batch_rules(struct tide_kit *kit)
{
    int64_t rows;

    return read_table(kit, TIDE_SAMPLE_FULL, &rows);
}

static int keeps_to_small_batches(struct tide_kit *kit)
{
    int64_t full, small;
    int rc = read_table(kit, TIDE_SAMPLE_FULL, &full);

    if (rc != TIDE_OK) {
        return rc;
    }
    for (int64_t size = 1; rc == TIDE_OK && size <= 7; size += 6) {
        rc = read_table(kit, size, &small);
        if (rc == TIDE_OK && full < ENOUGH && small != full) {
            rc =
                tide_kit_broken(kit, "%lld rows in full batches, %lld in batches of %lld",
                                (long long)full, (long long)small, (long long)size);
        }
    }
    return rc;
}

static int end_again(struct reading *reading)
{
    int rc = read_all(reading);

    if (rc == TIDE_OK && reading->at_end) {
        reading->at_end = false;
        rc = read_batch(reading);
        if (rc == TIDE_OK && !reading->at_end) {
            rc = tide_kit_broken(reading->kit, "read after TIDE_END gave rows");
        }
    }
    return rc;
}

static int stays_at_the_end(struct tide_kit *kit)
{
    struct reading reading;
    int rc = reading_open(&reading, kit, TIDE_SAMPLE_FULL);

    return rc == TIDE_OK ? end_again(&reading) : rc;
}

static int says_why_it_cannot_open(struct tide_kit *kit)
{
    struct reading reading;
    int rc, verdict;

    reading_init(&reading, kit, TIDE_SAMPLE_FULL);
    reading_fini(&reading);
    reading.request.table = "no such table: \xe2\x80\x9c'\";--\n";
    rc = call_open(&reading);
    verdict = tide_kit_answer(kit, rc);
    if (verdict == TIDE_OK && rc == TIDE_OK) {
        reading_close(&reading);
    }
    return verdict;
}

static int is_stopped_by_cancel(struct tide_kit *kit)
{
    struct tide_batch batch = {0};
    struct reading reading;
    int rc = reading_open(&reading, kit, 1);

    if (rc != TIDE_OK) {
        return rc;
    }
    kit->host.cancelled = true;
    tide_kit_enter(kit, "read of a cancelled run");
    rc = tide_kit_answer(kit, reading.source->read(reading.state, &batch, &kit->err));
    tide_batch_release(&batch);
    reading_close(&reading);
    return rc;
}

/* Any answer will do, if it says why. */
static int open_read_close(struct tide_kit *kit)
{
    struct tide_batch batch = {0};
    struct reading reading;
    int rc, verdict;

    reading_init(&reading, kit, 16);
    rc = call_open(&reading);
    verdict = tide_kit_answer(kit, rc);
    if (verdict == TIDE_OK && rc == TIDE_OK) {
        tide_kit_enter(kit, "read");
        rc = reading.source->read(reading.state, &batch, &kit->err);
        verdict = tide_kit_answer(kit, rc);
        tide_batch_release(&batch);
        reading_close(&reading);
    }
    tide_schema_clear(&reading.schema);
    reading_fini(&reading);
    return verdict;
}

static int leaves_nothing(struct tide_kit *kit)
{
    return tide_kit_leaks(kit, open_read_close);
}

static int bears_failing_allocations(struct tide_kit *kit)
{
    return tide_kit_short_of_memory(kit, open_read_close);
}

/* The rows behind a position that was reached in the middle. */
static int read_behind(struct tide_kit *kit, const char *position, int64_t *rows)
{
    struct reading reading;
    int rc;

    reading_init(&reading, kit, TIDE_SAMPLE_FULL);
    reading.request.cursor = kit->subject->cursor;
    reading.request.position = position;
    rc = tide_kit_success(kit, call_open(&reading));
    if (rc == TIDE_OK) {
        rc = read_all(&reading);
        reading_close(&reading);
    }
    *rows = reading.rows;
    reading_fini(&reading);
    return rc;
}

/* The position after one small batch, malloc'ed. */
static int read_to_position(struct tide_kit *kit, char **position, int64_t *rows)
{
    struct reading reading;
    const char *reached;
    int rc;

    reading_init(&reading, kit, 3);
    reading.request.cursor = kit->subject->cursor;
    rc = tide_kit_success(kit, call_open(&reading));
    if (rc == TIDE_OK) {
        rc = read_batch(&reading);
    }
    if (rc == TIDE_OK) {
        tide_kit_enter(kit, "position");
        reached = reading.source->position(reading.state);
        *position = reached ? tide_strdup(reached) : NULL;
        reading_close(&reading);
    }
    *rows = reading.rows;
    reading_fini(&reading);
    return rc;
}

static int resumes_at_a_position(struct tide_kit *kit)
{
    int64_t all = 0, before = 0, behind = 0;
    char *position = NULL;
    int rc;

    if (!(kit->entry->source->flags & TIDE_SOURCE_INCREMENTAL)) {
        return tide_kit_skip(kit, "it is not incremental");
    }
    if (!kit->subject->cursor) {
        return tide_kit_skip(kit, "name the column with --cursor");
    }
    rc = read_behind(kit, NULL, &all);
    if (rc == TIDE_OK && all < ENOUGH) {
        rc = read_to_position(kit, &position, &before);
    }
    if (rc == TIDE_OK && before > 0 && !position) {
        rc = tide_kit_broken(kit, "it gave rows and no position");
    }
    if (rc == TIDE_OK && position) {
        rc = read_behind(kit, position, &behind);
    }
    if (rc == TIDE_OK && position && before + behind < all) {
        rc = tide_kit_broken(
            kit, "%lld rows up to position %s and %lld behind it, of %lld",
            (long long)before, position, (long long)behind, (long long)all);
    }
    free(position);
    return rc;
}

const struct tide_promise tide_source_promises[] = {
    {"reads batches that keep the rules", keeps_batch_rules},
    {"gives the same rows in batches of any size", keeps_to_small_batches},
    {"stays at the end", stays_at_the_end},
    {"resumes at a position and loses no row", resumes_at_a_position},
    {"says why it cannot open a table", says_why_it_cannot_open},
    {"returns when the run is cancelled", is_stopped_by_cancel},
    {"leaves nothing behind when it is closed", leaves_nothing},
    {"bears allocations that fail", bears_failing_allocations},
    {0},
};
