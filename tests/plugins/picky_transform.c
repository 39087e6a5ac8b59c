/*
 * picky - a transform for tests of the engine: refuses rows, or breaks its promises.
 */
#include <stdio.h>
#include <tidemill/plugin.h>

struct picky {
    int64_t refuse_every;
    bool loses_rows;
    bool fails;
    bool shares;
};

static const struct tide_option picky_options[] = {
    {.name = "refuse_every",
     .type = TIDE_OPTION_INT,
     .offset = offsetof(struct picky, refuse_every),
     .help = "Refuse each row whose id is a multiple of this."},
    {.name = "loses_rows",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct picky, loses_rows),
     .help = "Hand back fewer rows than came."},
    {.name = "fails",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct picky, fails),
     .help = "Fail at the first batch."},
    {.name = "shares",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct picky, shares),
     .help = "Share the ids of each batch, and fail at the next when they have changed."},
    {0},
};

struct picking {
    const struct picky *options;
    const struct tide_host *host;
    size_t id;
    struct ArrowArray shared; /* owned; released or empty: none */
    int64_t sum, rows;        /* of its ids, as they were */
};

static int picky_bind(const void *options, const struct tide_host *host,
                      struct tide_schema *schema, void **state, struct tide_error *err)
{
    struct picking *picking = calloc(1, sizeof *picking);

    if (!picking) {
        return tide_error_memory(err);
    }
    picking->options = options;
    picking->host = host;
    picking->id = tide_schema_find(schema, "id");
    *state = picking;
    return TIDE_OK;
}

static int refuse_rows(const struct picking *picking, const struct tide_batch *batch)
{
    const struct ArrowArray *ids = batch->array.children[picking->id];
    int64_t every = picking->options->refuse_every;
    int rc = TIDE_OK;

    for (int64_t row = 0; rc == TIDE_OK && row < batch->array.length; row++) {
        if (tide_array_int64(ids, row) % every == 0) {
            rc = picking->host->reject_row(picking->host, row, "picky", "not this one");
        }
        /* Said twice, it counts once. */
        if (rc == TIDE_OK && tide_array_int64(ids, row) % every == 0) {
            rc = picking->host->reject_row(picking->host, row, "picky", "still not");
        }
    }
    return rc;
}

static int64_t sum_of(const struct ArrowArray *ids, int64_t rows)
{
    int64_t sum = 0;

    for (int64_t row = 0; row < rows; row++) {
        sum += tide_array_int64(ids, row);
    }
    return sum;
}

static int share(struct picking *picking, struct tide_batch *batch,
                 struct tide_error *err)
{
    if (picking->shared.release) {
        if (sum_of(&picking->shared, picking->rows) != picking->sum) {
            return tide_error_set(err, TIDE_E_INTERNAL, "a shared column was changed");
        }
        picking->shared.release(&picking->shared);
    }
    if (tide_array_share(batch->array.children[picking->id], &picking->shared) !=
        TIDE_OK) {
        return tide_error_memory(err);
    }
    picking->rows = batch->array.length;
    picking->sum = sum_of(&picking->shared, picking->rows);
    return TIDE_OK;
}

static int picky_apply(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct picking *picking = state;

    if (picking->options->shares && share(picking, batch, err) != TIDE_OK) {
        return err->code;
    }
    if (picking->options->fails) {
        return tide_error_set(err, TIDE_E_INTERNAL, "the transform broke");
    }
    if (picking->options->loses_rows) {
        batch->array.length--;
    }
    return picking->options->refuse_every > 0 ? refuse_rows(picking, batch) : TIDE_OK;
}

static void picky_close(void *state)
{
    struct picking *picking = state;

    if (picking && picking->shared.release) {
        picking->shared.release(&picking->shared);
    }
    free(picking);
}

static const struct tide_transform picky_transform = {
    .size = sizeof picky_transform,
    .bind = picky_bind,
    .apply = picky_apply,
    .close = picky_close,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, "picky", "1.0", "Refuses rows, for tests."),
    .options = picky_options,
    .options_size = sizeof(struct picky),
    .transform = &picky_transform,
};
