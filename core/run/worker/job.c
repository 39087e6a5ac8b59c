/*
 * job - what a worker is asked to do; see job.h and pipeline/worker.h.
 */
#include "run/worker/job.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

/* The rows of a replay are the most of it; whoever sends them keeps below this. */
#define JOB_MAX ((size_t)64 * 1024 * 1024)

static int read_all(int fd, struct tide_text *text, struct tide_error *err)
{
    char buffer[16384];
    ssize_t got = 0;

    do {
        got = read(fd, buffer, sizeof buffer);
        if (got > 0) {
            tide_text_append_n(text, buffer, (size_t)got);
        }
        if (text->length > JOB_MAX) {
            return tide_error_set(err, TIDE_E_LIMIT, "the job is longer than %zu bytes",
                                  JOB_MAX);
        }
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got < 0) {
        return tide_error_set(err, TIDE_E_IO, "cannot read the job: %s", strerror(errno));
    }
    return TIDE_OK;
}

static void read_limits(struct json_object *document, struct tide_job_limits *limits)
{
    struct json_object *given = tide_json_member(document, "limits");

    limits->memory = tide_json_int(given, "memory", 0);
    limits->cpu_seconds = tide_json_int(given, "cpu_seconds", 0);
    limits->open_files = tide_json_int(given, "open_files", 0);
    limits->wall_seconds = tide_json_int(given, "wall_seconds", 0);
}

static void read_replay(struct json_object *document, struct tide_replay *replay)
{
    struct json_object *given = tide_json_member(document, "replay");
    struct json_object *rejects = tide_json_member(given, "rejects");

    if (json_object_is_type(rejects, json_type_array)) {
        replay->of = tide_json_int(given, "run", 0);
        replay->again = tide_json_bool(given, "again", false);
        replay->rejects = rejects;
    }
}

int tide_job_read(int fd, struct tide_job *job, struct tide_error *err)
{
    struct tide_text text = {0};
    const char *folder = NULL;
    int rc = read_all(fd, &text, err);

    if (rc == TIDE_OK && text.length == 0) {
        rc = tide_error_set(err, TIDE_E_DATA, "there is no job on standard input");
    }
    if (rc == TIDE_OK) {
        rc = tide_json_parse(text.data, text.length, &job->document, err);
    }
    tide_text_fini(&text);
    if (rc == TIDE_OK && !json_object_is_type(job->document, json_type_object)) {
        rc = tide_error_set(err, TIDE_E_DATA, "is not a JSON object");
    }
    if (rc != TIDE_OK) {
        return tide_error_wrap(err, "job");
    }
    folder = tide_json_text(job->document, "plugin_folder");
    job->plugin_folder = folder ? tide_strdup(folder) : tide_plugin_folder();
    job->run_id = tide_strf("%" PRId64, tide_json_int(job->document, "run", 0));
    read_limits(job->document, &job->limits);
    read_replay(job->document, &job->replay);
    return TIDE_OK;
}

int tide_job_compile(struct tide_job *job, struct tide_error *err)
{
    struct tide_problems problems = {0};
    struct json_object *definition = tide_json_member(job->document, "definition");
    char *text = tide_json_format(definition);
    struct tide_pipeline_options options = {
        .base_folder = tide_json_text(job->document, "base_folder"),
    };
    int rc = TIDE_OK;

    job->catalog = tide_catalog_of_loaded(job->plugin_folder);
    options.catalog = job->catalog;
    rc = tide_pipeline_parse(text, strlen(text), TIDE_DOCUMENT_JSON, &options,
                             &job->pipeline, &problems);
    if (rc != TIDE_OK) {
        char *found = tide_problems_format(&problems, "definition");

        (void)tide_error_at(err, TIDE_E_CONFIG, "definition", "%s", found);
        free(found);
    }
    tide_problems_fini(&problems);
    free(text);
    return rc;
}

static int incremental_of(struct json_object *document)
{
    struct json_object *given = tide_json_member(document, "incremental");

    if (!json_object_is_type(given, json_type_boolean)) {
        return -1;
    }
    return json_object_get_boolean(given) ? 1 : 0;
}

void tide_job_request(const struct tide_job *job, struct tide_run_request *request)
{
    struct json_object *document = job->document;
    struct json_object *rejects = tide_json_member(document, "rejects");

    request->pipeline = job->pipeline;
    request->plugin_folder = job->plugin_folder;
    request->pipeline_id = tide_json_text(document, "pipeline");
    request->run_id = job->run_id;
    request->started_at = tide_json_int(document, "started_at", 0);
    request->incremental = incremental_of(document);
    request->positions = tide_json_member(document, "positions");
    request->replay = job->replay.rejects ? &job->replay : NULL;
    request->row_limit = tide_json_int(document, "limit", 0);
    request->checkpoint = tide_json_int(document, "checkpoint", TIDE_CHECKPOINT_EVERY);
    request->check = tide_json_bool(document, "check", false);
    request->reject_count = tide_json_int(rejects, "count", 1000);
    request->reject_bytes = tide_json_int(rejects, "bytes", (int64_t)4 * 1024 * 1024);
}

void tide_job_fini(struct tide_job *job)
{
    tide_pipeline_destroy(job->pipeline);
    tide_catalog_close(job->catalog);
    json_object_put(job->document);
    free(job->plugin_folder);
    free(job->run_id);
}
