/*
 * destination - a transaction is begun, made ready for rows, and committed.
 */
#include "destination.h"

#include "commit.h"
#include "staging_end.h"
#include "staging_move.h"

/* ---- before rows ------------------------------------------------------------------ */

bool pg_destination_is_merge(const struct pg_destination *destination)
{
    return destination->request->mode == TIDE_MODE_MERGE;
}

void pg_destination_begin(struct pg_destination *destination)
{
    tide_pg_begin(destination->pg, "ISOLATION LEVEL READ COMMITTED");
    pg_load_begin(&destination->load, destination->pg);
    destination->in_transaction = true;
    destination->prepared = false;
}

/* Ask whether rows are left, where something may keep them: to look through a table that
 * was emptied just now takes a while. */
static bool add_question_for_left(struct tide_pg_sql *sql,
                                  const struct pg_destination *destination)
{
    const struct tide_pg_table *table = &destination->target.table;
    bool is_divided = table->kind == 'p';
    bool is_plain = (is_divided || table->kind == 'r') && !table->has_rules;

    if (is_plain && !is_divided && !table->has_triggers && !destination->staging.is_on) {
        return false;
    }
    tide_pg_sql_add(sql, "; SELECT ");
    if (is_plain) {
        tide_pg_sql_add(sql, "EXISTS (SELECT FROM pg_trigger WHERE tgrelid IN (");
        if (is_divided) {
            tide_pg_sql_format(sql, "SELECT relid FROM pg_partition_tree(%s)", table->oid);
        } else {
            tide_pg_sql_add(sql, table->oid);
        }
        tide_pg_sql_add(sql, ") AND tgtype & 8 <> 0 AND NOT tgisinternal"
                             " AND tgenabled <> 'D') AND ");
    }
    tide_pg_sql_add(sql, "EXISTS (SELECT FROM ");
    pg_target_add_rows(&destination->target, sql);
    tide_pg_sql_add(sql, ")");
    return true;
}

static int rows_are_left(const struct pg_target *target, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_CONFIG,
                          "mode replace deletes the old rows of %s, and some are left: a "
                          "trigger or rule on DELETE, or row security, keeps them, or "
                          "somebody writes to the table just now; nothing was replaced: "
                          "use mode merge, or let the rows be deleted",
                          target->title.text);
}

/* Replacing deletes the rows that are there, unseen by others until the commit. */
static int delete_rows(struct pg_destination *destination, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    PGresult *result = NULL;
    bool is_asked;
    int rc;

    pg_target_add_turn(&destination->target, &sql);
    tide_pg_sql_add(&sql, "DELETE FROM ");
    pg_target_add_rows(&destination->target, &sql);
    is_asked = add_question_for_left(&sql, destination);
    rc = tide_pg_exec_sql(destination->pg, &sql, &result, err);
    if (rc == TIDE_OK && is_asked && PQgetvalue(result, 0, 0)[0] == 't') {
        rc = rows_are_left(&destination->target, err);
    }
    PQclear(result);
    if (rc == TIDE_E_DATA) {
        /* No row that comes is to blame. */
        rc = TIDE_E_CONFIG;
        (void)tide_error_wrap(err, "the old rows cannot be deleted; use mode merge");
        err->code = rc;
    }
    tide_pg_sql_clear(&sql);
    return rc;
}

int pg_destination_prepare(struct pg_destination *destination, struct tide_error *err)
{
    const struct tide_destination_request *request = destination->request;
    int rc = TIDE_OK;

    if (destination->prepared) {
        return TIDE_OK;
    }
    if (!destination->in_transaction) {
        pg_destination_begin(destination);
    }
    if (request->mode == TIDE_MODE_REPLACE && !destination->staging.is_on) {
        rc = delete_rows(destination, err);
    } else if (pg_destination_is_merge(destination)) {
        rc = pg_merge_prepare(&destination->merge, destination->pg, err);
    }
    destination->prepared = rc == TIDE_OK;
    return rc;
}

/* ---- committing ------------------------------------------------------------------ */

static int64_t rows_aside(const struct pg_destination *destination)
{
    return destination->staging.rows + destination->load.rows;
}

/* From now on rows are staged; they stay in this transaction if the table does not allow
 * that.  *is_aside: they are staged. */
