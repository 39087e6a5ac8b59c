/*
 * plugin_host - what the run offers one plugin; see plugin_host.h.
 */
#include "run/plugin_host.h"

#include <inttypes.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "batch/batch_ops.h"
#include "plugin/info.h"
#include "run/activity.h"
#include "run/flow.h"
#include "run/replay.h"

/* ---- the table's functions ----------------------------------------------------------*/

static struct tide_plugin_host *host_of(const struct tide_host *host)
{
    return host->context;
}

static void host_log(const struct tide_host *host, int level, const char *message)
{
    const struct tide_plugin_host *own = host_of(host);
    int least = level < TIDE_LOG_DEBUG ? TIDE_LOG_DEBUG : level;

    TIDE_LOG(least > TIDE_LOG_ERROR ? TIDE_LOG_ERROR : (enum tide_log_level)least,
             message, TIDE_KEY_TEXT("plugin", own->label),
             TIDE_KEY_TEXT("table", own->flow ? own->flow->table->name : ""));
}

static int64_t host_now(const struct tide_host *host)
{
    const struct tide_clock *clock = tide_clock_system();

    (void)host;
    return clock->wall(clock);
}

/* Who asks does not hang, however long the call takes. */
static bool host_cancelled(const struct tide_host *host)
{
    const struct tide_plugin_host *own = host_of(host);

    if (!own->flow) {
        return false;
    }
    tide_activity_beat(tide_flow_ledger(own->flow));
    return tide_flow_is_stopped(own->flow);
}

static const char *host_secret(const struct tide_host *host, const char *name)
{
    (void)host;
    (void)name;
    return NULL;
}

static int host_reject(const struct tide_host *host, const struct tide_reject *reject)
{
    struct tide_plugin_host *own = host_of(host);
    const struct tide_reject_note note = {
        .step = TIDE_STEP_RECEIVE,
        .code = reject->code ? reject->code : "rejected",
        .message = reject->message ? reject->message : "",
        .origin = reject->origin,
        .position = reject->position,
        .raw = reject->raw,
        .raw_length = reject->raw_length,
        .replay = TIDE_REPLAY_RAW,
    };

    if (!own->flow || own->is_muted) {
        return TIDE_OK;
    }
    if (own->step != TIDE_STEP_RECEIVE) {
        host_log(host, TIDE_LOG_ERROR, "only a source may reject what is no row yet");
        return TIDE_E_INTERNAL;
    }
    tide_flow_count(own->flow, TIDE_STEP_RECEIVE, 0, 1);
    return tide_flow_reject(own->flow, &note);
}

/* The batch in hand that has a row, whose number in it *row is then; NULL: none. */
static const struct tide_batch *find_row(const struct tide_plugin_host *host,
                                         int64_t *row)
{
    for (size_t i = 0; *row >= 0 && i < host->batch_count; i++) {
        int64_t rows = host->batches[i]->array.length;

        if (*row < rows) {
            return host->batches[i];
        }
        *row -= rows;
    }
    return NULL;
}

static int host_reject_row(const struct tide_host *host, int64_t row, const char *code,
                           const char *message)
{
    struct tide_plugin_host *own = host_of(host);
    int64_t place = row;
    const struct tide_batch *batch = find_row(own, &place);

    if (!batch) {
        host_log(host, TIDE_LOG_ERROR, "a row that is not in hand was refused");
        return TIDE_E_INTERNAL;
    }
    if (own->refused[row]) {
        return TIDE_OK;
    }
    own->refused[row] = 1;
    own->refused_count++;
    return tide_flow_reject_row(own->flow, own->step, batch, own->schema, place,
                                code ? code : "refused", message ? message : "",
                                &own->row);
}

static void *host_allocate(const struct tide_host *host, size_t size)
{
    (void)host;
    return calloc(1, size > 0 ? size : 1);
}

void tide_plugin_host_init(struct tide_plugin_host *host, struct tide_flow *flow,
                           int step, uint32_t kind, const char *name)
{
    memset(host, 0, sizeof *host);
    host->flow = flow;
    host->step = step;
    (void)snprintf(host->label, sizeof host->label, "%s %s", tide_plugin_kind_name(kind),
                   name);
    host->host = (struct tide_host){
        .abi = TIDE_ABI,
        .size = sizeof host->host,
        .context = host,
        .log = host_log,
        .now = host_now,
        .cancelled = host_cancelled,
        .secret = host_secret,
        .reject = host_reject,
        .reject_row = host_reject_row,
        .allocate = host_allocate,
    };
}

