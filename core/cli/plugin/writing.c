/*
 * writing - one loading of a destination under test; see writing.h.
 */
#include "cli/plugin/writing.h"

#include <stdlib.h>
#include <string.h>

#include "cli/plugin/sample.h"

#define DEFAULT_TABLE "tidemill_plugin_test"

const struct tide_writing_mode tide_writing_modes[TIDE_WRITING_MODES] = {
    {TIDE_MODE_REPLACE, TIDE_DESTINATION_REPLACE, "replace"},
    {TIDE_MODE_APPEND, TIDE_DESTINATION_APPEND, "append"},
    {TIDE_MODE_MERGE, TIDE_DESTINATION_MERGE, "merge"},
};

static void choose_key(struct tide_writing *writing, const struct tide_schema *schema)
{
    writing->key[0] = schema->column_count > 0 ? schema->columns[0].name : NULL;
    for (size_t i = 0; i < schema->column_count; i++) {
        if (schema->columns[i].flags & TIDE_COLUMN_KEY) {
            writing->key[0] = schema->columns[i].name;
            return;
        }
    }
}

static void name_table(struct tide_writing *writing, const struct tide_kit *kit, int mode)
{
    const char *table = kit->subject->table ? kit->subject->table : DEFAULT_TABLE;

    for (size_t i = 0; i < TIDE_WRITING_MODES; i++) {
        if (tide_writing_modes[i].mode == mode) {
            (void)snprintf(writing->table, sizeof writing->table, "%s_%s", table,
                           tide_writing_modes[i].name);
        }
    }
}

int tide_writing_try(struct tide_kit *kit, struct tide_writing *writing, int mode,
                     const struct tide_schema *schema)
{
    memset(writing, 0, sizeof *writing);
    choose_key(writing, schema);
    name_table(writing, kit, mode);
    writing->request = (struct tide_destination_request){
        .size = sizeof writing->request,
        .mode = mode,
        .table = writing->table,
        .schema = schema,
        .key = mode == TIDE_MODE_MERGE ? writing->key : NULL,
        .pipeline = "tidemill-plugin-test",
        .run = "1",
        .lends = kit->entry->destination->settle != NULL,
        .checkpoints = true};
    writing->request.started_at = kit->host.host.now(&kit->host.host);
    tide_kit_enter(kit, "open");
    return kit->entry->destination->open(kit->options, &writing->request, &kit->host.host,
                                         &writing->state, &writing->accepted,
                                         &writing->position, &kit->err);
}

int tide_writing_open(struct tide_kit *kit, struct tide_writing *writing, int mode)
{
    return tide_kit_success(kit,
                            tide_writing_try(kit, writing, mode, kit->subject->columns));
}

static void take_back(struct tide_writing *writing)
{
    for (size_t i = 0; i < writing->lent_count; i++) {
        tide_batch_release(&writing->lent[i]);
    }
    writing->lent_count = 0;
}

void tide_writing_fini(struct tide_writing *writing)
{
    take_back(writing);
    tide_schema_clear(&writing->accepted);
    free(writing->position);
    writing->position = NULL;
}

void tide_writing_close(struct tide_kit *kit, struct tide_writing *writing)
{
    tide_kit_enter(kit, "close");
    kit->entry->destination->close(writing->state);
    tide_writing_fini(writing);
}

int tide_writing_check(struct tide_kit *kit, const struct tide_writing *writing)
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

/* The batches are as they were, and no other rows were refused. */
static int check_borrowed(struct tide_kit *kit, const struct tide_writing *writing,
                          const char *call)
{
    for (size_t i = 0; i < writing->lent_count; i++) {
        if (!writing->lent[i].array.release) {
            return tide_kit_broken(kit, "%s released a batch that it only borrows", call);
        }
    }
    return kit->host.misplaced > 0
               ? tide_kit_broken(kit, "it refused a row that is not in the batch")
               : TIDE_OK;
}

int tide_writing_rows(struct tide_kit *kit, struct tide_writing *writing, int64_t rows,
                      bool nulls)
{
    struct tide_batch *batch = &writing->lent[writing->lent_count];
    int rc = tide_sample_batch(&writing->accepted, rows, nulls, batch);

    if (rc != TIDE_OK) {
        return tide_kit_skip(kit, "out of memory");
    }
    kit->host.rows_in_hand =
        rows + (writing->lent_count++ > 0 ? kit->host.rows_in_hand : 0);
    tide_kit_enter(kit, "write");
    rc = tide_kit_success(
        kit, kit->entry->destination->write(writing->state, batch, &kit->err));
    if (rc == TIDE_OK) {
        rc = check_borrowed(kit, writing, "write");
    }
    if (rc == TIDE_OK && writing->lent_count == TIDE_WRITING_LENT) {
        rc = tide_writing_settle(kit, writing);
    }
    if (!writing->request.lends) {
        take_back(writing);
    }
    return rc;
}

int tide_writing_settle(struct tide_kit *kit, struct tide_writing *writing)
{
    int rc;

    if (!writing->request.lends) {
        return TIDE_OK;
    }
    tide_kit_enter(kit, "settle");
    rc =
        tide_kit_success(kit, kit->entry->destination->settle(writing->state, &kit->err));
    if (rc == TIDE_OK) {
        rc = check_borrowed(kit, writing, "settle");
    }
    take_back(writing);
    return rc;
}

int tide_writing_commit(struct tide_kit *kit, struct tide_writing *writing,
                        const char *position)
{
    int rc = tide_writing_settle(kit, writing);

    if (rc != TIDE_OK) {
        return rc;
    }
    tide_kit_enter(kit, "commit");
    return tide_kit_success(
        kit, kit->entry->destination->commit(writing->state, position, true, &kit->err));
}

int tide_writing_first_mode(const struct tide_kit *kit)
{
    for (size_t i = 0; i < TIDE_WRITING_MODES; i++) {
        if (kit->entry->destination->flags & tide_writing_modes[i].flag) {
            return tide_writing_modes[i].mode;
        }
    }
    return TIDE_MODE_APPEND;
}
