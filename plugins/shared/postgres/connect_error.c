/*
 * connect_error - telling why there is no connection, and of what class that is.
 */
#include "postgres/connect_error.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "postgres/sqlstate.h"

#define SQLSTATE_LENGTH 5

static bool is_sqlstate(const char *text)
{
    for (int i = 0; i < SQLSTATE_LENGTH; i++) {
        if (!isdigit((unsigned char)text[i]) && !isupper((unsigned char)text[i])) {
            return false;
        }
    }
    return text[SQLSTATE_LENGTH] == ':' && text[SQLSTATE_LENGTH + 1] == ' ';
}

/* The code in "FATAL:  28P01: password ...", cut out of the text; false: there is
 * none. */
static bool take_sqlstate(char *text, char *sqlstate)
{
    for (char *p = strstr(text, ":  "); p; p = strstr(p + 1, ":  ")) {
        char *code = p + 3;

        if (strlen(code) > SQLSTATE_LENGTH + 1 && is_sqlstate(code)) {
            char *rest = code + SQLSTATE_LENGTH + 2;

            memcpy(sqlstate, code, SQLSTATE_LENGTH);
            sqlstate[SQLSTATE_LENGTH] = '\0';
            memmove(p + 2, rest, strlen(rest) + 1);
            return true;
        }
    }
    return false;
}

/* Make one line of libpq's message: without the server's source location. */
static void flatten(char *text)
{
    char *location = strstr(text, "\nLOCATION:");
    size_t length;

    if (location) {
        *location = '\0';
    }
    for (char *p = text; *p; p++) {
        if (isspace((unsigned char)*p)) {
            *p = ' ';
        }
    }
    for (length = strlen(text); length > 0 && text[length - 1] == ' '; length--) {
        text[length - 1] = '\0';
    }
}

/* libpq's message without the password, as it was decoded from a url. */
static void tell(PGconn *conn, char *text, size_t size)
{
    static const char blank[] = "[redacted]";
    const char *message = PQerrorMessage(conn);
    const char *password = PQpass(conn);
    const char *found;
    size_t used = 0;

    text[0] = '\0';
    while (password && *password && (found = strstr(message, password)) && used < size) {
        int length = (int)(found - message);

        (void)snprintf(text + used, size - used, "%.*s%s", length, message, blank);
        used += strlen(text + used);
        message = found + strlen(password);
    }
    (void)snprintf(text + used, size - used, "%s", message);
}

static int classify(PGconn *conn, const char *text, const char *sqlstate)
{
    if (sqlstate) {
        int code = tide_pg_sqlstate_code(sqlstate);

        return code == TIDE_E_DATA ? TIDE_E_CONFIG : code; /* no row is to blame yet */
    }
    if (PQconnectionNeedsPassword(conn)) {
        return TIDE_E_AUTH;
    }
    if (strstr(text, "SSL") || strstr(text, "certificate") || strstr(text, "invalid")) {
        return TIDE_E_CONFIG;
    }
    return TIDE_E_TRANSIENT;
}

int tide_pg_connect_error(PGconn *conn, const char *place, struct tide_error *err)
{
    char text[768];
    char sqlstate[SQLSTATE_LENGTH + 1];
    bool has_state;
    const char *user = PQuser(conn);

    tell(conn, text, sizeof text);
    has_state = take_sqlstate(text, sqlstate);
    flatten(text);
    return tide_error_set(err, classify(conn, text, has_state ? sqlstate : NULL),
                          "cannot connect to %s%s%s%s: %s", place, user ? " as \"" : "",
                          user ? user : "", user ? "\"" : "", text);
}

int tide_pg_broken_error(PGconn *conn, const char *place, struct tide_error *err)
{
    char text[512];

    tell(conn, text, sizeof text);
    flatten(text);
    return tide_error_set(err, TIDE_E_TRANSIENT, "the connection to %s broke: %s", place,
                          text[0] ? text : "closed by the server");
}
