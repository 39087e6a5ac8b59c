/*
 * parts - a table as a folder of parts and a manifest that lists them.
 *
 * Order: a part is published when it is full, and listed at the next commit, together
 * with the position; only then is it of the table.  What is not listed is removed, by the
 * run itself when it fails, or by the next one.  Numbers go on from the highest listed,
 * so a part never takes the name of another; a replacing load lists only its own parts,
 * and removes those of before behind the change of the manifest.
 *
 * States: fresh (no manifest was there) -> committed.  For as long as it lives a run
 * holds a file in the folder that it never publishes: a second run is refused by the
 * storage.
 */
#include "parts.h"

/* ---- opening ---- */

static int take_lock(struct writer *writer, struct tide_error *err)
{
    char *path = manifest_join(writer, "lock");
    int64_t existing;
    int rc = path ? writer_storage(writer)->write_open(
                        writer->options->storage.options, writer->host,
                        writer->options->path, path, writer->request->run, false,
                        &writer->parts->lock, &existing, err)
                  : tide_error_memory(err);

    free(path);
    return rc;
}

/* Rows go behind those that are there: the columns and the dialect are to be theirs. */
static int check_present_parts(struct writer *writer, struct tide_error *err)
{
    const struct manifest *present = &writer->parts->manifest;
    struct manifest own = {0};
    bool has_rows = false;
    char *last;
    int rc = TIDE_OK;

    if (present->parts.count == 0) {
        return TIDE_OK;
    }
    last = manifest_join(writer, present->parts.items[present->parts.count - 1].name);
    if (!last || manifest_describe(&own, writer) != TIDE_OK) {
        rc = tide_error_memory(err);
    } else if (strcmp(own.format, present->format) != 0 ||
               strcmp(own.columns, present->columns) != 0) {
        rc = tide_error_set(err, TIDE_E_CONFIG,
                            "cannot append to %s/%s: its parts are %s with the columns "
                            "%.300s; use mode replace, or another name",
                            writer->options->path, writer->name, present->format,
                            present->columns);
    } else {
        rc = check_present_file(writer, last, &has_rows, err);
    }
    manifest_clear(&own);
    free(last);
    return rc;
}

/* From now on parts that no manifest lists are known to be ours. */
static int write_first_manifest(struct writer *writer, struct tide_error *err)
{
    struct parts *parts = writer->parts;

    if (manifest_describe(&parts->manifest, writer) != TIDE_OK) {
        return tide_error_memory(err);
    }
    parts->is_fresh = true;
    return manifest_write(writer, &parts->manifest, err);
}

/* A part that was being written has the number behind the highest published. */
static int clear_next_part(struct writer *writer, struct tide_error *err)
{
    char *name = part_name(writer->parts, writer->parts->next);
    int rc = name ? part_remove(writer, name, err) : tide_error_memory(err);

    free(name);
    return rc;
}

static int read_manifest(struct writer *writer, struct tide_error *err)
{
    struct parts *parts = writer->parts;
    bool found = false;
    int rc = manifest_read(writer, &parts->manifest, &found, err);

    if (rc == TIDE_OK) {
        rc = parts_clear_strays(writer, found, err);
    }
    if (rc == TIDE_OK && !found) {
        rc = write_first_manifest(writer, err);
    }
    if (rc == TIDE_OK && writer->request->mode == TIDE_MODE_APPEND) {
        rc = check_present_parts(writer, err);
    }
    return rc;
}

static int find_position(struct writer *writer, char **position, struct tide_error *err)
{
    struct parts *parts = writer->parts;
    const struct manifest_position *kept = NULL;
    int rc = manifest_find_position(&parts->manifest, writer, &kept, err);

    if (rc != TIDE_OK || !kept) {
        return rc;
    }
    parts->pipeline = strdup(kept->pipeline);
    *position = strdup(kept->text);
    return parts->pipeline && *position ? TIDE_OK : tide_error_memory(err);
}

int parts_open(struct writer *writer, const char *suffix, char **position,
               struct tide_error *err)
{
    struct parts *parts = calloc(1, sizeof *parts);
    int rc;

    *position = NULL;
    writer->parts = parts;
    if (!parts || !(parts->suffix = strdup(suffix))) {
        return tide_error_memory(err);
    }
    rc = take_lock(writer, err);
    if (rc == TIDE_OK) {
        rc = read_manifest(writer, err);
    }
    parts->next = parts_highest(&parts->manifest.parts) + 1;
    if (rc == TIDE_OK) {
        rc = clear_next_part(writer, err);
    }
    return rc == TIDE_OK ? find_position(writer, position, err) : rc;
}

/* ---- writing ---- */

static int begin_part(struct writer *writer, struct tide_error *err)
{
    char *name = part_name(writer->parts, writer->parts->next);
    char *path = name ? manifest_join(writer, name) : NULL;
    int rc = path ? output_open(writer, path, false, err) : tide_error_memory(err);

    writer->parts->is_open = rc == TIDE_OK;
    free(path);
    free(name);
    return rc;
}

