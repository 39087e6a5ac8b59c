/*
 * source_resume - what a source promises of its positions.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/plugin/reading.h"
#include "cli/plugin/sample.h"

/* How far a table is read: some batches, and what they had. */
struct stretch {
    int64_t rows;
    uint64_t sum;
    char *position; /* owned; where it ended, or NULL */
    bool at_end;
};

/* How it is read. */
struct way {
    const char *cursor; /* or NULL */
    bool exact;
};

static void begin(struct tide_reading *reading, struct tide_kit *kit, int64_t batch_rows,
                  const struct way *way, const char *position, bool checkpoints)
{
    tide_reading_init(reading, kit, batch_rows);
    reading->request.cursor = way->cursor;
    reading->request.exact = way->exact;
    reading->request.position = position;
    reading->request.checkpoints = checkpoints || way->exact;
    reading->sums = true;
}

static void note_end(struct tide_reading *reading, struct stretch *stretch)
{
    const char *reached = NULL;

    tide_kit_enter(reading->kit, "position");
    reached = reading->source->position(reading->state);
    stretch->position = reached ? tide_strdup(reached) : NULL;
    stretch->rows = reading->rows;
    stretch->sum = reading->sum;
    stretch->at_end = reading->at_end;
}

/* Read that many batches (0: all, without checkpoints), beginning at a position. */
static int read_stretch(struct tide_kit *kit, const struct way *way, const char *position,
                        int batches, struct stretch *stretch)
{
    struct tide_reading reading;
    int rc;

    begin(&reading, kit, batches > 0 ? 3 : TIDE_SAMPLE_FULL, way, position, batches > 0);
    rc = tide_kit_success(kit, tide_reading_try(&reading));
    if (rc == TIDE_OK && batches == 0) {
        rc = tide_reading_read_all(&reading);
    }
    for (int i = 0; rc == TIDE_OK && i < batches && !reading.at_end; i++) {
        rc = tide_reading_read(&reading);
    }
    if (rc == TIDE_OK) {
        note_end(&reading, stretch);
        tide_reading_close(&reading);
    }
    tide_reading_fini(&reading);
    return rc;
}

/* ---- with a cursor ------------------------------------------------------------------*/

static int lose_no_row(struct tide_kit *kit, const struct stretch *all,
                       const struct stretch *before)
{
    const struct way way = {.cursor = kit->subject->cursor};
    struct stretch behind = {0};
    int rc;

    if (before->rows > 0 && !before->position) {
        return tide_kit_broken(kit, "it gave rows and no position");
    }
    if (!before->position) {
        return TIDE_OK;
    }
    rc = read_stretch(kit, &way, before->position, 0, &behind);
    if (rc == TIDE_OK && before->rows + behind.rows < all->rows) {
        rc = tide_kit_broken(kit,
                             "%" PRId64 " rows up to position %s and %" PRId64
                             " behind it, of %" PRId64,
                             before->rows, before->position, behind.rows, all->rows);
    }
    free(behind.position);
    return rc;
}

int tide_source_resumes(struct tide_kit *kit)
{
    const struct way way = {.cursor = kit->subject->cursor};
    struct stretch all = {0}, before = {0};
    int rc;

    if (!(kit->entry->source->flags & TIDE_SOURCE_INCREMENTAL)) {
        return tide_kit_skip(kit, "it is not incremental");
    }
    if (!kit->subject->cursor) {
        return tide_kit_skip(kit, "name the column with --cursor");
    }
    rc = read_stretch(kit, &way, NULL, 0, &all);
    if (rc == TIDE_OK && all.rows < TIDE_READING_ENOUGH) {
        rc = read_stretch(kit, &way, NULL, 1, &before);
        if (rc == TIDE_OK) {
            rc = lose_no_row(kit, &all, &before);
        }
    }
    free(all.position);
    free(before.position);
    return rc;
}

/* ---- after an interrupted run -------------------------------------------------------*/

/* A run that is interrupted after so many batches, and one that resumes there. */
static int cut_off_after(struct tide_kit *kit, const struct way *way, int batches,
                         const struct stretch *all)
{
    struct stretch before = {0}, behind = {0};
    int rc = read_stretch(kit, way, NULL, batches, &before);

    if (rc == TIDE_OK && before.position && !before.at_end) {
        rc = read_stretch(kit, way, before.position, 0, &behind);
        if (rc == TIDE_OK && (before.rows + behind.rows != all->rows ||
                              before.sum + behind.sum != all->sum)) {
            rc = tide_kit_broken(kit,
                                 "%" PRId64 " rows up to position %s and %" PRId64
                                 " behind it, and they are not the %" PRId64
                                 " of the table",
                                 before.rows, before.position, behind.rows, all->rows);
        }
    }
    free(before.position);
    free(behind.position);
    return rc;
}

static int go_on(struct tide_kit *kit, const struct way *way)
{
    const int cuts[] = {1, 2, 5};
    struct stretch all = {0};
    int rc = read_stretch(kit, way, NULL, 0, &all);

    if (rc == TIDE_OK && all.rows >= TIDE_READING_ENOUGH) {
        rc = tide_kit_skip(kit, "the table has no end, or too many rows");
    }
    for (size_t i = 0; rc == TIDE_OK && i < sizeof cuts / sizeof cuts[0]; i++) {
        rc = cut_off_after(kit, way, cuts[i], &all);
    }
    free(all.position);
    return rc;
}

int tide_source_goes_on(struct tide_kit *kit)
{
    const struct way whole = {0}, exact = {.exact = true};
    const struct way by_cursor = {.cursor = kit->subject->cursor};
    uint32_t flags = kit->entry->source->flags;
    int rc;

    if (!(flags & TIDE_SOURCE_RESUMABLE)) {
        return tide_kit_skip(kit, "it is not resumable");
    }
    rc = go_on(kit, &whole);
    if (rc == TIDE_OK && flags & TIDE_SOURCE_EXACT) {
        rc = go_on(kit, &exact);
    }
    return rc == TIDE_OK && by_cursor.cursor ? go_on(kit, &by_cursor) : rc;
}
