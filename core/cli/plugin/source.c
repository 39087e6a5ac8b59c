/*
 * source - what a source promises.
 */
#include "batch/batch_ops.h"
#include "cli/plugin/kit.h"
#include "cli/plugin/reading.h"
#include "cli/plugin/sample.h"

/* Open, read to the end or enough, close; *rows says how many. */
static int read_table(struct tide_kit *kit, int64_t batch_rows, int64_t *rows)
{
    struct tide_reading reading;
    int rc = tide_reading_open(&reading, kit, batch_rows);

    if (rc == TIDE_OK) {
        rc = tide_reading_read_all(&reading);
    }
    *rows = reading.rows;
    if (reading.state || rc == TIDE_OK) {
        tide_reading_close(&reading);
    }
    tide_reading_fini(&reading);
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
        if (rc == TIDE_OK && full < TIDE_READING_ENOUGH && small != full) {
            rc =
                tide_kit_broken(kit, "%lld rows in full batches, %lld in batches of %lld",
                                (long long)full, (long long)small, (long long)size);
        }
    }
    return rc;
}

static int end_again(struct tide_reading *reading)
{
    int rc = tide_reading_read_all(reading);

    if (rc == TIDE_OK && reading->at_end) {
        reading->at_end = false;
        rc = tide_reading_read(reading);
        if (rc == TIDE_OK && !reading->at_end) {
            rc = tide_kit_broken(reading->kit, "read after TIDE_END gave rows");
        }
    }
    return rc;
}

static int stays_at_the_end(struct tide_kit *kit)
{
    struct tide_reading reading;
    int rc = tide_reading_open(&reading, kit, TIDE_SAMPLE_FULL);

    return rc == TIDE_OK ? end_again(&reading) : rc;
}

static int says_why_it_cannot_open(struct tide_kit *kit)
{
    struct tide_reading reading;
    int rc, verdict;

    tide_reading_init(&reading, kit, TIDE_SAMPLE_FULL);
    tide_reading_fini(&reading);
    reading.request.table = "no such table: \xe2\x80\x9c'\";--\n";
    rc = tide_reading_try(&reading);
    verdict = tide_kit_answer(kit, rc);
    if (verdict == TIDE_OK && rc == TIDE_OK) {
        tide_reading_close(&reading);
    }
    return verdict;
}

/* A row, a reject, or a word why not; never a batch that breaks the rules. */
static int try_again(struct tide_reading *reading, const char *raw, size_t length)
{
    const struct tide_reject reject = {
        .origin = "replay", .position = 7, .raw = raw, .raw_length = length};
    struct tide_kit *kit = reading->kit;
    struct tide_batch batch = {0};
    struct tide_error err = {0};
    int rc, verdict;

    tide_kit_enter(kit, "again");
    rc = reading->source->again(reading->state, &reject, &batch, &kit->err);
    verdict = tide_kit_answer(kit, rc);
    if (verdict == TIDE_OK && rc == TIDE_OK && batch.array.release &&
        tide_batch_validate(&batch, &reading->schema, &err) != TIDE_OK) {
        verdict = tide_kit_broken(kit, "again: %s", err.message);
    }
    tide_batch_release(&batch);
    return verdict;
}

static int takes_rejects_again(struct tide_kit *kit)
{
    static const char noise[] = "\xff\"\0{,\n";
    struct tide_reading reading;
    int rc = tide_reading_open(&reading, kit, TIDE_SAMPLE_FULL);

    if (rc == TIDE_OK && reading.source->again) {
        rc = try_again(&reading, noise, sizeof noise);
        rc = rc == TIDE_OK ? try_again(&reading, "", 0) : rc;
        rc = rc == TIDE_OK ? try_again(&reading, "1,x", 3) : rc;
    }
    if (reading.state) {
        tide_reading_close(&reading);
    }
    tide_reading_fini(&reading);
    return rc;
}

static int is_stopped_by_cancel(struct tide_kit *kit)
{
    struct tide_batch batch = {0};
    struct tide_reading reading;
    int rc = tide_reading_open(&reading, kit, 1);

    if (rc != TIDE_OK) {
        return rc;
    }
    kit->host.cancelled = true;
    tide_kit_enter(kit, "read of a cancelled run");
    rc = tide_kit_answer(kit, reading.source->read(reading.state, &batch, &kit->err));
    tide_batch_release(&batch);
    tide_reading_close(&reading);
    return rc;
}

/* Any answer will do, if it says why. */
static int open_read_close(struct tide_kit *kit)
{
    struct tide_batch batch = {0};
    struct tide_reading reading;
    int rc, verdict;

    tide_reading_init(&reading, kit, 16);
    rc = tide_reading_try(&reading);
    verdict = tide_kit_answer(kit, rc);
    if (verdict == TIDE_OK && rc == TIDE_OK) {
        tide_kit_enter(kit, "read");
        rc = reading.source->read(reading.state, &batch, &kit->err);
        verdict = tide_kit_answer(kit, rc);
        tide_batch_release(&batch);
        tide_reading_close(&reading);
    }
    tide_schema_clear(&reading.schema);
    tide_reading_fini(&reading);
    return verdict;
}

const struct tide_promise tide_source_promises[] = {
    {"reads batches that keep the rules", keeps_batch_rules, tide_kit_once},
    {"gives the same rows in batches of any size", keeps_to_small_batches, tide_kit_once},
    {"stays at the end", stays_at_the_end, tide_kit_once},
    {"resumes at a position and loses no row", tide_source_resumes, tide_kit_once},
    {"resumes after any batch with the remaining rows", tide_source_goes_on,
     tide_kit_once},
    {"takes what it rejected again, or says why not", takes_rejects_again, tide_kit_once},
    {"says why it cannot open a table", says_why_it_cannot_open, tide_kit_once},
    {"returns when the run is cancelled", is_stopped_by_cancel, tide_kit_once},
    {"leaves nothing behind when it is closed", open_read_close, tide_kit_leaks},
    {"bears allocations that fail", open_read_close, tide_kit_short_of_memory},
    {0},
};
