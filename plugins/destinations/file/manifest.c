/*
 * manifest - its parts and positions in memory; manifest_text.c has it as a file.
 */
#include "manifest.h"

#include "../../shared/position/kept.h"

int manifest_parts_add(struct manifest_parts *parts, const struct manifest_part *part)
{
    struct manifest_part copy = *part;
    struct manifest_part *items =
        realloc(parts->items, (parts->count + 1) * sizeof *items);

    if (items) {
        parts->items = items;
    }
    copy.name = strdup(part->name);
    if (!items || !copy.name) {
        free(copy.name);
        return TIDE_E_LIMIT;
    }
    parts->items[parts->count++] = copy;
    return TIDE_OK;
}

void manifest_parts_clear(struct manifest_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        free(parts->items[i].name);
    }
    free(parts->items);
    memset(parts, 0, sizeof *parts);
}

static size_t find_position(const struct manifest *manifest, const char *pipeline)
{
    size_t i = 0;

    while (i < manifest->position_count &&
           strcmp(manifest->positions[i].pipeline, pipeline) != 0) {
        i++;
    }
    return i;
}

static void position_clear(struct manifest_position *position)
{
    free(position->pipeline);
    free(position->text);
    free(position->name);
}

static int add_position(struct manifest *manifest, const char *pipeline, const char *name,
                        const char *text)
{
    struct manifest_position position = {strdup(pipeline), strdup(text),
                                         name ? strdup(name) : NULL};
    struct manifest_position *positions =
        realloc(manifest->positions, (manifest->position_count + 1) * sizeof *positions);

    if (positions) {
        manifest->positions = positions;
    }
    if (!positions || !position.pipeline || !position.text || (name && !position.name)) {
        position_clear(&position);
        return TIDE_E_LIMIT;
    }
    manifest->positions[manifest->position_count++] = position;
    return TIDE_OK;
}

int manifest_set_position(struct manifest *manifest, const char *pipeline,
                          const char *name, const char *text)
{
    size_t place = find_position(manifest, pipeline);

    if (place < manifest->position_count) {
        position_clear(&manifest->positions[place]);
        manifest->positions[place] = manifest->positions[--manifest->position_count];
    }
    return text ? add_position(manifest, pipeline, name, text) : TIDE_OK;
}

/* Let it stand under the request's own key. */
static int take_over(struct manifest_position *position, const char *pipeline,
                     struct tide_error *err)
{
    char *copy = strdup(pipeline);

    if (!copy) {
        return tide_error_memory(err);
    }
    free(position->pipeline);
    position->pipeline = copy;
    return TIDE_OK;
}

int manifest_find_position(struct manifest *manifest, const struct writer *writer,
                           const struct manifest_position **position,
                           struct tide_error *err)
{
    const struct tide_destination_request *request = writer->request;
    struct kept kept = {
        .pipeline = request->pipeline,
        .name = request->mode == TIDE_MODE_REPLACE ? NULL : request->name,
    };
    struct manifest_position *found = NULL;
    int rc;

    for (size_t i = 0; i < manifest->position_count; i++) {
        struct manifest_position *each = &manifest->positions[i];

        if (kept_offer(&kept, each->pipeline, each->name)) {
            found = each;
        }
    }
    rc = kept_check(&kept, err);
    if (rc == TIDE_OK && found) {
        kept_tell(&kept, writer->host, found->pipeline);
    }
    if (rc == TIDE_OK && found && kept.by == KEPT_UNDER_NAME) {
        rc = take_over(found, request->pipeline, err);
    }
    *position = rc == TIDE_OK ? found : NULL;
    return rc;
}

int manifest_describe(struct manifest *manifest, const struct writer *writer)
{
    struct json_out columns = {0};

    json_out_raw(&columns, "[");
    for (size_t i = 0; i < writer->schema.column_count; i++) {
        json_out_raw(&columns, i > 0 ? ", {\"name\": " : "{\"name\": ");
        json_out_string(&columns, writer->schema.columns[i].name);
        json_out_raw(&columns, ", \"type\": ");
        json_out_string(&columns, tide_type_name(writer->schema.columns[i].type));
        json_out_raw(&columns, "}");
    }
    json_out_raw(&columns, "]");
    free(manifest->columns);
    free(manifest->format);
    manifest->columns = columns.text;
    manifest->format = strdup(writer->options->format.plugin->name);
    return manifest->format && !columns.failed ? TIDE_OK : TIDE_E_LIMIT;
}

void manifest_clear(struct manifest *manifest)
{
    manifest_parts_clear(&manifest->parts);
    for (size_t i = 0; i < manifest->position_count; i++) {
        position_clear(&manifest->positions[i]);
    }
    free(manifest->positions);
    free(manifest->format);
    free(manifest->columns);
    memset(manifest, 0, sizeof *manifest);
}
