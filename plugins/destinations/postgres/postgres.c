/*
 * postgres - destination that loads tables of a PostgreSQL database.
 *
 * Everything a run writes is in one transaction until commit, with its position: readers
 * of the table see the rows before or the rows after.  A batch is one COPY in a savepoint
 * of its own, so that a refused one leaves the rest untouched and can be split.
 *
 * States: a transaction is open from open() to a commit, and from the next write on to
 * the next commit; the mode's preparation (deleting the old rows, making the staging
 * table) waits for the first write in it, so that a look at the columns changes nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <tidemill/plugin.h>

#include "check.h"
#include "commit.h"
#include "encode.h"
#include "merge.h"
#include "output.h"
#include "positions.h"
#include "postgres/connection.h"
#include "target.h"

#define SAVEPOINT "tidemill_batch"
#define RELEASE "RELEASE SAVEPOINT " SAVEPOINT "; "

struct pg_destination {
    const struct tide_host *host;
    const struct tide_pg_options *options;          /* borrowed for our whole life */
    const struct tide_destination_request *request; /* likewise */
    struct tide_pg *pg;
    struct pg_target target;
    struct pg_refusals refusals;
    struct pg_output output;
    struct pg_positions positions;
    struct tide_pg_sql copy; /* the statement of a batch, behind its savepoint */
    struct pg_merge merge;
    int64_t order; /* number of the next row of a merge */
    bool is_binary;
    bool in_transaction;
    bool prepared;      /* the transaction is ready for rows */
    bool has_savepoint; /* that of an earlier batch in it */
};

/* ---- opening and closing --------------------------------------------------------- */

static bool is_merge(const struct pg_destination *destination)
{
    return destination->request->mode == TIDE_MODE_MERGE;
}

static void build_copy(struct pg_destination *destination)
{
    struct tide_pg_sql *sql = &destination->copy;

    tide_pg_sql_add(sql, RELEASE "SAVEPOINT " SAVEPOINT "; COPY ");
    if (is_merge(destination)) {
        pg_merge_add_name(sql, destination->request->run);
    } else {
        tide_pg_sql_name(sql, &destination->target.table.name);
    }
    tide_pg_sql_add(sql, " (");
    pg_target_add_columns(&destination->target, sql);
    if (is_merge(destination)) {
        tide_pg_sql_add(sql, ", " PG_ORDER_COLUMN);
    }
    tide_pg_sql_format(sql, ") FROM STDIN (FORMAT %s)",
                       destination->is_binary ? "binary" : "text");
}

static void begin(struct pg_destination *destination)
{
    tide_pg_begin(destination->pg, "");
    destination->in_transaction = true;
    destination->prepared = false;
    destination->has_savepoint = false;
}

