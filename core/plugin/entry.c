/*
 * entry - the constant that a plugin exports, checked and made whole.
 */
#include "plugin/entry.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "plugin/info.h"

/* The first version's size of each table: a shorter one cannot be. */
#define UP_TO(type_, last_) (offsetof(type_, last_) + sizeof(((type_ *)0)->last_))

#define NAME_MAX_LENGTH 63

size_t tide_option_field_size(int type)
{
    static const size_t sizes[] = {
        [TIDE_OPTION_BOOL] = sizeof(bool),
        [TIDE_OPTION_INT] = sizeof(int64_t),
        [TIDE_OPTION_FLOAT] = sizeof(double),
        [TIDE_OPTION_STRING] = sizeof(char *),
        [TIDE_OPTION_ENUM] = sizeof(int64_t),
        [TIDE_OPTION_LIST] = sizeof(struct tide_list),
        [TIDE_OPTION_MAP] = sizeof(struct tide_map),
        [TIDE_OPTION_PATH] = sizeof(char *),
        [TIDE_OPTION_DURATION] = sizeof(int64_t),
        [TIDE_OPTION_SIZE] = sizeof(int64_t),
        [TIDE_OPTION_CHAR] = sizeof(char),
        [TIDE_OPTION_COMPONENT] = sizeof(struct tide_component),
    };

    return type > 0 && (size_t)type < sizeof sizes / sizeof sizes[0] ? sizes[type] : 0;
}

static bool is_name(const char *name)
{
    size_t length = name ? strlen(name) : 0;

    if (length == 0 || length > NAME_MAX_LENGTH || !islower((unsigned char)name[0])) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];

        if (!islower(c) && !isdigit(c) && c != '_') {
            return false;
        }
    }
    return true;
}

/* ---- the table of a kind ---- */

/* Copy a table that says its own size at its beginning into ours. */
static void *copy_table(const void *table, size_t least, size_t ours,
                        struct tide_error *err)
{
    uint32_t size;
    void *copy;

    if (!table) {
        tide_error_set(err, TIDE_E_CONFIG, "the table of its kind is missing");
        return NULL;
    }
    memcpy(&size, table, sizeof size);
    if (size < least) {
        tide_error_set(err, TIDE_E_CONFIG,
                       "the table of its kind says %u bytes, and has at least %zu", size,
                       least);
        return NULL;
    }
    copy = tide_alloc(ours);
    memcpy(copy, table, size < ours ? size : ours);
    return copy;
}

static int missing(struct tide_error *err, const char *function)
{
    return tide_error_set(err, TIDE_E_CONFIG, "its function %s is missing", function);
}

static int adopt_source(struct tide_plugin_entry *entry, struct tide_error *err)
{
    struct tide_source *source =
        copy_table(entry->source, UP_TO(struct tide_source, close), sizeof *source, err);

    entry->source = source;
    if (!source) {
        return TIDE_E_CONFIG;
    }
    return !source->open    ? missing(err, "open")
           : !source->read  ? missing(err, "read")
           : !source->close ? missing(err, "close")
           : !source->position && source->flags & TIDE_SOURCE_INCREMENTAL
               ? missing(err, "position")
               : TIDE_OK;
}

static int adopt_transform(struct tide_plugin_entry *entry, struct tide_error *err)
{
    struct tide_transform *transform = copy_table(
        entry->transform, UP_TO(struct tide_transform, close), sizeof *transform, err);

    entry->transform = transform;
    if (!transform) {
        return TIDE_E_CONFIG;
    }
    return !transform->bind    ? missing(err, "bind")
           : !transform->apply ? missing(err, "apply")
           : !transform->close ? missing(err, "close")
                               : TIDE_OK;
}

static int adopt_destination(struct tide_plugin_entry *entry, struct tide_error *err)
{
    const uint32_t modes =
        TIDE_DESTINATION_APPEND | TIDE_DESTINATION_REPLACE | TIDE_DESTINATION_MERGE;
    struct tide_destination *destination =
        copy_table(entry->destination, UP_TO(struct tide_destination, close),
                   sizeof *destination, err);

    entry->destination = destination;
    if (!destination) {
        return TIDE_E_CONFIG;
    }
    if (!(destination->flags & modes)) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "it offers none of append, replace and merge");
    }
    return !destination->open     ? missing(err, "open")
           : !destination->write  ? missing(err, "write")
           : !destination->commit ? missing(err, "commit")
           : !destination->close  ? missing(err, "close")
                                  : TIDE_OK;
}

