/*
 * verdict - from all that was seen of a worker, what became of its run.
 *
 * Layer: inside scheduler/supervise; pure.
 */
#ifndef TIDE_SUPERVISE_VERDICT_H
#define TIDE_SUPERVISE_VERDICT_H

#include <json-c/json.h>

#include "base/text.h"
#include "supervise/supervise.h"

/** Why the supervisor itself ended a worker. */
enum tide_stop_cause {
    TIDE_STOP_NONE,
    TIDE_STOP_CANCELLED, /**< somebody asked */
    TIDE_STOP_SHUTDOWN,  /**< the daemon ends */
    TIDE_STOP_WALL,      /**< the limit on its duration */
    TIDE_STOP_HANG,      /**< no sign of life */
    TIDE_STOP_GARBAGE    /**< it sent what is no event */
};

struct tide_evidence {
    enum tide_stop_cause cause;
    bool killed;                /**< by us, with SIGKILL */
    const char *start_error;    /**< it could not be started; or NULL */
    const char *garbage;        /**< what was wrong with its events; or NULL */
    const char *position_error; /**< why the store did not keep a position; or NULL */
    const char *replay_error;   /**< or that rejects were replayed; or NULL */
    int status;                 /**< of waitpid() */
    int64_t peak_bytes;
    int64_t cpu_us;
    struct json_object *end; /**< its "end" event, or NULL; borrowed */
    struct tide_ledger ledger;
    struct tide_worker_limits limits;
    int64_t grace_us;
    int64_t rejects_kept, rejects_dropped; /**< by the supervisor */
};

/** The texts of a run's end. */
struct tide_verdict {
    struct tide_run_end end; /**< its texts are borrowed from the members below */
    struct tide_text error;
    struct tide_text code;
    char *detail;
};

/** Zeroed before; to be finished after. */
void tide_verdict_decide(const struct tide_evidence *evidence,
                         struct tide_verdict *verdict);
void tide_verdict_fini(struct tide_verdict *verdict);

#endif
