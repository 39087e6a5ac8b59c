/*
 * guarantee - what a pipeline promises about each row, computed from its parts.
 *
 * The parts are the flags of both plugins, the mode, the cursor, and what rejects are
 * allowed.
 */
#include "base/json.h"
#include "pipeline/pipeline.h"

static const struct tide_plugin_info *find(const struct tide_catalog *catalog,
                                           uint32_t kind,
                                           const struct tide_connection *connection)
{
    return connection->plugin ? tide_catalog_find(catalog, kind, connection->plugin)
                              : NULL;
}

/* Files alone keep no positions, parts with a manifest do: what the option `part_size`
 * makes. */
static bool appends_parts(const struct tide_pipeline *pipeline,
                          const struct tide_table *table)
{
    return table->mode == TIDE_MODE_APPEND &&
           tide_json_member(pipeline->destination.options, "part_size");
}

/* Of a destination that is neither there is no telling. */
static bool may_keep_position(const struct tide_pipeline *pipeline,
                              const struct tide_table *table, uint32_t flags)
{
    return flags & TIDE_DESTINATION_TRANSACTIONAL || !(flags & TIDE_DESTINATION_ATOMIC) ||
           appends_parts(pipeline, table);
}

bool tide_pipeline_keeps_position(const struct tide_pipeline *pipeline,
                                  const struct tide_catalog *catalog, size_t table)
{
    const struct tide_plugin_info *destination =
        find(catalog, TIDE_KIND_DESTINATION, &pipeline->destination);

    return !destination ||
           may_keep_position(pipeline, &pipeline->tables[table], destination->flags);
}

/* New rows of a replaced table are staged up to the end. */
static bool may_stage(uint32_t source, uint32_t destination)
{
    return source & TIDE_SOURCE_EXACT && destination & TIDE_DESTINATION_STAGES;
}

bool tide_pipeline_makes_checkpoints(const struct tide_pipeline *pipeline, size_t table,
                                     uint32_t source, uint32_t destination)
{
    const struct tide_table *which = &pipeline->tables[table];
    bool has_duplicates = which->mode == TIDE_MODE_MERGE && which->cursor &&
                          !(source & TIDE_SOURCE_ORDERED);

    return source & TIDE_SOURCE_RESUMABLE && !has_duplicates &&
           (which->mode != TIDE_MODE_REPLACE || may_stage(source, destination)) &&
           pipeline->max_reject_share < 0 &&
           may_keep_position(pipeline, which, destination);
}

/* ---- words --------------------------------------------------------------------------*/

/* What is known of a table's parts. */
struct parts {
    const struct tide_table *table;
    uint32_t source;     /**< flags */
    bool is_incremental; /**< a run reads what the last one did not */
    bool makes_checkpoints;
    bool sees_late; /**< what is committed late, too */
};

static const char at_checkpoints[] =
    "rows and position are committed together, at checkpoints and at the end; an "
    "interrupted run resumes from the last checkpoint";

static const char in_place[] =
    "exactly once: the new rows replace the old ones in one transaction at the end; from "
    "the first checkpoint on they are staged, where the table allows it, and an "
    "interrupted run resumes from the last checkpoint, or starts over when rows already "
    "read were changed at the source";

static void append_appending(const struct parts *parts, struct tide_text *out)
{
    bool is_exact = parts->source & TIDE_SOURCE_RESUMABLE;

    if (!parts->is_incremental) {
        tide_text_appendf(
            out,
            "exactly once in each run: %s%s; each run appends all rows "
            "again",
            parts->makes_checkpoints
                ? at_checkpoints
                : "its rows are committed in one transaction, or none",
            parts->makes_checkpoints
                ? ", or is refused when the source sees that rows came, went "
                  "or moved in front of that"
                : "");
    } else if (is_exact) {
        tide_text_appendf(out,
                          "exactly once: %s; of a view, or a table without a key, rows "
                          "at the last cursor value may be read again",
                          parts->makes_checkpoints
                              ? at_checkpoints
                              : "rows and position are committed in one transaction");
    } else {
        tide_text_append(out, "at least once: rows and position are committed in one "
                              "transaction, and rows at the last cursor value may be "
                              "read again");
    }
}

static void append_transactional(const struct parts *parts, struct tide_text *out)
{
    if (parts->table->mode == TIDE_MODE_APPEND) {
        append_appending(parts, out);
    } else if (parts->makes_checkpoints && parts->table->mode == TIDE_MODE_REPLACE) {
        tide_text_append(out, in_place);
    } else if (parts->makes_checkpoints) {
        tide_text_appendf(out,
                          "exactly once: %s; a row that comes again replaces the one "
                          "of its key%s",
                          at_checkpoints,
                          parts->table->key && parts->table->cursor
                              ? "; no checkpoints are made when the key is not the "
                                "source's own and the cursor may be null"
                              : "");
    } else {
        tide_text_append(
            out, "exactly once: a run's rows are committed in one transaction, or "
                 "none, and a repeated run leaves the same table");
    }
}

