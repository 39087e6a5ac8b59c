/*
 * options - what a user wrote, held against a plugin's table and put into its struct.
 *
 * Checking needs only the plugin's info and so happens anywhere (the daemon too); binding
 * needs the loaded plugin.
 */
#ifndef TIDE_PLUGIN_OPTIONS_H
#define TIDE_PLUGIN_OPTIONS_H

#include <json-c/json.h>

#include "base/memory.h"
#include "plugin/catalog.h"

/** Called for each thing wrong; key is the option's name (NULL: the object itself), for
 * LIST and MAP with an index or key behind it ("fields[2]").  is_shape: unknown key or
 * wrong JSON type, else a value out of range, a missing one. */
typedef void (*tide_option_problem_fn)(void *arg, const char *key, bool is_shape,
                                       const char *message);

/**
 * Check an object of options, and those of the plugins it names as components, against
 * the tables; reports every problem, unknown keys with the nearest known one.  Returns
 * the number of problems.
 */
int tide_options_check(const struct tide_catalog *catalog,
                       const struct tide_plugin_info *info, struct json_object *options,
                       tide_option_problem_fn report, void *arg);

/** The option of that name, of the plugin or of a component that the options name; NULL:
 * none.  Borrowed from the catalog. */
const struct tide_option_info *tide_options_find(const struct tide_catalog *catalog,
                                                 const struct tide_plugin_info *info,
                                                 struct json_object *options,
                                                 const char *key);

/**
 * Allocate (in arena) and fill the plugin's struct from options that were checked;
 * components are loaded from plugin_folder.  Relative paths are joined to base_folder.
 */
TIDE_MUST_CHECK
int tide_options_bind(const char *plugin_folder, const struct tide_plugin_entry *entry,
                      struct json_object *options, const char *base_folder,
                      struct tide_arena *arena, const void **out, struct tide_error *err);

/** Options that the tables have nothing against, for tide_options_try. */
struct tide_options_asked {
    const struct tide_plugin_info *info;
    struct json_object *options; /**< or NULL: none are given */
};

/** Called for each plugin that refuses its options; asked is an index, key the option's
 * name or NULL. */
typedef void (*tide_options_refused_fn)(void *arg, size_t asked, const char *key,
                                        const char *message);

/**
 * Ask the plugins themselves, and their components, whether options can work; those that
 * cannot tell are not asked.  In the process that loads the plugins of this catalog: one
 * helper for all.  A plugin that crashes or hangs over it has refused; where no helper
 * can be started nothing is refused, for a run asks again.  Relative paths are joined to
 * base_folder.
 */
void tide_options_try(const struct tide_catalog *catalog,
                      const struct tide_options_asked *asked, size_t count,
                      const char *base_folder, tide_options_refused_fn refused,
                      void *arg);

/** What `tidemill-worker --check` does: answer such a question of another process.  The
 * exit status. */
int tide_options_try_main(void);

/** JSON Schema (2020-12) of a plugin's options; the caller's reference. */
struct json_object *tide_options_json_schema(const struct tide_plugin_info *info);

#endif
