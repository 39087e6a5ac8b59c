/*
 * entry - what a plugin exports, held against the rules before anything of it is called.
 */
#include "plugin/entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "plugin/info.h"
#include "plugin/option_table.h"

/* Bytes up to and including a member that is a pointer, as all last members are. */
#define UP_TO(type, member) (offsetof(type, member) + sizeof(void *))

/* A function pointer, seen as one of many. */
typedef void (*any_fn)(void);

struct mandatory {
    const char *name;
    size_t offset;
};

/* How the table of a kind is checked and copied. */
struct kind_rules {
    size_t place;      /* of the pointer to it in the entry */
    size_t size;       /* of our version of it */
    size_t first_size; /* of the version with which this ABI began */
    const struct mandatory *mandatory;
};

#define FUNCTION(type, member)                                                           \
    {                                                                                    \
#member, offsetof(struct type, member)                                           \
    }

static const struct mandatory source_functions[] = {FUNCTION(tide_source, open),
                                                    FUNCTION(tide_source, read),
                                                    FUNCTION(tide_source, close),
                                                    {NULL, 0}};
static const struct mandatory transform_functions[] = {FUNCTION(tide_transform, bind),
                                                       FUNCTION(tide_transform, apply),
                                                       FUNCTION(tide_transform, close),
                                                       {NULL, 0}};
static const struct mandatory destination_functions[] = {
    FUNCTION(tide_destination, open),
    FUNCTION(tide_destination, write),
    FUNCTION(tide_destination, commit),
    FUNCTION(tide_destination, close),
    {NULL, 0}};
static const struct mandatory format_functions[] = {FUNCTION(tide_format, decoder_open),
                                                    FUNCTION(tide_format, decoder_schema),
                                                    FUNCTION(tide_format, decode),
                                                    FUNCTION(tide_format, decoder_close),
                                                    FUNCTION(tide_format, encoder_open),
                                                    FUNCTION(tide_format, encode),
                                                    FUNCTION(tide_format, encoder_begin),
                                                    FUNCTION(tide_format, encoder_close),
                                                    {NULL, 0}};
static const struct mandatory storage_functions[] = {FUNCTION(tide_storage, list),
                                                     FUNCTION(tide_storage, read_open),
                                                     FUNCTION(tide_storage, read),
                                                     FUNCTION(tide_storage, read_close),
                                                     FUNCTION(tide_storage, write_open),
                                                     FUNCTION(tide_storage, write),
                                                     FUNCTION(tide_storage, publish),
                                                     FUNCTION(tide_storage, write_close),
                                                     {NULL, 0}};

#define RULES(kind_, last_)                                                              \
    {                                                                                    \
        offsetof(struct tide_plugin_entry, kind_), sizeof(struct tide_##kind_),          \
            UP_TO(struct tide_##kind_, last_), kind_##_functions                         \
    }

/* Indexed by kind; the last members are those of ABI 1 as it was first published. */
static const struct kind_rules all_rules[] = {
    [TIDE_KIND_SOURCE] = RULES(source, close),
    [TIDE_KIND_TRANSFORM] = RULES(transform, close),
    [TIDE_KIND_DESTINATION] = RULES(destination, close),
    [TIDE_KIND_FORMAT] = RULES(format, encoder_close),
    [TIDE_KIND_STORAGE] = RULES(storage, write_close)};

#define ENTRY_FIRST_SIZE UP_TO(struct tide_plugin_entry, storage)

bool tide_name_is_valid(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return name[0] >= 'a' && name[0] <= 'z' && name[length] == '\0' && length <= 63;
}

/* The first `size` bytes of theirs in a zeroed struct of ours. */
static void *copy_whole(const void *theirs, size_t size, size_t our_size)
{
    void *ours = tide_alloc(our_size);

    memcpy(ours, theirs, size < our_size ? size : our_size);
    return ours;
}

static int check_head(const struct tide_plugin_entry *entry, struct tide_error *err)
{
    if (entry->abi != TIDE_ABI) {
        return tide_error_set(
            err, TIDE_E_CONFIG,
            "was built for plugin interface %u and this program has %d: "
            "build it again with this version's headers",
            entry->abi, TIDE_ABI);
    }
    if (entry->size < ENTRY_FIRST_SIZE) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "its entry says it has %u bytes, fewer than the %zu that "
                              "every plugin has: set .size with TIDE_PLUGIN_HEAD",
                              entry->size, ENTRY_FIRST_SIZE);
    }
    return TIDE_OK;
}

static int check_text(const char *what, const char *text, struct tide_error *err)
{
    if (!text || !*text) {
        return tide_error_set(err, TIDE_E_CONFIG, "its %s is missing", what);
    }
    if (!tide_text_is_utf8(text, strlen(text))) {
        return tide_error_set(err, TIDE_E_CONFIG, "its %s is not UTF-8", what);
    }
    return TIDE_OK;
}

static int check_identity(const struct tide_plugin_entry *entry, struct tide_error *err)
{
    int rc;

    if (entry->kind < TIDE_KIND_SOURCE || entry->kind > TIDE_KIND_STORAGE) {
        return tide_error_set(err, TIDE_E_CONFIG, "its kind %u is none that is known",
                              entry->kind);
    }
    rc = check_text("name", entry->name, err);
    if (rc == TIDE_OK && !tide_name_is_valid(entry->name)) {
        rc = tide_error_set(err, TIDE_E_CONFIG,
                            "its name \"%.80s\" is not a lower-case letter followed by "
                            "lower-case letters, digits and _",
                            entry->name);
    }
    if (rc == TIDE_OK) {
        rc = check_text("version", entry->version, err);
    }
    return rc == TIDE_OK ? check_text("summary", entry->summary, err) : rc;
}

