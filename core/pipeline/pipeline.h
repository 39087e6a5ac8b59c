/*
 * pipeline - a definition document, checked and compiled into plain data.
 *
 * One schema of the document, in definition.c, serves loading, `tidemill validate`, the
 * API and the JSON Schema for editors.  All problems of a document are found in one pass
 * and reported together.
 *
 * Layer: uses core/base, core/batch, core/plugin (its catalog, to check names and
 * options).
 */
#ifndef TIDE_PIPELINE_PIPELINE_H
#define TIDE_PIPELINE_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>
#include <tidemill/plugin.h>
#include <tidemill/schema.h>

#include "base/document.h"
#include "base/text.h"
#include "plugin/catalog.h"

/* ---- problems -----------------------------------------------------------------------*/

enum tide_problem_kind {
    TIDE_PROBLEM_SYNTAX, /**< not a document at all (HTTP 422) */
    TIDE_PROBLEM_SHAPE,  /**< unknown key, wrong type (422) */
    TIDE_PROBLEM_MEANING /**< parsed, and wrong: unknown plugin, include with exclude
                            (400) */
};

struct tide_problem {
    enum tide_problem_kind kind;
    char *path;    /**< "tables[1].columns"; "" for the document */
    char *message; /**< what is wrong and what to do, with the nearest known name */
    unsigned line, column; /**< from 1; 0 when the document has no lines (an API body
                              without them) */
};

struct tide_problems {
    struct tide_problem *items;
    size_t count;
};
void tide_problems_fini(struct tide_problems *problems);
/** "FILE:3:7: tables[1].columns: message" lines; malloc'ed. */
char *tide_problems_format(const struct tide_problems *problems, const char *file);

/* ---- the compiled document ----------------------------------------------------------*/

struct tide_connection {
    const char *plugin;          /**< NULL while it refers to a stored one */
    int64_t id;                  /**< stored connection by id, or 0 */
    const char *name;            /**< stored connection by name, or NULL */
    struct json_object *options; /**< borrowed from the pipeline; variables resolved */
};

enum tide_operator {
    TIDE_OP_IS,
    TIDE_OP_IS_NOT,
    TIDE_OP_LESS,
    TIDE_OP_LESS_OR_EQUAL,
    TIDE_OP_GREATER,
    TIDE_OP_GREATER_OR_EQUAL,
    TIDE_OP_BETWEEN,
    TIDE_OP_NOT_BETWEEN,
    TIDE_OP_CONTAINS,
    TIDE_OP_NOT_CONTAINS,
    TIDE_OP_ONE_OF,
    TIDE_OP_NOT_ONE_OF,
    TIDE_OP_STARTS_WITH,
    TIDE_OP_ENDS_WITH,
    TIDE_OP_BEFORE,
    TIDE_OP_ON_OR_BEFORE,
    TIDE_OP_AFTER,
    TIDE_OP_ON_OR_AFTER,
    TIDE_OP_TRUE,
    TIDE_OP_FALSE,
    TIDE_OP_EMPTY,
    TIDE_OP_NOT_EMPTY,
    TIDE_OP_NULL,
    TIDE_OP_NOT_NULL,
    TIDE_OP_EXISTS,
    TIDE_OP_NOT_EXISTS
};

/** A condition or a group; a tree, owned by the pipeline.  Operators: CONTRACTS section
 * 0. */
struct tide_condition {
    enum { TIDE_CONDITION_AND, TIDE_CONDITION_OR, TIDE_CONDITION_TEST } kind;
    struct tide_condition *children; /**< of a group */
    size_t child_count;
    const char *field; /**< of a test */
    enum tide_operator op;
    const char *const *values; /**< as texts: 0, "abc", 2024-01-01 */
    size_t value_count;
};