static int adopt_format(struct tide_plugin_entry *entry, struct tide_error *err)
{
    struct tide_format *format = copy_table(
        entry->format, UP_TO(struct tide_format, encoder_close), sizeof *format, err);

    entry->format = format;
    if (!format) {
        return TIDE_E_CONFIG;
    }
    return !format->extension        ? missing(err, "extension")
           : !format->decoder_open   ? missing(err, "decoder_open")
           : !format->decoder_schema ? missing(err, "decoder_schema")
           : !format->decode         ? missing(err, "decode")
           : !format->decoder_close  ? missing(err, "decoder_close")
           : !format->encoder_open   ? missing(err, "encoder_open")
           : !format->encode         ? missing(err, "encode")
           : !format->encoder_begin  ? missing(err, "encoder_begin")
           : !format->encoder_close  ? missing(err, "encoder_close")
                                     : TIDE_OK;
}

static int adopt_storage(struct tide_plugin_entry *entry, struct tide_error *err)
{
    struct tide_storage *storage = copy_table(
        entry->storage, UP_TO(struct tide_storage, write_close), sizeof *storage, err);

    entry->storage = storage;
    if (!storage) {
        return TIDE_E_CONFIG;
    }
    return !storage->list          ? missing(err, "list")
           : !storage->read_open   ? missing(err, "read_open")
           : !storage->read        ? missing(err, "read")
           : !storage->read_close  ? missing(err, "read_close")
           : !storage->write_open  ? missing(err, "write_open")
           : !storage->write       ? missing(err, "write")
           : !storage->publish     ? missing(err, "publish")
           : !storage->write_close ? missing(err, "write_close")
                                   : TIDE_OK;
}

static int adopt_table(struct tide_plugin_entry *entry, struct tide_error *err)
{
    switch (entry->kind) {
    case TIDE_KIND_SOURCE:
        return adopt_source(entry, err);
    case TIDE_KIND_TRANSFORM:
        return adopt_transform(entry, err);
    case TIDE_KIND_DESTINATION:
        return adopt_destination(entry, err);
    case TIDE_KIND_FORMAT:
        return adopt_format(entry, err);
    case TIDE_KIND_STORAGE:
        return adopt_storage(entry, err);
    default:
        return tide_error_set(err, TIDE_E_CONFIG, "it is of an unknown kind (%u)",
                              entry->kind);
    }
}

/* ---- options ---- */

static int check_option(const struct tide_plugin_entry *entry,
                        const struct tide_option *option, struct tide_error *err)
{
    size_t size = tide_option_field_size(option->type);

    if (!is_name(option->name)) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "its option \"%s\" is not named in lower_case",
                              option->name);
    }
    if (size == 0) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "its option %s is of an unknown type (%d)", option->name,
                              option->type);
    }
    if (option->offset > entry->options_size ||
        size > entry->options_size - option->offset) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "its option %s lies outside of its struct of %zu bytes",
                              option->name, entry->options_size);
    }
    if (option->type == TIDE_OPTION_ENUM && (!option->choices || !option->choices[0])) {
        return tide_error_set(err, TIDE_E_CONFIG, "its option %s has no choices",
                              option->name);
    }
    for (const struct tide_option *other = entry->options; other != option; other++) {
        if (strcmp(other->name, option->name) == 0) {
            return tide_error_set(err, TIDE_E_CONFIG, "it has two options named %s",
                                  option->name);
        }
    }
    return TIDE_OK;
}

static int check_options(const struct tide_plugin_entry *entry, struct tide_error *err)
{
    for (const struct tide_option *option = entry->options; option && option->name;
         option++) {
        int rc = check_option(entry, option, err);

        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return TIDE_OK;
}

/* ---- the whole ---- */

static int check_head(const struct tide_plugin_entry *entry, struct tide_error *err)
{
    if (!is_name(entry->name)) {
        return tide_error_set(
            err, TIDE_E_CONFIG,
            "its name \"%s\" is not in lower_case letters, digits and _",
            entry->name ? entry->name : "");
    }
    if (!entry->version || !entry->summary) {
        return tide_error_set(err, TIDE_E_CONFIG, "it has no %s",
                              entry->version ? "summary" : "version");
    }
    return check_options(entry, err);
}

int tide_entry_adopt(const void *exported, struct tide_plugin_entry **out,
                     struct tide_error *err)
{
    struct tide_plugin_entry *entry;
    uint32_t abi, size;
    int rc;

    memcpy(&abi, exported, sizeof abi);
    memcpy(&size, (const char *)exported + sizeof abi, sizeof size);
    if (abi != TIDE_ABI) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "it speaks version %u of the plugin interface, and this "
                              "Tidemill version %d; compile it against these headers",
                              abi, TIDE_ABI);
    }
    if (size < UP_TO(struct tide_plugin_entry, storage)) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "its entry says %u bytes, and has at least %zu", size,
                              UP_TO(struct tide_plugin_entry, storage));
    }
    entry = tide_alloc(sizeof *entry);
    memcpy(entry, exported, size < sizeof *entry ? size : sizeof *entry);
    rc = check_head(entry, err);
    if (rc == TIDE_OK) {
        rc = adopt_table(entry, err);
    }
    if (rc == TIDE_OK) {
        *out = entry;
    } else {
        free(entry);
    }
    return rc;
}
