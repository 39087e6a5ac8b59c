/*
 * manifest_text - the manifest as a file.
 *
 *     {
 *       "version": 1,
 *       "complete": true,
 *       "pipeline": "shop/orders", "run": "77",
 *       "format": "csv",
 *       "columns": [{"name": "id", "type": "int64"}],
 *       "rows": 2, "bytes": 7,
 *       "parts": [
 *         {"name": "part-00001.csv", "rows": 2, "bytes": 7, "xxh64": "80..."}
 *       ],
 *       "positions": []
 *     }
 */
#include <inttypes.h>

#include "../../shared/storage/whole.h"
#include "manifest.h"

#define VERSION 1

char *manifest_join(const struct writer *writer, const char *name)
{
    size_t size = strlen(writer->name) + strlen(name) + 2;
    char *path = malloc(size);

    if (path) {
        (void)snprintf(path, size, "%s/%s", writer->name, name);
    }
    return path;
}

/* ---- writing ---- */

static void put_member(struct json_out *out, const char *key, int64_t value)
{
    json_out_raw(out, key);
    json_out_int(out, value);
}

static void put_parts(struct json_out *out, const struct manifest_parts *parts)
{
    char hash[24];

    json_out_raw(out, "  \"parts\": [");
    for (size_t i = 0; i < parts->count; i++) {
        const struct manifest_part *part = &parts->items[i];

        (void)snprintf(hash, sizeof hash, "%016" PRIx64, part->hash);
        json_out_raw(out, i > 0 ? ",\n    {\"name\": " : "\n    {\"name\": ");
        json_out_string(out, part->name);
        put_member(out, ", \"rows\": ", part->rows);
        put_member(out, ", \"bytes\": ", part->bytes);
        json_out_raw(out, ", \"xxh64\": ");
        json_out_string(out, hash);
        json_out_raw(out, "}");
    }
    json_out_raw(out, parts->count > 0 ? "\n  ],\n" : "],\n");
}

static void put_sums(struct json_out *out, const struct manifest_parts *parts)
{
    int64_t rows = 0, bytes = 0;

    for (size_t i = 0; i < parts->count; i++) {
        rows += parts->items[i].rows;
        bytes += parts->items[i].bytes;
    }
    put_member(out, ",\n  \"rows\": ", rows);
    put_member(out, ", \"bytes\": ", bytes);
    json_out_raw(out, ",\n");
}

static void put_positions(struct json_out *out, const struct manifest *manifest)
{
    json_out_raw(out, "  \"positions\": [");
    for (size_t i = 0; i < manifest->position_count; i++) {
        json_out_raw(out, i > 0 ? ", {\"pipeline\": " : "{\"pipeline\": ");
        json_out_string(out, manifest->positions[i].pipeline);
        json_out_raw(out, ", \"position\": ");
        json_out_string(out, manifest->positions[i].text);
        if (manifest->positions[i].name) {
            json_out_raw(out, ", \"name\": ");
            json_out_string(out, manifest->positions[i].name);
        }
        json_out_raw(out, "}");
    }
    json_out_raw(out, "]\n}\n");
}

static void put_manifest(struct json_out *out, const struct writer *writer,
                         const struct manifest *manifest)
{
    put_member(out, "{\n  \"version\": ", VERSION);
    json_out_raw(out, ",\n  \"complete\": ");
    json_out_raw(out, manifest->is_complete ? "true" : "false");
    json_out_raw(out, ",\n  \"pipeline\": ");
    json_out_string(out, writer->request->pipeline);
    json_out_raw(out, ", \"run\": ");
    json_out_string(out, writer->request->run);
    json_out_raw(out, ",\n  \"format\": ");
    json_out_string(out, manifest->format);
    json_out_raw(out, ",\n  \"columns\": ");
    json_out_raw(out, manifest->columns);
    put_sums(out, &manifest->parts);
    put_parts(out, &manifest->parts);
    put_positions(out, manifest);
}

static int write_file(const struct writer *writer, const char *name,
                      const struct json_out *text, struct tide_error *err)
{
    const struct tide_storage *storage = writer_storage(writer);
    void *file = NULL;
    int64_t existing;
    int rc = storage->write_open(writer->options->storage.options, writer->host,
                                 writer->options->path, name, writer->request->run, false,
                                 &file, &existing, err);

    if (rc == TIDE_OK) {
        rc = storage->write(file, (const uint8_t *)text->text, text->length, err);
    }
    if (rc == TIDE_OK) {
        rc = storage->publish(file, err);
    }
    if (file) {
        storage->write_close(file);
    }
    return rc;
}

