/*
 * create - making a table for columns that come and have none yet.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_CREATE_H
#define TIDE_POSTGRES_CREATE_H

#include <stdbool.h>
#include <tidemill/plugin.h>

#include "postgres/connection.h"
#include "postgres/sql.h"

/**
 * Create the table in the transaction under way.  A column that comes from PostgreSQL
 * gets the very type it has there, where this server knows that type; key columns become
 * the primary key.  *is_new tells whether it was made here, and not by another run just
 * before.  TIDE_E_TRANSIENT: another run is making it.
 */
TIDE_MUST_CHECK
int pg_create_table(struct tide_pg *pg, const struct tide_pg_name *name,
                    const struct tide_destination_request *request, bool *is_new,
                    struct tide_error *err);

#endif
