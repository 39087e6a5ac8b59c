/*
 * destination - what a destination promises.
 *
 * What is committed stays: each mode has a table of the test's own, as
 * tidemill_plugin_test_merge, or behind the name that is given.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/plugin/kit.h"
#include "cli/plugin/sample.h"

#define DEFAULT_TABLE "tidemill_plugin_test"

struct writing {
    char table[128];
    struct tide_destination_request request;
    void *state;
    struct tide_schema accepted;
    char *position;
};

static const struct {
    int mode;
    uint32_t flag;
    const char *name;
} modes[] = {
    {TIDE_MODE_REPLACE, TIDE_DESTINATION_REPLACE, "replace"},
    {TIDE_MODE_APPEND, TIDE_DESTINATION_APPEND, "append"},
    {TIDE_MODE_MERGE, TIDE_DESTINATION_MERGE, "merge"},
};

#define MODES (sizeof modes / sizeof modes[0])

/* The first column marked as key, for merge; ended by NULL. */
static const char *const *key_of(const struct tide_schema *schema, const char *key[2])
{
    key[0] = schema->column_count > 0 ? schema->columns[0].name : NULL;
    key[1] = NULL;
    for (size_t i = 0; i < schema->column_count; i++) {
        if (schema->columns[i].flags & TIDE_COLUMN_KEY) {
            key[0] = schema->columns[i].name;
            break;
        }
    }
    return key;
}

static void name_table(struct writing *writing, const struct tide_kit *kit, int mode)
{
    const char *table = kit->subject->table ? kit->subject->table : DEFAULT_TABLE;

    for (size_t i = 0; i < MODES; i++) {
        if (modes[i].mode == mode) {
            (void)snprintf(writing->table, sizeof writing->table, "%s_%s", table,
                           modes[i].name);
        }
    }
}

static int call_open(struct tide_kit *kit, struct writing *writing, int mode,
                     const struct tide_schema *schema, const char *const *key)
{
    memset(writing, 0, sizeof *writing);
    name_table(writing, kit, mode);
    writing->request =
        (struct tide_destination_request){.size = sizeof writing->request,
                                          .mode = mode,
                                          .table = writing->table,
                                          .schema = schema,
                                          .key = mode == TIDE_MODE_MERGE ? key : NULL,
                                          .pipeline = "tidemill-plugin-test",
                                          .run = "1"};
    writing->request.started_at = kit->host.host.now(&kit->host.host);
    tide_kit_enter(kit, "open");
    return kit->entry->destination->open(kit->options, &writing->request, &kit->host.host,
                                         &writing->state, &writing->accepted,
                                         &writing->position, &kit->err);
}

static void writing_fini(struct writing *writing)
{
    tide_schema_clear(&writing->accepted);
    free(writing->position);
    writing->position = NULL;
}

static void call_close(struct tide_kit *kit, struct writing *writing)
{
    tide_kit_enter(kit, "close");
    kit->entry->destination->close(writing->state);
    writing_fini(writing);
}

static int check_accepted(struct tide_kit *kit, const struct writing *writing)
{
    const struct tide_schema *given = writing->request.schema;
    const struct tide_schema *accepted = &writing->accepted;

    if (accepted->column_count != given->column_count) {
        return tide_kit_broken(kit, "open filled accepted with %zu columns of %zu",
                               accepted->column_count, given->column_count);
    }
    for (size_t i = 0; i < given->column_count; i++) {
        if (strcmp(accepted->columns[i].name, given->columns[i].name) != 0) {
            return tide_kit_broken(kit,
                                   "column %zu of accepted is \"%s\", of the request "
                                   "\"%s\"",
                                   i, accepted->columns[i].name, given->columns[i].name);
        }
    }
    return TIDE_OK;
}

static int write_rows(struct tide_kit *kit, struct writing *writing, int64_t rows,
                      bool nulls)
{
    struct tide_batch batch = {0};
    int rc = tide_sample_batch(&writing->accepted, rows, nulls, &batch);

    if (rc != TIDE_OK) {
        return tide_kit_skip(kit, "out of memory");
    }
    kit->host.rows_in_hand = rows;
    tide_kit_enter(kit, "write");
    rc = tide_kit_success(
        kit, kit->entry->destination->write(writing->state, &batch, &kit->err));
    if (rc == TIDE_OK && !batch.array.release) {
        rc = tide_kit_broken(kit, "write released a batch that it only borrows");
    }
    if (rc == TIDE_OK && kit->host.misplaced > 0) {
        rc = tide_kit_broken(kit, "it refused a row that is not in the batch");
    }
    tide_batch_release(&batch);
    return rc;
}

static int commit(struct tide_kit *kit, struct writing *writing, const char *position)
{
    tide_kit_enter(kit, "commit");
    return tide_kit_success(
        kit, kit->entry->destination->commit(writing->state, position, true, &kit->err));
}

