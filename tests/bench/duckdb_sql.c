/*
 * duckdb_sql - runs SQL in DuckDB's library, without the start-up of another runtime: a
 * fair peer.
 *
 *     duckdb_sql THREADS SQL
 *
 * The declarations are those of DuckDB's stable C API (duckdb.h), which the packaged
 * library comes without.
 */
#include <stdio.h>

typedef struct {
    unsigned long long columns, rows, changed;
    void *deprecated_columns;
    char *deprecated_message;
    void *internal;
} duckdb_result;

int duckdb_open(const char *path, void **database);
int duckdb_connect(void *database, void **connection);
int duckdb_query(void *connection, const char *sql, duckdb_result *result);
const char *duckdb_result_error(duckdb_result *result);

static int run(void *connection, const char *sql)
{
    duckdb_result result;

    if (duckdb_query(connection, sql, &result) != 0) {
        (void)fprintf(stderr, "duckdb: %s\n", duckdb_result_error(&result));
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    void *database = NULL, *connection = NULL;
    char threads[64];

    if (argc != 3) {
        (void)fputs("usage: duckdb_sql THREADS SQL\n", stderr);
        return 2;
    }
    (void)snprintf(threads, sizeof threads, "SET threads=%.8s", argv[1]);
    if (duckdb_open(NULL, &database) != 0 || duckdb_connect(database, &connection) != 0) {
        (void)fputs("duckdb: cannot open\n", stderr);
        return 1;
    }
    return run(connection, threads) || run(connection, argv[2]);
}
