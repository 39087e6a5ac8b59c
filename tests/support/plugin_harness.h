/*
 * plugin_harness - drives one plugin from a unit test, as the engine would.
 *
 * It loads the plugin that was built, binds options, and is a host that remembers what
 * the plugin told it.  What cannot be meant by a test (an unknown plugin, a literal that
 * does not parse) ends the program with a message.
 *
 *     struct plugin_harness harness;
 *     struct harness_rows rows;
 *
 *     plugin_harness_init(&harness, TIDE_KIND_SOURCE, "file",
 *                         "{\"path\": \"/tmp/in\", \"format\": \"csv\"}");
 *     assert_int_equal(plugin_harness_read(&harness, "a.csv", &rows), TIDE_OK);
 *     assert_string_equal(rows.lines, "{\"id\":\"1\"}\n");
 *     harness_rows_fini(&rows);
 *     plugin_harness_fini(&harness);
 */
#ifndef TIDE_TESTS_PLUGIN_HARNESS_H
#define TIDE_TESTS_PLUGIN_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/plugin.h>

#include "base/memory.h"

/** A row that the plugin refused, through reject (row is -1) or reject_row. */
struct harness_reject {
    char *code, *message;
    char *origin; /**< or NULL */
    int64_t position;
    int64_t row;
    char *raw; /**< terminated, or NULL */
    size_t raw_length;
};

struct harness_log {
    int level;
    char *message;
};

struct plugin_harness {
    struct tide_host host; /**< what the plugin is given */
    const struct tide_plugin_entry *plugin;
    const void *options; /**< bound, owned by the arena */
    struct tide_error err;

    /* What the plugin told. */
    struct harness_reject *rejects;
    size_t reject_count;
    struct harness_log *logs;
    size_t log_count;

    /* What a test may set. */
    bool cancelled;
    int64_t now_us;
    size_t reject_limit;      /**< after so many, reject says TIDE_E_LIMIT; 0: no limit */
    int64_t allocations_left; /**< then allocate gives NULL; below 0: no limit */
    const char *secret;       /**< the value of every secret, or NULL */

    struct tide_arena *arena;
};

/** Load the plugin below $TIDEMILL_PLUGIN_DIR and bind a JSON object of options (NULL:
 * none). Relative paths are below the working directory. */
void plugin_harness_init(struct plugin_harness *harness, uint32_t kind, const char *name,
                         const char *options);
/** Free all of it; the plugin's states are the test's to close first. */
void plugin_harness_fini(struct plugin_harness *harness);
/** Forget rejects and logs. */
void plugin_harness_forget(struct plugin_harness *harness);
/** The rejects as lines "origin:position code" ("row N code" for reject_row),
 * malloc'ed. */
char *plugin_harness_rejects(const struct plugin_harness *harness);

/* ---- rows as texts ---- */

/** Fill an empty schema from "id int64 key, name string, at timestamp required". */
void harness_schema(const char *text, struct tide_schema *schema);
/**
 * Fill an empty batch from lines of values: "1|ada\n2|NULL\n".  NULL is null; \| \\ \n \t
 * and \xHH are escapes, also for bytes; an empty text is an empty value.
 */
void harness_batch(const struct tide_schema *schema, const char *rows,
                   struct tide_batch *batch);
/** A batch as JSON lines, columns in order: numbers, booleans, decimals and JSON as they
 * are, the rest as texts, bytes as "\\x00ff".  malloc'ed. */
char *harness_lines(const struct tide_batch *batch, const struct tide_schema *schema);
/** A schema as "id int64 key, name string"; malloc'ed. */
char *harness_columns(const struct tide_schema *schema);

/* ---- a source, read to its end ---- */

struct harness_rows {
    struct tide_schema schema;
    char *columns;  /**< as harness_columns() */
    char *lines;    /**< all rows, as harness_lines() */
    int64_t count;  /**< of rows */
    size_t batches; /**< that had rows */
    int64_t first;  /**< rows of the first batch that had any */
    int64_t most;   /**< rows of the largest batch */
    char *position; /**< the last one, or NULL */
};

/** Read a table with the engine's own batch bounds. On failure the code is also in
 * harness->err; rows always needs fini. */
int plugin_harness_read(struct plugin_harness *harness, const char *table,
                        struct harness_rows *rows);
/** The same as the request says; its size is filled in, and bounds where they are 0. */
int plugin_harness_read_request(struct plugin_harness *harness,
                                const struct tide_source_request *request,
                                struct harness_rows *rows);
void harness_rows_fini(struct harness_rows *rows);

/* ---- a destination, written once ---- */

/** Open the destination, write the batch, commit it as final with the position (NULL:
 * none), and close.  The accepted schema must be that of the request. */
int plugin_harness_write(struct plugin_harness *harness,
                         const struct tide_destination_request *request,
                         const struct tide_batch *batch, const char *position);

/** Say what is wrong with the test itself, and abort. */
_Noreturn TIDE_PRINTF(1, 2) void harness_abort(const char *format, ...);

#endif
