/*
 * option - the table in which a plugin names its options.
 *
 * The host reads the table to parse, check, default and document what a user wrote, and
 * stores each value at an offset of the plugin's own struct: a plugin has no
 * configuration code.  The struct is the host's memory, zeroed first, and lives as long
 * as the plugin's state.
 */
#ifndef TIDEMILL_OPTION_H
#define TIDEMILL_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of option, and the type of the field at .offset.  The numbers never change. */
enum tide_option_type {
    TIDE_OPTION_END = 0,
    TIDE_OPTION_BOOL = 1,   /**< bool */
    TIDE_OPTION_INT = 2,    /**< int64_t, within minimum..maximum */
    TIDE_OPTION_FLOAT = 3,  /**< double */
    TIDE_OPTION_STRING = 4, /**< const char *, NULL when not given and no default */
    TIDE_OPTION_ENUM = 5,   /**< int64_t: the index in .choices */
    TIDE_OPTION_LIST = 6,   /**< struct tide_list of texts */
    TIDE_OPTION_MAP = 7,    /**< struct tide_map of texts, in the order written */
    TIDE_OPTION_PATH = 8, /**< const char *, absolute; else of the definition's folder */
    TIDE_OPTION_DURATION = 9, /**< int64_t microseconds, written "500ms", "30s", "1h" */
    TIDE_OPTION_SIZE = 10,    /**< int64_t bytes, written 4096, "64KiB", "1GiB" */
    TIDE_OPTION_CHAR = 11,    /**< char: one byte; "\t" is a tab */
    /** struct tide_component: another plugin, whose options stand beside these. */
    TIDE_OPTION_COMPONENT = 12
};

struct tide_list {
    const char *const *items;
    size_t count;
};

struct tide_pair {
    const char *key;
    const char *value;
};

struct tide_map {
    const struct tide_pair *pairs;
    size_t count;
};

struct tide_plugin_entry;

/** A plugin used by a plugin: `file` names its format and its storage so. */
struct tide_component {
    const struct tide_plugin_entry *plugin; /**< borrowed; the host checks its kind */
    const void *options;                    /**< borrowed; its bound options */
};

/** One option.  A table ends with {0}.  Texts are constants of the plugin. */
struct tide_option {
    const char *name;        /**< lower_case; NULL ends the table */
    int32_t type;            /**< an enum tide_option_type */
    uint32_t component_kind; /**< for TIDE_OPTION_COMPONENT: an enum tide_plugin_kind */
    bool required;
    bool secret; /**< never shown: not in logs, errors, replies or rejects */
    uint8_t reserved[6];
    size_t offset;              /**< of the field */
    const char *default_value;  /**< as a user would write it, or NULL */
    const char *const *choices; /**< for ENUM: the words, ended by NULL */
    int64_t minimum, maximum;   /**< for INT, DURATION and SIZE; both 0: no range */
    const char *help;           /**< one sentence */
    const char *example;        /**< may be NULL */
};

#ifdef __cplusplus
}
#endif

#endif
