/*
 * destination - one table that is loaded: what the plugin's parts share.
 *
 * States: a transaction is open from open() to a commit, and from the next write on to
 * the next commit; the mode's preparation (deleting the old rows, making the staging
 * table) waits for the first write in it, so that a look at the columns changes nothing.
 *
 * Layer: private to the postgres destination.
 */
#ifndef TIDE_POSTGRES_DESTINATION_H
#define TIDE_POSTGRES_DESTINATION_H

#include <stdbool.h>
#include <tidemill/plugin.h>

#include "load.h"
#include "merge.h"
#include "positions.h"
#include "postgres/connection.h"
#include "staging.h"
#include "target.h"

struct pg_destination {
    const struct tide_host *host;
    const struct tide_pg_options *options;          /* borrowed for our whole life */
    const struct tide_destination_request *request; /* likewise */
    struct tide_pg *pg;
    struct pg_target target;
    struct pg_load load;
    struct pg_positions positions;
    struct pg_merge merge;
    struct pg_staging staging;
    bool in_transaction;
    bool prepared; /* the transaction is ready for rows */
};

bool pg_destination_is_merge(const struct pg_destination *destination);

/** Begin a transaction. */
void pg_destination_begin(struct pg_destination *destination);

/** Get the transaction ready for rows, when it is not. */
TIDE_MUST_CHECK
int pg_destination_prepare(struct pg_destination *destination, struct tide_error *err);

/** The commit of the plugin's table. */
TIDE_MUST_CHECK
int pg_destination_commit(void *state, const char *position, bool final,
                          struct tide_error *err);

#endif
