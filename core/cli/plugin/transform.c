/*
 * transform - what a transform promises.
 */
#include <string.h>

#include "batch/batch_ops.h"
#include "cli/plugin/kit.h"
#include "cli/plugin/sample.h"

struct binding {
    struct tide_schema in, out;
    void *state;
};

static void binding_fini(struct binding *binding)
{
    tide_schema_clear(&binding->in);
    tide_schema_clear(&binding->out);
}

/* Bind to a copy of `schema`; the plugin's own answer. */
static int call_bind(struct tide_kit *kit, const struct tide_schema *schema,
                     struct binding *binding)
{
    memset(binding, 0, sizeof *binding);
    if (tide_schema_copy(schema, &binding->in) != TIDE_OK ||
        tide_schema_copy(schema, &binding->out) != TIDE_OK) {
        return tide_error_memory(&kit->err);
    }
    tide_kit_enter(kit, "bind");
    return kit->entry->transform->bind(kit->options, &kit->host.host, &binding->out,
                                       &binding->state, &kit->err);
}

static void call_close(struct tide_kit *kit, struct binding *binding)
{
    tide_kit_enter(kit, "close");
    kit->entry->transform->close(binding->state);
    binding_fini(binding);
}

/* What came out, against what went in and was announced. */
static int check_batch(struct tide_kit *kit, const struct binding *binding,
                       const struct tide_batch *batch, int64_t rows)
{
    struct tide_error err = {0};

    if (kit->host.misplaced > 0) {
        return tide_kit_broken(kit, "it refused a row that is not in the batch");
    }
    if (batch->array.length != rows) {
        return tide_kit_broken(kit, "%lld rows went in and %lld came out",
                               (long long)rows, (long long)batch->array.length);
    }
    if (kit->host.rejected == 0 &&
        tide_batch_validate(batch, &binding->out, &err) != TIDE_OK) {
        return tide_kit_broken(kit, "a batch is not of the schema bound: %s",
                               err.message);
    }
    return TIDE_OK;
}

static int apply_rows(struct tide_kit *kit, const struct binding *binding, int64_t rows,
                      bool nulls)
{
    struct tide_batch batch = {0};
    int rc = tide_sample_batch(&binding->in, rows, nulls, &batch);

    if (rc != TIDE_OK) {
        return tide_kit_skip(kit, "out of memory");
    }
    kit->host.rows_in_hand = rows;
    kit->host.rejected = 0;
    tide_kit_enter(kit, "apply");
    rc = tide_kit_success(
        kit, kit->entry->transform->apply(binding->state, &batch, &kit->err));
    if (rc == TIDE_OK) {
        rc = check_batch(kit, binding, &batch, rows);
    }
    tide_batch_release(&batch);
    return rc;
}

/* Bind to the rows of the test, then put batches of such sizes through. */
static int put_through(struct tide_kit *kit, const int64_t *sizes, size_t count,
                       bool nulls)
{
    struct binding binding;
    int rc = tide_kit_success(kit, call_bind(kit, kit->subject->columns, &binding));

    for (size_t i = 0; rc == TIDE_OK && i < count; i++) {
        rc = apply_rows(kit, &binding, sizes[i], nulls);
    }
    if (rc == TIDE_OK) {
        call_close(kit, &binding);
    }
    return rc;
}

/* ---- promises -----------------------------------------------------------------------*/

static int binds(struct tide_kit *kit)
{
    return put_through(kit, NULL, 0, false);
}

static int keeps_rows(struct tide_kit *kit)
{
    const int64_t sizes[] = {1, TIDE_SAMPLE_FULL, 1, 77};

    return put_through(kit, sizes, 4, false);
}

static int takes_an_empty_batch(struct tide_kit *kit)
{
    const int64_t sizes[] = {0, 5, 0};

    return put_through(kit, sizes, 3, false);
}

static int takes_nulls(struct tide_kit *kit)
{
    const int64_t sizes[] = {1, 2, 3, 1000};

    return put_through(kit, sizes, 4, true);
}

static int answer_schema(struct tide_kit *kit, const struct tide_schema *schema)
{
    struct binding binding;
    int rc = call_bind(kit, schema, &binding);
    int verdict = tide_kit_answer(kit, rc);

    if (verdict == TIDE_OK && rc == TIDE_OK) {
        verdict = apply_rows(kit, &binding, 3, true);
        call_close(kit, &binding);
    } else {
        binding_fini(&binding);
    }
    return verdict;
}

/* The columns that it expects, each of the type `type`. */
static int answer_type(struct tide_kit *kit, int type)
{
    struct tide_schema schema = {0};
    int rc = tide_schema_copy(kit->subject->columns, &schema);

    for (size_t i = 0; i < schema.column_count; i++) {
        schema.columns[i].type = type;
    }
    if (rc == TIDE_OK) {
        rc = answer_schema(kit, &schema);
    }
    tide_schema_clear(&schema);
    return rc;
}

static int answers_wrong_types(struct tide_kit *kit)
{
    const struct tide_schema none = {0};
    int rc = answer_schema(kit, &none);

    for (int type = 0; rc == TIDE_OK && type < TIDE_TYPE_COUNT; type++) {
        rc = answer_type(kit, type);
    }
    return rc;
}

/* Any answer will do, if it says why. */
static int bind_apply_close(struct tide_kit *kit)
{
    struct tide_batch batch = {0};
    struct binding binding;
    int rc = call_bind(kit, kit->subject->columns, &binding);
    int verdict = tide_kit_answer(kit, rc);

    if (verdict != TIDE_OK || rc != TIDE_OK) {
        binding_fini(&binding);
        return verdict;
    }
    if (tide_sample_batch(&binding.in, 9, true, &batch) == TIDE_OK) {
        kit->host.rows_in_hand = 9;
        tide_kit_enter(kit, "apply");
        rc = kit->entry->transform->apply(binding.state, &batch, &kit->err);
        verdict = tide_kit_answer(kit, rc);
    }
    tide_batch_release(&batch);
    call_close(kit, &binding);
    return verdict;
}

const struct tide_promise tide_transform_promises[] = {
    {"binds to the columns it is given", binds, tide_kit_once},
    {"keeps the number of rows, and the schema it announced", keeps_rows, tide_kit_once},
    {"takes a batch without rows", takes_an_empty_batch, tide_kit_once},
    {"takes nulls", takes_nulls, tide_kit_once},
    {"takes columns of other types, or says why not", answers_wrong_types, tide_kit_once},
    {"returns when the run is cancelled", bind_apply_close, tide_kit_cancelled},
    {"leaves nothing behind when it is closed", bind_apply_close, tide_kit_leaks},
    {"bears allocations that fail", bind_apply_close, tide_kit_short_of_memory},
    {0},
};
