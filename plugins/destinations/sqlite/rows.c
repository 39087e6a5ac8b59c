/*
 * rows - one prepared statement for each row.
 *
 * SQLite undoes a statement that fails and keeps the transaction, so a row that violates
 * a constraint is told to the host by itself and those around it stay in.
 */
#include "writer.h"

/* The code of a refused row, NULL for a failure that is not the row's. */
static const char *row_fault(int result)
{
    switch (result) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return "unique_violation";
    case SQLITE_CONSTRAINT_NOTNULL:
        return "not_null_violation";
    case SQLITE_CONSTRAINT_CHECK:
        return "check_violation";
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return "foreign_key_violation";
    case SQLITE_CONSTRAINT_DATATYPE:
        return "type_mismatch";
    default:
        break;
    }
    switch (result & 0xff) {
    case SQLITE_CONSTRAINT:
        return "constraint_violation";
    case SQLITE_MISMATCH:
        return "type_mismatch";
    case SQLITE_TOOBIG:
        return "too_long";
    default:
        return NULL;
    }
}

static int refuse_row(const struct writer *writer, int64_t row, const char *code,
                      const char *message, struct tide_error *err)
{
    int rc = writer->host->reject_row(writer->host, row, code, message);

    return rc == TIDE_OK ? TIDE_OK : tide_error_set(err, rc, "%s", message);
}

/* A trigger may have rolled back everything (RAISE(ROLLBACK)): then nothing can go on. */
static int step_failed(const struct writer *writer, int64_t row, struct tide_error *err)
{
    sqlite3 *handle = writer->database.handle;
    const char *code = row_fault(sqlite3_extended_errcode(handle));

    if (!code || sqlite3_get_autocommit(handle)) {
        return database_failed(&writer->database, "write a row", err);
    }
    return refuse_row(writer, row, code, sqlite3_errmsg(handle), err);
}

static int bind_row(struct writer *writer, sqlite3_stmt *statement,
                    const struct tide_batch *batch, int64_t row, size_t *column,
                    const char **problem)
{
    int parameters = sqlite3_bind_parameter_count(statement);
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < writer->column_count; i++) {
        if ((int)i < parameters) {
            *column = i;
            rc = bind_value(writer, statement, (int)i + 1, batch, i, row, problem);
        }
    }
    return rc;
}

static int bind_failed(const struct writer *writer, int64_t row, size_t column, int rc,
                       const char *problem, struct tide_error *err)
{
    char message[256];

    if (rc != TIDE_E_DATA) {
        return database_failed(&writer->database, "write a row", err);
    }
    (void)snprintf(message, sizeof message, "column \"%s\": %s",
                   writer->request->schema->columns[column].name, problem);
    return refuse_row(writer, row, "inexact", message, err);
}

/* What became of a row. */
enum row_end { ROW_REFUSED, ROW_IGNORED, ROW_CHANGED };

/* SQLite counts no changes of a view, only those of its triggers. */
static int64_t count_changes(const struct writer *writer)
{
    return writer->is_view ? sqlite3_total_changes64(writer->database.handle) : 0;
}

static bool has_changed(const struct writer *writer, int64_t before)
{
    return writer->is_view ? count_changes(writer) > before
                           : sqlite3_changes(writer->database.handle) > 0;
}

/* Bind and run one statement.  *end tells what became of it. */
static int run_row(struct writer *writer, sqlite3_stmt *statement,
                   const struct tide_batch *batch, int64_t row, enum row_end *end,
                   struct tide_error *err)
{
    const char *problem = NULL;
    size_t column = 0;
    int64_t before = count_changes(writer);
    int rc = bind_row(writer, statement, batch, row, &column, &problem);

    *end = ROW_REFUSED;
    if (rc != TIDE_OK) {
        return bind_failed(writer, row, column, rc, problem, err);
    }
    if (sqlite3_step(statement) == SQLITE_DONE) {
        *end = has_changed(writer, before) ? ROW_CHANGED : ROW_IGNORED;
    } else {
        rc = step_failed(writer, row, err);
    }
    (void)sqlite3_reset(statement);
    return rc;
}

static int insert_row(struct writer *writer, const struct tide_batch *batch, int64_t row,
                      struct tide_error *err)
{
    enum row_end end;
    int rc = run_row(writer, writer->insert, batch, row, &end, err);

    if (rc == TIDE_OK && end == ROW_IGNORED) {
        return refuse_row(writer, row, "ignored",
                          "the table took nothing of the row: a trigger ignores it", err);
    }
    writer->staged_rows += writer->stages && end == ROW_CHANGED;
    return rc;
}

static int write_row(struct writer *writer, const struct tide_batch *batch, int64_t row,
                     struct tide_error *err)
{
    enum row_end end = ROW_CHANGED;
    int rc = TIDE_OK;

    if (writer->newest) {
        rc = run_row(writer, writer->newest, batch, row, &end, err);
    }
    return rc == TIDE_OK && end == ROW_CHANGED ? insert_row(writer, batch, row, err) : rc;
}

int rows_write(struct writer *writer, const struct tide_batch *batch,
               struct tide_error *err)
{
    int rc = TIDE_OK;

    if (batch->array.length > 0 && !writer->insert) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "the rows for table \"%s\" have no columns",
                              writer->request->table);
    }
    for (int64_t row = 0; rc == TIDE_OK && row < batch->array.length; row++) {
        rc = write_row(writer, batch, row, err);
    }
    return rc;
}