/* It is noted first: one that was published and then failed must be removed. */
static int end_part(struct writer *writer, struct tide_error *err)
{
    struct parts *parts = writer->parts;
    struct manifest_part part = {.name = part_name(parts, parts->next)};
    struct manifest_part *pending;
    int rc = part.name ? manifest_parts_add(&parts->pending, &part) : TIDE_E_LIMIT;

    free(part.name);
    rc = rc == TIDE_OK ? output_publish(writer, err) : tide_error_memory(err);
    if (rc == TIDE_OK) {
        pending = &parts->pending.items[parts->pending.count - 1];
        pending->rows = writer->output.rows;
        pending->bytes = writer->output.bytes;
        pending->hash = xxh64_value(&writer->output.hash);
    }
    output_close(writer);
    parts->is_open = false;
    parts->next++;
    return rc;
}

static bool is_full(const struct writer *writer)
{
    const struct output *output = &writer->output;
    int64_t size = writer->kind == COMPRESSION_NONE ? output->plain : output->bytes;

    return size >= writer->options->part_size;
}

int parts_write(struct writer *writer, const struct tide_batch *batch,
                struct tide_error *err)
{
    int rc = writer->parts->is_open ? TIDE_OK : begin_part(writer, err);

    if (rc == TIDE_OK) {
        rc = output_write(writer, batch, err);
    }
    if (rc == TIDE_OK && is_full(writer)) {
        rc = end_part(writer, err);
    }
    return rc;
}

/* ---- committing ---- */

/* All that was written in parts that are published.  A table without rows still has one:
 * who looks for the files finds its columns. */
static int end_all_parts(struct writer *writer, bool final, struct tide_error *err)
{
    struct parts *parts = writer->parts;
    size_t listed =
        writer->request->mode == TIDE_MODE_APPEND ? parts->manifest.parts.count : 0;
    int rc = TIDE_OK;

    if (final && !parts->is_open && listed + parts->pending.count == 0) {
        rc = begin_part(writer, err);
    }
    return rc == TIDE_OK && parts->is_open ? end_part(writer, err) : rc;
}

static int copy_parts(const struct manifest_parts *from, struct manifest_parts *to)
{
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < from->count; i++) {
        rc = manifest_parts_add(to, &from->items[i]);
    }
    return rc;
}

static int copy_positions(const struct manifest *from, struct manifest *to)
{
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < from->position_count; i++) {
        rc = manifest_set_position(to, from->positions[i].pipeline,
                                   from->positions[i].name, from->positions[i].text);
    }
    return rc;
}

/* Under which the position is kept. */
static const char *pipeline_of(const struct writer *writer)
{
    return writer->parts->pipeline ? writer->parts->pipeline : writer->request->pipeline;
}

/* The manifest as it will be.  What is replaced is gone with all positions in it. */
static int make_manifest(const struct writer *writer, const char *position, bool final,
                         struct manifest *manifest, struct tide_error *err)
{
    const struct parts *parts = writer->parts;
    int rc = manifest_describe(manifest, writer);

    if (rc == TIDE_OK && writer->request->mode == TIDE_MODE_APPEND) {
        rc = copy_parts(&parts->manifest.parts, &manifest->parts);
        if (rc == TIDE_OK) {
            rc = copy_positions(&parts->manifest, manifest);
        }
    }
    if (rc == TIDE_OK) {
        rc = copy_parts(&parts->pending, &manifest->parts);
    }
    if (rc == TIDE_OK) {
        rc = manifest_set_position(manifest, pipeline_of(writer), writer->request->name,
                                   position);
    }
    manifest->is_complete = final;
    return rc == TIDE_OK ? rc : tide_error_memory(err);
}

/* The new manifest is in place: parts that only the old one lists are no more needed. */
static void adopt(struct writer *writer, struct manifest *manifest)
{
    struct parts *parts = writer->parts;

    if (writer->request->mode == TIDE_MODE_REPLACE) {
        (void)parts_remove(writer, &parts->manifest.parts);
    }
    manifest_clear(&parts->manifest);
    manifest_parts_clear(&parts->pending);
    parts->manifest = *manifest;
    parts->is_fresh = false;
    memset(manifest, 0, sizeof *manifest);
}

int parts_commit(struct writer *writer, const char *position, bool final,
                 struct tide_error *err)
{
    struct manifest manifest = {0};
    int rc = TIDE_OK;

    if (!final && writer->request->mode == TIDE_MODE_REPLACE) {
        return TIDE_MORE;
    }
    rc = end_all_parts(writer, final, err);
    if (rc == TIDE_OK) {
        rc = make_manifest(writer, position, final, &manifest, err);
    }
    if (rc == TIDE_OK) {
        rc = manifest_write(writer, &manifest, err);
        writer->parts->is_uncertain = rc != TIDE_OK;
    }
    if (rc == TIDE_OK) {
        adopt(writer, &manifest);
    }
    manifest_clear(&manifest);
    return rc;
}

/* ---- closing ---- */

/* The manifest goes last: as long as there are parts, it says whose they are. */
static void leave_no_trace(const struct writer *writer)
{
    const struct parts *parts = writer->parts;

    if (!parts->is_uncertain && parts_remove(writer, &parts->pending) &&
        parts->is_fresh) {
        (void)part_try_remove(writer, MANIFEST_NAME);
    }
}

void parts_close(struct writer *writer)
{
    struct parts *parts = writer->parts;

    if (!parts) {
        return;
    }
    if (parts->lock) {
        leave_no_trace(writer);
        writer_storage(writer)->write_close(parts->lock);
    }
    manifest_clear(&parts->manifest);
    manifest_parts_clear(&parts->pending);
    free(parts->suffix);
    free(parts->pipeline);
    free(parts);
    writer->parts = NULL;
}
