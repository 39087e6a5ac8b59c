/*
 * replay_note - what is noted of a rejected row for its replay; see replay.h.
 */
#include "run/replay_internal.h"

#include <inttypes.h>

#include "base/hash.h"
#include "base/json.h"
#include "batch/kept_row.h"

/* With its end. */
static uint64_t add_text(uint64_t sum, const char *text)
{
    return tide_hash_add(sum, text, strlen(text) + 1);
}

uint64_t tide_replay_trail_of(const struct tide_flow *flow, size_t passed)
{
    return passed > 0 ? flow->transforms[passed - 1].trail : TIDE_HASH_START;
}

uint64_t tide_replay_trail(const struct tide_flow *flow, size_t i)
{
    const struct tide_pipeline *pipeline = flow->engine->pipeline;
    const struct tide_step *step = &pipeline->transformations[flow->transforms[i].index];
    char *options = tide_json_format(step->options);
    uint64_t sum =
        add_text(add_text(tide_replay_trail_of(flow, i), step->plugin), options);

    free(options);
    return sum;
}

static size_t passed_at(const struct tide_flow *flow, int step)
{
    if (step < TIDE_STEP_TRANSFORMATION) {
        return 0;
    }
    return step == TIDE_STEP_TRANSFORMATION ? flow->transform : flow->transform_count;
}

void tide_replay_note(const struct tide_flow *flow, int step,
                      const struct tide_batch *batch, const struct tide_schema *schema,
                      int64_t row, struct tide_text *out)
{
    size_t passed = passed_at(flow, step);

    tide_kept_row_types(batch, schema, row, out);
    tide_text_appendf(out, " %zu %" PRIx64, passed, tide_replay_trail_of(flow, passed));
}

struct tide_reject_note tide_replay_note_again(const struct tide_replay_row *row,
                                               int step, const char *code,
                                               const char *message, struct tide_text *raw)
{
    tide_replay_row_bytes(row, raw);
    return (struct tide_reject_note){
        .table = row->table,
        .step = step,
        .code = code,
        .message = message,
        .origin = row->origin,
        .position = row->position,
        .row = row->row,
        .row_length = row->row ? strlen(row->row) : 0,
        .raw = raw->data,
        .raw_length = raw->length,
        .replay = row->replay,
    };
}
