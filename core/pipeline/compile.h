/*
 * compile - the parts of a pipeline, made from the parts of a document whose shape was
 * checked.
 *
 * Each function reads what is well-formed of its part and notes what is wrong in its
 * meaning, so that all problems of a document come out together; what it makes is used
 * only when there were none.
 *
 * Layer: uses core/base, core/plugin.
 */
#ifndef TIDE_PIPELINE_COMPILE_H
#define TIDE_PIPELINE_COMPILE_H

#include "base/memory.h"
#include "pipeline/place.h"

/** Behind struct tide_pipeline.internal. */
struct tide_pipeline_parts {
    struct tide_arena *arena;
    struct tide_document *parsed;
    struct json_object
        *resolved;  /**< array that owns the options with their variables resolved */
    char **secrets; /**< ended by NULL */
    size_t secret_count;
};

/** What the functions below share. */
struct tide_compile {
    const struct tide_pipeline_options *options;
    struct tide_pipeline *pipeline;
    struct tide_pipeline_parts *parts;
    struct tide_findings *findings;
    const struct tide_plugin_info *source, *destination; /**< NULL while unknown */
};

/** Resolve the variables of a plugin's options and hold them against its table.  Returns
 * the resolved object (owned by the pipeline). */
struct json_object *tide_compile_options(struct tide_compile *compile,
                                         const struct tide_place *place,
                                         const struct tide_plugin_info *info);
/** One end; *info is its plugin, or NULL. */
void tide_compile_connection(struct tide_compile *compile, const struct tide_place *place,
                             uint32_t kind, struct tide_connection *out,
                             const struct tide_plugin_info **info);
void tide_compile_tables(struct tide_compile *compile, const struct tide_place *place);
void tide_compile_transformations(struct tide_compile *compile,
                                  const struct tide_place *place);
/** Ask the plugins whether those options can work that nothing was found against. */
void tide_compile_try(const struct tide_compile *compile, const struct tide_place *root);
/** A filter, its values held against the declared types; NULL when there is none. */
const struct tide_condition *tide_compile_filter(struct tide_compile *compile,
                                                 const struct tide_place *place,
                                                 const struct tide_schema *types);

/** A list of texts as an array ended by NULL, in the pipeline's arena; NULL when it is no
 * list of texts. */
const char *const *tide_compile_texts(struct tide_compile *compile,
                                      struct json_object *list);
/** A text member, in the arena; NULL when absent or no text. */
const char *tide_compile_text(struct tide_compile *compile, struct json_object *object,
                              const char *key);

#endif
