/*
 * supervised_job - what a worker is told at its start, as core/pipeline/worker.h has it.
 */
#include "supervise/supervised.h"

#include <string.h>

void tide_supervised_job(const struct tide_supervise *supervise,
                         const struct tide_run_job *job, struct tide_text *text)
{
    static const char *const incremental[] = {"null", "false", "true"};
    const struct tide_worker_limits *limits = &supervise->limits;
    const struct tide_run_record *run = job->run;

    tide_text_appendf(text, "{\"run\":%lld,\"pipeline\":\"%s\",\"definition\":%s",
                      (long long)run->id, run->pipeline_uid, job->definition);
    tide_text_append(text, ",\"base_folder\":");
    if (job->base_folder) {
        tide_text_append_json(text, job->base_folder, strlen(job->base_folder));
    } else {
        tide_text_append(text, "null");
    }
    tide_text_append(text, ",\"plugin_folder\":");
    tide_text_append_json(text, supervise->plugin_folder,
                          strlen(supervise->plugin_folder));
    tide_text_appendf(text,
                      ",\"incremental\":%s,\"started_at\":%lld,\"attempt\":%lld"
                      ",\"positions\":%s,\"limit\":0,\"check\":false"
                      ",\"checkpoint\":%lld",
                      incremental[run->incremental + 1], (long long)run->started_at,
                      (long long)run->attempt, job->positions,
                      (long long)supervise->checkpoint_us);
    tide_text_appendf(text,
                      ",\"limits\":{\"memory\":%lld,\"cpu_seconds\":%lld"
                      ",\"open_files\":%lld,\"wall_seconds\":%lld}"
                      ",\"rejects\":{\"count\":%lld,\"bytes\":%lld}",
                      (long long)limits->memory_bytes, (long long)limits->cpu_seconds,
                      (long long)limits->open_files, (long long)limits->wall_seconds,
                      (long long)supervise->reject_count,
                      (long long)supervise->reject_bytes);
    if (job->replay) {
        tide_text_append(text, ",\"replay\":");
        tide_text_append(text, job->replay);
    }
    tide_text_append(text, "}\n");
}
