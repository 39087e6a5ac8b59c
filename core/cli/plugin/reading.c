/*
 * reading - one reading of a source under test; see reading.h.
 */
#include "cli/plugin/reading.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "batch/batch_ops.h"
#include "cli/plugin/sample.h"

#define FULL_BYTES (INT64_C(4) << 20)

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

void tide_reading_init(struct tide_reading *reading, struct tide_kit *kit, int64_t rows)
{
    memset(reading, 0, sizeof *reading);
    reading->kit = kit;
    reading->source = kit->entry->source;
    reading->request = (struct tide_source_request){
        .size = sizeof reading->request, .batch_rows = rows, .batch_bytes = FULL_BYTES};
    reading->request.table = choose_table(kit);
}

int tide_reading_try(struct tide_reading *reading)
{
    struct tide_kit *kit = reading->kit;

    tide_kit_enter(kit, "open");
    return reading->source->open(kit->options, &reading->request, &kit->host.host,
                                 &reading->state, &reading->schema, &kit->err);
}

void tide_reading_close(struct tide_reading *reading)
{
    tide_kit_enter(reading->kit, "close");
    reading->source->close(reading->state);
    reading->state = NULL;
    tide_schema_clear(&reading->schema);
}

void tide_reading_fini(struct tide_reading *reading)
{
    char *table;

    memcpy(&table, &reading->request.table, sizeof table);
    free(table);
    reading->request.table = NULL;
}

int tide_reading_open(struct tide_reading *reading, struct tide_kit *kit, int64_t rows)
{
    int rc;

    tide_reading_init(reading, kit, rows);
    rc = tide_kit_success(kit, tide_reading_try(reading));
    if (rc == TIDE_OK && reading->schema.column_count == 0) {
        rc = tide_kit_skip(kit, "table %s has no columns; name another with --table",
                           reading->request.table);
    }
    return rc;
}

static void add_rows(struct tide_reading *reading, const struct tide_batch *batch)
{
    struct tide_text row = {0};

    for (int64_t i = 0; i < batch->array.length; i++) {
        tide_text_reset(&row);
        tide_batch_row_json(batch, &reading->schema, i, &row);
        reading->sum += tide_hash_add(TIDE_HASH_START, row.data, row.length);
    }
    tide_text_fini(&row);
}

static int check_batch(struct tide_reading *reading, const struct tide_batch *batch)
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
    if (reading->sums) {
        add_rows(reading, batch);
    }
    return TIDE_OK;
}

/* What the source says before the read that follows a batch. */
static bool is_told_to_end(const struct tide_reading *reading)
{
    if (!reading->has_read || !reading->source->at_end) {
        return false;
    }
    tide_kit_enter(reading->kit, "at_end");
    return reading->source->at_end(reading->state);
}

int tide_reading_read(struct tide_reading *reading)
{
    struct tide_kit *kit = reading->kit;
    struct tide_batch batch = {0};
    bool must_end = is_told_to_end(reading);
    int rc, verdict;

    tide_kit_enter(kit, "read");
    rc = reading->source->read(reading->state, &batch, &kit->err);
    verdict = tide_kit_success_with(kit, rc, TIDE_END);
    reading->at_end = rc == TIDE_END;
    reading->has_read = rc == TIDE_OK;
    if (verdict == TIDE_OK && must_end && !reading->at_end) {
        verdict =
            tide_kit_broken(kit, "at_end said that no rows are left, and the next read "
                                 "did not return TIDE_END");
    }
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

int tide_reading_read_all(struct tide_reading *reading)
{
    int rc = TIDE_OK;

    while (rc == TIDE_OK && !reading->at_end && reading->rows < TIDE_READING_ENOUGH) {
        rc = tide_reading_read(reading);
    }
    return rc;
}
