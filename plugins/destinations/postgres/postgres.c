/*
 * postgres - destination that loads tables of a PostgreSQL database.
 *
 * Everything a run writes is in one transaction until commit, with its position: readers
 * of the table see the rows before or the rows after.  A row that the table cannot hold
 * is refused before it is sent (check.h), one that the server refuses when it says so
 * (load.h), and the others go in.
 *
 * States: a transaction is open from open() to a commit, and from the next write on to
 * the next commit; the mode's preparation (deleting the old rows, making the staging
 * table) waits for the first write in it, so that a look at the columns changes nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <tidemill/plugin.h>

#include "commit.h"
#include "load.h"
#include "merge.h"
#include "positions.h"
#include "postgres/connection.h"
#include "target.h"

struct pg_destination {
    const struct tide_host *host;
    const struct tide_pg_options *options;          /* borrowed for our whole life */
    const struct tide_destination_request *request; /* likewise */
    struct tide_pg *pg;
    struct pg_target target;
    struct pg_load load;
    struct pg_positions positions;
    struct pg_merge merge;
    bool in_transaction;
    bool prepared; /* the transaction is ready for rows */
};

/* ---- opening and closing --------------------------------------------------------- */

static bool is_merge(const struct pg_destination *destination)
{
    return destination->request->mode == TIDE_MODE_MERGE;
}

static void begin(struct pg_destination *destination)
{
    tide_pg_begin(destination->pg, "");
    pg_load_begin(&destination->load, destination->pg);
    destination->in_transaction = true;
    destination->prepared = false;
}

static int open_table(struct pg_destination *destination, struct tide_schema *accepted,
                      char **position, struct tide_error *err)
{
    const struct tide_destination_request *request = destination->request;
    struct pg_positions *positions = &destination->positions;
    int rc;

    pg_positions_init(positions, request);
    begin(destination);
    rc = pg_target_open(&destination->target, destination->pg,
                        destination->options->schema, request, accepted, err);
    positions->target = destination->target.title.text;
    positions->target_oid = destination->target.table.oid;
    positions->is_new = destination->target.is_new;
    if (rc == TIDE_OK && positions->pipeline) {
        rc = pg_positions_load(positions, &destination->target.positions,
                               destination->target.rows, destination->pg, position, err);
    }
    if (rc == TIDE_OK && is_merge(destination)) {
        rc = pg_merge_init(&destination->merge, destination->pg, &destination->target,
                           request, err);
    }
    return rc == TIDE_OK
               ? pg_load_init(&destination->load, destination->host, &destination->target,
                              is_merge(destination) ? &destination->merge : NULL, request,
                              err)
               : rc;
}

static void destination_close(void *state)
{
    struct pg_destination *destination = state;

    if (!destination) {
        return;
    }
    tide_pg_close(destination->pg);
    pg_positions_clear(&destination->positions);
    pg_target_clear(&destination->target);
    pg_load_clear(&destination->load);
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
    rc = tide_pg_open(options, host, &destination->pg, err);
    if (rc == TIDE_OK) {
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

static int destination_write(void *state, const struct tide_batch *batch,
                             struct tide_error *err)
{
    struct pg_destination *destination = state;
    int rc = prepare(destination, err);

    return rc == TIDE_OK ? pg_load_batch(&destination->load, batch, err) : rc;
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
        destination->in_transaction = false;
        destination->prepared = false;
    }
    return rc;
}

/* ---- what is there --------------------------------------------------------------- */

static bool destination_is_remade(void *state)
{
    const struct pg_destination *destination = state;

    return destination->positions.is_remade;
}

static int destination_is_empty(void *state, bool *is_empty, struct tide_error *err)
{
    struct pg_destination *destination = state;
    struct tide_pg_sql sql = {0};
    PGresult *result = NULL;
    int rc;

    tide_pg_sql_add(&sql, "SELECT EXISTS (SELECT FROM ");
    tide_pg_sql_name(&sql, &destination->target.table.name);
    tide_pg_sql_add(&sql, ")");
    rc = tide_pg_exec_sql(destination->pg, &sql, &result, err);
    if (rc == TIDE_OK) {
        *is_empty = PQgetvalue(result, 0, 0)[0] == 'f';
    }
    PQclear(result);
    tide_pg_sql_clear(&sql);
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
    .is_remade = destination_is_remade,
    .is_empty = destination_is_empty,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, "postgres", "1.0",
                     "Loads tables of a PostgreSQL database."),
    .options = tide_pg_option_table,
    .options_size = sizeof(struct tide_pg_options),
    .destination = &postgres_destination,
    .check = tide_pg_check,
};
