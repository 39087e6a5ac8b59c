/*
 * destination_position - what a destination promises of the positions it is given.
 */
#include <string.h>

#include "cli/plugin/writing.h"

/* A run of one row that ends at a position. */
static int load_to(struct tide_kit *kit, int mode, const char *position)
{
    struct tide_writing writing;
    int rc = tide_writing_open(kit, &writing, mode);

    if (rc == TIDE_OK) {
        rc = tide_writing_rows(kit, &writing, 1, false);
    }
    if (rc == TIDE_OK) {
        rc = tide_writing_commit(kit, &writing, position);
    }
    if (rc == TIDE_OK) {
        tide_writing_close(kit, &writing);
    }
    return rc;
}

/* That open gives a position (or NULL) of which `what` is known. */
static int expect_position(struct tide_kit *kit, int mode, const char *position,
                           const char *what)
{
    struct tide_writing writing;
    int rc = tide_writing_open(kit, &writing, mode);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (position ? !writing.position || strcmp(writing.position, position) != 0
                 : writing.position != NULL) {
        rc = tide_kit_broken(kit, "%s, and open gave %s", what,
                             writing.position ? writing.position : "none");
    }
    tide_writing_close(kit, &writing);
    return rc;
}

int tide_destination_gives_back(struct tide_kit *kit)
{
    int mode = tide_writing_first_mode(kit), rc;

    if (!(kit->entry->destination->flags & TIDE_DESTINATION_TRANSACTIONAL)) {
        return tide_kit_skip(kit, "it keeps no position");
    }
    rc = load_to(kit, mode, "position 'one'");
    if (rc == TIDE_OK) {
        rc = load_to(kit, mode, "position \"two\"");
    }
    if (rc == TIDE_OK) {
        rc = expect_position(kit, mode, "position \"two\"",
                             "position \"two\" was committed");
    }
    return rc;
}

/* ---- checkpoints --------------------------------------------------------------------*/

#define CHECKPOINT "{\"checkpoint\":\"it's here\"}"

/* Replaced tables are not asked for checkpoints, unless there are no others. */
static int choose_mode(const struct tide_kit *kit)
{
    uint32_t flags = kit->entry->destination->flags;

    if (flags & TIDE_DESTINATION_APPEND) {
        return TIDE_MODE_APPEND;
    }
    return flags & TIDE_DESTINATION_MERGE ? TIDE_MODE_MERGE : TIDE_MODE_REPLACE;
}

/* One row and a checkpoint; *took says whether it was made.  Cut off there, or, when all
 * waits for it, ended. */
static int load_to_checkpoint(struct tide_kit *kit, int mode, bool *took)
{
    struct tide_writing writing;
    int rc = tide_writing_open(kit, &writing, mode), answer;

    if (rc == TIDE_OK) {
        rc = tide_writing_rows(kit, &writing, 1, false);
    }
    if (rc == TIDE_OK) {
        rc = tide_writing_settle(kit, &writing);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    tide_kit_enter(kit, "commit of a checkpoint");
    answer = kit->entry->destination->commit(writing.state, CHECKPOINT, false, &kit->err);
    rc = tide_kit_success_with(kit, answer, TIDE_MORE);
    *took = answer == TIDE_OK;
    if (rc == TIDE_OK && !*took) {
        rc = tide_writing_commit(kit, &writing, NULL);
    }
    if (rc == TIDE_OK) {
        tide_writing_close(kit, &writing);
    }
    return rc;
}

int tide_destination_keeps_checkpoints(struct tide_kit *kit)
{
    int mode = choose_mode(kit);
    bool took = false;
    int rc = load_to_checkpoint(kit, mode, &took);

    if (rc == TIDE_OK && took) {
        rc = expect_position(kit, mode, CHECKPOINT,
                             "it took a checkpoint (TIDE_OK, not TIDE_MORE)");
    }
    if (rc == TIDE_OK && took) {
        rc = load_to(kit, mode, NULL);
    }
    if (rc == TIDE_OK) {
        rc = expect_position(kit, mode, NULL, "the last commit had no position");
    }
    return rc;
}

/* ---- a replacing load ---------------------------------------------------------------*/

/* Behind its checkpoint, to the end. */
static int resume(struct tide_kit *kit)
{
    struct tide_writing writing;
    int rc = tide_writing_open(kit, &writing, TIDE_MODE_REPLACE);

    if (rc == TIDE_OK) {
        tide_kit_enter(kit, "resume");
        rc = tide_kit_success(kit,
                              kit->entry->destination->resume(writing.state, &kit->err));
    }
    if (rc == TIDE_OK) {
        rc = tide_writing_rows(kit, &writing, 1, false);
    }
    if (rc == TIDE_OK) {
        rc = tide_writing_commit(kit, &writing, NULL);
    }
    if (rc == TIDE_OK) {
        tide_writing_close(kit, &writing);
    }
    return rc;
}

int tide_destination_resumes(struct tide_kit *kit)
{
    bool took = false;
    int rc;

    if (!(kit->entry->destination->flags & TIDE_DESTINATION_STAGES)) {
        return tide_kit_skip(kit, "it stages no rows");
    }
    rc = load_to_checkpoint(kit, TIDE_MODE_REPLACE, &took);
    if (rc == TIDE_OK && took) {
        rc = expect_position(kit, TIDE_MODE_REPLACE, CHECKPOINT,
                             "rows were staged at a checkpoint");
    }
    if (rc == TIDE_OK && took) {
        rc = resume(kit);
    }
    if (rc == TIDE_OK) {
        rc = expect_position(kit, TIDE_MODE_REPLACE, NULL,
                             "the last commit had no position");
    }
    return rc;
}
