/*
 * destination - what a destination promises.
 *
 * What is committed stays: each mode has a table of the test's own, as
 * tidemill_plugin_test_merge, or behind the name that is given.
 */
#include "cli/plugin/kit.h"
#include "cli/plugin/sample.h"
#include "cli/plugin/writing.h"

/* One table in one mode, from open to close. */
static int load_table(struct tide_kit *kit, int mode, const int64_t *sizes, size_t count,
                      bool nulls)
{
    struct tide_writing writing;
    int rc = tide_writing_open(kit, &writing, mode);

    if (rc == TIDE_OK) {
        rc = tide_writing_check(kit, &writing);
    }
    for (size_t i = 0; rc == TIDE_OK && i < count; i++) {
        rc = tide_writing_rows(kit, &writing, sizes[i], nulls);
    }
    if (rc == TIDE_OK) {
        rc = tide_writing_commit(kit, &writing, NULL);
    }
    if (rc == TIDE_OK) {
        tide_writing_close(kit, &writing);
    }
    return rc;
}

static int load_modes(struct tide_kit *kit, const int64_t *sizes, size_t count,
                      bool nulls)
{
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < TIDE_WRITING_MODES; i++) {
        if (kit->entry->destination->flags & tide_writing_modes[i].flag) {
            rc = load_table(kit, tide_writing_modes[i].mode, sizes, count, nulls);
        }
    }
    return rc;
}

/* ---- promises -----------------------------------------------------------------------*/

static int takes_no_rows(struct tide_kit *kit)
{
    return load_modes(kit, NULL, 0, false);
}

static int takes_rows(struct tide_kit *kit)
{
    const int64_t sizes[] = {1, TIDE_SAMPLE_FULL, 0};

    return load_modes(kit, sizes, 3, false);
}

static int takes_nulls(struct tide_kit *kit)
{
    const int64_t sizes[] = {1000};

    return load_modes(kit, sizes, 1, true);
}

static int answer_type(struct tide_kit *kit, int type)
{
    struct tide_schema schema = {0};
    struct tide_writing writing;
    int rc = tide_schema_add(&schema, "value", type, 0), verdict;

    if (rc == TIDE_OK) {
        rc = tide_writing_try(kit, &writing, tide_writing_first_mode(kit), &schema);
        verdict = tide_kit_answer(kit, rc);
        if (verdict == TIDE_OK && rc == TIDE_OK) {
            verdict = tide_writing_check(kit, &writing);
            tide_writing_close(kit, &writing);
        } else {
            tide_writing_fini(&writing);
        }
        rc = verdict;
    }
    tide_schema_clear(&schema);
    return rc;
}

static int answers_each_type(struct tide_kit *kit)
{
    int rc = TIDE_OK;

    for (int type = 0; rc == TIDE_OK && type < TIDE_TYPE_COUNT; type++) {
        rc = answer_type(kit, type);
    }
    return rc;
}

/* Any answer will do, if it says why; nothing is committed. */
static int open_write_close(struct tide_kit *kit)
{
    struct tide_batch batch = {0};
    struct tide_writing writing;
    int rc = tide_writing_try(kit, &writing, tide_writing_first_mode(kit),
                              kit->subject->columns);
    int verdict = tide_kit_answer(kit, rc);

    if (verdict != TIDE_OK || rc != TIDE_OK) {
        tide_writing_fini(&writing);
        return verdict;
    }
    if (tide_sample_batch(&writing.accepted, 9, true, &batch) == TIDE_OK) {
        kit->host.rows_in_hand = 9;
        tide_kit_enter(kit, "write");
        rc = kit->entry->destination->write(writing.state, &batch, &kit->err);
        verdict = tide_kit_answer(kit, rc);
    }
    tide_batch_release(&batch);
    tide_writing_close(kit, &writing);
    return verdict;
}

const struct tide_promise tide_destination_promises[] = {
    {"takes a table without rows, in each of its modes", takes_no_rows, tide_kit_once},
    {"takes one row, a full batch and an empty one", takes_rows, tide_kit_once},
    {"takes nulls", takes_nulls, tide_kit_once},
    {"takes a column of each type, or says why not", answers_each_type, tide_kit_once},
    {"gives back the position that was committed", tide_destination_gives_back,
     tide_kit_once},
    {"keeps a checkpoint that it took", tide_destination_keeps_checkpoints,
     tide_kit_once},
    {"resumes a replacing load from its staged rows", tide_destination_resumes,
     tide_kit_once},
    {"returns when the run is cancelled", open_write_close, tide_kit_cancelled},
    {"leaves nothing behind when it is closed without a commit", open_write_close,
     tide_kit_leaks},
    {"bears allocations that fail", open_write_close, tide_kit_short_of_memory},
    {0},
};
