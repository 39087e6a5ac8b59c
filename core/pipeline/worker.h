/*
 * worker - what a worker and whoever started it say to each other.
 *
 * tidemill-worker is one run in one process.  It is started with
 *     fd 0  the job: one JSON object (struct tide_job as JSON), then end of file
 *     fd 1  /dev/null, fd 2 the log (JSON lines)
 *     fd 3  a memfd of sizeof(struct tide_ledger) bytes: counters that only it writes
 *     fd 4  events: JSON lines, one object each
 * It ends with exit status 0 whenever it managed to send its last event ("end"); anything
 * else is a crash.  SIGTERM asks it to stop at the next batch boundary.
 *
 * Layer: uses core/base; shared by core/run and scheduler/supervise.
 */
#ifndef TIDE_PIPELINE_WORKER_H
#define TIDE_PIPELINE_WORKER_H

#include <json-c/json.h>
#include <stdint.h>
#include <tidemill/error.h>

#define TIDE_WORKER_LEDGER_FD 3
#define TIDE_WORKER_EVENTS_FD 4

/* ---- the six steps ------------------------------------------------------------------*/

enum tide_step_id {
    TIDE_STEP_RECEIVE,
    TIDE_STEP_INPUT_VALIDATION,
    TIDE_STEP_FILTER,
    TIDE_STEP_TRANSFORMATION,
    TIDE_STEP_OUTPUT_VALIDATION,
    TIDE_STEP_FINALIZE
};
#define TIDE_STEPS 6

/** "receive", "input_validation", "filter", "transformation", "output_validation",
 * "finalize". */
const char *tide_step_name(int step);

/* ---- counters in shared memory ------------------------------------------------------*/

/** One writer a member, relaxed atomic stores once a batch; the reader copies.  Outlives
 * the worker. */
struct tide_ledger {
    uint32_t magic;   /**< TIDE_LEDGER_MAGIC, set by the worker when it is ready */
    uint32_t version; /**< 1 */
    int64_t passed[TIDE_STEPS];
    int64_t failed[TIDE_STEPS];
    int64_t bytes_read; /**< from the source, as the source counts them */
    int64_t bytes_written;
    int64_t batches;
    int64_t heartbeat_us; /**< CLOCK_BOOTTIME when a plugin was last called, or last asked
                             whether the run is cancelled: a hang shows */
    int32_t table_index;  /**< which table is being moved */
    int32_t step; /**< which step's code runs now on the main thread, for the error of a
                     crash */
    /** "source csv: read", for the error of a crash; last written wins. */
    char activity[64];
};
#define TIDE_LEDGER_MAGIC 0x54494445u

/* ---- job and events -----------------------------------------------------------------*/

/*
 * The job, one document:
 *
 *   {"run": 609461413, "pipeline": "uid or name", "definition": {...},
 *    "base_folder": "/…" | null, "plugin_folder": "/…",
 *    "incremental": true | false | null, "started_at": us, "attempt": 1,
 *    "positions": {"table": "position", …}, "limit": 0, "check": false,
 *    "checkpoint": us between two,
 *    "limits": {"memory": bytes, "cpu_seconds": n, "open_files": n, "wall_seconds": n},
 *    "rejects": {"count": 1000, "bytes": 4194304},
 *    "replay": {"run": 41, "again": false, "rejects": [
 *        {"ordinal": 1, "table": …, "step": …, "origin": …, "position": 17,
 *         "row": "{…}" | null, "raw": …, "replay": …}]}}
 *       a replay alone has "replay": rows that a run rejected, instead of the source's
 *
 * Events, in order, each a line:
 *
 *   {"event": "ready"}
 *       plugins loaded, limits set
 *   {"event": "table", "table": "packages.csv", "as": "packages", "mode": "replace",
 *    "resumed": false}
 *       the table is open
 *   {"event": "reject", "table": …, "step": "receive", "code": …, "message": …,
 *    "origin": "packages.csv", "position": 17, "row": "{…}" | null, "raw": "…" | null,
 *    "replay": "…" | null}
 *       capped, the rest is only counted.  row is JSON as a text; replay is what the
 *       worker wants to have back with it in a replay, null when that cannot be
 *   {"event": "checkpoint", "table": …, "rows": n}
 *       so many are durable
 *   {"event": "position", "table": …, "position": "…" | null}
 *       committed by the destination
 *   {"event": "committed", "table": …}
 *       what was rejected so far stays so: its rows are not read again
 *   {"event": "replayed", "table": …, "rejects": [1, 2, …]}
 *       their rows are durable, or rejected again by this run
 *   {"event": "end", "state": "succeeded" | "failed" | "cancelled",
 *    "error": {"code": "config", "where": "", "message": ""} | null,
 *    "steps": {"receive": {"passed": n, "failed": n}, …, "transformation": {…,
 *        "transformations": [{"type": …, "passed": n, "failed": n}]}},
 *    "tables": [{"name": …, "as": …, "mode": …, "passed": [6], "failed": [6],
 *        "verified": {"rows": n, "columns": n, "not_compared": […]}}],
 *    "rejects": {"kept": n, "dropped": n}, "bytes_read": n, "bytes_written": n,
 *    "guarantee": "…"}
 *       verified where that was asked for and they are equal
 */

/** Words of the states of a run, as stored and shown. */
enum tide_run_state {
    TIDE_RUN_QUEUED,
    TIDE_RUN_RUNNING,
    TIDE_RUN_SUCCEEDED,
    TIDE_RUN_FAILED,
    TIDE_RUN_CANCELLED,
    TIDE_RUN_INTERRUPTED,
    TIDE_RUN_SKIPPED
};
const char *tide_run_state_name(int state);
/** TIDE_E_NOT_FOUND. */
int tide_run_state_parse(const char *text, int *state);

#endif
