/*
 * commands_pipelines - the calls about keys and pipelines, as commands.
 *
 * For each: what the thread executes, and the call that queues it.
 */
#include "store/command.h"

/* ---- answers ------------------------------------------------------------------------*/

static void deliver_key(struct tide_command *command, const struct tide_error *err)
{
    command->callback.key(command->arg, err ? NULL : &command->out.key, err);
}

static void deliver_pipeline(struct tide_command *command, const struct tide_error *err)
{
    command->callback.pipeline(command->arg, err ? NULL : &command->out.pipeline, err);
}

static void deliver_pipelines(struct tide_command *command, const struct tide_error *err)
{
    const struct tide_pipeline_list *list = &command->out.pipelines;

    command->callback.pipelines(command->arg, err ? NULL : list->items,
                                err ? 0 : list->count, err);
}

/* ---- keys ---------------------------------------------------------------------------*/

static int execute_key_find(struct tide_backend *backend, struct tide_command *c,
                            struct tide_error *err)
{
    return backend->ops->key_find(backend, c->in.hash, c->arena, &c->out.key, err);
}

void tide_store_key_find(struct tide_store *store, const uint8_t hash[TIDE_KEY_HASH_SIZE],
                         tide_store_key_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();

    memcpy(command->in.hash, hash, TIDE_KEY_HASH_SIZE);
    command->writes = true;
    command->execute = execute_key_find;
    command->deliver = deliver_key;
    command->callback.key = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

/* ---- pipelines: creating and reading ------------------------------------------------*/

static struct tide_pipeline_ref copy_ref(struct tide_command *command,
                                         const struct tide_pipeline_ref *ref)
{
    struct tide_pipeline_ref copy = *ref;

    copy.uid = tide_command_text(command, ref->uid);
    copy.name = tide_command_text(command, ref->name);
    return copy;
}

static int execute_create(struct tide_backend *backend, struct tide_command *c,
                          struct tide_error *err)
{
    return backend->ops->pipeline_create(backend, &c->in.pipeline_new, c->arena,
                                         &c->out.pipeline, err);
}

void tide_store_pipeline_create(struct tide_store *store,
                                const struct tide_pipeline_new *new_pipeline,
                                tide_store_pipeline_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();
    struct tide_pipeline_new *copy = &command->in.pipeline_new;

    *copy = *new_pipeline;
    copy->name = tide_command_text(command, new_pipeline->name);
    copy->definition = tide_command_text(command, new_pipeline->definition);
    copy->base_folder = tide_command_text(command, new_pipeline->base_folder);
    command->writes = true;
    command->changes_pipeline = true;
    command->execute = execute_create;
    command->deliver = deliver_pipeline;
    command->callback.pipeline = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

static int execute_get(struct tide_backend *backend, struct tide_command *c,
                       struct tide_error *err)
{
    return backend->ops->pipeline_get(backend, &c->in.pipeline.ref, c->arena,
                                      &c->out.pipeline, err);
}

void tide_store_pipeline_get(struct tide_store *store,
                             const struct tide_pipeline_ref *ref,
                             tide_store_pipeline_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();

    command->in.pipeline.ref = copy_ref(command, ref);
    command->execute = execute_get;
    command->deliver = deliver_pipeline;
    command->callback.pipeline = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

static int execute_list(struct tide_backend *backend, struct tide_command *c,
                        struct tide_error *err)
{
    return backend->ops->pipeline_list(backend, &c->in.pipeline_filter, c->arena,
                                       &c->out.pipelines, err);
}

void tide_store_pipeline_list(struct tide_store *store,
                              const struct tide_pipeline_filter *filter,
                              tide_store_pipelines_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();

    command->in.pipeline_filter = *filter;
    command->execute = execute_list;
    command->deliver = deliver_pipelines;
    command->callback.pipelines = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

static int execute_due(struct tide_backend *backend, struct tide_command *c,
                       struct tide_error *err)
{
    return backend->ops->pipelines_due(backend, c->arena, &c->out.pipelines, err);
}

void tide_store_pipelines_due(struct tide_store *store, tide_store_pipelines_fn done,
                              void *arg)
{
    struct tide_command *command = tide_command_create();

    command->execute = execute_due;
    command->deliver = deliver_pipelines;
    command->callback.pipelines = done;
    command->arg = arg;
    tide_store_submit(store, command);
}

/* ---- pipelines: edits ---------------------------------------------------------------*/

static struct tide_command *create_edit(const struct tide_pipeline_ref *ref,
                                        tide_store_pipeline_fn done, void *arg)
{
    struct tide_command *command = tide_command_create();

    command->in.pipeline.ref = copy_ref(command, ref);
    command->writes = true;
    command->changes_pipeline = true;
    command->deliver = deliver_pipeline;
    command->callback.pipeline = done;
    command->arg = arg;
    return command;
}

static int execute_replace(struct tide_backend *backend, struct tide_command *c,
                           struct tide_error *err)
{
    return backend->ops->pipeline_replace(backend, &c->in.pipeline.ref,
                                          &c->in.pipeline.change, c->arena,
                                          &c->out.pipeline, err);
}

void tide_store_pipeline_replace(struct tide_store *store,
                                 const struct tide_pipeline_ref *ref,
                                 const struct tide_pipeline_change *change,
                                 tide_store_pipeline_fn done, void *arg)
{
    struct tide_command *command = create_edit(ref, done, arg);
    struct tide_pipeline_change *copy = &command->in.pipeline.change;

    *copy = *change;
    copy->name = tide_command_text(command, change->name);
    copy->definition = tide_command_text(command, change->definition);
    copy->base_folder = tide_command_text(command, change->base_folder);
    command->execute = execute_replace;
    tide_store_submit(store, command);
}

static int execute_enable(struct tide_backend *backend, struct tide_command *c,
                          struct tide_error *err)
{
    return backend->ops->pipeline_enable(backend, &c->in.pipeline.ref,
                                         c->in.pipeline.number != 0, c->arena,
                                         &c->out.pipeline, err);
}

void tide_store_pipeline_enable(struct tide_store *store,
                                const struct tide_pipeline_ref *ref, bool enabled,
                                tide_store_pipeline_fn done, void *arg)
{
    struct tide_command *command = create_edit(ref, done, arg);

    command->in.pipeline.number = enabled;
    command->execute = execute_enable;
    tide_store_submit(store, command);
}

static int execute_period(struct tide_backend *backend, struct tide_command *c,
                          struct tide_error *err)
{
    return backend->ops->pipeline_period(backend, &c->in.pipeline.ref,
                                         c->in.pipeline.number, c->arena,
                                         &c->out.pipeline, err);
}

void tide_store_pipeline_period(struct tide_store *store,
                                const struct tide_pipeline_ref *ref, int64_t minutes,
                                tide_store_pipeline_fn done, void *arg)
{
    struct tide_command *command = create_edit(ref, done, arg);

    command->in.pipeline.number = minutes;
    command->execute = execute_period;
    tide_store_submit(store, command);
}

static int execute_mode(struct tide_backend *backend, struct tide_command *c,
                        struct tide_error *err)
{
    return backend->ops->pipeline_mode(backend, &c->in.pipeline.ref,
                                       (enum tide_destination_mode)c->in.pipeline.number,
                                       c->arena, &c->out.pipeline, err);
}

void tide_store_pipeline_mode(struct tide_store *store,
                              const struct tide_pipeline_ref *ref,
                              enum tide_destination_mode mode,
                              tide_store_pipeline_fn done, void *arg)
{
    struct tide_command *command = create_edit(ref, done, arg);

    command->in.pipeline.number = (int64_t)mode;
    command->execute = execute_mode;
    tide_store_submit(store, command);
}

static int execute_archive(struct tide_backend *backend, struct tide_command *c,
                           struct tide_error *err)
{
    return backend->ops->pipeline_archive(backend, &c->in.pipeline.ref, c->arena,
                                          &c->out.pipeline, err);
}

void tide_store_pipeline_archive(struct tide_store *store,
                                 const struct tide_pipeline_ref *ref,
                                 tide_store_pipeline_fn done, void *arg)
{
    struct tide_command *command = create_edit(ref, done, arg);

    command->execute = execute_archive;
    tide_store_submit(store, command);
}

static int execute_delete(struct tide_backend *backend, struct tide_command *c,
                          struct tide_error *err)
{
    return backend->ops->pipeline_delete(backend, &c->in.pipeline.ref, c->arena,
                                         &c->out.pipeline, err);
}

void tide_store_pipeline_delete(struct tide_store *store,
                                const struct tide_pipeline_ref *ref,
                                tide_store_pipeline_fn done, void *arg)
{
    struct tide_command *command = create_edit(ref, done, arg);

    command->deletes_pipeline = true;
    command->execute = execute_delete;
    tide_store_submit(store, command);
}
