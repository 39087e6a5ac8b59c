/*
 * settings - what the daemon is told: by flags, over variables, over a YAML file, over
 * defaults.
 *
 * One table describes every key; from it come the file's checks, the variables
 * (limits.memory is TIDEMILL_LIMITS_MEMORY), the flags (--limits-memory) and the help.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_SETTING_H
#define TIDE_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <tidemill/error.h>

/** Texts are owned.  Durations are microseconds, sizes bytes. */
struct tide_settings {
    char *file; /**< that was read, or NULL */
    char *listen;
    char *state_dir;
    char *plugin_dir;
    char *tls_certificate; /**< or NULL */
    char *tls_key;         /**< or NULL */
    int64_t body_limit;
    int64_t request_timeout;
    int64_t max_connections;
    int64_t max_connections_per_address;
    int64_t max_runs;
    int64_t limit_memory, limit_cpu, limit_open_files, limit_wall, limit_hang;
    int64_t checkpoint;
    int64_t reject_count, reject_bytes;
    int64_t cancel_grace, shutdown_grace;
    int64_t retention, retention_runs;
    int64_t missed;     /**< an enum tide_missed_policy */
    int64_t overlap;    /**< 0 skip, 1 queue */
    int64_t log_level;  /**< an enum tide_log_level */
    int64_t log_format; /**< an enum tide_log_format */
    char *test_clock;   /**< for tests: test_clock.h; or NULL */
};

enum tide_settings_type {
    TIDE_SETTING_TEXT,     /**< char * */
    TIDE_SETTING_PATH,     /**< char *; relative to the file that has it */
    TIDE_SETTING_SIZE,     /**< int64_t bytes */
    TIDE_SETTING_DURATION, /**< int64_t microseconds */
    TIDE_SETTING_COUNT,    /**< int64_t */
    TIDE_SETTING_WORD      /**< int64_t, the index in choices */
};

struct tide_settings_key {
    const char *name; /**< "limits.memory" */
    enum tide_settings_type type;
    const char *fallback;       /**< as one would write it; NULL: see the help */
    const char *const *choices; /**< of a word, ended by NULL */
    int64_t minimum, maximum;   /**< of numbers; both 0: any that is not negative */
    size_t offset;
    const char *help;
};
/** Ends with a NULL name. */
#define TIDE_SETTINGS_MOST 64
extern const struct tide_settings_key tide_settings_keys[];

/** What the command line asks for. */
enum tide_settings_action {
    TIDE_SETTING_RUN,
    TIDE_SETTING_CHECK,
    TIDE_SETTING_HELP,
    TIDE_SETTING_VERSION
};

/** Read everything.  `variable` is getenv() but in tests.  TIDE_E_CONFIG says what, where
 * and the nearest known name.  *settings is to be finished either way. */
TIDE_MUST_CHECK
int tide_settings_load(int argc, char *const *argv, char *(*variable)(const char *name),
                       struct tide_settings *settings, enum tide_settings_action *action,
                       struct tide_error *err);
void tide_settings_fini(struct tide_settings *settings);

/** "TIDEMILL_LIMITS_MEMORY", "--limits-memory" of a key. */
void tide_settings_variable_name(const struct tide_settings_key *key, char out[64]);
void tide_settings_flag_name(const struct tide_settings_key *key, char out[64]);
void tide_settings_help(FILE *out);

#endif
