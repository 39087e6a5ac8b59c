/*
 * postgres - destination that loads tables of a PostgreSQL database.
 *
 * Everything a run writes is in one transaction until commit, with its position: readers
 * of the table see the rows before or the rows after.  A row that the table cannot hold
 * is refused before it is sent (check.h), one that the server refuses when it says so
 * (load.h), and the others go in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tidemill/plugin.h>

#include "destination.h"
#include "staging_end.h"

/* ---- opening and closing --------------------------------------------------------- */

/* The position of a staged load is returned only if the load can be resumed. */
static int find_staged(struct pg_destination *destination, char **position,
                       struct tide_error *err)
{
    struct pg_staging *staging = &destination->staging;
    bool is_proven = false;
    int rc = TIDE_OK;

    staging->is_left = destination->positions.staged_oid[0] != '\0';
    if (!staging->is_left) {
        return TIDE_OK;
    }
    (void)snprintf(staging->oid, sizeof staging->oid, "%s",
                   destination->positions.staged_oid);
    if (staging->is_wanted) {
        rc = pg_staging_check(staging, destination->pg, &destination->target,
                              &destination->positions, &is_proven, err);
    }
    if (rc == TIDE_OK && staging->is_wanted && !is_proven) {
        destination->host->log(destination->host, TIDE_LOG_WARNING,
                               "the staged rows of the last run, or the table, were "
                               "changed since: the load starts over");
    }
    if (!is_proven) {
        free(*position);
        *position = NULL;
    }
    return rc;
}

/* Where the pipeline was. */
static int find_position(struct pg_destination *destination, char **position,
                         struct tide_error *err)
{
    struct pg_positions *positions = &destination->positions;
    int rc = pg_staging_init(&destination->staging, &destination->target,
                             destination->request, err);

    positions->staging = destination->staging.title.text;
    if (rc == TIDE_OK) {
        rc = pg_positions_load(positions, &destination->target.positions,
                               destination->target.rows, destination->pg, position, err);
    }
    return rc == TIDE_OK ? find_staged(destination, position, err) : rc;
}

static int open_table(struct pg_destination *destination, struct tide_schema *accepted,
                      char **position, struct tide_error *err)
{
    const struct tide_destination_request *request = destination->request;
    struct pg_positions *positions = &destination->positions;
    int rc;

    pg_positions_init(positions, request);
    pg_destination_begin(destination);
    rc = pg_target_open(&destination->target, destination->pg,
                        destination->options->schema, request, accepted, err);
    positions->target = destination->target.title.text;
    positions->target_oid = destination->target.table.oid;
    positions->is_new = destination->target.is_new;
    if (rc == TIDE_OK && positions->pipeline) {
        rc = find_position(destination, position, err);
    }
    if (rc == TIDE_OK && pg_destination_is_merge(destination)) {
        rc = pg_merge_init(&destination->merge, destination->pg, &destination->target,
                           request, err);
    }
    return rc == TIDE_OK
               ? pg_load_init(&destination->load, destination->host, &destination->target,
                              pg_destination_is_merge(destination) ? &destination->merge
                                                                   : NULL,
                              request, err)
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
    pg_staging_clear(&destination->staging);
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

static int destination_write(void *state, const struct tide_batch *batch,
                             struct tide_error *err)
{
    struct pg_destination *destination = state;
    int rc = pg_destination_prepare(destination, err);

    if (rc == TIDE_OK) {
        rc = pg_load_batch(&destination->load, batch, err);
    }
    return pg_staging_explain(&destination->staging, destination->pg, rc, err);
}

static int destination_settle(void *state, struct tide_error *err)
{
    struct pg_destination *destination = state;

    int rc = pg_load_settle(&destination->load, err);

    return pg_staging_explain(&destination->staging, destination->pg, rc, err);
}

static int destination_resume(void *state, struct tide_error *err)
{
    struct pg_destination *destination = state;

    destination->staging.is_on = true;
    return pg_load_into(&destination->load, &destination->staging.name, err);
}

/* ---- what is there --------------------------------------------------------------- */

static const char *destination_location(void *state)
{
    const struct pg_destination *destination = state;

    return destination->staging.is_on ? destination->staging.title.text : NULL;
}

static int destination_identify(const void *options,
                                const struct tide_destination_request *request,
                                char **identity, struct tide_error *err)
{
    const struct tide_pg_options *postgres = options;
    struct tide_pg_name name = {0};
    struct tide_pg_sql sql = {0};
    int rc = tide_pg_name_parse(request->table, postgres->schema, &name, err);

    if (rc == TIDE_OK) {
        tide_pg_sql_name(&sql, &name);
        rc = tide_pg_sql_check(&sql, err);
    }
    if (rc == TIDE_OK) {
        *identity = strdup(sql.text);
        rc = *identity ? TIDE_OK
                       : tide_error_set(err, TIDE_E_LIMIT, "no memory for a name");
    }
    tide_pg_sql_clear(&sql);
    tide_pg_name_clear(&name);
    return rc;
}

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
             TIDE_DESTINATION_STAGES,
    .discover = tide_pg_discover,
    .open = destination_open,
    .write = destination_write,
    .commit = pg_destination_commit,
    .close = destination_close,
    .location = destination_location,
    .is_remade = destination_is_remade,
    .is_empty = destination_is_empty,
    .resume = destination_resume,
    .settle = destination_settle,
    .identify = destination_identify,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, "postgres", "1.0",
                     "Loads tables of a PostgreSQL database."),
    .options = tide_pg_option_table,
    .options_size = sizeof(struct tide_pg_options),
    .destination = &postgres_destination,
    .check = tide_pg_check,
};
