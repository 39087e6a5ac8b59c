/*
 * entry - the constant that a plugin exports, checked and made whole.
 *
 * Members are only ever appended, so an entry compiled against an older header is shorter
 * and one against a newer header longer; both are copied into ours, what is missing being
 * zero.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_PLUGIN_ENTRY_CHECK_H
#define TIDE_PLUGIN_ENTRY_CHECK_H

#include <tidemill/plugin.h>

/** Check what a plugin exports and copy it, with the table of its kind, into *out (the
 * caller's, for ever). TIDE_E_CONFIG says why it is refused. */
TIDE_MUST_CHECK
int tide_entry_adopt(const void *exported, struct tide_plugin_entry **out,
                     struct tide_error *err);

/** Free what tide_entry_adopt() gave. */
void tide_entry_destroy(struct tide_plugin_entry *entry);

/** Whether a text may name a plugin or an option: a lower-case letter, then lower-case
 * letters, digits and _, at most 63 in all.  Such a name cannot lead out of a folder. */
bool tide_name_is_valid(const char *name);

#endif
