/*
 * commands_rejects - the calls about rejects and their replays, as commands.
 *
 * For each: what the thread executes, and the call that queues it.
 */
#include "store/command.h"

#include "base/check.h"

/* A list is built in memory. */
#define REJECTS_MOST 1000

/* ---- answers ------------------------------------------------------------------------*/

static void deliver_done(struct tide_command *command, const struct tide_error *err)
{
    command->callback.done(command->arg, err);
}

static void deliver_rejects(struct tide_command *command, const struct tide_error *err)
{
    const struct tide_reject_list *list = &command->out.rejects;

    command->callback.rejects(command->arg, err ? NULL : list->items,
                              err ? 0 : list->count, err);
}

static void deliver_replay(struct tide_command *command, const struct tide_error *err)
{
    enum tide_run_refusal refusal = command->out.run.refusal;
    bool created = !err && refusal == TIDE_RUN_ACCEPTED;

    command->callback.replay(command->arg, refusal,
                             created ? &command->out.run.record : NULL,
                             err ? NULL : &command->out.run.counts, err);
}

/* ---- kept and listed ----------------------------------------------------------------*/

static int execute_rejects_add(struct tide_backend *backend, struct tide_command *c,
                               struct tide_error *err)
{
    return backend->ops->rejects_add(backend, c->in.run.run, &c->in.run.rejects, err);
}

static struct tide_reject_record copy_reject(struct tide_command *command,
                                             const struct tide_reject_record *reject)
{
    struct tide_reject_record copy = *reject;

    copy.table = tide_command_text(command, reject->table);
    copy.step = tide_command_text(command, reject->step);
    copy.code = tide_command_text(command, reject->code);
    copy.message = tide_command_text(command, reject->message);
    copy.origin = tide_command_text(command, reject->origin);
    copy.row = tide_command_text(command, reject->row);
    copy.raw = tide_command_text(command, reject->raw);
    copy.replay = tide_command_text(command, reject->replay);
    return copy;
}

void tide_store_rejects_add(struct tide_store *store, int64_t run,
                            const struct tide_reject_record *rejects, size_t count,
                            tide_store_done_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();
    struct tide_reject_list *list = &command->in.run.rejects;

    list->items = tide_arena_alloc(command->arena, count * sizeof *list->items);
    list->count = count;
    for (size_t i = 0; i < count; i++) {
        list->items[i] = copy_reject(command, &rejects[i]);
    }
    command->in.run.run = run;
    command->writes = true;
    command->execute = execute_rejects_add;
    command->deliver = deliver_done;
    command->callback.done = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

static int execute_rejects_list(struct tide_backend *backend, struct tide_command *c,
                                struct tide_error *err)
{
    return backend->ops->rejects_list(backend, c->in.run.workspace, c->in.run.run,
                                      c->in.run.after, c->in.run.limit, c->arena,
                                      &c->out.rejects, err);
}

void tide_store_rejects_list(struct tide_store *store, int64_t workspace, int64_t run,
                             int64_t after, int64_t limit, tide_store_rejects_fn done,
                             void *arg)
{
    struct tide_command *command = tide_command_create();

    TIDE_REQUIRE(limit >= 1);
    command->in.run.workspace = workspace;
    command->in.run.run = run;
    command->in.run.after = after;
    command->in.run.limit = limit < REJECTS_MOST ? limit : REJECTS_MOST;
    command->execute = execute_rejects_list;
    command->deliver = deliver_rejects;
    command->callback.rejects = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

/* ---- settled and run again ----------------------------------------------------------*/

static int execute_settle(struct tide_backend *backend, struct tide_command *c,
                          struct tide_error *err)
{
    return backend->ops->rejects_settle(backend, c->in.settle.run, c->in.settle.table,
                                        c->in.settle.ordinals, c->in.settle.count, err);
}

void tide_store_rejects_settle(struct tide_store *store, int64_t run, const char *table,
                               const int64_t *ordinals, size_t count,
                               tide_store_done_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();
    int64_t *copy = tide_arena_alloc(command->arena, (count + 1) * sizeof *copy);

    for (size_t i = 0; i < count; i++) {
        copy[i] = ordinals[i];
    }
    command->in.settle.run = run;
    command->in.settle.table = tide_command_text(command, table);
    command->in.settle.ordinals = copy;
    command->in.settle.count = count;
    command->writes = true;
    command->execute = execute_settle;
    command->deliver = deliver_done;
    command->callback.done = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

static int execute_replay(struct tide_backend *backend, struct tide_command *c,
                          struct tide_error *err)
{
    return backend->ops->run_replay(backend, c->in.replay.workspace, c->in.replay.run,
                                    c->in.replay.again, c->arena, &c->out.run.refusal,
                                    &c->out.run.record, &c->out.run.counts, err);
}

void tide_store_run_replay(struct tide_store *store, int64_t workspace, int64_t run,
                           bool again, tide_store_replay_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();

    command->in.replay.workspace = workspace;
    command->in.replay.run = run;
    command->in.replay.again = again;
    command->writes = true;
    command->execute = execute_replay;
    command->deliver = deliver_replay;
    command->callback.replay = done;
    command->arg = arg;
    tide_store_submit(store, command);
}
