/*
 * plugin_host - what the run offers one plugin: the host table, and what the table's
 * functions need to know of the call that is going on.
 *
 * Threads: that of the plugin's calls.
 */
#ifndef TIDE_RUN_PLUGIN_HOST_H
#define TIDE_RUN_PLUGIN_HOST_H

#include <tidemill/plugin.h>

#include "base/text.h"

struct tide_flow;

/** Zero it to begin.  It must not move while a plugin has it. */
struct tide_plugin_host {
    struct tide_host host;
    struct tide_flow *flow;            /**< borrowed; NULL: outside of a run */
    int step;                          /**< whose rows this plugin refuses */
    bool is_muted;                     /**< it reads nothing, so it rejects nothing */
    char label[48];                    /**< "source csv" */
    char activity[64];                 /**< "source csv: read" during a call */
    const struct tide_batch **batches; /**< owned array; in hand: their rows, counted
                                          through all of them, may be refused */
    size_t batch_count, batch_capacity;
    const struct tide_schema *schema; /**< of these batches */
    int64_t rows;                     /**< in hand */
    uint8_t *refused; /**< of each row in hand, whether it was refused; stays when they
                         are dropped, as does the number of those that were */
    int64_t refused_capacity;
    int64_t refused_count;
    struct tide_text row; /**< the row being refused, as JSON; memory that is reused */
};

/** kind is an enum tide_plugin_kind. */
void tide_plugin_host_init(struct tide_plugin_host *host, struct tide_flow *flow,
                           int step, uint32_t kind, const char *name);
void tide_plugin_host_fini(struct tide_plugin_host *host);

/** Before and after each call to the plugin; verb is what is asked of it.  leave returns
 * the call's result, with err filled as an error should be.  A result above zero is none
 * of the plugin's answers, and TIDE_E_INTERNAL, unless it is the one that may come. */
void tide_plugin_host_enter(struct tide_plugin_host *host, const char *verb,
                            struct tide_error *err);
int tide_plugin_host_leave(struct tide_plugin_host *host, int rc, struct tide_error *err);
int tide_plugin_host_leave_with(struct tide_plugin_host *host, int rc, int may_come,
                                struct tide_error *err);

/** Put a batch in hand, behind those that are, none of its rows refused, and take all
 * away again. */
TIDE_MUST_CHECK
int tide_plugin_host_hold(struct tide_plugin_host *host, const struct tide_batch *batch,
                          const struct tide_schema *schema, struct tide_error *err);
void tide_plugin_host_drop(struct tide_plugin_host *host);

#endif
