/*
 * sqlite_schema - the tables, as the list of scripts that made them what they are.
 *
 * A script that was released is never edited: a change is one more script at the end.
 * PRAGMA user_version counts how many of them a file has seen.
 */
#include "store/sqlite.h"

#include "base/text.h"

static const char first_schema[] =
    "CREATE TABLE workspace ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " deleted_at INTEGER NOT NULL DEFAULT 0);"

    "CREATE TABLE api_key ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " workspace INTEGER NOT NULL REFERENCES workspace (id),"
    " name TEXT NOT NULL,"
    " hash BLOB NOT NULL UNIQUE,"
    " created_at INTEGER NOT NULL,"
    " last_used_at INTEGER NOT NULL DEFAULT 0,"
    " revoked_at INTEGER NOT NULL DEFAULT 0);"

    /* A deleted pipeline stays, without its definition, for as long as its runs do. */
    "CREATE TABLE pipeline ("
    " sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id INTEGER NOT NULL UNIQUE,"
    " uid TEXT NOT NULL UNIQUE,"
    " workspace INTEGER NOT NULL REFERENCES workspace (id),"
    " name TEXT NOT NULL,"
    " enabled INTEGER NOT NULL,"
    " period_minutes INTEGER NOT NULL,"
    " definition TEXT NOT NULL,"
    " definition_version INTEGER NOT NULL DEFAULT 1,"
    " base_folder TEXT,"
    " mode INTEGER NOT NULL DEFAULT 0,"
    " has_cursor INTEGER NOT NULL,"
    " next_due INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " updated_at INTEGER NOT NULL,"
    " archived_at INTEGER NOT NULL DEFAULT 0,"
    " deleted_at INTEGER NOT NULL DEFAULT 0,"
    " last_run_at INTEGER NOT NULL DEFAULT 0,"
    " last_success_at INTEGER NOT NULL DEFAULT 0,"
    " last_error TEXT NOT NULL DEFAULT '');"
    "CREATE INDEX pipeline_name ON pipeline (name);"
    "CREATE INDEX pipeline_due ON pipeline (next_due) WHERE next_due > 0;"

    "CREATE TABLE run ("
    " sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id INTEGER NOT NULL UNIQUE,"
    " pipeline INTEGER NOT NULL REFERENCES pipeline (id),"
    " cause INTEGER NOT NULL,"
    " slot INTEGER,"
    " slot_count INTEGER NOT NULL DEFAULT 0,"
    " attempt INTEGER NOT NULL DEFAULT 1,"
    " incremental INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " definition_version INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " started_at INTEGER NOT NULL DEFAULT 0,"
    " ended_at INTEGER NOT NULL DEFAULT 0,"
    " passed0 INTEGER NOT NULL DEFAULT 0, passed1 INTEGER NOT NULL DEFAULT 0,"
    " passed2 INTEGER NOT NULL DEFAULT 0, passed3 INTEGER NOT NULL DEFAULT 0,"
    " passed4 INTEGER NOT NULL DEFAULT 0, passed5 INTEGER NOT NULL DEFAULT 0,"
    " failed0 INTEGER NOT NULL DEFAULT 0, failed1 INTEGER NOT NULL DEFAULT 0,"
    " failed2 INTEGER NOT NULL DEFAULT 0, failed3 INTEGER NOT NULL DEFAULT 0,"
    " failed4 INTEGER NOT NULL DEFAULT 0, failed5 INTEGER NOT NULL DEFAULT 0,"
    " bytes_read INTEGER NOT NULL DEFAULT 0,"
    " bytes_written INTEGER NOT NULL DEFAULT 0,"
    " rejects_kept INTEGER NOT NULL DEFAULT 0,"
    " rejects_dropped INTEGER NOT NULL DEFAULT 0,"
    " error TEXT NOT NULL DEFAULT '',"
    " error_code TEXT NOT NULL DEFAULT '',"
    " detail TEXT,"
    " UNIQUE (pipeline, slot));"
    "CREATE INDEX run_pipeline ON run (pipeline, sequence);"
    "CREATE INDEX run_live ON run (state, pipeline) WHERE state < 2;"
    "CREATE INDEX run_ended ON run (ended_at) WHERE state >= 2;"

    "CREATE TABLE reject ("
    " run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    " ordinal INTEGER NOT NULL,"
    " table_name TEXT NOT NULL,"
    " step TEXT NOT NULL,"
    " code TEXT NOT NULL,"
    " message TEXT NOT NULL,"
    " origin TEXT,"
    " position INTEGER NOT NULL,"
    " row TEXT,"
    " raw TEXT,"
    " PRIMARY KEY (run, ordinal));"

    "CREATE TABLE position ("
    " pipeline INTEGER NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,"
    " table_name TEXT NOT NULL,"
    " position TEXT NOT NULL,"
    " updated_at INTEGER NOT NULL,"
    " PRIMARY KEY (pipeline, table_name)) WITHOUT ROWID;"

    /* Sums that outlive the runs they were made of. */
    "CREATE TABLE run_total (state INTEGER PRIMARY KEY, runs INTEGER NOT NULL);"
    "CREATE TABLE pipeline_total ("
    " pipeline INTEGER PRIMARY KEY REFERENCES pipeline (id) ON DELETE CASCADE,"
    " passed0 INTEGER NOT NULL, passed1 INTEGER NOT NULL, passed2 INTEGER NOT NULL,"
    " passed3 INTEGER NOT NULL, passed4 INTEGER NOT NULL, passed5 INTEGER NOT NULL,"
    " failed0 INTEGER NOT NULL, failed1 INTEGER NOT NULL, failed2 INTEGER NOT NULL,"
    " failed3 INTEGER NOT NULL, failed4 INTEGER NOT NULL, failed5 INTEGER NOT NULL);";

/* What was rejected before cannot be replayed: nobody noted how. */
static const char replays[] =
    "ALTER TABLE run ADD COLUMN replay_of INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN replay_again INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE reject ADD COLUMN replay TEXT;"
    "ALTER TABLE reject ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE reject ADD COLUMN replayed_by INTEGER NOT NULL DEFAULT 0;";

const char *const tide_sqlite_migrations[] = {first_schema, replays};
const int64_t tide_sqlite_migration_count =
    sizeof tide_sqlite_migrations / sizeof tide_sqlite_migrations[0];

static int apply(struct tide_sqlite *sqlite, const char *script, int64_t version,
                 struct tide_error *err)
{
    struct tide_text sql = {0};
    int code;

    tide_text_appendf(&sql, "BEGIN IMMEDIATE; %s PRAGMA user_version = %lld; COMMIT;",
                      script, (long long)version);
    code = tide_sql_script(sqlite, sql.data, err);
    if (code != TIDE_OK) {
        (void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
        code = tide_error_wrap(err, "migration to version %lld", (long long)version);
    }
    tide_text_fini(&sql);
    return code;
}

int tide_sqlite_migrate(struct tide_sqlite *sqlite, const char *const *migrations,
                        int64_t count, struct tide_error *err)
{
    int64_t version = 0;
    int code =
        tide_sql_number(sqlite, "PRAGMA user_version", SQL_VALUES({0}), &version, err);

    if (code == TIDE_OK && version > count) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "store %s has schema version %lld and this program knows "
                              "versions up to %lld: it was written by a newer tidemilld; "
                              "start that one",
                              sqlite->path, (long long)version, (long long)count);
    }
    for (; code == TIDE_OK && version < count; version++) {
        code = apply(sqlite, migrations[version], version + 1, err);
    }
    return code;
}
