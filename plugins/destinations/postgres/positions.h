/*
 * positions - the table in which a destination keeps how far each pipeline has come.
 *
 * A position is written in the transaction that commits its rows: both are there or
 * neither.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_POSITIONS_H
#define TIDE_POSTGRES_POSITIONS_H

#include <tidemill/error.h>

#include "postgres/connection.h"

/** The position last committed for a pipeline, malloc'ed, or NULL: there is none. */
TIDE_MUST_CHECK
int pg_positions_load(struct tide_pg *pg, const char *schema, const char *pipeline,
                      char **position, struct tide_error *err);

/** Write one down in the transaction under way; the table is made when missing. */
TIDE_MUST_CHECK
int pg_positions_save(struct tide_pg *pg, const char *schema, const char *pipeline,
                      const char *run, const char *position, struct tide_error *err);

#endif
