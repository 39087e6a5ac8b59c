/*
 * helper - a process that does for us what may crash or hang: it loads plugins.
 *
 * The helper is tidemill-worker with an argument that says what is asked.  The question
 * comes on its standard input, the answer goes to its standard output, whatever a plugin
 * prints; time, memory and files are limited.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_PLUGIN_HELPER_H
#define TIDE_PLUGIN_HELPER_H

#include <json-c/json.h>
#include <tidemill/error.h>

#include "base/text.h"

/* ---- in the helper ---- */

/** Set the limits and keep the real standard output for the answer alone: the descriptor
 * it goes to. */
int tide_helper_begin(void);
/** Write the answer as one line; takes the object. */
void tide_helper_answer(int out, struct json_object *answer);

/* ---- around the helper ---- */

struct tide_helper_question {
    const char *helper;           /**< the program */
    const char *const *arguments; /**< behind its name, ended by NULL; at most two */
    const char *input;            /**< on its standard input, or NULL: nothing */
    const char *when;             /**< for messages: "on load" */
};

/**
 * Run a helper to its end and append what it answers.  TIDE_E_TRANSIENT: it hangs, or
 * TIDE_E_IO: it cannot be started, which both may pass; TIDE_E_INTERNAL: it crashed, or
 * ended without an answer.  Any thread.
 */
TIDE_MUST_CHECK
int tide_helper_ask(const struct tide_helper_question *question, struct tide_text *answer,
                    struct tide_error *err);

#endif