void tide_plugin_host_fini(struct tide_plugin_host *host)
{
    free(host->refused);
    free(host->batches);
    host->refused = NULL;
    host->batches = NULL;
    tide_text_fini(&host->row);
}

/* ---- calls --------------------------------------------------------------------------*/

void tide_plugin_host_enter(struct tide_plugin_host *host, const char *verb,
                            struct tide_error *err)
{
    memset(err, 0, sizeof *err);
    (void)snprintf(host->activity, sizeof host->activity, "%s: %s", host->label, verb);
    if (host->flow) {
        tide_activity_begin(tide_flow_ledger(host->flow), host->activity);
    }
}

/* Memory is what most limits are about; then the number says more than the plugin can. */
static void name_memory_limit(struct tide_error *err)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return;
    }
    if (err->message[0] == '\0' || strstr(err->message, "memory")) {
        (void)tide_error_set(err, TIDE_E_LIMIT, "memory limit of %" PRIu64 " MiB reached",
                             (uint64_t)limit.rlim_cur >> 20);
    }
}

static void tell_call(const struct tide_plugin_host *host)
{
    const struct tide_run_request *request =
        host->flow ? host->flow->engine->request : NULL;

    if (request && request->after_call) {
        request->after_call(request->guard, host->label);
    }
}

/* No author means it, and nobody could act on it. */
static int refuse_answer(const struct tide_plugin_host *host, int rc,
                         struct tide_error *err)
{
    const char *verb = strrchr(host->activity, ' ');

    return tide_error_set(err, TIDE_E_INTERNAL,
                          "%s returned %d, which is none of its answers",
                          verb ? verb + 1 : "it", rc);
}

int tide_plugin_host_leave(struct tide_plugin_host *host, int rc, struct tide_error *err)
{
    return tide_plugin_host_leave_with(host, rc, TIDE_OK, err);
}

int tide_plugin_host_leave_with(struct tide_plugin_host *host, int rc, int may_come,
                                struct tide_error *err)
{
    tide_activity_end();
    tell_call(host);
    if (rc == TIDE_OK || rc == may_come) {
        return rc;
    }
    if (rc > 0) {
        rc = refuse_answer(host, rc, err);
    }
    if (rc == TIDE_E_LIMIT) {
        name_memory_limit(err);
    }
    if (err->message[0] == '\0') {
        (void)tide_error_set(err, rc, "failed without saying why");
    }
    err->code = rc;
    (void)tide_error_wrap(err, "%s", host->label);
    return rc;
}

static bool make_room(struct tide_plugin_host *host, int64_t rows)
{
    if (host->batch_count == host->batch_capacity) {
        size_t capacity = host->batch_capacity ? host->batch_capacity * 2 : 1;
        const struct tide_batch **batches =
            reallocarray(host->batches, capacity, sizeof *batches);

        if (!batches) {
            return false;
        }
        host->batches = batches;
        host->batch_capacity = capacity;
    }
    if (rows > host->refused_capacity) {
        uint8_t *refused = realloc(host->refused, (size_t)rows);

        if (!refused) {
            return false;
        }
        host->refused = refused;
        host->refused_capacity = rows;
    }
    return true;
}

int tide_plugin_host_hold(struct tide_plugin_host *host, const struct tide_batch *batch,
                          const struct tide_schema *schema, struct tide_error *err)
{
    int64_t rows = batch->array.length;

    if (!make_room(host, host->rows + rows)) {
        return tide_error_memory(err);
    }
    if (host->batch_count == 0) {
        host->refused_count = 0;
    }
    if (rows > 0) {
        memset(host->refused + host->rows, 0, (size_t)rows);
    }
    host->batches[host->batch_count++] = batch;
    host->rows += rows;
    host->schema = schema;
    return TIDE_OK;
}

void tide_plugin_host_drop(struct tide_plugin_host *host)
{
    host->batch_count = 0;
    host->rows = 0;
    host->schema = NULL;
}
