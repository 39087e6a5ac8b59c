/*
 * info - what is known of a plugin without running it: its kind, name, options and
 * promises, as plain data.
 *
 * The same picture whether it was read from a loaded plugin, from the helper process that
 * reads descriptors (tidemill-worker --describe) or from the cache.
 *
 * Layer: uses core/base, core/batch.
 */
#ifndef TIDE_PLUGIN_INFO_H
#define TIDE_PLUGIN_INFO_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/plugin.h>

/** Texts are owned by the struct tide_plugin_info they are in. */
struct tide_option_info {
    char *name;
    int32_t type; /**< an enum tide_option_type */
    uint32_t component_kind;
    bool required, secret;
    char *default_value;
    char **choices; /**< ended by NULL, or NULL */
    int64_t minimum, maximum;
    char *help, *example;
};

struct tide_plugin_info {
    uint32_t kind;
    char *name, *version, *summary;
    char *path;    /**< of the shared object */
    char *refused; /**< why the host will not use it, or NULL; then only path (and perhaps
                      kind, name) is known */
    uint32_t
        flags; /**< of the kind's table: enum tide_source_flag or tide_destination_flag */
    bool can_discover;
    bool can_check;  /**< it tells of options whether they can work */
    char *extension; /**< of a format */
    struct tide_option_info *options;
    size_t option_count;
};

const char *tide_plugin_kind_name(uint32_t kind); /**< "source" ... */
/** TIDE_E_NOT_FOUND for a word that is no kind. */
int tide_plugin_kind_parse(const char *text, uint32_t *kind);

/** Copy a loaded entry (already checked); the caller destroys it. */
struct tide_plugin_info *tide_plugin_info_of(const struct tide_plugin_entry *entry,
                                             const char *path);
/** A file that is refused, and why; kind and name are those that its place says
 * (.../sources/NAME.so), if it does. */
struct tide_plugin_info *tide_plugin_info_refused(const char *path, const char *why);
struct json_object *tide_plugin_info_to_json(const struct tide_plugin_info *info);
TIDE_MUST_CHECK
int tide_plugin_info_from_json(struct json_object *json, struct tide_plugin_info **out,
                               struct tide_error *err);
void tide_plugin_info_destroy(struct tide_plugin_info *info);

/** Copy one row of a table. */
struct tide_option_info *tide_option_info_of(const struct tide_option *option);
void tide_option_info_destroy(struct tide_option_info *info);

#endif
