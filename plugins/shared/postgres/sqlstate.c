/*
 * sqlstate - what a server's error code means to the engine.
 */
#include "postgres/sqlstate.h"

#include <stddef.h>
#include <string.h>
#include <tidemill/error.h>

struct meaning {
    const char *prefix; /* a class of two characters, or a whole code */
    int code;
};

/* The first entry that fits decides: single codes stand before their class. */
static const struct meaning meanings[] = {
    {"08", TIDE_E_TRANSIENT}, /* connection */
    {"0A", TIDE_E_CONFIG},    /* feature not supported */
    {"22", TIDE_E_DATA},      /* data exception */
    {"23", TIDE_E_DATA},      /* integrity constraint */
    {"25006", TIDE_E_CONFIG}, /* read-only transaction: a standby */
    {"28", TIDE_E_AUTH},      /* who we are */
    {"3D", TIDE_E_CONFIG},    /* no such database */
    {"3F", TIDE_E_CONFIG},    /* no such schema */
    {"40", TIDE_E_TRANSIENT}, /* deadlock, serialization */
    {"42501", TIDE_E_AUTH},   /* permission denied */
    {"42", TIDE_E_CONFIG},    /* names and types */
    {"44", TIDE_E_DATA},      /* a view's check option */
    {"53100", TIDE_E_IO},     /* disk full */
    {"53400", TIDE_E_LIMIT},  /* configured limit */
    {"53", TIDE_E_TRANSIENT}, /* connections, memory */
    {"54", TIDE_E_DATA},      /* a row or an index entry too long */
    {"55", TIDE_E_TRANSIENT}, /* locked */
    {"57", TIDE_E_TRANSIENT}, /* shutdown, statement timeout */
    {"58", TIDE_E_IO},        /* the server's own system calls */
    {"P0", TIDE_E_DATA},      /* raised by a trigger */
    {"XX", TIDE_E_IO},        /* a damaged table or index */
};

int tide_pg_sqlstate_code(const char *sqlstate)
{
    if (!sqlstate) {
        return TIDE_E_TRANSIENT;
    }
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        const char *prefix = meanings[i].prefix;

        if (strncmp(sqlstate, prefix, strlen(prefix)) == 0) {
            return meanings[i].code;
        }
    }
    return TIDE_E_IO;
}
