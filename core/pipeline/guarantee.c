/*
 * guarantee - what a pipeline promises about each row, computed from its parts.
 */
#include "pipeline/pipeline.h"

static void append_transactional(const struct tide_table *table, struct tide_text *out)
{
    if (table->mode == TIDE_MODE_APPEND && !table->cursor) {
        tide_text_append(out, "exactly once in each run: its rows are committed in one "
                              "transaction, or none; each run appends all rows again");
    } else if (table->mode == TIDE_MODE_APPEND) {
        tide_text_append(out,
                         "at least once: rows and position are committed in one "
                         "transaction, and rows at the cursor itself are read again");
    } else {
        tide_text_append(
            out, "exactly once: a run's rows are committed in one transaction, or "
                 "none, and a repeated run leaves the same table");
    }
}

static void append_files(const struct tide_table *table, struct tide_text *out)
{
    if (table->mode == TIDE_MODE_APPEND) {
        tide_text_append(
            out, "exactly once in each run: its rows appear at once, or none; each "
                 "run appends all rows again");
    } else {
        tide_text_append(
            out, "exactly once: the result appears at once, when it is complete, or "
                 "not at all");
    }
}

/* What a cursor cannot see. */
static void append_cursor(const struct tide_table *table, struct tide_text *out)
{
    if (table->cursor) {
        tide_text_append(out, "; a row that the source commits late, with a cursor below "
                              "what was read, is seen by a full run alone");
    }
}

void tide_pipeline_guarantee(const struct tide_pipeline *pipeline,
                             const struct tide_catalog *catalog, size_t table,
                             struct tide_text *out)
{
    const char *plugin = pipeline->destination.plugin;
    const struct tide_plugin_info *destination =
        plugin ? tide_catalog_find(catalog, TIDE_KIND_DESTINATION, plugin) : NULL;

    if (!destination) {
        tide_text_append(out, "depends on the stored connection");
    } else if (destination->flags & TIDE_DESTINATION_TRANSACTIONAL) {
        append_transactional(&pipeline->tables[table], out);
    } else {
        append_files(&pipeline->tables[table], out);
    }
    append_cursor(&pipeline->tables[table], out);
}
