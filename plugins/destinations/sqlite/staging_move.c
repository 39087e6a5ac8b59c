/*
 * staging_move - a replacing load that went straight into its table is staged, at its
 * first checkpoint.
 *
 * Its transaction has deleted the old rows, and must not be committed.  So the rows go
 * through a temporary database of its own, the transaction is rolled back, and in the
 * next one they go into the table that is made for them.  Where there were no old rows
 * they move within the transaction.
 */
#include "staging.h"

#define WHAT "set the rows aside"

/* ---- from one database to another -------------------------------------------------- */

static int copy_row(sqlite3_stmt *from, const struct database *to, sqlite3_stmt *insert,
                    struct tide_error *err)
{
    int rc = TIDE_OK;

    for (int i = 0; rc == TIDE_OK && i < sqlite3_column_count(from); i++) {
        if (sqlite3_bind_value(insert, i + 1, sqlite3_column_value(from, i)) !=
            SQLITE_OK) {
            rc = database_failed(to, WHAT, err);
        }
    }
    if (rc == TIDE_OK && sqlite3_step(insert) != SQLITE_DONE) {
        rc = database_failed(to, WHAT, err);
    }
    (void)sqlite3_reset(insert);
    return rc;
}

/* All rows that a query (from sqlite3_mprintf) gives. */
static int copy_rows(const struct database *from, char *sql, const struct database *to,
                     sqlite3_stmt *insert, struct tide_error *err)
{
    sqlite3_stmt *query = NULL;
    int rc = database_prepare(from, sql, WHAT, &query, err);
    int result = SQLITE_DONE;

    while (rc == TIDE_OK && (result = sqlite3_step(query)) == SQLITE_ROW) {
        rc = copy_row(query, to, insert, err);
    }
    if (rc == TIDE_OK && result != SQLITE_DONE) {
        rc = database_failed(from, WHAT, err);
    }
    (void)sqlite3_finalize(query);
    return rc;
}

/* Without types, so that values stay as they are. */
static int scratch_open(struct database *scratch, size_t columns, sqlite3_stmt **insert,
                        struct tide_error *err)
{
    sqlite3_str *table = sqlite3_str_new(NULL), *row = sqlite3_str_new(NULL);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    char *sql;
    int rc = sqlite3_open_v2("", &scratch->handle, flags, NULL) == SQLITE_OK
                 ? TIDE_OK
                 : database_failed(scratch, WHAT, err);

    sqlite3_str_appendall(table, "PRAGMA journal_mode = OFF; BEGIN; CREATE TABLE r (");
    sqlite3_str_appendall(row, "INSERT INTO r VALUES (");
    for (size_t i = 0; i < columns; i++) {
        sqlite3_str_appendf(table, "%sc%d", i == 0 ? "" : ", ", (int)i);
        sqlite3_str_appendall(row, i == 0 ? "?" : ", ?");
    }
    sqlite3_str_appendchar(table, 1, ')');
    sqlite3_str_appendchar(row, 1, ')');
    sql = sqlite3_str_finish(table);
    if (rc == TIDE_OK) {
        rc = sql ? database_run(scratch, sql, WHAT, err) : tide_error_memory(err);
    }
    sqlite3_free(sql);
    sql = sqlite3_str_finish(row);
    if (rc == TIDE_OK) {
        return database_prepare(scratch, sql, WHAT, insert, err);
    }
    sqlite3_free(sql);
    return rc;
}

/* ---- the ways ------------------------------------------------------------------------ */

static int take_out(const struct writer *writer, const struct database *scratch,
                    sqlite3_stmt *insert, struct tide_error *err)
{
    char *list = staging_columns(writer);
    int rc = copy_rows(&writer->database,
                       list ? sqlite3_mprintf("SELECT %s FROM \"%w\" NOT INDEXED", list,
                                              writer->request->table)
                            : NULL,
                       scratch, insert, err);

    sqlite3_free(list);
    return rc;
}

/* Get the old rows back; in between others may have changed the table. */
static int start_over(const struct writer *writer, struct tide_error *err)
{
    int rc = database_run(&writer->database, "ROLLBACK", WHAT, err);

    if (rc == TIDE_OK) {
        rc = database_run(&writer->database, "BEGIN IMMEDIATE", "lock it for writing",
                          err);
    }
    if (rc == TIDE_OK) {
        rc = staging_look_again(writer, err);
    }
    return rc == TIDE_OK ? staging_make(writer, err) : rc;
}

/* From now on rows go elsewhere. */
static void let_go_of_target(struct writer *writer)
{
    (void)sqlite3_finalize(writer->insert);
    writer->insert = NULL;
    writer->is_direct = false;
}

/* All is left for the final commit, as without checkpoints. */
static int stay(struct writer *writer, const char *why, struct tide_error *err)
{
    char text[sizeof err->message + 80];

    (void)snprintf(text, sizeof text,
                   "no checkpoints are made while the table is replaced: %s", why);
    writer->host->log(writer->host, TIDE_LOG_WARNING, text);
    writer->stages = false;
    return staging_drop(writer, err);
}

/* All but the new rows is as it was at first. */
static int bring_back(struct writer *writer, const struct database *scratch,
                      struct tide_error *err)
{
    int rc = start_over(writer, err);

    if (rc == TIDE_OK) {
        rc = statements_insert(writer, err);
    }
    return rc == TIDE_OK ? copy_rows(scratch, sqlite3_mprintf("SELECT * FROM r"),
                                     &writer->database, writer->insert, err)
                         : rc;
}

/* Up to the rollback nothing is lost when it fails. */
static int move_through(struct writer *writer, struct tide_error *err)
{
    struct database scratch = {.path = "a temporary database"};
    struct tide_error why = {0};
    sqlite3_stmt *insert = NULL;
    int rc = scratch_open(&scratch, writer->request->schema->column_count, &insert, &why);

    if (rc == TIDE_OK) {
        rc = take_out(writer, &scratch, insert, &why);
    }
    (void)sqlite3_finalize(insert);
    if (rc == TIDE_OK) {
        let_go_of_target(writer);
        rc = bring_back(writer, &scratch, err);
    } else {
        rc = stay(writer, why.message, err);
    }
    database_close(&scratch);
    return rc;
}

static int move_within(struct writer *writer, struct tide_error *err)
{
    int rc = staging_copy(writer, writer->request->table, writer->staging, err);

    if (rc == TIDE_OK) {
        rc = statements_empty(writer, err);
    }
    let_go_of_target(writer);
    return rc == TIDE_OK ? statements_insert(writer, err) : rc;
}

int staging_move(struct writer *writer, struct tide_error *err)
{
    struct tide_error why = {0};
    int rc = staging_make(writer, &why);

    if (rc == TIDE_E_CONFIG) {
        return stay(writer, "no table like it can be made", err);
    }
    if (rc != TIDE_OK) {
        *err = why;
        return rc;
    }
    return writer->had_rows ? move_through(writer, err) : move_within(writer, err);
}
