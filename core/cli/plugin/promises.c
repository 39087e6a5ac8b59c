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

/* What the plugin thinks of its options: whatever it is, it is said properly. */
static int asks(struct tide_kit *kit)
{
    const struct tide_plugin_entry *entry = kit->entry;

    if (!entry->check) {
        return TIDE_OK;
    }
    tide_kit_enter(kit, "check");
    return tide_kit_answer(kit, entry->check(kit->options, &kit->host.host, &kit->err));
}

/* The first promise of its kind is that it opens. */
static int opens_what_it_refuses(struct tide_kit *kit, const struct tide_error *refusal)
{
    const struct tide_promise *opens = tide_promises_of(kit->entry->kind);

    if (opens->way(kit, opens->trial) != TIDE_OK) {
        return tide_kit_skip(kit, "the options given do not work: %s", refusal->message);
    }
    return tide_kit_broken(kit, "check refuses options that it works with: %s%s%s",
                           refusal->where, refusal->where[0] ? ": " : "",
                           refusal->message);
}

static int refuses_nothing_good(struct tide_kit *kit)
{
    int rc = asks(kit);
    struct tide_error refusal = kit->err;

    return rc == TIDE_OK && refusal.code < 0 ? opens_what_it_refuses(kit, &refusal) : rc;
}

const struct tide_promise tide_promises[] = {
    {"exports tide_plugin_entry and nothing else", exports_one_symbol, tide_kit_once},
    {"documents each option", documents_options, tide_kit_once},
    {"closes what was never opened", closes_nothing, tide_kit_once},
    {"refuses no options that it works with", refuses_nothing_good, tide_kit_once},
    {"leaves nothing behind when it is asked of its options", asks, tide_kit_leaks},
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
