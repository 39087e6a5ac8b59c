/*
 * job - what a worker is asked to do, as it came on its standard input.
 */
#ifndef TIDE_RUN_WORKER_JOB_H
#define TIDE_RUN_WORKER_JOB_H

#include <json-c/json.h>

#include "run/run.h"

/** What the run may use; 0: no limit. */
struct tide_job_limits {
    int64_t memory; /**< bytes */
    int64_t cpu_seconds, open_files, wall_seconds;
};

/** Zero it to begin.  Texts are borrowed from the document. */
struct tide_job {
    struct json_object *document;   /**< owned */
    char *run_id;                   /**< owned */
    char *plugin_folder;            /**< owned */
    struct tide_catalog *catalog;   /**< owned; NULL until compiled */
    struct tide_pipeline *pipeline; /**< owned; NULL until compiled */
    struct tide_job_limits limits;
    struct tide_replay replay; /**< rejects are NULL in an ordinary run */
};

/** Read all of a file descriptor.  TIDE_E_DATA, TIDE_E_IO. */
TIDE_MUST_CHECK
int tide_job_read(int fd, struct tide_job *job, struct tide_error *err);
/** Check and compile its definition, which loads the plugins.  TIDE_E_CONFIG with all
 * problems in the message. */
TIDE_MUST_CHECK
int tide_job_compile(struct tide_job *job, struct tide_error *err);
/** Fill what a run wants to know; all of it is borrowed from the job. */
void tide_job_request(const struct tide_job *job, struct tide_run_request *request);
void tide_job_fini(struct tide_job *job);

#endif
