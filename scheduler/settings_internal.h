/*
 * settings_internal - what the files of settings share.
 *
 * Layer: scheduler/settings*.c alone include it.
 */
#ifndef TIDE_SETTINGS_INTERNAL_H
#define TIDE_SETTINGS_INTERNAL_H

#include "settings.h"

/** Give a key the value that the text says; a relative path starts at `folder`.
 * TIDE_E_CONFIG. */
int tide_settings_set(struct tide_settings *settings, const struct tide_settings_key *key,
                      const char *text, const char *folder, struct tide_error *err);
/** Read settings->file. */
TIDE_MUST_CHECK
int tide_settings_read_file(struct tide_settings *settings, struct tide_error *err);

#endif