static int check_functions(const struct mandatory *mandatory, const char *kind,
                           const void *table, struct tide_error *err)
{
    for (; mandatory->name; mandatory++) {
        any_fn function;

        memcpy(&function, (const char *)table + mandatory->offset, sizeof function);
        if (!function) {
            return tide_error_set(err, TIDE_E_CONFIG, "its %s table lacks %s()", kind,
                                  mandatory->name);
        }
    }
    return TIDE_OK;
}

/* Copy the table of the entry's kind and point the entry to the copy. */
static int adopt_table(struct tide_plugin_entry *entry, struct tide_error *err)
{
    const struct kind_rules *rules = &all_rules[entry->kind];
    const char *kind = tide_plugin_kind_name(entry->kind);
    const void *theirs;
    void *ours;
    uint32_t size;
    int rc;

    memcpy(&theirs, (const char *)entry + rules->place, sizeof theirs);
    if (!theirs) {
        return tide_error_set(err, TIDE_E_CONFIG, "is a %s but its .%s is not set", kind,
                              kind);
    }
    memcpy(&size, theirs, sizeof size);
    if (size < rules->first_size) {
        return tide_error_set(
            err, TIDE_E_CONFIG,
            "the %s table says it has %u bytes, fewer than the %zu that "
            "every %s has: set its .size",
            kind, size, rules->first_size, kind);
    }
    ours = copy_whole(theirs, size, rules->size);
    rc = check_functions(rules->mandatory, kind, ours, err);
    if (rc != TIDE_OK) {
        free(ours);
        return rc;
    }
    memcpy((char *)entry + rules->place, &ours, sizeof ours);
    return TIDE_OK;
}

/* What only some kinds promise. */
static int check_promises(const struct tide_plugin_entry *entry, struct tide_error *err)
{
    const uint32_t modes =
        TIDE_DESTINATION_APPEND | TIDE_DESTINATION_REPLACE | TIDE_DESTINATION_MERGE;
    const uint32_t positioned = TIDE_SOURCE_INCREMENTAL | TIDE_SOURCE_RESUMABLE;

    if (entry->kind == TIDE_KIND_DESTINATION &&
        (entry->destination->flags & modes) == 0) {
        return tide_error_set(
            err, TIDE_E_CONFIG,
            "is a destination with no mode: set TIDE_DESTINATION_APPEND, "
            "_REPLACE or _MERGE in its flags");
    }
    if (entry->kind == TIDE_KIND_DESTINATION && !entry->destination->resume &&
        entry->destination->flags & TIDE_DESTINATION_STAGES) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "is a destination that stages and lacks resume()");
    }
    if (entry->kind == TIDE_KIND_SOURCE && !entry->source->position &&
        (entry->source->flags & positioned) != 0) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "is an incremental or resumable source whose table lacks "
                              "position()");
    }
    if (entry->kind == TIDE_KIND_FORMAT) {
        return check_text("extension", entry->format->extension, err);
    }
    return TIDE_OK;
}

/* A component has no components, so that no two plugins can name each other. */
static int check_components(const struct tide_plugin_entry *entry, struct tide_error *err)
{
    const struct tide_option *option = entry->options;

    if (entry->kind != TIDE_KIND_FORMAT && entry->kind != TIDE_KIND_STORAGE) {
        return TIDE_OK;
    }
    for (; option && option->name; option++) {
        if (option->type == TIDE_OPTION_COMPONENT) {
            return tide_error_set(
                err, TIDE_E_CONFIG,
                "its option \"%.64s\" is a component, which a %s cannot "
                "have",
                option->name, tide_plugin_kind_name(entry->kind));
        }
    }
    return TIDE_OK;
}

/* Tables of other kinds than its own are not looked at. */
static void clear_other_tables(struct tide_plugin_entry *entry)
{
    const void *none = NULL;

    for (uint32_t kind = TIDE_KIND_SOURCE; kind <= TIDE_KIND_STORAGE; kind++) {
        if (kind != entry->kind) {
            memcpy((char *)entry + all_rules[kind].place, &none, sizeof none);
        }
    }
}

int tide_entry_adopt(const void *exported, struct tide_plugin_entry **out,
                     struct tide_error *err)
{
    struct tide_plugin_entry *entry;
    int rc = check_head(exported, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    entry = copy_whole(exported, ((const struct tide_plugin_entry *)exported)->size,
                       sizeof *entry);
    rc = check_identity(entry, err);
    if (rc == TIDE_OK) {
        rc = adopt_table(entry, err);
    }
    if (rc != TIDE_OK) {
        free(entry);
        return rc;
    }
    clear_other_tables(entry);
    rc = check_promises(entry, err);
    if (rc == TIDE_OK) {
        rc = tide_option_table_check(entry->options, entry->options_size, err);
    }
    if (rc == TIDE_OK) {
        rc = check_components(entry, err);
    }
    if (rc != TIDE_OK) {
        tide_entry_destroy(entry);
        return rc;
    }
    *out = entry;
    return TIDE_OK;
}

void tide_entry_destroy(struct tide_plugin_entry *entry)
{
    if (entry) {
        void *table;

        memcpy(&table, (const char *)entry + all_rules[entry->kind].place, sizeof table);
        free(table);
        free(entry);
    }
}
