/*
 * flow_lost - whether a table still has the rows that its position speaks of.
 *
 * Somebody may have emptied or recreated it since that was committed.  A recreated table
 * is filled again from the start; if it has rows, they may or may not be those that were
 * loaded, and in append the run fails and asks.  An empty one is filled again after an
 * interrupted load, from where that load began; after a complete load its position
 * holds, because whoever has moved its rows elsewhere does not want them again.
 */
#include "base/log.h"
#include "base/memory.h"
#include "run/flow.h"

static const struct tide_destination *plugin_of(const struct tide_flow *flow)
{
    return flow->engine->destination.entry->destination;
}

bool tide_flow_is_remade(struct tide_flow *flow)
{
    const struct tide_destination *plugin = plugin_of(flow);
    struct tide_error unused;
    bool is_remade = false;

    if (plugin->is_remade) {
        tide_plugin_host_enter(&flow->destination, "is_remade", &unused);
        is_remade = plugin->is_remade(flow->destination_state);
        (void)tide_plugin_host_leave(&flow->destination, TIDE_OK, &unused);
    }
    return is_remade;
}

static int ask_empty(struct tide_flow *flow, bool *is_empty, struct tide_error *err)
{
    const struct tide_destination *plugin = plugin_of(flow);
    int rc = TIDE_OK;

    *is_empty = false;
    if (plugin->is_empty) {
        tide_plugin_host_enter(&flow->destination, "is_empty", err);
        rc = plugin->is_empty(flow->destination_state, is_empty, err);
        rc = tide_plugin_host_leave(&flow->destination, rc, err);
    }
    return rc;
}

static int refuse_done(const struct tide_flow *flow, const struct tide_position *kept,
                       struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_CONFLICT,
                          "%s was emptied or recreated since the interrupted run loaded "
                          "%lld rows into it: empty the other tables of that run, too, "
                          "and start over with --full",
                          flow->table->as, (long long)kept->rows);
}

/* It has rows that are those of before, or others. */
static int refuse_remade(const struct tide_flow *flow, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_CONFLICT,
                          "%s was recreated since the last run and has rows, which may "
                          "or may not be those that were loaded: empty it, or run with "
                          "--full, to load all rows again, or tell the destination that "
                          "it is the same table (see its README)",
                          flow->table->as);
}

/* Of one that is not what it was. */
static int judge(struct tide_flow *flow, const struct tide_position *kept, bool is_remade,
                 bool is_empty, struct tide_error *err)
{
    if (kept->kind == TIDE_POSITION_DONE) {
        return refuse_done(flow, kept, err);
    }
    if (!is_empty && flow->table->mode == TIDE_MODE_APPEND) {
        return refuse_remade(flow, err);
    }
    if (is_remade) {
        TIDE_LOG(TIDE_LOG_WARNING,
                 "the table was recreated since the last run; it is filled again",
                 TIDE_KEY_TEXT("table", flow->table->as));
    } else {
        TIDE_LOG(TIDE_LOG_WARNING,
                 "the table is empty, though the interrupted run had loaded rows; the "
                 "load starts over",
                 TIDE_KEY_TEXT("table", flow->table->as),
                 TIDE_KEY_INT("rows", kept->rows));
    }
    return TIDE_OK;
}

int tide_flow_believe(struct tide_flow *flow, const struct tide_position *kept,
                      bool *is_believed, char **from, struct tide_error *err)
{
    bool is_remade = tide_flow_is_remade(flow), is_empty = false;
    int rc = TIDE_OK;

    *is_believed = true;
    *from = NULL;
    if (flow->table->mode == TIDE_MODE_REPLACE || (!is_remade && kept->rows == 0)) {
        return TIDE_OK;
    }
    rc = ask_empty(flow, &is_empty, err);
    if (rc != TIDE_OK || (!is_remade && !is_empty)) {
        return rc;
    }
    *is_believed = false;
    rc = judge(flow, kept, is_remade, is_empty, err);
    if (rc == TIDE_OK && !is_remade && kept->from && tide_flow_is_incremental(flow)) {
        *from = tide_strdup(kept->from);
    }
    return rc;
}
