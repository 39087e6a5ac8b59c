/*
 * compact - a batch without its dropped rows, and a batch of some rows of another.
 *
 * The rows that stay are found as stretches once; in a batch that may be written into
 * every column is closed up where it is, else copied stretch by stretch.  One that was
 * copied takes the old one's place at once: the next one is made where that was, in
 * memory that is still in the processor's cache.
 */
#include <string.h>

#include "batch/batch_ops.h"
#include "batch/gather.h"

/* ---- which rows stay ---- */

/* The first row from `row` on whose byte in drop is 0 (or, with dropped, is not). */
static int64_t next_row(const uint8_t *drop, int64_t row, int64_t rows, bool dropped)
{
    while (row < rows) {
        uint64_t word = 0;

        if (!dropped || rows - row < (int64_t)sizeof word) {
            if ((drop[row] != 0) == dropped) {
                break;
            }
            row++;
            continue;
        }
        memcpy(&word, drop + row, sizeof word);
        if (word != 0) {
            while (drop[row] == 0) {
                row++;
            }
            break;
        }
        row += (int64_t)sizeof word;
    }
    return row;
}

/* List the stretches of kept rows; returns how many.  stretches may be NULL: count
 * them. */
static size_t find_stretches(const uint8_t *drop, int64_t rows,
                             struct tide_stretch *stretches)
{
    size_t count = 0;
    int64_t row = next_row(drop, 0, rows, false);

    while (row < rows) {
        int64_t end = next_row(drop, row, rows, true);

        if (stretches) {
            stretches[count] = (struct tide_stretch){row, end - row};
        }
        count++;
        row = next_row(drop, end, rows, false);
    }
    return count;
}

/* ---- a batch of stretches ---- */

static int64_t *put_positions(const struct tide_batch *batch,
                              const struct tide_stretch *stretch, int64_t *to)
{
    size_t rows = (size_t)stretch->count;

    if (batch->positions) {
        memcpy(to, batch->positions + stretch->start, rows * sizeof *to);
        return to + rows;
    }
    for (size_t i = 0; i < rows; i++) {
        to[i] = batch->first_position + stretch->start + (int64_t)i;
    }
    return to + rows;
}

/* What the rows' positions become; *out stays NULL when first_position can tell. */
static int gather_positions(const struct tide_batch *batch,
                            const struct tide_stretch *stretches, size_t count,
                            int64_t rows, int64_t **out, int64_t *first)
{
    int64_t *to;

    *first = 0;
    if (!batch->positions && (count == 1 || batch->first_position == 0)) {
        if (batch->first_position != 0) {
            *first = batch->first_position + stretches[0].start;
        }
        return TIDE_OK;
    }
    to = *out = malloc(((size_t)rows + 1) * sizeof *to);
    if (!to) {
        return TIDE_E_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        to = put_positions(batch, &stretches[i], to);
    }
    return TIDE_OK;
}

/* Of a batch of which nobody else reads a column, each in its own buffers. */
static void close_up(struct tide_batch *batch, const struct tide_schema *schema,
                     const struct tide_stretch *stretches, size_t count)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        tide_column_close_up(batch->array.children[i], schema->columns[i].type, stretches,
                             count);
    }
}

static int replace_columns(struct tide_batch *batch, const struct tide_schema *schema,
                           const struct tide_stretch *stretches, size_t count)
{
    int rc = TIDE_OK;

    for (size_t i = 0; i < schema->column_count && rc == TIDE_OK; i++) {
        struct ArrowArray thin;

        rc = tide_column_gather(batch->array.children[i], schema->columns[i].type,
                                stretches, count, &thin);
        if (rc == TIDE_OK) {
            tide_batch_set_column(batch, i, &thin);
        }
    }
    return rc;
}

/* Leave those rows in the batch. */
static int thin_out(struct tide_batch *batch, const struct tide_schema *schema,
                    const struct tide_stretch *stretches, size_t count)
{
    int64_t rows = tide_stretches_rows(stretches, count), first = 0, *positions = NULL;
    int rc = gather_positions(batch, stretches, count, rows, &positions, &first);

    if (rc == TIDE_OK && batch->flags & TIDE_BATCH_WRITABLE) {
        close_up(batch, schema, stretches, count);
    } else if (rc == TIDE_OK) {
        rc = replace_columns(batch, schema, stretches, count);
    }
    if (rc != TIDE_OK) {
        free(positions);
        return rc;
    }
    free(batch->positions);
    batch->positions = positions;
    batch->first_position = first;
    batch->array.length = rows;
    batch->flags |= TIDE_BATCH_WRITABLE;
    return TIDE_OK;
}

/* Make out, empty, a batch of those rows. */
static int gather_batch(const struct tide_batch *batch, const struct tide_schema *schema,
                        const struct tide_stretch *stretches, size_t count,
                        struct tide_batch *out)
{
    struct tide_batch made;
    int64_t rows = tide_stretches_rows(stretches, count);
    int rc = tide_batch_init(&made, schema->column_count, rows);

    for (size_t i = 0; i < schema->column_count && rc == TIDE_OK; i++) {
        rc = tide_column_gather(batch->array.children[i], schema->columns[i].type,
                                stretches, count, made.array.children[i]);
    }
    if (rc == TIDE_OK) {
        rc = gather_positions(batch, stretches, count, rows, &made.positions,
                              &made.first_position);
    }
    if (rc != TIDE_OK) {
        tide_batch_release(&made);
        return rc;
    }
    made.origin = batch->origin;
    tide_batch_move(&made, out);
    return TIDE_OK;
}

int tide_batch_compact(struct tide_batch *batch, const struct tide_schema *schema,
                       const uint8_t *drop)
{
    int64_t rows = batch->array.length;
    struct tide_stretch *stretches;
    size_t count;
    int rc;

    if (next_row(drop, 0, rows, true) == rows) {
        return TIDE_OK;
    }
    count = find_stretches(drop, rows, NULL);
    stretches = malloc((count + 1) * sizeof *stretches);
    if (!stretches) {
        return TIDE_E_LIMIT;
    }
    (void)find_stretches(drop, rows, stretches);
    rc = thin_out(batch, schema, stretches, count);
    free(stretches);
    return rc;
}

int tide_batch_slice(const struct tide_batch *batch, const struct tide_schema *schema,
                     int64_t start, int64_t count, struct tide_batch *out)
{
    struct tide_stretch stretch = {start, count};

    return gather_batch(batch, schema, &stretch, 1, out);
}

static int copy_positions(const int64_t *from, size_t rows, int64_t **out)
{
    *out = malloc((rows + 1) * sizeof **out);
    if (!*out) {
        return TIDE_E_LIMIT;
    }
    memcpy(*out, from, rows * sizeof **out);
    return TIDE_OK;
}

int tide_batch_share(struct tide_batch *batch, struct tide_batch *out)
{
    size_t columns = (size_t)batch->array.n_children;
    size_t rows = (size_t)batch->array.length;
    struct tide_batch made;
    int rc = tide_batch_init(&made, columns, batch->array.length);

    for (size_t i = 0; i < columns && rc == TIDE_OK; i++) {
        rc = tide_array_share(batch->array.children[i], made.array.children[i]);
    }
    if (rc == TIDE_OK && batch->positions) {
        rc = copy_positions(batch->positions, rows, &made.positions);
    }
    if (rc != TIDE_OK) {
        tide_batch_release(&made);
        return rc;
    }
    made.first_position = batch->first_position;
    made.origin = batch->origin;
    tide_batch_move(&made, out);
    return TIDE_OK;
}
