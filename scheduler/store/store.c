/*
 * store - the thread of the store, and the way of commands there and back.
 *
 * The loop thread appends to one list under the lock and wakes the thread; the thread
 * takes the whole list, executes it in one transaction, appends it to the list of answers
 * and wakes the loop by one uv_async.  Under load the groups grow by themselves, and so
 * many commands share one fsync.
 */
#include "store/store.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/log.h"
#include "store/command.h"

/* More than this in one transaction helps no more and makes the first wait. */
#define GROUP_MOST 1000

struct queue {
    struct tide_command *first, **last;
};

struct tide_store {
    struct tide_backend *backend;
    const struct tide_clock *clock;
    uv_async_t answered; /**< wakes the loop; data: the store */
    uv_thread_t thread;
    uv_mutex_t lock; /**< of the members up to `finished` */
    uv_cond_t wake;
    struct queue asked, answers;
    bool closing;  /**< the thread ends when it has nothing to do */
    bool finished; /**< it has: no more answers will come */
    int64_t commits, failures;
    /* Of the loop thread. */
    int64_t submitted, delivered;
    tide_store_watch_fn watch;
    void *watch_arg;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* ---- queues -------------------------------------------------------------------------*/

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void queue_append(struct queue *queue, struct tide_command *command)
{
    command->next = NULL;
    *queue->last = command;
    queue->last = &command->next;
}

static struct tide_command *queue_take(struct queue *queue)
{
    struct tide_command *command = queue->first;

    if (command) {
        queue->first = command->next;
        if (!queue->first) {
            queue->last = &queue->first;
        }
    }
    return command;
}

/* ---- the thread ---------------------------------------------------------------------*/

/* Move at most GROUP_MOST commands; false when the thread is to end. */
static bool await_group(struct tide_store *store, struct queue *group)
{
    uv_mutex_lock(&store->lock);
    while (!store->asked.first && !store->closing) {
        uv_cond_wait(&store->wake, &store->lock);
    }
    for (int i = 0; store->asked.first && i < GROUP_MOST; i++) {
        queue_append(group, queue_take(&store->asked));
    }
    uv_mutex_unlock(&store->lock);
    return group->first != NULL;
}

/* A command that fails is undone by itself.  An error is one of the transaction. */
static int execute_one(struct tide_backend *backend, struct tide_command *command,
                       struct tide_error *err)
{
    struct tide_error failure;
    int code = command->writes ? backend->ops->enter(backend, err) : TIDE_OK;
    int result;

    if (code != TIDE_OK) {
        return code;
    }
    backend->now = command->now;
    result = command->execute(backend, command, &failure);
    if (result != TIDE_OK) {
        tide_command_fail(command, &failure);
    }
    return command->writes ? backend->ops->leave(backend, result == TIDE_OK, err)
                           : TIDE_OK;
}

static int execute_all(struct tide_backend *backend, struct queue *group,
                       struct tide_error *err)
{
    bool writes = false;
    int code;

