/*
 * query - the table's columns, and the statement that reads its rows.
 */
#include "query_text.h"
#include "reader.h"

struct nearest {
    const char *wanted;
    size_t distance;
    char name[256];
};

static int keep_nearest(void *arg, const char *name)
{
    struct nearest *nearest = arg;
    size_t distance = table_distance(nearest->wanted, name);

    if (distance < nearest->distance) {
        nearest->distance = distance;
        (void)snprintf(nearest->name, sizeof nearest->name, "%s", name);
    }
    return TIDE_OK;
}

static int no_such_table(const struct reader *reader, struct tide_error *err)
{
    struct nearest nearest = {.wanted = reader->request->table, .distance = SIZE_MAX};
    int rc = table_each(&reader->database, keep_nearest, &nearest, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (nearest.distance == SIZE_MAX) {
        return tide_error_set(err, TIDE_E_NOT_FOUND, "%s has no tables",
                              reader->options->path);
    }
    return tide_error_set(err, TIDE_E_NOT_FOUND,
                          "%s has no table \"%s\"; the nearest is \"%s\"",
                          reader->options->path, reader->request->table, nearest.name);
}

static int check_cursor(const struct reader *reader, const struct table *table,
                        struct tide_error *err)
{
    const char *cursor = reader->request->cursor;

    if (!cursor || table_find(table, cursor)) {
        return TIDE_OK;
    }
    return tide_error_at(err, TIDE_E_CONFIG, "cursor",
                         "table \"%s\" has no column \"%s\"; the nearest is \"%s\"",
                         reader->request->table, cursor, table_nearest(table, cursor));
}

/* Whether a statement is one at all, and gives a row. */
static bool probe(const struct reader *reader, char *sql, bool *has_row)
{
    sqlite3_stmt *statement = NULL;
    int rc = database_prepare(&reader->database, sql, "probe", &statement, NULL);

    *has_row = rc == TIDE_OK && sqlite3_step(statement) == SQLITE_ROW;
    (void)sqlite3_finalize(statement);
    return rc == TIDE_OK;
}

/* Views and tables WITHOUT ROWID have none; their rows are counted instead.  Some builds
 * of SQLite let a view be asked, and say null. */
static bool has_row_numbers(const struct reader *reader)
{
    const char *table = reader->request->table;
    bool is_view = false, unused;

    (void)probe(reader,
                sqlite3_mprintf("SELECT 1 FROM sqlite_schema"
                                " WHERE type = 'view' AND name = %Q COLLATE NOCASE",
                                table),
                &is_view);
    return !is_view &&
           probe(reader, sqlite3_mprintf("SELECT _rowid_ FROM \"%w\" LIMIT 0", table),
                 &unused);
}

static int prepare_select(const struct reader *reader, const struct table *table,
                          const struct place_columns *place, enum place_start start,
                          sqlite3_stmt **out, struct tide_error *err)
{
    char *sql = query_text(reader->request, table, reader->has_row_numbers, place, start);
    int rc = database_prepare(&reader->database, sql, "read the table", out, err);

    return rc == TIDE_OK ? place_bind(reader, *out, err) : rc;
}

/* A read as a whole tells what is in front of its place where it may be asked for one. */
static bool tells_front(const struct reader *reader)
{
    const struct tide_source_request *request = reader->request;

    return reader->has_key && !request->may_repeat && !request->exact &&
           (request->cursor || request->checkpoints || request->position);
}

static int prepare_statements(struct reader *reader, const struct table *table,
                              const struct place_columns *place, struct tide_error *err)
{
    bool has_others = false;
    enum place_start start;
    int rc;

    reader->same = reader->request->exact ? same_text(reader) : NULL;
    rc = place_start(reader, place, &start, err);
    reader->has_key = place->count > (reader->request->cursor ? 1u : 0u);
    reader->tells_front = tells_front(reader);
    if (rc == TIDE_OK) {
        rc = place_name(reader, place, err);
    }
    if (rc == TIDE_OK) {
        rc = front_prepare(reader, err);
    }
    if (rc == TIDE_OK) {
        rc = front_find(reader, place, start, &has_others, err);
    }
    if (rc == TIDE_OK && has_others) {
        rc = prepare_select(reader, table, place, start, &reader->behind, err);
        start = PLACE_IN_FRONT;
    }
    return rc == TIDE_OK ? prepare_select(reader, table, place, start, &reader->rows, err)
                         : rc;
}

static int prepare_rows(struct reader *reader, const struct table *table,
                        struct tide_error *err)
{
    struct place_columns place = {0};
    int rc;

    reader->has_row_numbers = has_row_numbers(reader);
    rc = place_columns(reader->request, table, reader->has_row_numbers, &place);
    if (rc != TIDE_OK) {
        return tide_error_set(err, rc, "out of memory");
    }
    rc = prepare_statements(reader, table, &place, err);
    free(place.names);
    return rc;
}

int query_open(struct reader *reader, struct tide_error *err)
{
    struct table table = {0};
    int rc = database_run(&reader->database, "BEGIN", "begin reading", err);

    if (rc == TIDE_OK) {
        rc = table_describe(&reader->database, reader->request->table, &table, err);
    }
    if (rc == TIDE_OK && table.count == 0) {
        rc = no_such_table(reader, err);
    }
    if (rc == TIDE_OK) {
        rc = check_cursor(reader, &table, err);
    }
    if (rc == TIDE_OK) {
        rc = table_schema(&table, reader->request->declared, &reader->schema, err);
    }
    if (rc == TIDE_OK) {
        rc = prepare_rows(reader, &table, err);
    }
    table_clear(&table);
    return rc;
}
