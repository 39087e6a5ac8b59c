/*
 * promises - what every plugin promises, whatever its kind.
 */
#include "cli/plugin/kit.h"

static int exports_one_symbol(struct tide_kit *kit)
{
    char other[128];
    size_t count = 0;

    if (tide_elf_exports(kit->subject->file, TIDE_PLUGIN_SYMBOL, &count, other,
                         sizeof other, &kit->err) != TIDE_OK) {
        return tide_kit_skip(kit, "%s", kit->err.message);
    }
    if (count != 1) {
        return tide_kit_broken(kit,
                               "it exports %zu symbols, %s among them: compile it with "
                               "-fvisibility=hidden",
                               count, other);
    }
    return TIDE_OK;
}

static int documents_options(struct tide_kit *kit)
{
    const struct tide_option *option = kit->entry->options;

    for (; option && option->name; option++) {
        if (!option->help || !*option->help) {
            return tide_kit_broken(kit, "option \"%s\" has no .help", option->name);
        }
        if (option->required && option->default_value) {
            return tide_kit_broken(kit, "option \"%s\" is required and has a default",
                                   option->name);
        }
    }
    return TIDE_OK;
}

static int closes_nothing(struct tide_kit *kit)
{
    const struct tide_plugin_entry *entry = kit->entry;

    tide_kit_enter(kit, "close(NULL)");
    switch (entry->kind) {
    case TIDE_KIND_SOURCE:
        entry->source->close(NULL);
        break;
    case TIDE_KIND_TRANSFORM:
        entry->transform->close(NULL);
        break;
    case TIDE_KIND_DESTINATION:
        entry->destination->close(NULL);
        break;
    case TIDE_KIND_FORMAT:
        entry->format->decoder_close(NULL);
        entry->format->encoder_close(NULL);
        break;
    default:
        entry->storage->read_close(NULL);
        entry->storage->write_close(NULL);
        break;
    }
    return TIDE_OK;
}

const struct tide_promise tide_promises[] = {
    {"exports tide_plugin_entry and nothing else", exports_one_symbol, tide_kit_once},
    {"documents each option", documents_options, tide_kit_once},
    {"closes what was never opened", closes_nothing, tide_kit_once},
    {0},
};

const struct tide_promise *tide_promises_of(uint32_t kind)
{
    switch (kind) {
    case TIDE_KIND_SOURCE:
        return tide_source_promises;
    case TIDE_KIND_TRANSFORM:
        return tide_transform_promises;
    case TIDE_KIND_DESTINATION:
        return tide_destination_promises;
    case TIDE_KIND_FORMAT:
        return tide_format_promises;
    default:
        return tide_storage_promises;
    }
}
