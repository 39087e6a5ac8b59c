/*
 * staging - the table in which a replacing load with checkpoints is staged.
 */
#include "staging.h"

#include <inttypes.h>

#include "../../shared/hash/xxh64.h"

#define WHAT "set the rows aside"

/* ---- questions --------------------------------------------------------------------- */

/* The one value of a statement (from sqlite3_mprintf) as a text, malloc'ed; NULL: there
 * is none, or it is NULL. */
static int ask(const struct writer *writer, char *sql, char **value,
               struct tide_error *err)
{
    sqlite3_stmt *query = NULL;
    int rc = database_prepare(&writer->database, sql, WHAT, &query, err);
    int result = rc == TIDE_OK ? sqlite3_step(query) : SQLITE_DONE;

    *value = NULL;
    if (result == SQLITE_ROW && sqlite3_column_type(query, 0) != SQLITE_NULL) {
        *value = strdup((const char *)sqlite3_column_text(query, 0));
        rc = *value ? TIDE_OK : tide_error_memory(err);
    } else if (result != SQLITE_ROW && result != SQLITE_DONE) {
        rc = database_failed(&writer->database, WHAT, err);
    }
    (void)sqlite3_finalize(query);
    return rc;
}

static int ask_number(const struct writer *writer, char *sql, int64_t *number,
                      struct tide_error *err)
{
    char *value = NULL;
    int rc = ask(writer, sql, &value, err);

    *number = value ? strtoll(value, NULL, 10) : 0;
    free(value);
    return rc;
}

static int run(const struct writer *writer, char *sql, struct tide_error *err)
{
    int rc =
        sql ? database_run(&writer->database, sql, WHAT, err) : tide_error_memory(err);

    sqlite3_free(sql);
    return rc;
}

/* Whether a table like the target refuses the rows that the target would, and keeps each
 * row that it takes: ON CONFLICT REPLACE and IGNORE lose some, and rows are counted. */
static char *format_allowed(const char *table)
{
    return sqlite3_mprintf("SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
                           " AND name = %Q COLLATE NOCASE AND sql LIKE 'CREATE TABLE %%'"
                           " AND sql NOT LIKE '%%CONFLICT%%' AND NOT EXISTS"
                           " (SELECT 1 FROM sqlite_schema WHERE type = 'trigger'"
                           " AND tbl_name = %Q COLLATE NOCASE)"
                           " AND NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list(%Q))",
                           table, table, table);
}

/* All that the target's statements say. */
static int hash_target(const struct writer *writer, uint64_t *hash,
                       struct tide_error *err)
{
    const char *table = writer->request->table;
    char *text = NULL;
    int rc = ask(writer,
                 sqlite3_mprintf(
                     "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema"
                     " WHERE tbl_name = %Q COLLATE NOCASE ORDER BY type, name)",
                     table),
                 &text, err);

    *hash = text ? xxh64_of(text, strlen(text)) : 0;
    free(text);
    return rc;
}

/* After the pipeline and the table; after the pipeline alone as long as there is one that
 * an earlier version left. */
static int name_staging(struct writer *writer, struct tide_error *err)
{
    const struct tide_destination_request *request = writer->request;
    const char *pipeline = request->pipeline ? request->pipeline : "";
    char *both = sqlite3_mprintf("%s\n%s", pipeline, request->table);
    int64_t is_left = 0;
    int rc;

    if (!both) {
        return tide_error_memory(err);
    }
    (void)snprintf(writer->staging, sizeof writer->staging, STAGING_TABLE "%016" PRIx64,
                   xxh64_of(pipeline, strlen(pipeline)));
    rc = ask_number(writer,
                    sqlite3_mprintf("SELECT count(*) FROM sqlite_schema"
                                    " WHERE type = 'table' AND name = %Q",
                                    writer->staging),
                    &is_left, err);
    if (rc == TIDE_OK && is_left == 0) {
        (void)snprintf(writer->staging, sizeof writer->staging,
                       STAGING_TABLE "%016" PRIx64, xxh64_of(both, strlen(both)));
    }
    sqlite3_free(both);
    return rc;
}

