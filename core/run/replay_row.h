/*
 * replay_row - one rejected row, as it was kept, and the columns it is to have now.
 *
 * Layer: private to replay.
 */
#ifndef TIDE_RUN_REPLAY_ROW_H
#define TIDE_RUN_REPLAY_ROW_H

#include <json-c/json.h>

#include "base/text.h"
#include "pipeline/pipeline.h"
#include "pipeline/worker.h"

/** All of it is borrowed from the object it was read from. */
struct tide_replay_row {
    int64_t ordinal, position;
    const char *table, *origin;
    int step; /**< that refused it; -1: no step of ours */
    const char *row, *raw;
    const char *replay; /**< as it was noted, or NULL */
    const char *types;  /**< within it, types_length letters */
    size_t types_length;
    size_t passed;  /**< transforms it has been through */
    uint64_t trail; /**< of the last of them */
};

void tide_replay_row_read(struct json_object *object, struct tide_replay_row *row);

/** Append the bytes that never became a row, as they were before they were made a
 * text. */
void tide_replay_row_bytes(const struct tide_replay_row *row, struct tide_text *out);

/** Why a row does not fit. */
struct tide_misfit {
    const char *code;
    char message[512];
};

/** Make batch (empty) the row with the columns of schema.  TIDE_E_DATA: it cannot have
 * them, and misfit says why; columns that the table leaves out are no reason. */
TIDE_MUST_CHECK
int tide_replay_row_fit(const struct tide_replay_row *row, const struct tide_table *table,
                        const struct tide_schema *schema, struct tide_batch *batch,
                        struct tide_misfit *misfit, struct tide_error *err);

#endif