static int set_aside(struct pg_destination *destination, bool *is_aside,
                     struct tide_error *err)
{
    struct pg_staging *staging = &destination->staging;
    struct tide_pg *before = destination->pg;
    int rc = TIDE_OK;

    if (!staging->is_on && staging->is_wanted && !staging->is_refused &&
        pg_positions_is_kept(&destination->positions)) {
        rc = pg_staging_move(staging, &destination->pg, destination->options,
                             &destination->target, &destination->positions,
                             destination->load.rows, err);
        if (rc == TIDE_OK && staging->is_on) {
            rc = pg_load_into(&destination->load, &staging->name, err);
            destination->load.rows = 0;
        }
    }
    if (destination->pg != before) {
        pg_load_begin(&destination->load, destination->pg);
    }
    *is_aside = staging->is_on;
    return rc;
}

/* The new rows take the place of the old ones. */
static int replace_rows(struct pg_destination *destination, struct tide_error *err)
{
    int rc = pg_staging_secure(&destination->staging, destination->pg,
                               &destination->target, &destination->positions, err);

    if (rc == TIDE_OK) {
        rc = delete_rows(destination, err);
    }
    return rc == TIDE_OK
               ? pg_staging_publish(&destination->staging, destination->pg,
                                    &destination->target, rows_aside(destination), err)
               : rc;
}

/* All at once: no row can be rejected any more. */
static int merge_rows(struct pg_destination *destination, struct tide_error *err)
{
    int rc =
        pg_merge_apply(&destination->merge, destination->pg, destination->load.rows, err);

    if (rc == TIDE_E_DATA) {
        (void)tide_error_wrap(err,
                              "with a cursor, and a trigger that runs before each "
                              "row, rows are merged at the commit, when none can be "
                              "rejected: leave such rows out at the source, or merge "
                              "without the cursor");
        err->code = rc;
    }
    return rc;
}

/* What an open transaction must still do before its commit. */
static int finish_rows(struct pg_destination *destination, bool final,
                       struct tide_error *err)
{
    struct pg_staging *staging = &destination->staging;
    int rc = TIDE_OK;

    if (!destination->in_transaction) {
        pg_destination_begin(destination);
    }
    if (staging->is_on && final) {
        rc = replace_rows(destination, err);
    } else if (staging->is_on) {
        rc = pg_staging_note(staging, destination->pg, &destination->target,
                             &destination->positions, rows_aside(destination), err);
    } else if (destination->request->mode == TIDE_MODE_REPLACE) {
        rc = pg_destination_prepare(destination, err);
    } else if (destination->merge.waits && destination->prepared) {
        rc = merge_rows(destination, err);
    }
    if (rc == TIDE_OK && staging->is_left && !staging->is_on) {
        rc = pg_staging_drop(staging, destination->pg, err);
    }
    return rc;
}

static int commit_rows(struct pg_destination *destination, const char *position,
                       bool final, struct tide_error *err)
{
    struct pg_staging *staging = &destination->staging;
    struct pg_positions *positions = &destination->positions;
    int rc = finish_rows(destination, final, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    positions->target_oid = destination->target.table.oid;
    positions->staging_oid = staging->is_on && !final ? staging->oid : NULL;
    rc = pg_commit(&destination->pg, destination->options, positions, position, err);
    destination->in_transaction = false;
    destination->prepared = false;
    if (rc == TIDE_OK) {
        staging->rows += destination->load.rows;
        destination->load.rows = 0;
        staging->is_left = false;
        staging->is_on = staging->is_on && !final;
        if (final) {
            pg_staging_tidy(staging, destination->pg);
        }
    }
    return rc;
}

/* A checkpoint of a replacing load. */
static int commit_aside(struct pg_destination *destination, const char *position,
                        struct tide_error *err)
{
    bool is_aside = destination->staging.is_on;
    int rc = TIDE_OK;

    if (!is_aside) {
        rc = pg_destination_prepare(destination, err);
    }
    if (rc == TIDE_OK) {
        rc = set_aside(destination, &is_aside, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    return is_aside ? commit_rows(destination, position, false, err) : TIDE_MORE;
}

int pg_destination_commit(void *state, const char *position, bool final,
                          struct tide_error *err)
{
    struct pg_destination *destination = state;

    if (destination->request->mode == TIDE_MODE_REPLACE && !final) {
        return commit_aside(destination, position, err);
    }
    return commit_rows(destination, position, final, err);
}
