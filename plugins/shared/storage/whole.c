/*
 * whole - see whole.h.
 */
#include "whole.h"

#define LARGEST ((size_t)1 << 30)

static int read_all(const struct tide_storage *storage, void *file, struct json_out *text,
                    struct tide_error *err)
{
    uint8_t piece[16384];
    size_t got = 1;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && got > 0) {
        got = 0;
        rc = storage->read(file, piece, sizeof piece, &got, err);
        if (rc == TIDE_OK) {
            json_out_bytes(text, piece, got);
        }
        if (rc == TIDE_OK && (text->failed || text->length > LARGEST)) {
            rc = tide_error_set(err, TIDE_E_LIMIT, "out of memory for %zu bytes",
                                text->length);
        }
    }
    return rc;
}

int storage_read_whole(const struct tide_component *storage, const struct tide_host *host,
                       const char *root, const char *name, struct json_out *text,
                       struct tide_error *err)
{
    const struct tide_storage *plugin = storage->plugin->storage;
    void *file = NULL;
    int rc = plugin->read_open(storage->options, host, root, name, &file, err);

    if (rc == TIDE_OK) {
        json_out_raw(text, "");
        rc = read_all(plugin, file, text, err);
        plugin->read_close(file);
    }
    return rc;
}
