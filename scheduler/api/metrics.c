/*
 * metrics - GET /metrics: the numbers of the daemon in Prometheus' text format.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "api/call.h"

#include "base/memory.h"
#include "base/text.h"

static void head(struct tide_text *out, const char *name, const char *type,
                 const char *help)
{
    tide_text_appendf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(struct tide_text *out, const char *name, const char *type,
                   const char *help, int64_t value)
{
    head(out, name, type, help);
    tide_text_appendf(out, "%s %" PRId64 "\n", name, value);
}

/** A label's value: backslash, quote and newline are escaped. */
static void append_label(struct tide_text *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '\n') {
            tide_text_append(out, "\\n");
            continue;
        }
        if (*value == '\\' || *value == '"') {
            tide_text_append_char(out, '\\');
        }
        tide_text_append_char(out, *value);
    }
}

static void append_runs(struct tide_text *out, const struct tide_store_totals *totals)
{
    head(out, "tidemill_runs", "gauge", "Runs in the store, by state.");
    for (int state = 0; state <= TIDE_RUN_SKIPPED; state++) {
        tide_text_appendf(out, "tidemill_runs{state=\"%s\"} %" PRId64 "\n",
                          tide_run_state_name(state), totals->runs[state]);
    }
}

static void append_row(struct tide_text *out, const struct tide_pipeline_totals *pipeline,
                       int step, const char *outcome, int64_t count)
{
    tide_text_appendf(out, "tidemill_rows_total{pipeline=\"%" PRId64 "\",name=\"",
                      pipeline->pipeline);
    append_label(out, pipeline->name);
    tide_text_appendf(out, "\",step=\"%s\",outcome=\"%s\"} %" PRId64 "\n",
                      tide_step_name(step), outcome, count);
}

static void append_rows(struct tide_text *out, const struct tide_store_totals *totals)
{
    head(out, "tidemill_rows_total", "counter",
         "Rows of ended runs, by pipeline, step and outcome.");
    for (size_t i = 0; i < totals->pipeline_count; i++) {
        const struct tide_pipeline_totals *pipeline = &totals->pipelines[i];

        for (int step = 0; step < TIDE_STEPS; step++) {
            append_row(out, pipeline, step, "passed", pipeline->passed[step]);
            append_row(out, pipeline, step, "failed", pipeline->failed[step]);
        }
    }
}

static void append_lateness(struct tide_text *out,
                            const struct tide_schedule_stats *stats)
{
    const char *name = "tidemill_slot_lateness_seconds";
    int64_t count = 0;

    head(out, name, "histogram", "How late scheduled slots were started.");
    for (int i = 0; i < TIDE_LATENESS_BUCKETS; i++) {
        count += stats->lateness[i];
        tide_text_appendf(out, "%s_bucket{le=\"%g\"} %" PRId64 "\n", name,
                          (double)tide_lateness_bounds[i] / 1e6, count);
    }
    count += stats->lateness[TIDE_LATENESS_BUCKETS];
    tide_text_appendf(out, "%s_bucket{le=\"+Inf\"} %" PRId64 "\n", name, count);
    tide_text_appendf(out, "%s_sum %g\n%s_count %" PRId64 "\n", name,
                      (double)stats->lateness_sum_us / 1e6, name, count);
}

static void append_schedule(struct tide_text *out, const struct tide_api *api)
{
    struct tide_schedule_stats stats;

    tide_schedule_stats(api->options.schedule, &stats);
    append_lateness(out, &stats);
    single(out, "tidemill_scheduled_pipelines", "gauge", "Pipelines with a next slot.",
           stats.entries);
    single(out, "tidemill_slots_run_total", "counter", "Slots that were started.",
           stats.slots_run);
    single(out, "tidemill_slots_skipped_total", "counter",
           "Missed slots that the policy left out.", stats.slots_skipped);
    single(out, "tidemill_clock_jumps_total", "counter",
           "Steps of the wall clock of more than a second.", stats.clock_jumps);
}

static void append_supervise(struct tide_text *out, const struct tide_api *api)
{
    struct tide_supervise_stats stats;

    tide_supervise_stats(api->options.supervise, &stats);
    single(out, "tidemill_queue_length", "gauge", "Runs that wait for their turn.",
           stats.waiting);
    single(out, "tidemill_runs_live", "gauge", "Runs in progress.", stats.live);
    single(out, "tidemill_runs_started_total", "counter", "Workers started.",
           stats.started);
    head(out, "tidemill_runs_ended_total", "counter", "Workers that ended, by state.");
    for (int state = TIDE_RUN_SUCCEEDED; state <= TIDE_RUN_INTERRUPTED; state++) {
        tide_text_appendf(out, "tidemill_runs_ended_total{state=\"%s\"} %" PRId64 "\n",
                          tide_run_state_name(state), stats.ended[state]);
    }
}

static void append_http(struct tide_text *out, const struct tide_api *api)
{
    head(out, "tidemill_http_requests_total", "counter", "Answers, by status code.");
    for (unsigned status = 100; api->server && status < 600; status++) {
        uint64_t count = tide_http_answers(api->server, status);

        if (count > 0) {
            tide_text_appendf(out,
                              "tidemill_http_requests_total{code=\"%u\"} %" PRIu64 "\n",
                              status, count);
        }
    }
    single(out, "tidemill_http_connections", "gauge", "Open connections.",
           api->server ? (int64_t)tide_http_connections(api->server) : 0);
}

static void append_store(struct tide_text *out, const struct tide_api *api)
{
    struct tide_store_stats stats;

    tide_store_stats(api->options.store, &stats);
    single(out, "tidemill_store_commands_total", "counter", "Commands of the store.",
           stats.commands);
    single(out, "tidemill_store_commits_total", "counter", "Transactions of the store.",
           stats.commits);
    single(out, "tidemill_store_waiting", "gauge", "Commands not answered yet.",
           stats.waiting);
    single(out, "tidemill_store_failures_total", "counter",
           "Transactions that could not be committed.", stats.failures);
}

static void append_process(struct tide_text *out)
{
    uv_rusage_t usage;
    size_t resident = 0;

    (void)uv_resident_set_memory(&resident);
    single(out, "process_resident_memory_bytes", "gauge", "Resident memory.",
           (int64_t)resident);
    head(out, "process_cpu_seconds_total", "counter", "CPU time, user and system.");
    if (uv_getrusage(&usage) == 0) {
        tide_text_appendf(out, "process_cpu_seconds_total %g\n",
                          (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                              (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) /
                                  1e6);
    }
    head(out, "tidemill_build_info", "gauge", "The version that runs.");
    tide_text_append(out, "tidemill_build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
}

static void on_totals(void *arg, const struct tide_store_totals *totals,
                      const struct tide_error *err)
{
    static const struct tide_http_header headers[] = {
        {"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}, {NULL, NULL}};
    struct tide_call *call = arg;
    struct tide_text out = {0};
    size_t length;

    if (err) {
        tide_call_reply_failure(call, err);
        return;
    }
    append_runs(&out, totals);
    append_rows(&out, totals);
    append_supervise(&out, call->api);
    append_schedule(&out, call->api);
    append_http(&out, call->api);
    append_store(&out, call->api);
    append_process(&out);
    length = out.length;
    tide_http_reply(call->request, 200, headers, tide_text_take(&out), length);
}

void tide_api_metrics(struct tide_call *call)
{
    tide_store_totals(call->api->options.store, on_totals, call);
}