int staging_find(struct writer *writer, struct tide_error *err)
{
    const struct tide_destination_request *request = writer->request;
    int64_t allowed = 0;
    int rc = name_staging(writer, err);

    if (rc != TIDE_OK || request->mode != TIDE_MODE_REPLACE || !request->checkpoints ||
        request->schema->column_count == 0) {
        return rc;
    }
    rc = ask_number(writer, format_allowed(request->table), &allowed, err);
    writer->stages = rc == TIDE_OK && allowed == 1;
    return writer->stages ? hash_target(writer, &writer->target_hash, err) : rc;
}

int staging_look_again(const struct writer *writer, struct tide_error *err)
{
    uint64_t hash = 0;
    int rc = hash_target(writer, &hash, err);

    if (rc != TIDE_OK || hash == writer->target_hash) {
        return rc;
    }
    return tide_error_set(err, TIDE_E_CONFLICT,
                          "table \"%s\" of %s was altered, dropped or recreated by "
                          "another program while its new rows were staged; nothing was "
                          "replaced, and the next run starts over",
                          writer->request->table, writer->options->path);
}

/* ---- what was left ------------------------------------------------------------------ */

char *staging_target(const struct writer *writer)
{
    return sqlite3_mprintf("%s#%lld.%016llx", writer->staging,
                           (long long)writer->staged_rows,
                           (unsigned long long)writer->target_hash);
}

/* There are as many rows as the position says, for a target that is the same. */
static int check_target(struct writer *writer, const char *target, bool *is_same,
                        struct tide_error *err)
{
    int64_t tables = 0;
    char *wanted = NULL;
    int rc = ask_number(writer,
                        sqlite3_mprintf("SELECT count(*) FROM sqlite_schema WHERE"
                                        " type = 'table' AND name = %Q",
                                        writer->staging),
                        &tables, err);

    *is_same = false;
    if (rc != TIDE_OK || tables == 0) {
        return rc;
    }
    rc = ask_number(writer,
                    sqlite3_mprintf("SELECT count(*) FROM \"%w\"", writer->staging),
                    &writer->staged_rows, err);
    if (rc == TIDE_OK) {
        wanted = staging_target(writer);
        rc = wanted ? TIDE_OK : tide_error_memory(err);
    }
    *is_same = rc == TIDE_OK && wanted && strcmp(wanted, target) == 0;
    sqlite3_free(wanted);
    return rc;
}

/* A column of the pipeline's row, when that is of a staged load. */
static char *format_row_query(const struct writer *writer, const char *column)
{
    return sqlite3_mprintf("SELECT %s FROM " POSITIONS_TABLE " WHERE pipeline = %Q"
                           " AND substr(target, 1, %d) = %Q || '#'",
                           column, writer->request->pipeline,
                           (int)strlen(writer->staging) + 1, writer->staging);
}

int staging_position(struct writer *writer, char **position, struct tide_error *err)
{
    char *target = NULL;
    bool is_same = false;
    int rc = ask(writer, format_row_query(writer, "target"), &target, err);

    *position = NULL;
    if (rc == TIDE_OK && target && writer->stages) {
        rc = check_target(writer, target, &is_same, err);
        if (rc == TIDE_OK && !is_same) {
            writer->host->log(writer->host, TIDE_LOG_WARNING,
                              "the staged rows of the last run, or the table, were "
                              "changed since: the load starts over");
        }
    }
    free(target);
    if (rc == TIDE_OK && is_same) {
        rc = ask(writer, format_row_query(writer, "position"), position, err);
    }
    return rc;
}

/* ---- a new one ---------------------------------------------------------------------- */

int staging_drop(const struct writer *writer, struct tide_error *err)
{
    return run(writer, sqlite3_mprintf("DROP TABLE IF EXISTS \"%w\"", writer->staging),
               err);
}

static int make_like(const struct writer *writer, const char *sql, int number,
                     struct tide_error *err)
{
    char *index = sqlite3_mprintf("%s_%d", writer->staging, number);
    char *statement = index ? staging_statement(sql, writer->staging, index) : NULL;

    sqlite3_free(index);
    if (!statement) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "the statement of table \"%s\" is not understood",
                              writer->request->table);
    }
    return run(writer, statement, err);
}

/* Copies of the statements, for running one changes what is asked for them; *count of
 * them, each from malloc. */