int manifest_write(const struct writer *writer, const struct manifest *manifest,
                   struct tide_error *err)
{
    struct json_out text = {0};
    char *name = manifest_join(writer, MANIFEST_NAME);
    int rc = TIDE_OK;

    put_manifest(&text, writer, manifest);
    if (!name || text.failed) {
        rc = tide_error_memory(err);
    } else {
        rc = write_file(writer, name, &text, err);
    }
    json_out_fini(&text);
    free(name);
    return rc;
}

/* ---- reading ---- */

static bool take_part(const struct json_value *value, struct manifest_parts *parts)
{
    struct manifest_part part = {.name = json_member_string(value, "name")};
    char *hash = json_member_string(value, "xxh64");
    char *end = hash;
    bool taken = false;

    if (hash) {
        part.hash = strtoumax(hash, &end, 16);
    }
    if (part.name && end != hash && json_member_int(value, "rows", &part.rows) &&
        json_member_int(value, "bytes", &part.bytes)) {
        taken = manifest_parts_add(parts, &part) == TIDE_OK;
    }
    free(part.name);
    free(hash);
    return taken;
}

static bool take_parts(const struct json_value *root, struct manifest *manifest)
{
    struct json_value list, element;
    struct json_text place = {0};

    if (!json_member_array(root, "parts", &list)) {
        return false;
    }
    while (json_element(&list, &place, &element)) {
        if (!take_part(&element, &manifest->parts)) {
            return false;
        }
    }
    return !place.fault;
}

static bool take_positions(const struct json_value *root, struct manifest *manifest)
{
    struct json_value list, element;
    struct json_text place = {0};
    bool taken = json_member_array(root, "positions", &list);

    while (taken && json_element(&list, &place, &element)) {
        char *pipeline = json_member_string(&element, "pipeline");
        char *text = json_member_string(&element, "position");
        char *name = json_member_string(&element, "name");

        taken = pipeline && text &&
                manifest_set_position(manifest, pipeline, name, text) == TIDE_OK;
        free(name);
        free(pipeline);
        free(text);
    }
    return taken && !place.fault;
}

static bool take_columns(const struct json_value *root, struct manifest *manifest)
{
    struct json_value columns;

    manifest->format = json_member_string(root, "format");
    if (!manifest->format || !json_member(root, "columns", &columns)) {
        return false;
    }
    manifest->columns = strndup((const char *)columns.text, columns.length);
    return manifest->columns != NULL;
}

static const char *take_manifest(const struct json_value *root, struct manifest *manifest)
{
    int64_t version;

    if (!json_member_int(root, "version", &version)) {
        return "it has no version";
    }
    if (version != VERSION) {
        return "it was written by another version";
    }
    return take_parts(root, manifest) && take_positions(root, manifest) &&
                   take_columns(root, manifest)
               ? NULL
               : "something is missing in it";
}

static int parse(const struct writer *writer, const struct json_out *text,
                 struct manifest *manifest, struct tide_error *err)
{
    struct json_document document;
    const char *fault = json_document_open(&document, text->text, text->length);

    if (!fault) {
        fault = take_manifest(&document.root, manifest);
    }
    json_document_close(&document);
    return fault
               ? tide_error_set(err, TIDE_E_CONFLICT,
                                "%s/%s/%s cannot be read: %s; put it back, or choose "
                                "another folder",
                                writer->options->path, writer->name, MANIFEST_NAME, fault)
               : TIDE_OK;
}

int manifest_read(const struct writer *writer, struct manifest *manifest, bool *found,
                  struct tide_error *err)
{
    struct json_out text = {0};
    char *name = manifest_join(writer, MANIFEST_NAME);
    int rc = name ? storage_read_whole(&writer->options->storage, writer->host,
                                       writer->options->path, name, &text, err)
                  : tide_error_memory(err);

    *found = rc == TIDE_OK;
    if (rc == TIDE_OK) {
        rc = parse(writer, &text, manifest, err);
    } else if (rc == TIDE_E_NOT_FOUND) {
        rc = TIDE_OK;
    }
    json_out_fini(&text);
    free(name);
    return rc;
}
