/* Options: whatever a document says, it has problems with words, or it is bound and every
 * field holds what its row of the table allows. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "plugin/options.h"

struct every {
    bool flag;
    int64_t count;
    double share;
    const char *text;
    int64_t word;
    struct tide_list names;
    struct tide_map mapping;
    const char *path;
    int64_t wait;
    int64_t room;
    char mark;
    struct tide_component format;
    const char *password;
    int64_t any;
};

static const char *const words[] = {"none", "gzip", "zstd", NULL};

#define OPTION(name_, type_)                                                             \
    .name = #name_, .type = (type_), .help = "Help.",                                    \
    .offset = offsetof(struct every, name_)

static const struct tide_option table[] = {
    {OPTION(flag, TIDE_OPTION_BOOL), .default_value = "true"},
    {OPTION(count, TIDE_OPTION_INT), .minimum = 1, .maximum = 9, .default_value = "3"},
    {OPTION(share, TIDE_OPTION_FLOAT), .default_value = "0.5"},
    {OPTION(text, TIDE_OPTION_STRING)},
    {OPTION(word, TIDE_OPTION_ENUM), .choices = words, .default_value = "gzip"},
    {OPTION(names, TIDE_OPTION_LIST), .default_value = "[\"a\", \"b\"]"},
    {OPTION(mapping, TIDE_OPTION_MAP)},
    {OPTION(path, TIDE_OPTION_PATH), .required = true},
    {OPTION(wait, TIDE_OPTION_DURATION), .minimum = 1000, .maximum = INT64_C(3600000000)},
    {OPTION(room, TIDE_OPTION_SIZE), .default_value = "4MiB"},
    {OPTION(mark, TIDE_OPTION_CHAR), .default_value = ","},
    {OPTION(format, TIDE_OPTION_COMPONENT), .component_kind = TIDE_KIND_FORMAT},
    {OPTION(password, TIDE_OPTION_STRING), .secret = true},
    {OPTION(any, TIDE_OPTION_INT)},
    {0},
};

/* The table of a source is not looked at here. */
static const struct tide_source no_source;

static const struct tide_plugin_entry entry = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "every", "1.0", "Has every option."),
    .options = table, .options_size = sizeof(struct every), .source = &no_source};

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
        world.info = tide_plugin_info_of(&entry, "/plugins/sources/every.so");
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
    int rc =
        tide_options_bind(world()->folder, &entry, options, "/base", arena, &bound, &err);

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
