/*
 * value - one option's value, from what a user wrote to what a plugin's field holds.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_PLUGIN_VALUE_H
#define TIDE_PLUGIN_VALUE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <tidemill/option.h>

#include "base/memory.h"
#include "plugin/info.h"

/** What is wrong with a value, if anything. */
struct tide_value_problem {
    bool is_shape;  /**< of the wrong JSON type */
    char where[64]; /**< behind the option's name: "[2]", or empty */
    char message[1024];
};

/** Hold a JSON value against an option; true when it fits.  A secret's value is not in
 * the message. */
bool tide_value_check(const struct tide_option_info *option, struct json_object *value,
                      struct tide_value_problem *problem);

/** A default, written as text, as the JSON value a user would have written. */
struct json_object *tide_value_of_text(int type, const char *text);

/** Store a value that was checked in the field of its option; memory is the arena's.  Not
 * for components. */
void tide_value_store(const struct tide_option *option, struct json_object *value,
                      const char *base_folder, struct tide_arena *arena, void *field);

#endif
