/* Options: whatever a document says, it has problems with words, or it is bound and every
 * field holds what its row of the table allows. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../support/every_option.h"
#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "plugin/options.h"

struct world {
    char *folder;
    struct tide_catalog *catalog;
    struct tide_plugin_info *info;
};

static const struct world *world(void)
{
    static struct world world;

    if (!world.folder) {
        world.folder = tide_plugin_folder();
        world.catalog = tide_catalog_of_loaded(world.folder);
        world.info = tide_plugin_info_of(&every_entry, "/plugins/sources/every.so");
    }
    return &world;
}

static void see_problem(void *arg, const char *key, bool is_shape, const char *message)
{
    int *count = arg;

    (void)key;
    (void)is_shape;
    TIDE_INVARIANT(message[0] != '\0');
    ++*count;
}

static void check_bound(const struct every *every, struct json_object *options)
{
    TIDE_INVARIANT(every->count >= 1 && every->count <= 9);
    TIDE_INVARIANT(every->word >= 0 && every->word <= 2);
    TIDE_INVARIANT(every->path && every->path[0] == '/');
    TIDE_INVARIANT(every->wait == 0 ||
                   (every->wait >= 1000 && every->wait <= INT64_C(3600000000)));
    TIDE_INVARIANT(every->room >= 0);
    TIDE_INVARIANT((every->text != NULL) == (tide_json_text(options, "text") != NULL));
    for (size_t i = 0; i < every->names.count; i++) {
        TIDE_INVARIANT(every->names.items[i]);
    }
    for (size_t i = 0; i < every->mapping.count; i++) {
        TIDE_INVARIANT(every->mapping.pairs[i].key && every->mapping.pairs[i].value);
    }
    TIDE_INVARIANT(!every->format.plugin ||
                   every->format.plugin->kind == TIDE_KIND_FORMAT);
}

static void bind(struct json_object *options)
{
    struct tide_arena *arena = tide_arena_create();
    struct tide_error err = {0};
    const void *bound = NULL;
    int rc = tide_options_bind(world()->folder, &every_entry, options, "/base", arena,
                               &bound, &err);

    TIDE_INVARIANT(rc == TIDE_OK);
    check_bound(bound, options);
    tide_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_object *options = NULL;
    struct tide_error err = {0};
    int seen = 0;
    int count;

    if (tide_json_parse((const char *)data, size, &options, &err) != TIDE_OK) {
        return 0;
    }
    count =
        tide_options_check(world()->catalog, world()->info, options, see_problem, &seen);
    TIDE_INVARIANT(count == seen);
    if (count == 0) {
        bind(options);
    }
    (void)tide_options_find(world()->catalog, world()->info, options, "delimiter");
    json_object_put(options);
    return 0;
}