struct tide_table {
    const char *name;
    const char *as;
    int32_t mode;               /**< an enum tide_mode; already defaulted */
    const char *const *key;     /**< ended by NULL, or NULL */
    const char *cursor;         /**< or NULL */
    bool verify;                /**< compare checksums when it is moved */
    const char *const *include; /**< ended by NULL, or NULL */
    const char *const *exclude;
    struct tide_schema types;            /**< declared types, in the order written */
    const struct tide_condition *filter; /**< or NULL */
};

struct tide_step {
    const char *plugin;          /**< the transformation's type */
    const char *table;           /**< the source's name of a table, or "*" */
    struct json_object *options; /**< its config, borrowed */
};

/** Immutable once made.  Everything in it is owned by it. */
struct tide_pipeline {
    const char *name;
    struct tide_connection source, destination;
    int64_t source_minutes, destination_minutes; /**< period; 0: none */
    bool auto_sync_new_tables;
    struct tide_table *tables;
    size_t table_count;
    struct tide_step *transformations;
    size_t transformation_count;
    bool fail_on_error;           /**< on_error: fail */
    int64_t max_rejects;          /**< a count, or -1 */
    double max_reject_share;      /**< 0.01 for 1%, or -1 */
    const char *base_folder;      /**< for relative paths */
    struct json_object *document; /**< as it was written, variables unresolved: what is
                                     stored and given back */
    void *internal;
};

struct tide_pipeline_options {
    const struct tide_catalog *catalog;
    const char *file;        /**< name for messages, or NULL */
    const char *base_folder; /**< folder relative paths start from, or NULL: relative
                                paths are a problem */
    const char *placeholder; /**< a text that stands for a value which is known later:
                                plugins are not asked about options that hold it; NULL:
                                none */
    /** A variable's value or NULL; NULL function: the environment. */
    const char *(*variable)(void *arg, const char *name);
    void *variable_arg;
};

/** Parse, check and compile.  On problems returns TIDE_E_CONFIG and *out is untouched;
 * problems is always filled (the caller's to fini) and may hold warnings never. */
int tide_pipeline_parse(const char *text, size_t length, enum tide_document_syntax syntax,
                        const struct tide_pipeline_options *options,
                        struct tide_pipeline **out, struct tide_problems *problems);
void tide_pipeline_destroy(struct tide_pipeline *pipeline);

/** JSON Schema (2020-12) of the document, made from the same table; the caller's
 * reference. */
struct json_object *tide_pipeline_json_schema(const struct tide_catalog *catalog);

/** What a run of this pipeline guarantees, in one sentence each for every table ("exactly
 * once: ..."); appended. */
void tide_pipeline_guarantee(const struct tide_pipeline *pipeline,
                             const struct tide_catalog *catalog, size_t table,
                             struct tide_text *out);

/** Whether the destination may keep a table's position together with its rows; else only
 * who starts the runs can. */
bool tide_pipeline_keeps_position(const struct tide_pipeline *pipeline,
                                  const struct tide_catalog *catalog, size_t table);

/** Whether rows of a table are made durable before all of it is read, by plugins with
 * these flags.  Not for a replaced table, which appears at once, unless the source is
 * exact and the destination stages; not where the newest row of a key wins and rows come
 * in another order; not under a share of bad rows, which is known only at the end; nor
 * where the destination keeps everything for its end. */
bool tide_pipeline_makes_checkpoints(const struct tide_pipeline *pipeline, size_t table,
                                     uint32_t source, uint32_t destination);

/** Texts that were the values of secret options, ended by NULL, or NULL when there are
 * none; borrowed.  They are blanked in messages and rejects. */
const char *const *tide_pipeline_secrets(const struct tide_pipeline *pipeline);

/** Variables ${NAME}, ${NAME:-default}, ${NAME:?message} of one scalar; malloc'ed.
 * TIDE_E_CONFIG. */
TIDE_MUST_CHECK
int tide_variables_expand(const char *text,
                          const char *(*variable)(void *arg, const char *name), void *arg,
                          char **out, struct tide_error *err);

#endif