/* One table in one mode, from open to close. */
static int load_table(struct tide_kit *kit, int mode, const int64_t *sizes, size_t count,
                      bool nulls)
{
    const char *key[2];
    struct writing writing;
    int rc = tide_kit_success(kit, call_open(kit, &writing, mode, kit->subject->columns,
                                             key_of(kit->subject->columns, key)));

    if (rc == TIDE_OK) {
        rc = check_accepted(kit, &writing);
    }
    for (size_t i = 0; rc == TIDE_OK && i < count; i++) {
        rc = write_rows(kit, &writing, sizes[i], nulls);
    }
    if (rc == TIDE_OK) {
        rc = commit(kit, &writing, NULL);
    }
    if (rc == TIDE_OK) {
        call_close(kit, &writing);
    }
    return rc;
}

static int load_modes(struct tide_kit *kit, const int64_t *sizes, size_t count,
                      bool nulls)
{
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < MODES; i++) {
        if (kit->entry->destination->flags & modes[i].flag) {
            rc = load_table(kit, modes[i].mode, sizes, count, nulls);
        }
    }
    return rc;
}

static int first_mode(const struct tide_kit *kit)
{
    for (size_t i = 0; i < MODES; i++) {
        if (kit->entry->destination->flags & modes[i].flag) {
            return modes[i].mode;
        }
    }
    return TIDE_MODE_APPEND;
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
    struct writing writing;
    const char *key[2];
    int rc = tide_schema_add(&schema, "value", type, 0), verdict;

    if (rc == TIDE_OK) {
        rc = call_open(kit, &writing, first_mode(kit), &schema, key_of(&schema, key));
        verdict = tide_kit_answer(kit, rc);
        if (verdict == TIDE_OK && rc == TIDE_OK) {
            verdict = check_accepted(kit, &writing);
            call_close(kit, &writing);
        } else {
            writing_fini(&writing);
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

static int commit_position(struct tide_kit *kit, int mode, const char *position)
{
    const char *key[2];
    struct writing writing;
    int rc = tide_kit_success(kit, call_open(kit, &writing, mode, kit->subject->columns,
                                             key_of(kit->subject->columns, key)));

    if (rc == TIDE_OK) {
        rc = write_rows(kit, &writing, 1, false);
    }
    if (rc == TIDE_OK) {
        rc = commit(kit, &writing, position);
    }
    if (rc == TIDE_OK) {
        call_close(kit, &writing);
    }
    return rc;
}

static int gives_back_its_position(struct tide_kit *kit)
{
    const char *key[2];
    struct writing writing;
    int mode = first_mode(kit), rc;

    if (!(kit->entry->destination->flags & TIDE_DESTINATION_TRANSACTIONAL)) {
        return tide_kit_skip(kit, "it keeps no position");
    }
    rc = commit_position(kit, mode, "position 'one'");
    if (rc == TIDE_OK) {
        rc = commit_position(kit, mode, "position \"two\"");
    }
    if (rc == TIDE_OK) {
        rc = tide_kit_success(kit, call_open(kit, &writing, mode, kit->subject->columns,
                                             key_of(kit->subject->columns, key)));
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    if (!writing.position || strcmp(writing.position, "position \"two\"") != 0) {
        rc = tide_kit_broken(kit, "position \"two\" was committed, and open gave %s",
                             writing.position ? writing.position : "none");
    }
    call_close(kit, &writing);
    return rc;
}

/* Any answer will do, if it says why; nothing is committed. */
static int open_write_close(struct tide_kit *kit)
{
    const char *key[2];
    struct tide_batch batch = {0};
    struct writing writing;
    int rc = call_open(kit, &writing, first_mode(kit), kit->subject->columns,
                       key_of(kit->subject->columns, key));
    int verdict = tide_kit_answer(kit, rc);

    if (verdict != TIDE_OK || rc != TIDE_OK) {
        writing_fini(&writing);
        return verdict;
    }
    if (tide_sample_batch(&writing.accepted, 9, true, &batch) == TIDE_OK) {
        kit->host.rows_in_hand = 9;
        tide_kit_enter(kit, "write");
        rc = kit->entry->destination->write(writing.state, &batch, &kit->err);
        verdict = tide_kit_answer(kit, rc);
    }
    tide_batch_release(&batch);
    call_close(kit, &writing);
    return verdict;
}

static int returns_when_cancelled(struct tide_kit *kit)
{
    kit->host.cancelled = true;
    return open_write_close(kit);
}

static int leaves_nothing(struct tide_kit *kit)
{
    return tide_kit_leaks(kit, open_write_close);
}

static int bears_failing_allocations(struct tide_kit *kit)
{
    return tide_kit_short_of_memory(kit, open_write_close);
}

const struct tide_promise tide_destination_promises[] = {
    {"takes a table without rows, in each of its modes", takes_no_rows},
    {"takes one row, a full batch and an empty one", takes_rows},
    {"takes nulls", takes_nulls},
    {"takes a column of each type, or says why not", answers_each_type},
    {"gives back the position that was committed", gives_back_its_position},
    {"returns when the run is cancelled", returns_when_cancelled},
    {"leaves nothing behind when it is closed without a commit", leaves_nothing},
    {"bears allocations that fail", bears_failing_allocations},
    {0},
};
