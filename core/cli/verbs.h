/*
 * verbs - every verb of `tidemill`, and which program does it.
 *
 * The engine's verbs are in `tidemill` itself, which starts in a few milliseconds; those
 * that talk to a daemon need an HTTP library and are in tidemill-client, to which
 * `tidemill` hands over.
 */
#ifndef TIDE_CLI_VERBS_H
#define TIDE_CLI_VERBS_H

#include "cli/args.h"

extern const struct tide_verb tide_verb_run;
extern const struct tide_verb tide_verb_validate;
extern const struct tide_verb tide_verb_preview;
extern const struct tide_verb tide_verb_plugins;
extern const struct tide_verb tide_verb_discover;
extern const struct tide_verb tide_verb_plugin;

/** Implemented in tidemill-client. */
extern const struct tide_verb tide_verb_apply;
extern const struct tide_verb tide_verb_list;
extern const struct tide_verb tide_verb_trigger;
extern const struct tide_verb tide_verb_runs;
extern const struct tide_verb tide_verb_run_status;
extern const struct tide_verb tide_verb_rejects;
extern const struct tide_verb tide_verb_replay;

#endif
