/*
 * option_table - the options that a plugin declares, and whether they make sense.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_PLUGIN_OPTION_TABLE_H
#define TIDE_PLUGIN_OPTION_TABLE_H

#include <stddef.h>
#include <tidemill/error.h>
#include <tidemill/option.h>

/** Names, types, fields within the struct and apart from each other, defaults that fit;
 * TIDE_E_CONFIG names the option.  options may be NULL. */
TIDE_MUST_CHECK
int tide_option_table_check(const struct tide_option *options, size_t options_size,
                            struct tide_error *err);

#endif
