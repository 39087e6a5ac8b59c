/*
 * statements - how rows go in, by mode.
 *
 * append inserts.  replace empties the table first, in the same transaction: readers see
 * the old rows until the commit, and the table keeps its indexes, constraints and
 * triggers.  With checkpoints its rows are staged first (staging.h).  merge inserts or
 * updates by key; of two rows of a run with one key the later by cursor wins, which a
 * temporary table of the keys seen decides, else the later to come.
 *
 * A row goes in as it is, or is refused.  The clauses ON CONFLICT of a table, which would
 * take others away for it or ignore it, are overruled; not where it has none, for that
 * would overrule those of its triggers' statements, too.
 */
#include "writer.h"

#define SEEN_TABLE "temp._tidemill_seen"

static size_t key_count(const struct writer *writer)
{
    size_t count = 0;

    while (writer->request->key && writer->request->key[count]) {
        count++;
    }
    return count;
}

static bool is_key(const struct writer *writer, const char *name)
{
    for (size_t i = 0; i < key_count(writer); i++) {
        if (strcmp(writer->request->key[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void append_columns(sqlite3_str *sql, const struct tide_schema *schema)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        sqlite3_str_appendf(sql, "%s\"%w\"", i == 0 ? " (" : ", ",
                            schema->columns[i].name);
    }
    sqlite3_str_appendall(sql, ") VALUES ");
    for (size_t i = 0; i < schema->column_count; i++) {
        sqlite3_str_appendf(sql, "%s?%d", i == 0 ? "(" : ", ", (int)i + 1);
    }
    sqlite3_str_appendchar(sql, 1, ')');
}

static void append_key(sqlite3_str *sql, const struct writer *writer)
{
    for (size_t i = 0; i < key_count(writer); i++) {
        sqlite3_str_appendf(sql, "%s\"%w\"", i == 0 ? "" : ", ", writer->request->key[i]);
    }
}

static void append_update(sqlite3_str *sql, const struct writer *writer)
{
    const struct tide_schema *schema = writer->request->schema;
    const char *between = " DO UPDATE SET ";

    sqlite3_str_appendall(sql, " ON CONFLICT (");
    append_key(sql, writer);
    sqlite3_str_appendchar(sql, 1, ')');
    for (size_t i = 0; i < schema->column_count; i++) {
        const char *name = schema->columns[i].name;

        if (!is_key(writer, name)) {
            sqlite3_str_appendf(sql, "%s\"%w\" = excluded.\"%w\"", between, name, name);
            between = ", ";
        }
    }
    /* DO NOTHING would look like a row that a trigger ignores. */
    if (between[0] == ' ') {
        sqlite3_str_appendf(sql, " DO UPDATE SET \"%w\" = \"%w\"",
                            writer->request->key[0], writer->request->key[0]);
    }
}

static int check_merge(const struct writer *writer, struct tide_error *err)
{
    const struct tide_destination_request *request = writer->request;

    if (key_count(writer) == 0) {
        return tide_error_at(err, TIDE_E_CONFIG, "key",
                             "mode merge needs a key for table \"%s\"", request->table);
    }
    for (size_t i = 0; i < key_count(writer); i++) {
        if (tide_schema_find(request->schema, request->key[i]) == TIDE_NO_COLUMN) {
            return tide_error_at(err, TIDE_E_CONFIG, "key",
                                 "the key column \"%s\" does not reach table \"%s\"",
                                 request->key[i], request->table);
        }
    }
    return TIDE_OK;
}

/* SQLite finds the index only when the statement is prepared. */
static int explain_missing_index(const struct writer *writer, int rc,
                                 struct tide_error *err)
{
    sqlite3_str *keys;
    char *text;

    if (!err || !strstr(err->message, "ON CONFLICT clause does not match")) {
        return rc;
    }
    keys = sqlite3_str_new(NULL);
    append_key(keys, writer);
    text = sqlite3_str_finish(keys);
    rc = tide_error_set(err, TIDE_E_CONFIG,
                        "mode merge needs a unique index on (%s) of table \"%s\" in %s: "
                        "CREATE UNIQUE INDEX ... ON \"%s\" (%s)",
                        text ? text : "", writer->request->table, writer->options->path,
                        writer->request->table, text ? text : "");
    sqlite3_free(text);
    return rc;
}

/* Whether its statement has clauses ON CONFLICT, or makes a view. */
static int look_at_target(struct writer *writer, bool *has_clauses,
                          struct tide_error *err)
{
    sqlite3_stmt *query = NULL;
    int rc = database_prepare(
        &writer->database,
        sqlite3_mprintf("SELECT sql LIKE '%%CONFLICT%%', type = 'view' FROM sqlite_schema"
                        " WHERE type IN ('table', 'view') AND name = %Q COLLATE NOCASE",
                        writer->request->table),
        "look at the table", &query, err);
    int result = rc == TIDE_OK ? sqlite3_step(query) : SQLITE_DONE;

    if (result == SQLITE_ROW) {
        *has_clauses = sqlite3_column_int(query, 0) != 0;
        writer->is_view = sqlite3_column_int(query, 1) != 0;
    } else if (rc == TIDE_OK && result != SQLITE_DONE) {
        rc = database_failed(&writer->database, "look at the table", err);
    }
    (void)sqlite3_finalize(query);
    return rc;
}

int statements_insert(struct writer *writer, struct tide_error *err)
{
    bool merge = writer->request->mode == TIDE_MODE_MERGE, has_clauses = false;
    int rc = look_at_target(writer, &has_clauses, err);
    sqlite3_str *sql;

    if (rc != TIDE_OK) {
        return rc;
    }
    sql = sqlite3_str_new(writer->database.handle);
    sqlite3_str_appendf(sql, "INSERT %sINTO \"%w\"", has_clauses ? "OR ABORT " : "",
                        writer->stages && !writer->is_direct ? writer->staging
                                                             : writer->request->table);
    append_columns(sql, writer->request->schema);
    if (merge) {
        append_update(sql, writer);
    }
    rc = database_prepare(&writer->database, sqlite3_str_finish(sql),
                          "write into the table", &writer->insert, err);
    return rc != TIDE_OK && merge ? explain_missing_index(writer, rc, err) : rc;
}

/* The keys of this run and the highest cursor of each.  Its columns have no declared
 * types, so values compare as they come. */
static int create_seen(const struct writer *writer, struct tide_error *err)
{
    sqlite3_str *sql = sqlite3_str_new(writer->database.handle);
    char *text;
    int rc;

    sqlite3_str_appendall(sql, "CREATE TABLE " SEEN_TABLE " (");
    append_key(sql, writer);
    sqlite3_str_appendall(sql, ", \" cursor\", PRIMARY KEY (");
    append_key(sql, writer);
    sqlite3_str_appendall(sql, ")) WITHOUT ROWID");
    text = sqlite3_str_finish(sql);
    if (!text) {
        return tide_error_memory(err);
    }
    rc = database_run(&writer->database, text, "keep the keys of this run", err);
    sqlite3_free(text);
    return rc;
}

/* Parameters are those of the insert; the ones that are not named stay unused. */
static int prepare_newest(struct writer *writer, struct tide_error *err)
{
    const struct tide_schema *schema = writer->request->schema;
    size_t cursor = tide_schema_find(schema, writer->request->cursor);
    sqlite3_str *sql;
    int rc = cursor == TIDE_NO_COLUMN ? TIDE_OK : create_seen(writer, err);

    if (rc != TIDE_OK || cursor == TIDE_NO_COLUMN) {
        return rc;
    }
    sql = sqlite3_str_new(writer->database.handle);
    sqlite3_str_appendall(sql, "INSERT INTO " SEEN_TABLE " AS seen VALUES (");
    for (size_t i = 0; i < key_count(writer); i++) {
        sqlite3_str_appendf(sql, "?%d, ",
                            (int)tide_schema_find(schema, writer->request->key[i]) + 1);
    }
    sqlite3_str_appendf(sql,
                        "?%d) ON CONFLICT DO UPDATE SET \" cursor\" = "
                        "excluded.\" cursor\" WHERE seen.\" cursor\" IS NULL OR "
                        "excluded.\" cursor\" >= seen.\" cursor\"",
                        (int)cursor + 1);
    return database_prepare(&writer->database, sqlite3_str_finish(sql),
                            "keep the keys of this run", &writer->newest, err);
}

int statements_empty(const struct writer *writer, struct tide_error *err)
{
    char *sql = sqlite3_mprintf("DELETE FROM \"%w\"", writer->request->table);
    int rc;

    if (!sql) {
        return tide_error_memory(err);
    }
    rc = database_run(&writer->database, sql, "empty the table", err);
    sqlite3_free(sql);
    return rc;
}

int statements_prepare(struct writer *writer, struct tide_error *err)
{
    const struct tide_destination_request *request = writer->request;
    int rc = TIDE_OK;

    if (request->mode == TIDE_MODE_REPLACE) {
        return TIDE_OK;
    }
    if (request->mode == TIDE_MODE_MERGE && request->schema->column_count > 0) {
        rc = check_merge(writer, err);
    }
    if (rc == TIDE_OK && request->schema->column_count > 0) {
        rc = statements_insert(writer, err);
    }
    if (rc == TIDE_OK && request->mode == TIDE_MODE_MERGE && request->cursor) {
        rc = prepare_newest(writer, err);
    }
    return rc;
}
