/*
 * kept - which of the positions that a destination keeps is that of a pipeline.
 *
 * A daemon knows its pipelines by an id that stays; a run by hand knows a name.  Both
 * must find the same place.  So a position is kept under the id, with the name beside it:
 *  - a run without an id uses the one that was kept with its name under an id;
 *  - a run with an id takes over what was kept under the name alone.
 * Where the run's own key has a position, that is the one.  Offer all that are kept for
 * the table, one behind the other.
 *
 * Layer: compiled into destinations; the SDK alone.
 */
#ifndef SHARED_POSITION_KEPT_H
#define SHARED_POSITION_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <tidemill/plugin.h>

/** How the best one so far was found. */
enum kept_by { KEPT_NONE, KEPT_UNDER_ID, KEPT_UNDER_NAME, KEPT_EXACTLY };

/** Set the borrowed names, zero the rest. */
struct kept {
    const char *pipeline; /**< of the request */
    const char *name;     /**< likewise, or NULL: only its own key is looked for */
    enum kept_by by;
    size_t count;  /**< as good as the best */
    char one[100]; /**< the key of one of them, without the table */
};

static inline enum kept_by kept_rank(const struct kept *kept, const char *pipeline,
                                     const char *name)
{
    if (strcmp(pipeline, kept->pipeline) == 0) {
        return KEPT_EXACTLY;
    }
    if (!kept->name) {
        return KEPT_NONE;
    }
    if (strcmp(kept->pipeline, kept->name) != 0) {
        return strcmp(pipeline, kept->name) == 0 ? KEPT_UNDER_NAME : KEPT_NONE;
    }
    return name && strcmp(name, kept->name) == 0 ? KEPT_UNDER_ID : KEPT_NONE;
}

/** One that is kept, and the name beside it (or NULL).  Whether it is the best so far. */
static inline bool kept_offer(struct kept *kept, const char *pipeline, const char *name)
{
    enum kept_by by = kept_rank(kept, pipeline, name);

    if (by == KEPT_NONE || by < kept->by) {
        return false;
    }
    kept->count = by == kept->by ? kept->count + 1 : 1;
    kept->by = by;
    (void)snprintf(kept->one, sizeof kept->one, "%.*s", (int)strcspn(pipeline, "/"),
                   pipeline);
    return kept->count == 1;
}

/** When all were offered: TIDE_E_CONFLICT when it cannot be known which one it is. */
TIDE_MUST_CHECK
static inline int kept_check(const struct kept *kept, struct tide_error *err)
{
    if (kept->count < 2) {
        return TIDE_OK;
    }
    return tide_error_set(err, TIDE_E_CONFLICT,
                          "%zu pipelines of the name \"%.*s\" keep a place for this "
                          "table, %s among them: say which one this is with --pipeline "
                          "KEY, or that it is another with a KEY of its own",
                          kept->count, (int)strcspn(kept->name, "/"), kept->name,
                          kept->one);
}

/** Say that the place is one that was kept under another key. */
static inline void kept_tell(const struct kept *kept, const struct tide_host *host,
                             const char *pipeline)
{
    char message[600];

    if (kept->by == KEPT_UNDER_ID) {
        (void)snprintf(message, sizeof message, "resuming at the position of pipeline %s",
                       pipeline);
        host->log(host, TIDE_LOG_INFO, message);
    } else if (kept->by == KEPT_UNDER_NAME) {
        (void)snprintf(message, sizeof message,
                       "the place that runs by hand kept under %s is taken over",
                       pipeline);
        host->log(host, TIDE_LOG_INFO, message);
    }
}

#endif
