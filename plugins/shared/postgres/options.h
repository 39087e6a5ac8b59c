/*
 * options - how a user names a server: the rows that both plugins' tables begin with.
 *
 * Layer: the postgres plugins' shared part; libpq and the SDK.
 */
#ifndef TIDE_POSTGRES_OPTIONS_H
#define TIDE_POSTGRES_OPTIONS_H

#include <stddef.h>

#include "postgres/connection.h"

#define TIDE_PG_FIELD_(name) offsetof(struct tide_pg_options, name)

/** For a struct whose first member is a struct tide_pg_options. */
#define TIDE_PG_OPTIONS                                                                  \
    {.name = "url",                                                                      \
     .type = TIDE_OPTION_STRING,                                                         \
     .secret = true,                                                                     \
     .offset = TIDE_PG_FIELD_(url),                                                      \
     .help = "Connection URI or keyword string of libpq; the options beside it win.",    \
     .example = "postgresql://loader@db.example.com/shop?sslmode=verify-full"},          \
        {.name = "host",                                                                 \
         .type = TIDE_OPTION_STRING,                                                     \
         .offset = TIDE_PG_FIELD_(host),                                                 \
         .help = "Server's name or address, or the folder of its socket.",               \
         .example = "db.example.com"},                                                   \
        {.name = "port",                                                                 \
         .type = TIDE_OPTION_INT,                                                        \
         .minimum = 1,                                                                   \
         .maximum = 65535,                                                               \
         .offset = TIDE_PG_FIELD_(port),                                                 \
         .help = "Server's port; 5432 when not given.",                                  \
         .example = "5432"},                                                             \
        {.name = "database",                                                             \
         .type = TIDE_OPTION_STRING,                                                     \
         .offset = TIDE_PG_FIELD_(database),                                             \
         .help = "Database; the user's name when not given.",                            \
         .example = "shop"},                                                             \
        {.name = "user",                                                                 \
         .type = TIDE_OPTION_STRING,                                                     \
         .offset = TIDE_PG_FIELD_(user),                                                 \
         .help = "Role to log in as.",                                                   \
         .example = "loader"},                                                           \
        {.name = "password",                                                             \
         .type = TIDE_OPTION_STRING,                                                     \
         .secret = true,                                                                 \
         .offset = TIDE_PG_FIELD_(password),                                             \
         .help = "Its password.",                                                        \
         .example = "${PGPASSWORD}"},                                                    \
        {.name = "sslmode",                                                              \
         .type = TIDE_OPTION_STRING,                                                     \
         .offset = TIDE_PG_FIELD_(sslmode),                                              \
         .help = "TLS as libpq knows it: disable, allow, prefer, require, verify-ca or " \
                 "verify-full.",                                                         \
         .example = "verify-full"},                                                      \
        {.name = "schema",                                                               \
         .type = TIDE_OPTION_STRING,                                                     \
         .default_value = "public",                                                      \
         .offset = TIDE_PG_FIELD_(schema),                                               \
         .help = "Schema of tables that are named without one.",                         \
         .example = "sales"},                                                            \
        {.name = "connect_timeout",                                                      \
         .type = TIDE_OPTION_DURATION,                                                   \
         .default_value = "10s",                                                         \
         .minimum = 1000,                                                                \
         .maximum = INT64_C(3600000000),                                                 \
         .offset = TIDE_PG_FIELD_(connect_timeout),                                      \
         .help = "How long to wait for a connection.",                                   \
         .example = "30s"},                                                              \
    {                                                                                    \
        .name = "statement_timeout", .type = TIDE_OPTION_DURATION, .minimum = 0,         \
        .maximum = INT64_C(604800000000), .offset = TIDE_PG_FIELD_(statement_timeout),   \
        .help =                                                                          \
            "How long one statement may take; the server's own setting when not given.", \
        .example = "15m"                                                                 \
    }

#endif
