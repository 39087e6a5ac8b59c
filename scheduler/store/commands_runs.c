/*
 * commands_runs - the calls about runs, slots and sums, as commands.
 *
 * For each: what the thread executes, and the call that queues it.
 */
#include "store/command.h"

#include "base/check.h"

/* ---- answers ------------------------------------------------------------------------*/

static void deliver_done(struct tide_command *command, const struct tide_error *err)
{
    command->callback.done(command->arg, err);
}

static void deliver_count(struct tide_command *command, const struct tide_error *err)
{
    command->callback.count(command->arg, err ? 0 : command->out.count, err);
}

static void deliver_run(struct tide_command *command, const struct tide_error *err)
{
    command->callback.run(command->arg, err ? NULL : &command->out.run.record, err);
}

static void deliver_runs(struct tide_command *command, const struct tide_error *err)
{
    const struct tide_run_list *list = &command->out.runs;

    command->callback.runs(command->arg, err ? NULL : list->items, err ? 0 : list->count,
                           err);
}

static void deliver_created(struct tide_command *command, const struct tide_error *err)
{
    enum tide_run_refusal refusal = command->out.run.refusal;
    bool created = !err && refusal == TIDE_RUN_ACCEPTED;

    command->callback.create(command->arg, refusal,
                             created ? &command->out.run.record : NULL, err);
}

static void deliver_job(struct tide_command *command, const struct tide_error *err)
{
    command->callback.job(command->arg, err ? NULL : &command->out.run.job, err);
}

static void deliver_claimed(struct tide_command *command, const struct tide_error *err)
{
    command->callback.claim(command->arg, err ? NULL : &command->out.claimed, err);
}

static void deliver_totals(struct tide_command *command, const struct tide_error *err)
{
    command->callback.totals(command->arg, err ? NULL : &command->out.totals, err);
}

/* ---- creating and reading -----------------------------------------------------------*/

static int execute_create(struct tide_backend *backend, struct tide_command *c,
                          struct tide_error *err)
{
    return backend->ops->run_create(backend, &c->in.run_new, c->arena,
                                    &c->out.run.refusal, &c->out.run.record, err);
}

