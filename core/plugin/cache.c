/*
 * cache - descriptions of plugins, kept in a file between starts.
 */
#include "plugin/cache.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "config.h"

#define SIZE_LIMIT (16u << 20)

struct tide_plugin_cache {
    char *file;                 /* NULL: nothing is kept */
    struct json_object *before; /* path -> {"stamp": …, "info": {…}} as read */
    struct json_object *now;    /* the same of the plugins that are there */
    bool changed;
};

/* What a description is good for, as a text; malloc'ed. */
static char *stamp_of(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        return tide_strdup("");
    }
    return tide_strf("%s %d %" PRId64 " %" PRId64 ".%09ld %" PRIu64, PACKAGE_VERSION,
                     TIDE_ABI, (int64_t)status.st_size, (int64_t)status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec, (uint64_t)status.st_ino);
}

struct tide_plugin_cache *tide_plugin_cache_open(const char *file)
{
    struct tide_plugin_cache *cache = tide_alloc(sizeof *cache);
    struct tide_error err;
    char *text = NULL;
    size_t length;

    cache->now = json_object_new_object();
    cache->file = file ? tide_strdup(file) : NULL;
    if (file && tide_file_read(file, SIZE_LIMIT, &text, &length, &err) == TIDE_OK) {
        (void)tide_json_parse(text, length, &cache->before, &err);
    }
    free(text);
    return cache;
}

struct tide_plugin_info *tide_plugin_cache_take(struct tide_plugin_cache *cache,
                                                const char *path, char **stamp)
{
    struct json_object *kept = tide_json_member(cache->before, path);
    const char *then = tide_json_text(kept, "stamp");
    struct tide_plugin_info *info = NULL;
    struct tide_error err;

    *stamp = stamp_of(path);
    if (!then || strcmp(then, *stamp) != 0 ||
        tide_plugin_info_from_json(tide_json_member(kept, "info"), &info, &err) !=
            TIDE_OK) {
        cache->changed = true;
        info = NULL;
    }
    return info;
}

void tide_plugin_cache_put(struct tide_plugin_cache *cache, const char *path,
                           const char *stamp, const struct tide_plugin_info *info)
{
    struct json_object *kept = json_object_new_object();

    tide_json_set_text(kept, "stamp", stamp);
    tide_json_set(kept, "info", tide_plugin_info_to_json(info));
    tide_json_set(cache->now, path, kept);
}

void tide_plugin_cache_close(struct tide_plugin_cache *cache)
{
    struct tide_error err;

    if (cache->file && cache->changed) {
        char *text = tide_json_format(cache->now);

        (void)tide_file_write(cache->file, text, strlen(text), 0600, &err);
        free(text);
    }
    json_object_put(cache->before);
    json_object_put(cache->now);
    free(cache->file);
    free(cache);
}