static int list_statements(const struct writer *writer, char **statements, int capacity,
                           int *count, struct tide_error *err)
{
    sqlite3_stmt *query = NULL;
    int result = SQLITE_DONE;
    int rc = database_prepare(
        &writer->database,
        sqlite3_mprintf("SELECT sql FROM sqlite_schema WHERE type IN ('table', 'index')"
                        " AND tbl_name = %Q COLLATE NOCASE AND sql IS NOT NULL"
                        " ORDER BY type DESC, name",
                        writer->request->table),
        WHAT, &query, err);

    while (rc == TIDE_OK && *count < capacity &&
           (result = sqlite3_step(query)) == SQLITE_ROW) {
        statements[*count] = strdup((const char *)sqlite3_column_text(query, 0));
        rc = statements[*count] ? TIDE_OK : tide_error_memory(err);
        (*count)++;
    }
    if (rc == TIDE_OK && result != SQLITE_DONE) {
        rc = result == SQLITE_ROW ? tide_error_set(err, TIDE_E_CONFIG, "too many indexes")
                                  : database_failed(&writer->database, WHAT, err);
    }
    (void)sqlite3_finalize(query);
    return rc;
}

#define STATEMENTS 100

int staging_make(const struct writer *writer, struct tide_error *err)
{
    char *statements[STATEMENTS];
    int count = 0;
    int rc = staging_drop(writer, err);

    if (rc == TIDE_OK) {
        rc = list_statements(writer, statements, STATEMENTS, &count, err);
    }
    for (int i = 0; i < count; i++) {
        if (rc == TIDE_OK) {
            rc = make_like(writer, statements[i], i, err);
        }
        free(statements[i]);
    }
    return rc;
}

/* Where rows go, until a checkpoint is due. */
static int begin_direct(struct writer *writer, struct tide_error *err)
{
    int64_t rows = 0;
    int rc = ask_number(
        writer,
        sqlite3_mprintf("SELECT EXISTS (SELECT 1 FROM \"%w\")", writer->request->table),
        &rows, err);

    writer->is_direct = true;
    writer->had_rows = rows > 0;
    writer->staged_rows = 0;
    return rc == TIDE_OK ? statements_empty(writer, err) : rc;
}

int staging_begin(struct writer *writer, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (writer->insert || writer->request->schema->column_count == 0) {
        return TIDE_OK;
    }
    if (!writer->resumes) {
        rc = begin_direct(writer, err);
    }
    return rc == TIDE_OK ? statements_insert(writer, err) : rc;
}

/* ---- the end ------------------------------------------------------------------------ */

char *staging_columns(const struct writer *writer)
{
    const struct tide_schema *schema = writer->request->schema;
    sqlite3_str *columns = sqlite3_str_new(writer->database.handle);

    for (size_t i = 0; i < schema->column_count; i++) {
        sqlite3_str_appendf(columns, "%s\"%w\"", i == 0 ? "" : ", ",
                            schema->columns[i].name);
    }
    return sqlite3_str_finish(columns);
}

int staging_copy(const struct writer *writer, const char *from, const char *to,
                 struct tide_error *err)
{
    char *list = staging_columns(writer);
    char *sql = list ? sqlite3_mprintf("INSERT INTO \"%w\" (%s) SELECT %s FROM \"%w\""
                                       " NOT INDEXED",
                                       to, list, list, from)
                     : NULL;

    sqlite3_free(list);
    return run(writer, sql, err);
}

static int check_moved(const struct writer *writer, int64_t moved, struct tide_error *err)
{
    if (moved == writer->staged_rows) {
        return TIDE_OK;
    }
    return tide_error_set(err, TIDE_E_CONFLICT,
                          "%lld rows were staged in %s, but it has %lld: another program "
                          "writes to it; run with --full to start over",
                          (long long)writer->staged_rows, writer->staging,
                          (long long)moved);
}

static int publish(struct writer *writer, struct tide_error *err)
{
    int rc = statements_empty(writer, err);

    (void)sqlite3_finalize(writer->insert);
    writer->insert = NULL;
    if (rc == TIDE_OK) {
        rc = staging_copy(writer, writer->staging, writer->request->table, err);
    }
    return rc == TIDE_OK
               ? check_moved(writer, sqlite3_changes64(writer->database.handle), err)
               : rc;
}

int staging_finish(struct writer *writer, bool final, struct tide_error *err)
{
    if (writer->is_direct) {
        return final ? TIDE_OK : staging_move(writer, err);
    }
    return final ? publish(writer, err) : TIDE_OK;
}
