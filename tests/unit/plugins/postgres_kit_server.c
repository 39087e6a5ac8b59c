/*
 * postgres_kit_server - the server of the tests, and statements run in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "postgres_kit.h"

static char server_url[512];
static char server_folder[256]; /* of a server that we started, or empty */
static char database[64];
static PGconn *connection;

/* ---- the server ------------------------------------------------------------------ */

static const char *script(void)
{
    static char path[512];
    const char *top = getenv("top_srcdir");

    (void)snprintf(path, sizeof path, "%s/tests/support/postgres.sh", top ? top : ".");
    return path;
}

/* The script's exit status: 0, or 77 when no server is installed. */
static int start_server(void)
{
    char command[1024];
    FILE *pipe;
    int status;

    (void)snprintf(server_folder, sizeof server_folder, "/tmp/tidemill-test-pg.%d",
                   (int)getpid());
    (void)snprintf(command, sizeof command, "sh '%s' start %s %d", script(),
                   server_folder, (int)getpid());
    pipe = popen(command, "r");
    if (!pipe || !fgets(server_url, sizeof server_url, pipe)) {
        server_url[0] = '\0';
    }
    server_url[strcspn(server_url, "\n")] = '\0';
    status = pipe ? pclose(pipe) : -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static bool connect_own_database(void)
{
    const char *keywords[] = {"dbname", "dbname", NULL};
    const char *values[] = {server_url, database, NULL};
    PGconn *first = PQconnectdb(server_url);
    char statement[128];

    (void)snprintf(database, sizeof database, "tidemill_test_%d", (int)getpid());
    (void)snprintf(statement, sizeof statement, "CREATE DATABASE %s", database);
    PQclear(PQexec(first, statement));
    PQfinish(first);
    connection = PQconnectdbParams(keywords, values, 1);
    PQclear(PQexec(connection, "SET client_min_messages = error"));
    return PQstatus(connection) == CONNECTION_OK;
}

bool kit_start(int *status)
{
    const char *given = getenv("TIDEMILL_TEST_POSTGRES_URL");

    *status = 0;
    if (given) {
        (void)snprintf(server_url, sizeof server_url, "%s", given);
    } else {
        *status = start_server();
    }
    if (*status == 77) {
        printf("1..0 # SKIP no PostgreSQL server is installed\n");
        *status = 0;
        return false;
    }
    if (*status == 0 && connect_own_database()) {
        return true;
    }
    printf("Bail out! the PostgreSQL server cannot be used: %s\n",
           connection ? PQerrorMessage(connection) : "it does not start");
    *status = 1;
    return false;
}

void kit_stop(void)
{
    char command[1024];

    PQfinish(connection);
    if (server_folder[0]) {
        (void)snprintf(command, sizeof command, "sh '%s' stop %s", script(),
                       server_folder);
        (void)!system(command);
    } else {
        PGconn *last = PQconnectdb(server_url);

        (void)snprintf(command, sizeof command, "DROP DATABASE %s WITH (FORCE)",
                       database);
        PQclear(PQexec(last, command));
        PQfinish(last);
    }
}

struct tide_pg_options kit_options(void)
{
    return (struct tide_pg_options){.url = server_url,
                                    .database = database,
                                    .schema = "public",
                                    .connect_timeout = 10000000};
}

static PGresult *run(const char *statement)
{
    PGresult *result = PQexec(connection, statement);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", statement, PQerrorMessage(connection));
    }
    return result;
}

void kit_sql(const char *format, ...)
{
    char statement[4096];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(statement, sizeof statement, format, args);
    va_end(args);
    PQclear(run(statement));
}

const char *kit_value(const char *format, ...)
{
    static char values[4][4096];
    static size_t next;
    char *value = values[next++ % 4];
    char statement[4096];
    PGresult *result;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(statement, sizeof statement, format, args);
    va_end(args);
    result = run(statement);
    (void)snprintf(value, sizeof values[0], "%s",
                   PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "(no row)");
    PQclear(result);
    return value;
}

int kit_run(const char *name, const struct CMUnitTest *tests, size_t count)
{
    int failed;

    if (!kit_start(&failed)) {
        return failed;
    }
    failed = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
    kit_stop();
    return failed;
}
