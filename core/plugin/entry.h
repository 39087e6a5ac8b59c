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
int tide_entry_adopt(const void *exported, struct tide_plugin_entry **out,
                     struct tide_error *err);

/** Bytes of the field that an option of that type is stored in; 0 for a type that is
 * none. */
size_t tide_option_field_size(int type);

#endif