void tide_store_run_create(struct tide_store *store, const struct tide_run_new *new_run,
                           tide_store_create_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();
    struct tide_run_new *copy = &command->in.run_new;

    *copy = *new_run;
    copy->pipeline.uid = tide_command_text(command, new_run->pipeline.uid);
    copy->pipeline.name = tide_command_text(command, new_run->pipeline.name);
    command->writes = true;
    command->execute = execute_create;
    command->deliver = deliver_created;
    command->callback.create = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

static int execute_get(struct tide_backend *backend, struct tide_command *c,
                       struct tide_error *err)
{
    return backend->ops->run_get(backend, c->in.run.workspace, c->in.run.run, c->arena,
                                 &c->out.run.record, err);
}

void tide_store_run_get(struct tide_store *store, int64_t workspace, int64_t run,
                        tide_store_run_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();

    command->in.run.workspace = workspace;
    command->in.run.run = run;
    command->execute = execute_get;
    command->deliver = deliver_run;
    command->callback.run = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

static int execute_list(struct tide_backend *backend, struct tide_command *c,
                        struct tide_error *err)
{
    return backend->ops->run_list(backend, &c->in.run_filter, c->arena, &c->out.runs,
                                  err);
}

void tide_store_run_list(struct tide_store *store, const struct tide_run_filter *filter,
                         tide_store_runs_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();

    TIDE_REQUIRE(filter->limit >= 1);
    command->in.run_filter = *filter;
    command->execute = execute_list;
    command->deliver = deliver_runs;
    command->callback.runs = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

/* ---- the life of a run --------------------------------------------------------------*/

static int execute_start(struct tide_backend *backend, struct tide_command *c,
                         struct tide_error *err)
{
    return backend->ops->run_start(backend, c->in.run.run, c->arena, &c->out.run.record,
                                   &c->out.run.job, err);
}

void tide_store_run_start(struct tide_store *store, int64_t run, tide_store_job_fn done,
                          void *arg)
{
    struct tide_command *command = tide_command_create();

    command->in.run.run = run;
    command->writes = true;
    command->execute = execute_start;
    command->deliver = deliver_job;
    command->callback.job = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

static int execute_finish(struct tide_backend *backend, struct tide_command *c,
                          struct tide_error *err)
{
    return backend->ops->run_finish(backend, c->in.run.run, &c->in.run.end, c->arena,
                                    &c->out.run.record, err);
}

void tide_store_run_finish(struct tide_store *store, int64_t run,
                           const struct tide_run_end *end, tide_store_run_fn done,
                           void *arg)
{
    struct tide_command *command = tide_command_create();
    struct tide_run_end *copy = &command->in.run.end;

    TIDE_REQUIRE(end->state >= TIDE_RUN_SUCCEEDED && end->state <= TIDE_RUN_SKIPPED);
    *copy = *end;
    copy->error = tide_command_text(command, end->error);
    copy->error_code = tide_command_text(command, end->error_code);
    copy->detail = tide_command_text(command, end->detail);
    command->in.run.run = run;
    command->writes = true;
    command->execute = execute_finish;
    command->deliver = deliver_run;
    command->callback.run = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

static int execute_position(struct tide_backend *backend, struct tide_command *c,
                            struct tide_error *err)
{
    return backend->ops->position_set(backend, c->in.run.run, c->in.run.table,
                                      c->in.run.position, err);
}

void tide_store_position_set(struct tide_store *store, int64_t run, const char *table,
                             const char *position, tide_store_done_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();

    command->in.run.run = run;
    command->in.run.table = tide_command_text(command, table);
    command->in.run.position = tide_command_text(command, position);
    command->writes = true;
    command->execute = execute_position;
    command->deliver = deliver_done;
    command->callback.done = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

static int execute_prune(struct tide_backend *backend, struct tide_command *c,
                         struct tide_error *err)
{
    return backend->ops->run_prune(backend, c->in.prune.before, c->in.prune.keep,
                                   &c->out.count, err);
}

void tide_store_run_prune(struct tide_store *store, int64_t before, int64_t keep,
                          tide_store_count_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();

    command->in.prune.before = before;
    command->in.prune.keep = keep;
    command->writes = true;
    command->execute = execute_prune;
    command->deliver = deliver_count;
    command->callback.count = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

/* ---- slots --------------------------------------------------------------------------*/

static int execute_claim(struct tide_backend *backend, struct tide_command *c,
                         struct tide_error *err)
{
    return backend->ops->slot_claim(backend, &c->in.claim, c->arena, &c->out.claimed,
                                    err);
}

static void copy_claim(struct tide_command *command, const struct tide_slot_claim *claim)
{
    struct tide_slot_claim *copy = &command->in.claim;
    struct tide_arena *arena = command->arena;
    int64_t *slots = tide_arena_alloc(arena, claim->slot_count * sizeof *slots);
    struct tide_slot_skip *skips =
        tide_arena_alloc(arena, claim->skip_count * sizeof *skips);

    *copy = *claim;
    copy->pipeline_uid = tide_command_text(command, claim->pipeline_uid);
    for (size_t i = 0; i < claim->slot_count; i++) {
        slots[i] = claim->slots[i];
    }
    for (size_t i = 0; i < claim->skip_count; i++) {
        skips[i] = claim->skips[i];
        skips[i].reason = tide_command_text(command, claim->skips[i].reason);
    }
    copy->slots = slots;
    copy->skips = skips;
}

void tide_store_slot_claim(struct tide_store *store, const struct tide_slot_claim *claim,
                           tide_store_claim_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();

    copy_claim(command, claim);
    command->writes = true;
    command->execute = execute_claim;
    command->deliver = deliver_claimed;
    command->callback.claim = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

/* ---- sums ---------------------------------------------------------------------------*/

static int execute_totals(struct tide_backend *backend, struct tide_command *c,
                          struct tide_error *err)
{
    return backend->ops->totals(backend, c->arena, &c->out.totals, err);
}

void tide_store_totals(struct tide_store *store, tide_store_totals_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();

    command->execute = execute_totals;
    command->deliver = deliver_totals;
    command->callback.totals = done;
    command->arg = arg;
    tide_store_submit(store, command);
}
