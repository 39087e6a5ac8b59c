/*
 * command - one request on its way to the thread of the store and back.
 */
#include "store/command.h"

struct tide_command *tide_command_create(void)
{
    struct tide_arena *arena = tide_arena_create();
    struct tide_command *command = tide_arena_alloc(arena, sizeof *command);

    command->arena = arena;
    return command;
}

void tide_command_destroy(struct tide_command *command)
{
    tide_arena_destroy(command->arena);
}

const char *tide_command_text(struct tide_command *command, const char *text)
{
    return text ? tide_arena_strdup(command->arena, text) : NULL;
}

void tide_command_fail(struct tide_command *command, const struct tide_error *err)
{
    struct tide_error *copy = tide_arena_alloc(command->arena, sizeof *copy);

    *copy = *err;
    command->failure = copy;
}
