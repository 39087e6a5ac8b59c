/*
 * sqlite_kit - a database in the folder of a test; see sqlite_kit.h.
 */
#include "sqlite_kit.h"

sqlite3 *db_open(struct harness *harness)
{
    sqlite3 *db = NULL;

    assert_int_equal(
        sqlite3_open(tide_arena_strf(harness->arena, "%s/t.db", harness->folder), &db),
        SQLITE_OK);
    return db;
}

void db_run(struct harness *harness, const char *sql)
{
    sqlite3 *db = db_open(harness);
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s", message);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The first column of the first row, as text. */
const char *db_ask(struct harness *harness, const char *sql)
{
    sqlite3 *db = db_open(harness);
    sqlite3_stmt *statement = NULL;
    const char *answer;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail_msg("%s", sqlite3_errmsg(db));
    }
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    answer = sqlite3_column_type(statement, 0) == SQLITE_NULL
                 ? "NULL"
                 : tide_arena_strdup(harness->arena,
                                     (const char *)sqlite3_column_text(statement, 0));
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return answer;
}

const char *db_read(struct harness *harness, const char *table)
{
    return harness_read(harness, "sqlite", DB, table);
}

int db_write(struct harness *harness, int mode, const char *rows)
{
    int rc = harness_write(harness, "sqlite", DB, mode, "t", rows, NULL);

    if (rc != TIDE_OK) {
        harness->plugin.err.code = rc;
    }
    return rc;
}

const char *db_read_some(struct harness *harness, const char *position, int batches,
                         struct tide_text *lines, bool *end)
{
    const struct tide_source *source = harness->plugin.plugin->source;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    const char *after;
    void *state = NULL;
    int rc = TIDE_OK;

    harness->source.table = "t";
    harness->source.position = position;
    assert_int_equal(source->open(harness->plugin.options, &harness->source,
                                  &harness->plugin.host, &state, &schema,
                                  &harness->plugin.err),
                     TIDE_OK);
    for (int i = 0; rc == TIDE_OK && i < batches; i++) {
        rc = source->read(state, &batch, &harness->plugin.err);
        if (rc == TIDE_OK) {
            char *text = harness_lines(&batch, &schema);

            i -= batch.array.length == 0;
            tide_text_append(lines, text);
            free(text);
            tide_batch_release(&batch);
        }
    }
    assert_true(rc >= 0);
    *end = rc == TIDE_END;
    after = source->position(state);
    after = after ? tide_arena_strdup(harness->arena, after) : NULL;
    source->close(state);
    tide_schema_clear(&schema);
    return after;
}

void load_begin(struct harness *harness, struct load *load, const char *table,
                const char *columns, int mode)
{
    memset(load, 0, sizeof *load);
    load->plugin =
        harness_load(harness, TIDE_KIND_DESTINATION, "sqlite", DB)->destination;
    harness_schema(columns, &load->schema);
    harness->destination.mode = mode;
    harness->destination.table = table;
    harness->destination.schema = &load->schema;
    assert_int_equal(load->plugin->open(harness->plugin.options, &harness->destination,
                                        &harness->plugin.host, &load->state,
                                        &load->accepted, &load->position,
                                        &harness->plugin.err),
                     TIDE_OK);
}

int load_try(struct harness *harness, struct load *load, const char *rows)
{
    struct tide_batch batch = {0};
    int rc;

    harness_batch(&load->accepted, rows, &batch);
    rc = load->plugin->write(load->state, &batch, &harness->plugin.err);
    tide_batch_release(&batch);
    return rc;
}

void load_write(struct harness *harness, struct load *load, const char *rows)
{
    assert_int_equal(load_try(harness, load, rows), TIDE_OK);
}

int load_commit(struct harness *harness, struct load *load, const char *position,
                bool final)
{
    return load->plugin->commit(load->state, position, final, &harness->plugin.err);
}

void load_close(struct load *load)
{
    load->plugin->close(load->state);
    tide_schema_clear(&load->schema);
    tide_schema_clear(&load->accepted);
    free(load->position);
}
