/*
 * worker - the words that a worker and whoever started it share.
 */
#include "pipeline/worker.h"

#include <string.h>

static const char *const step_names[TIDE_STEPS] = {
    "receive",        "input_validation",  "filter",
    "transformation", "output_validation", "finalize",
};

static const char *const state_names[] = {
    "queued", "running", "succeeded", "failed", "cancelled", "interrupted", "skipped",
};

#define STATES ((int)(sizeof state_names / sizeof state_names[0]))

const char *tide_step_name(int step)
{
    return step >= 0 && step < TIDE_STEPS ? step_names[step] : "unknown";
}

const char *tide_run_state_name(int state)
{
    return state >= 0 && state < STATES ? state_names[state] : "unknown";
}

int tide_run_state_parse(const char *text, int *state)
{
    for (int i = 0; i < STATES; i++) {
        if (strcmp(text, state_names[i]) == 0) {
            *state = i;
            return TIDE_OK;
        }
    }
    return TIDE_E_NOT_FOUND;
}
