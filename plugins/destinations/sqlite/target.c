/*
 * target - the table that rows go to: found and checked, or created.
 *
 * All of it happens within the run's first transaction: a table created for a run that
 * fails before its first checkpoint is gone with it.  Between two transactions others may
 * change the table, and it is looked at again.
 */
#include "staging.h"
#include "writer.h"

static bool is_key(const struct tide_destination_request *request, const char *name)
{
    for (size_t i = 0; request->key && request->key[i]; i++) {
        if (sqlite3_stricmp(request->key[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void append_primary_key(sqlite3_str *sql,
                               const struct tide_destination_request *request)
{
    for (size_t i = 0; request->key && request->key[i]; i++) {
        sqlite3_str_appendf(sql, "%s\"%w\"", i == 0 ? ", PRIMARY KEY (" : ", ",
                            request->key[i]);
    }
    if (request->key && request->key[0]) {
        sqlite3_str_appendchar(sql, 1, ')');
    }
}

/* Names that SQLite takes for one; it complains by itself of more columns than it can. */
static int check_case(const struct writer *writer, struct tide_error *err)
{
    const struct tide_schema *schema = writer->request->schema;
    int most = sqlite3_limit(writer->database.handle, SQLITE_LIMIT_COLUMN, -1);

    for (size_t i = 0; i < schema->column_count && (int64_t)i < most; i++) {
        for (size_t j = 0; j < i; j++) {
            const char *one = schema->columns[j].name, *other = schema->columns[i].name;

            if (sqlite3_stricmp(one, other) == 0) {
                return tide_error_set(err, TIDE_E_CONFIG,
                                      "SQLite ignores case, so the columns \"%s\" and "
                                      "\"%s\" are one to it; rename or exclude \"%s\"",
                                      one, other, other);
            }
        }
    }
    return TIDE_OK;
}

static int create_table(const struct writer *writer, struct tide_error *err)
{
    const struct tide_destination_request *request = writer->request;
    const struct tide_schema *schema = request->schema;
    sqlite3_str *sql = sqlite3_str_new(writer->database.handle);
    char *text;
    int rc;

    sqlite3_str_appendf(sql, "CREATE TABLE \"%w\" (", request->table);
    for (size_t i = 0; i < schema->column_count; i++) {
        const struct tide_column *column = &schema->columns[i];

        sqlite3_str_appendf(sql, "%s\"%w\" %s%s", i == 0 ? "" : ", ", column->name,
                            table_declared(column->type),
                            is_key(request, column->name) ? " NOT NULL" : "");
    }
    append_primary_key(sql, request);
    sqlite3_str_appendchar(sql, 1, ')');
    text = sqlite3_str_finish(sql);
    if (!text) {
        return tide_error_memory(err);
    }
    rc = database_run(&writer->database, text, "create the table", err);
    sqlite3_free(text);
    return rc;
}

static int check_present(const struct writer *writer, const char *name,
                         struct tide_error *err)
{
    const struct table_column *column = table_find(&writer->table, name);

    if (!column) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "table \"%s\" of %s has no column \"%s\"; the nearest is "
                              "\"%s\"; rename or exclude the field, or add the column",
                              writer->request->table, writer->options->path, name,
                              table_nearest(&writer->table, name));
    }
    if (column->generated) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "column \"%s\" of table \"%s\" is computed by SQLite; "
                              "exclude the field",
                              name, writer->request->table);
    }
    return TIDE_OK;
}

static bool is_given(const struct tide_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        if (sqlite3_stricmp(schema->columns[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A column that must have a value, has no default, and does not come. */
static int check_required(const struct writer *writer, struct tide_error *err)
{
    for (size_t i = 0; i < writer->table.count; i++) {
        const struct table_column *column = &writer->table.columns[i];

        if (column->required && !column->has_default && !column->generated &&
            !is_given(writer->request->schema, column->name)) {
            return tide_error_set(err, TIDE_E_CONFIG,
                                  "column \"%s\" of table \"%s\" is NOT NULL without a "
                                  "default, and the source has no such field",
                                  column->name, writer->request->table);
        }
    }
    return TIDE_OK;
}

static int check_columns(const struct writer *writer, struct tide_error *err)
{
    const struct tide_schema *schema = writer->request->schema;
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < schema->column_count; i++) {
        rc = check_present(writer, schema->columns[i].name, err);
    }
    return rc == TIDE_OK ? check_required(writer, err) : rc;
}

/* SQLite has one class for truths and integers, and columns that take anything. */
static int accepted_type(const struct table_column *column, int incoming)
{
    bool both_whole = (column->type == TIDE_TYPE_INT64 && incoming == TIDE_TYPE_BOOL) ||
                      (column->type == TIDE_TYPE_BOOL && incoming == TIDE_TYPE_INT64);

    return column->type == TIDE_TYPE_NULL || incoming == TIDE_TYPE_NULL || both_whole
               ? incoming
               : column->type;
}

static uint32_t accepted_flags(const struct writer *writer,
                               const struct table_column *column)
{
    uint32_t flags = column->has_default ? TIDE_COLUMN_DEFAULT : 0;

    if (column->required || is_key(writer->request, column->name)) {
        flags |= TIDE_COLUMN_REQUIRED;
    }
    return column->key > 0 ? flags | TIDE_COLUMN_KEY : flags;
}

static int fill_columns(struct writer *writer, struct tide_schema *accepted,
                        struct tide_error *err)
{
    const struct tide_schema *schema = writer->request->schema;

    writer->column_count = schema->column_count;
    writer->columns = calloc(schema->column_count + 1, sizeof *writer->columns);
    if (!writer->columns) {
        return tide_error_memory(err);
    }
    for (size_t i = 0; i < schema->column_count; i++) {
        const char *name = schema->columns[i].name;
        const struct table_column *column = table_find(&writer->table, name);

        writer->columns[i].type = accepted_type(column, schema->columns[i].type);
        writer->columns[i].affinity = column->affinity;
        if (tide_schema_add(accepted, name, writer->columns[i].type,
                            accepted_flags(writer, column)) != TIDE_OK ||
            tide_schema_set_logical(accepted, i, column->declared) != TIDE_OK) {
            return tide_error_memory(err);
        }
    }
    return TIDE_OK;
}

int target_prepare(struct writer *writer, struct tide_schema *accepted,
                   struct tide_error *err)
{
    const struct tide_destination_request *request = writer->request;
    int rc = check_case(writer, err);

    if (rc == TIDE_OK) {
        rc = table_describe(&writer->database, request->table, &writer->table, err);
    }
    if (rc == TIDE_OK && writer->table.count == 0 && request->schema->column_count > 0) {
        rc = create_table(writer, err);
        writer->is_new = true;
        if (rc == TIDE_OK) {
            rc = table_describe(&writer->database, request->table, &writer->table, err);
        }
    } else if (rc == TIDE_OK && request->schema->column_count > 0) {
        rc = check_columns(writer, err);
    }
    return rc == TIDE_OK ? fill_columns(writer, accepted, err) : rc;
}

/* ---- between two transactions -------------------------------------------------------- */

/* It is another whenever the statements of the database were changed. */
static int read_version(const struct writer *writer, int64_t *version,
                        struct tide_error *err)
{
    sqlite3_stmt *query = NULL;
    int rc = database_prepare(&writer->database, sqlite3_mprintf("PRAGMA schema_version"),
                              "look at the table", &query, err);

    if (rc == TIDE_OK && sqlite3_step(query) != SQLITE_ROW) {
        rc = database_failed(&writer->database, "look at the table", err);
    }
    *version = rc == TIDE_OK ? sqlite3_column_int64(query, 0) : 0;
    (void)sqlite3_finalize(query);
    return rc;
}

/* A column with another declaration would make other values of what was bound for it. */
static int check_same(const struct writer *writer, const struct table *was,
                      const char *name, struct tide_error *err)
{
    const struct table_column *now = table_find(&writer->table, name);
    const char *before = table_find(was, name)->declared;

    if (now && sqlite3_stricmp(now->declared, before) == 0) {
        return TIDE_OK;
    }
    return tide_error_set(err, TIDE_E_CONFLICT,
                          "another program changed table \"%s\" of %s while it was "
                          "loaded: column \"%s\" was \"%s\" and is %s%s%s; the next run "
                          "resumes from the last checkpoint",
                          writer->request->table, writer->options->path, name, before,
                          now ? "\"" : "gone", now ? now->declared : "", now ? "\"" : "");
}

static int check_columns_again(struct writer *writer, struct tide_error *err)
{
    const struct tide_schema *schema = writer->request->schema;
    struct table was = writer->table;
    int rc;

    writer->table = (struct table){0};
    rc = table_describe(&writer->database, writer->request->table, &writer->table, err);
    for (size_t i = 0; rc == TIDE_OK && i < schema->column_count; i++) {
        rc = check_same(writer, &was, schema->columns[i].name, err);
    }
    table_clear(&was);
    return rc == TIDE_OK ? check_required(writer, err) : rc;
}

int target_let_go(struct writer *writer, struct tide_error *err)
{
    writer->was_let_go = true;
    return read_version(writer, &writer->version, err);
}

int target_look_again(struct writer *writer, struct tide_error *err)
{
    int64_t version = 0;
    int rc;

    if (!writer->was_let_go) {
        return TIDE_OK;
    }
    writer->was_let_go = false;
    rc = read_version(writer, &version, err);
    if (rc == TIDE_OK && version != writer->version) {
        rc = writer->stages ? staging_look_again(writer, err)
                            : check_columns_again(writer, err);
    }
    return rc == TIDE_OK ? position_look_again(writer, err) : rc;
}
