/* Descriptions of plugins, as a helper process or a cache tells them: refused with a
 * message, or whole, and then written and read again as the same. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "plugin/cache.h"
#include "plugin/options.h"

static void see_problem(void *arg, const char *key, bool is_shape, const char *message)
{
    (void)arg;
    (void)key;
    (void)is_shape;
    TIDE_INVARIANT(message[0] != '\0');
}

static const struct tide_catalog *plugins(void)
{
    static struct tide_catalog *catalog;

    if (!catalog) {
        char *folder = tide_plugin_folder();

        catalog = tide_catalog_of_loaded(folder);
        free(folder);
    }
    return catalog;
}

/* What the daemon does with one. */
static void use(const struct tide_plugin_info *info)
{
    struct json_object *none = json_object_new_object();
    struct json_object *schema = tide_options_json_schema(info);

    TIDE_INVARIANT(schema);
    (void)tide_options_check(plugins(), info, none, see_problem, NULL);
    json_object_put(schema);
    json_object_put(none);
}

static void write_and_read(const struct tide_plugin_info *info)
{
    struct json_object *first = tide_plugin_info_to_json(info);
    struct json_object *second = NULL;
    struct tide_plugin_info *again = NULL;
    struct tide_error err = {0};

    TIDE_INVARIANT(tide_plugin_info_from_json(first, &again, &err) == TIDE_OK);
    second = tide_plugin_info_to_json(again);
    TIDE_INVARIANT(json_object_equal(first, second));
    tide_plugin_info_destroy(again);
    json_object_put(second);
    json_object_put(first);
}

static void read_info(const char *text, size_t length)
{
    struct json_object *json = NULL;
    struct tide_plugin_info *info = NULL;
    struct tide_error err = {0};

    if (tide_json_parse(text, length, &json, &err) != TIDE_OK) {
        return;
    }
    if (tide_plugin_info_from_json(json, &info, &err) == TIDE_OK) {
        if (!info->refused) {
            use(info);
        }
        write_and_read(info);
    } else {
        TIDE_INVARIANT(err.message[0] != '\0');
    }
    tide_plugin_info_destroy(info);
    json_object_put(json);
}

/* The same bytes as a file of descriptions. */
static void read_cache(const char *text, size_t length)
{
    int file = memfd_create("cache", MFD_CLOEXEC);
    struct tide_plugin_cache *cache = NULL;
    char path[64], *stamp = NULL;

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    TIDE_REQUIRE(file >= 0 && write(file, text, length) == (ssize_t)length);
    cache = tide_plugin_cache_open(path);
    tide_plugin_info_destroy(tide_plugin_cache_take(cache, "/no/such/plugin.so", &stamp));
    free(stamp);
    tide_plugin_cache_close(cache);
    (void)close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_info((const char *)data, size);
    read_cache((const char *)data, size);
    return 0;
}
