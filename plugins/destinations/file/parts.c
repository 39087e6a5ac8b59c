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
#include <inttypes.h>

#include "manifest.h"

#define PREFIX "part-"

struct parts {
    struct manifest manifest;      /* as it was committed last */
    struct manifest_parts pending; /* published and not yet listed */
    char *suffix;                  /* of their names; owned */
    int64_t next;                  /* number of the next part */
    void *lock;
    bool is_open;      /* the writer's output is a part */
    bool is_fresh;     /* this run made the first manifest, and nothing is listed yet */
    bool is_uncertain; /* a manifest could not be written: it may be there or not */
};

/* ---- names ---- */

/* The number in "part-00001.csv"; 0: it is no part. */
static int64_t number_of(const char *name)
{
    size_t length = strlen(PREFIX);
    char *end;
    intmax_t number;

    if (strncmp(name, PREFIX, length) != 0 || name[length] < '0' || name[length] > '9') {
        return 0;
    }
    number = strtoimax(name + length, &end, 10);
    return *end == '.' && number < INT64_MAX ? number : 0;
}

static char *part_name(const struct parts *parts, int64_t number)
{
    size_t size = strlen(parts->suffix) + 40;
    char *name = malloc(size);

    if (name) {
        (void)snprintf(name, size, PREFIX "%05" PRId64 "%s", number, parts->suffix);
    }
    return name;
}

static int64_t highest(const struct manifest_parts *parts)
{
    int64_t number = 0;

    for (size_t i = 0; i < parts->count; i++) {
        int64_t other = number_of(parts->items[i].name);

        number = other > number ? other : number;
    }
    return number;
}

static bool has_part(const struct manifest_parts *parts, const char *name)
{
    for (size_t i = 0; i < parts->count; i++) {
        if (strcmp(parts->items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- removing ---- */

static int remove_file(const struct writer *writer, const char *name,
                       struct tide_error *err)
{
    char *path = manifest_join(writer, name);
    int rc = path ? writer_storage(writer)->remove(writer->options->storage.options,
                                                   writer->host, writer->options->path,
                                                   path, err)
                  : tide_error_memory(err);

    free(path);
    return rc;
}

static bool try_remove(const struct writer *writer, const char *name)
{
    struct tide_error problem = {0};
    int rc = remove_file(writer, name, &problem);

    if (rc != TIDE_OK) {
        writer->host->log(writer->host, TIDE_LOG_WARNING, problem.message);
    }
    return rc == TIDE_OK;
}

/* Whether all are gone: the next run removes the others, if there is a manifest. */
static bool remove_parts(const struct writer *writer, const struct manifest_parts *parts)
{
    bool all = true;

    for (size_t i = 0; i < parts->count; i++) {
        all &= try_remove(writer, parts->items[i].name);
    }
    return all;
}

struct search {
    const struct writer *writer;
    struct manifest_parts strays;
};

static int note_stray(void *arg, const char *name, int64_t size)
{
    struct search *search = arg;
    struct manifest_part part = {.bytes = size};

    name += strlen(search->writer->name) + 1;
    if (number_of(name) == 0 || has_part(&search->writer->parts->manifest.parts, name)) {
        return TIDE_OK;
    }
    part.name = strdup(name);
    if (part.name && manifest_parts_add(&search->strays, &part) != TIDE_OK) {
        free(part.name);
        part.name = NULL;
    }
    if (!part.name) {
        return TIDE_E_LIMIT;
    }
    free(part.name);
    return TIDE_OK;
}

/* The folder's name with what a pattern would take for wildcards escaped. */
static char *make_pattern(const struct writer *writer)
{
    static const char tail[] = "/" PREFIX "*";
    char *pattern = malloc(2 * strlen(writer->name) + sizeof tail);
    char *to = pattern;

    for (const char *at = writer->name; pattern && *at; at++) {
        if (strchr("*?[\\", *at)) {
            *to++ = '\\';
        }
        *to++ = *at;
    }
    if (pattern) {
        memcpy(to, tail, sizeof tail);
    }
    return pattern;
}

static int list_strays(struct search *search, struct tide_error *err)
{
    const struct writer *writer = search->writer;
    char *pattern = make_pattern(writer);
    int rc = pattern ? writer_storage(writer)->list(writer->options->storage.options,
                                                    writer->host, writer->options->path,
                                                    pattern, note_stray, search, err)
                     : tide_error_memory(err);

    free(pattern);
    if (rc == TIDE_E_LIMIT) {
        return tide_error_memory(err);
    }
    return rc == TIDE_E_NOT_FOUND ? TIDE_OK : rc;
}

/* Parts in a folder without a manifest are not ours to remove. */
static int clear_strays(struct writer *writer, bool has_manifest, struct tide_error *err)
{
    struct search search = {.writer = writer};
    int rc = list_strays(&search, err);

    if (rc == TIDE_OK && search.strays.count > 0 && !has_manifest) {
        rc = tide_error_set(err, TIDE_E_CONFLICT,
                            "%s/%s has a file %s and no %s: it was filled by something "
                            "else; choose another folder",
                            writer->options->path, writer->name,
                            search.strays.items[0].name, MANIFEST_NAME);
    } else if (rc == TIDE_OK) {
        (void)remove_parts(writer, &search.strays);
    }
    manifest_parts_clear(&search.strays);
    return rc;
}

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
    int rc = name ? remove_file(writer, name, err) : tide_error_memory(err);

    free(name);
    return rc;
}

static int read_manifest(struct writer *writer, struct tide_error *err)
{
    struct parts *parts = writer->parts;
    bool found = false;
    int rc = manifest_read(writer, &parts->manifest, &found, err);

    if (rc == TIDE_OK) {
        rc = clear_strays(writer, found, err);
    }
    if (rc == TIDE_OK && !found) {
        rc = write_first_manifest(writer, err);
    }
    if (rc == TIDE_OK && writer->request->mode == TIDE_MODE_APPEND) {
        rc = check_present_parts(writer, err);
    }
    return rc;
}

int parts_open(struct writer *writer, const char *suffix, char **position,
               struct tide_error *err)
{
    struct parts *parts = calloc(1, sizeof *parts);
    const char *kept;
    int rc;

    writer->parts = parts;
    if (!parts || !(parts->suffix = strdup(suffix))) {
        return tide_error_memory(err);
    }
    rc = take_lock(writer, err);
    if (rc == TIDE_OK) {
        rc = read_manifest(writer, err);
    }
    parts->next = highest(&parts->manifest.parts) + 1;
    if (rc == TIDE_OK) {
        rc = clear_next_part(writer, err);
    }
    kept = manifest_position(&parts->manifest, writer->request->pipeline);
    *position = rc == TIDE_OK && kept ? strdup(kept) : NULL;
    return rc == TIDE_OK && kept && !*position ? tide_error_memory(err) : rc;
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
                                   from->positions[i].text);
    }
    return rc;
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
        rc = manifest_set_position(manifest, writer->request->pipeline, position);
    }
    manifest->is_complete = final;
    return rc == TIDE_OK ? rc : tide_error_memory(err);
}

/* The new manifest is in place: parts that only the old one lists are no more needed. */
static void adopt(struct writer *writer, struct manifest *manifest)
{
    struct parts *parts = writer->parts;

    if (writer->request->mode == TIDE_MODE_REPLACE) {
        (void)remove_parts(writer, &parts->manifest.parts);
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

    if (!parts->is_uncertain && remove_parts(writer, &parts->pending) &&
        parts->is_fresh) {
        (void)try_remove(writer, MANIFEST_NAME);
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
    free(parts);
    writer->parts = NULL;
}