    for (const struct tide_command *c = group->first; c; c = c->next) {
        writes = writes || c->writes;
    }
    code = backend->ops->begin(backend, writes, err);
    for (struct tide_command *c = group->first; code == TIDE_OK && c; c = c->next) {
        code = execute_one(backend, c, err);
    }
    if (code == TIDE_OK) {
        code = backend->ops->commit(backend, err);
    }
    if (code != TIDE_OK) {
        backend->ops->rollback(backend);
    }
    return code;
}

/* What was answered from inside a lost transaction is not true: all of it failed. */
static void fail_group(struct queue *group, struct tide_error *err)
{
    (void)tide_error_wrap(err, "nothing was stored");
    TIDE_LOG(TIDE_LOG_ERROR, "store could not commit",
             TIDE_KEY_TEXT("error", err->message));
    for (struct tide_command *c = group->first; c; c = c->next) {
        if (!c->failure) {
            tide_command_fail(c, err);
        }
    }
}

static void post_answers(struct tide_store *store, struct queue *group, bool committed)
{
    uv_mutex_lock(&store->lock);
    store->commits += committed ? 1 : 0;
    store->failures += committed ? 0 : 1;
    while (group->first) {
        queue_append(&store->answers, queue_take(group));
    }
    uv_mutex_unlock(&store->lock);
    TIDE_INVARIANT(uv_async_send(&store->answered) == 0);
}

static void run_thread(void *arg)
{
    struct tide_store *store = arg;
    struct queue group;

    queue_init(&group);
    while (await_group(store, &group)) {
        struct tide_error err;
        int code = execute_all(store->backend, &group, &err);

        if (code != TIDE_OK) {
            fail_group(&group, &err);
        }
        post_answers(store, &group, code == TIDE_OK);
    }
    store->backend->ops->close(store->backend);
    uv_mutex_lock(&store->lock);
    store->finished = true;
    uv_mutex_unlock(&store->lock);
    TIDE_INVARIANT(uv_async_send(&store->answered) == 0);
}

/* ---- the loop's side ----------------------------------------------------------------*/

void tide_store_submit(struct tide_store *store, struct tide_command *command)
{
    TIDE_REQUIRE(!store->closed);
    command->now = store->clock->wall(store->clock);
    store->submitted++;
    uv_mutex_lock(&store->lock);
    queue_append(&store->asked, command);
    uv_cond_signal(&store->wake);
    uv_mutex_unlock(&store->lock);
}

static void deliver(struct tide_store *store, struct tide_command *command)
{
    if (command->changes_pipeline && !command->failure && store->watch) {
        store->watch(store->watch_arg, &command->out.pipeline, command->deletes_pipeline);
    }
    if (command->callback.done) {
        command->deliver(command, command->failure);
    }
    store->delivered++;
    tide_command_destroy(command);
}

static void free_store(uv_handle_t *handle)
{
    struct tide_store *store = handle->data;
    void (*closed)(void *arg) = store->closed;
    void *arg = store->closed_arg;

    uv_cond_destroy(&store->wake);
    uv_mutex_destroy(&store->lock);
    free(store);
    closed(arg);
}

static void on_answered(uv_async_t *handle)
{
    struct tide_store *store = handle->data;
    struct queue answers;
    struct tide_command *command;
    bool finished;

    queue_init(&answers);
    uv_mutex_lock(&store->lock);
    while (store->answers.first) {
        queue_append(&answers, queue_take(&store->answers));
    }
    finished = store->finished;
    uv_mutex_unlock(&store->lock);
    while ((command = queue_take(&answers)) != NULL) {
        deliver(store, command);
    }
    if (finished && !uv_is_closing((uv_handle_t *)&store->answered)) {
        TIDE_INVARIANT(uv_thread_join(&store->thread) == 0);
        uv_close((uv_handle_t *)&store->answered, free_store);
    }
}

void tide_store_watch(struct tide_store *store, tide_store_watch_fn watch, void *arg)
{
    store->watch = watch;
    store->watch_arg = arg;
}

void tide_store_stats(struct tide_store *store, struct tide_store_stats *stats)
{
    uv_mutex_lock(&store->lock);
    stats->commits = store->commits;
    stats->failures = store->failures;
    uv_mutex_unlock(&store->lock);
    stats->commands = store->delivered;
    stats->waiting = store->submitted - store->delivered;
}

/* ---- opening and closing ------------------------------------------------------------*/

/* The first transaction: the key of a new store, the end of runs left behind. */
static int start_backend(struct tide_backend *backend,
                         const struct tide_store_options *options,
                         struct tide_store_opening *opening, struct tide_error *err)
{
    int code;

    backend->now = options->clock->wall(options->clock);
    code = backend->ops->begin(backend, true, err);
    if (code == TIDE_OK) {
        code = backend->ops->start(backend, options->key_file, opening, err);
    }
    if (code == TIDE_OK) {
        code = backend->ops->commit(backend, err);
    }
    if (code != TIDE_OK) {
        backend->ops->rollback(backend);
    }
    return code;
}

static struct tide_store *create_store(struct tide_backend *backend,
                                       const struct tide_store_options *options)
{
    struct tide_store *store = tide_alloc(sizeof *store);

    store->backend = backend;
    store->clock = options->clock;
    queue_init(&store->asked);
    queue_init(&store->answers);
    TIDE_INVARIANT(uv_mutex_init(&store->lock) == 0);
    TIDE_INVARIANT(uv_cond_init(&store->wake) == 0);
    TIDE_INVARIANT(uv_async_init(options->loop, &store->answered, on_answered) == 0);
    store->answered.data = store;
    TIDE_INVARIANT(uv_thread_create(&store->thread, run_thread, store) == 0);
    return store;
}

int tide_store_open(const struct tide_store_options *options, struct tide_store **out,
                    struct tide_store_opening *opening, struct tide_error *err)
{
    struct tide_store_opening found = {0};
    struct tide_backend *backend = NULL;
    int code;

    TIDE_INVARIANT(sodium_init() >= 0);
    code = tide_sqlite_open(options->folder, &backend, err);
    if (code != TIDE_OK) {
        return code;
    }
    code = start_backend(backend, options, &found, err);
    if (code != TIDE_OK) {
        backend->ops->close(backend);
        return code;
    }
    *opening = found;
    *out = create_store(backend, options);
    return TIDE_OK;
}

void tide_store_close(struct tide_store *store, void (*closed)(void *arg), void *arg)
{
    TIDE_REQUIRE(closed && !store->closed);
    store->closed = closed;
    store->closed_arg = arg;
    uv_mutex_lock(&store->lock);
    store->closing = true;
    uv_cond_signal(&store->wake);
    uv_mutex_unlock(&store->lock);
}

void tide_key_hash(const char *key, size_t length, uint8_t hash[TIDE_KEY_HASH_SIZE])
{
    (void)crypto_generichash(hash, TIDE_KEY_HASH_SIZE, (const unsigned char *)key, length,
                             NULL, 0);
}