static void append_files(const struct parts *parts, struct tide_text *out)
{
    if (parts->table->mode != TIDE_MODE_APPEND) {
        tide_text_append(
            out, "exactly once: the result appears at once, when it is complete, or "
                 "not at all");
    } else if (parts->is_incremental) {
        tide_text_append(out, "at least once: a run's rows appear at once, or none; they "
                              "are read again when the run dies before its end is known, "
                              "and by each `tidemill run`: the daemon alone keeps the "
                              "position");
    } else {
        tide_text_append(
            out, "exactly once in each run: its rows appear at once, or none; each "
                 "run appends all rows again");
    }
}

/* Of a destination of which only flags are known the least is said. */
static void append_unknown(const struct parts *parts, struct tide_text *out)
{
    tide_text_append(out, "at least once: what an interrupted run leaves behind depends "
                          "on the destination, and the next run writes its rows again");
    if (parts->table->mode == TIDE_MODE_APPEND && !parts->is_incremental) {
        tide_text_append(out, "; each run appends all rows again");
    }
}

/* Parts whose manifest the next run does not find. */
static void append_other_folder(const struct parts *parts, struct tide_text *out)
{
    tide_text_append(out, "at least once: placeholders in the name give the next run "
                          "another folder, so an interrupted run is not resumed: what it "
                          "committed stays, and its rows are read again");
    if (!parts->is_incremental) {
        tide_text_append(out, "; each run appends all rows again");
    }
}

/* What a cursor does not show. */
static void append_late(const struct parts *parts, struct tide_text *out)
{
    if (parts->is_incremental && parts->sees_late) {
        tide_text_append(out, "; a row that is committed late at the source is read by "
                              "the next run, whatever its cursor value");
    } else if (parts->is_incremental) {
        tide_text_append(out, "; a row that is committed late at the source, with a "
                              "cursor value below the last one read, is read only by a "
                              "full run");
    }
}

static void append_proof(const struct parts *parts, struct tide_text *out)
{
    if (parts->table->verify) {
        tide_text_append(out, "; then the table is read again and the sums of its "
                              "columns are compared, except columns whose texts the "
                              "destination spells its own way; the run names those");
    }
}

/* ---- parts --------------------------------------------------------------------------*/

/* A source that sees what is committed late may be told by its option `incremental` to
 * go by the cursor alone. */
static bool sees_late(const struct tide_pipeline *pipeline, uint32_t flags)
{
    const char *way = tide_json_text(pipeline->source.options, "incremental");

    return flags & TIDE_SOURCE_SEES_LATE && !(way && strcmp(way, "cursor") == 0);
}

static void append_delivery(const struct tide_pipeline *pipeline, uint32_t flags,
                            const struct parts *parts, struct tide_text *out)
{
    if (flags & TIDE_DESTINATION_TRANSACTIONAL) {
        append_transactional(parts, out);
    } else if (!(flags & TIDE_DESTINATION_ATOMIC)) {
        append_unknown(parts, out);
    } else if (!appends_parts(pipeline, parts->table)) {
        append_files(parts, out);
    } else if (strstr(parts->table->as, "${")) {
        append_other_folder(parts, out);
    } else {
        append_transactional(parts, out);
    }
}

void tide_pipeline_guarantee(const struct tide_pipeline *pipeline,
                             const struct tide_catalog *catalog, size_t table,
                             struct tide_text *out)
{
    const struct tide_plugin_info *source =
        find(catalog, TIDE_KIND_SOURCE, &pipeline->source);
    const struct tide_plugin_info *destination =
        find(catalog, TIDE_KIND_DESTINATION, &pipeline->destination);
    /* Of a source that is not known the least is said. */
    uint32_t flags = source ? source->flags : (uint32_t)TIDE_SOURCE_INCREMENTAL;
    struct parts parts = {
        .table = &pipeline->tables[table],
        .source = flags,
        .sees_late = sees_late(pipeline, flags),
    };

    if (!destination) {
        tide_text_append(out, "depends on the stored connection");
        return;
    }
    parts.makes_checkpoints =
        tide_pipeline_makes_checkpoints(pipeline, table, flags, destination->flags);
    parts.is_incremental = parts.table->cursor &&
                           parts.table->mode != TIDE_MODE_REPLACE &&
                           flags & TIDE_SOURCE_INCREMENTAL;
    append_delivery(pipeline, destination->flags, &parts, out);
    append_late(&parts, out);
    append_proof(&parts, out);
}