static int open_table(struct pg_destination *destination, struct tide_schema *accepted,
                      char **position, struct tide_error *err)
{
    const struct tide_destination_request *request = destination->request;
    struct pg_positions *positions = &destination->positions;
    int rc;

    positions->pipeline = request->pipeline;
    positions->run = request->run;
    begin(destination);
    rc = pg_target_open(&destination->target, destination->pg,
                        destination->options->schema, request, accepted, err);
    positions->target = destination->target.title.text;
    positions->is_new = destination->target.is_new;
    if (rc == TIDE_OK && positions->pipeline) {
        rc = pg_positions_load(positions, &destination->target.positions, destination->pg,
                               position, err);
    }
    if (rc == TIDE_OK && is_merge(destination)) {
        rc = pg_merge_init(&destination->merge, destination->pg, &destination->target,
                           request, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    destination->is_binary = pg_encode_is_binary(&destination->target);
    build_copy(destination);
    return tide_pg_sql_check(&destination->copy, err);
}

static void destination_close(void *state)
{
    struct pg_destination *destination = state;

    if (!destination) {
        return;
    }
    tide_pg_close(destination->pg);
    pg_target_clear(&destination->target);
    pg_refusals_clear(&destination->refusals);
    pg_output_clear(&destination->output);
    tide_pg_sql_clear(&destination->copy);
    pg_merge_clear(&destination->merge);
    free(destination);
}

static int destination_open(const void *options,
                            const struct tide_destination_request *request,
                            const struct tide_host *host, void **state,
                            struct tide_schema *accepted, char **position,
                            struct tide_error *err)
{
    struct pg_destination *destination = host->allocate(host, sizeof *destination);
    int rc;

    if (!destination) {
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for a destination");
    }
    destination->host = host;
    destination->options = options;
    destination->request = request;
    destination->order = 1;
    rc = tide_pg_open(options, host, &destination->pg, err);
    if (rc == TIDE_OK) {
        destination->output.pg = destination->pg;
        rc = open_table(destination, accepted, position, err);
    }
    if (rc != TIDE_OK) {
        tide_schema_clear(accepted);
        free(*position);
        *position = NULL;
        destination_close(destination);
        return rc;
    }
    *state = destination;
    return TIDE_OK;
}

/* ---- writing --------------------------------------------------------------------- */

/* Replacing deletes the rows that are there, unseen by others until the commit. */
static int delete_rows(struct pg_destination *destination, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    tide_pg_sql_add(&sql, "DELETE FROM ");
    tide_pg_sql_name(&sql, &destination->target.table.name);
    rc = tide_pg_exec_sql(destination->pg, &sql, NULL, err);
    if (rc == TIDE_E_DATA) {
        /* No row that comes is to blame. */
        rc = TIDE_E_CONFIG;
        (void)tide_error_wrap(err, "the old rows cannot be deleted; use mode merge");
        err->code = rc;
    }
    tide_pg_sql_clear(&sql);
    return rc;
}

/* Get the transaction ready for rows, when it is not. */
static int prepare(struct pg_destination *destination, struct tide_error *err)
{
    const struct tide_destination_request *request = destination->request;
    int rc = TIDE_OK;

    if (destination->prepared) {
        return TIDE_OK;
    }
    if (!destination->in_transaction) {
        begin(destination);
    }
    if (request->mode == TIDE_MODE_REPLACE) {
        rc = delete_rows(destination, err);
    } else if (is_merge(destination)) {
        rc = pg_merge_prepare(&destination->merge, destination->pg, err);
    }
    destination->prepared = rc == TIDE_OK;
    return rc;
}

/* Begin the COPY of a batch, in a savepoint that takes the place of the last one. */
static int start_copy(struct pg_destination *destination, struct tide_error *err)
{
    const char *copy = destination->copy.text;
    bool has_savepoint = destination->has_savepoint;

    pg_output_begin(&destination->output);
    destination->has_savepoint = true;
    return tide_pg_copy_in(destination->pg, has_savepoint ? copy : copy + strlen(RELEASE),
                           err);
}

/* Send the rows of a batch that were not refused. */
static int copy_rows(struct pg_destination *destination, const struct tide_batch *batch,
                     struct tide_error *err)
{
    const struct pg_refusals *refusals = &destination->refusals;
    const struct pg_rows rows = {.batch = batch,
                                 .target = &destination->target,
                                 .skip = refusals->count > 0 ? refusals->skip : NULL,
                                 .order = is_merge(destination) ? destination->order : 0};
    int64_t sent = batch->array.length - (int64_t)refusals->count;
    int64_t taken = 0;
    int rc = start_copy(destination, err);

    if (rc == TIDE_OK) {
        rc = destination->is_binary ? pg_encode_binary(&destination->output, &rows, err)
                                    : pg_encode_text(&destination->output, &rows, err);
    }
    if (rc == TIDE_OK) {
        rc = tide_pg_copy_finish(destination->pg, &taken, err);
    }
    if (rc == TIDE_OK && taken != sent) {
        rc = tide_error_set(err, TIDE_E_DATA,
                            "the table took %lld of %lld rows: a trigger keeps rows out",
                            (long long)taken, (long long)sent);
    }
    return rc;
}

static int undo_batch(struct pg_destination *destination, struct tide_error *err)
{
    struct tide_error why = {0};
    int rc =
        tide_pg_exec(destination->pg, "ROLLBACK TO SAVEPOINT " SAVEPOINT, NULL, &why);

    if (rc != TIDE_OK) {
        *err = why;
    }
    return rc == TIDE_OK ? TIDE_E_DATA : rc;
}

static int destination_write(void *state, const struct tide_batch *batch,
                             struct tide_error *err)
{
    struct pg_destination *destination = state;
    int rc = prepare(destination, err);

    if (rc == TIDE_OK) {
        rc = pg_check_batch(&destination->refusals, &destination->target, batch, err);
    }
    if (rc == TIDE_OK && (int64_t)destination->refusals.count < batch->array.length) {
        rc = copy_rows(destination, batch, err);
        if (rc == TIDE_OK && is_merge(destination) && !destination->merge.waits) {
            rc = pg_merge_apply(&destination->merge, destination->pg, err);
        }
        if (rc == TIDE_E_DATA) {
            return undo_batch(destination, err);
        }
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    destination->order += batch->array.length;
    return pg_refusals_report(&destination->refusals, &destination->target, batch,
                              destination->host, err);
}

/* ---- committing ------------------------------------------------------------------ */

/* What an open transaction must still do before its commit. */
static int finish_rows(struct pg_destination *destination, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (destination->request->mode == TIDE_MODE_REPLACE) {
        return prepare(destination, err);
    }
    if (!destination->in_transaction) {
        begin(destination);
    }
    if (destination->merge.waits && destination->prepared) {
        rc = pg_merge_apply(&destination->merge, destination->pg, err);
    }
    return rc;
}

static int destination_commit(void *state, const char *position, bool final,
                              struct tide_error *err)
{
    struct pg_destination *destination = state;
    int rc;

    if (destination->request->mode == TIDE_MODE_REPLACE && !final) {
        return TIDE_MORE;
    }
    rc = finish_rows(destination, err);
    if (rc == TIDE_OK) {
        rc = pg_commit(&destination->pg, destination->options, &destination->positions,
                       position, err);
        destination->output.pg = destination->pg;
        destination->in_transaction = false;
        destination->prepared = false;
    }
    return rc;
}

static const struct tide_destination postgres_destination = {
    .size = sizeof postgres_destination,
    .flags = TIDE_DESTINATION_APPEND | TIDE_DESTINATION_REPLACE | TIDE_DESTINATION_MERGE |
             TIDE_DESTINATION_TRANSACTIONAL | TIDE_DESTINATION_READABLE |
             TIDE_DESTINATION_LARGE_BATCHES,
    .discover = tide_pg_discover,
    .open = destination_open,
    .write = destination_write,
    .commit = destination_commit,
    .close = destination_close,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, "postgres", "1.0",
                     "Loads tables of a PostgreSQL database."),
    .options = tide_pg_option_table,
    .options_size = sizeof(struct tide_pg_options),
    .destination = &postgres_destination,
    .check = tide_pg_check,
};
