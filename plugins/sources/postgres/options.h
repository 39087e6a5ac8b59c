/*
 * options - what a user may set of the source.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_SOURCE_OPTIONS_H
#define TIDE_POSTGRES_SOURCE_OPTIONS_H

#include <stdint.h>

#include "postgres/connection.h"

/** Values of `incremental`. */
enum pg_incremental { PG_INCREMENTAL_SNAPSHOT, PG_INCREMENTAL_CURSOR };

struct pg_source_options {
    struct tide_pg_options connection; /**< first, as the shared table counts on */
    int64_t incremental;               /**< an enum pg_incremental */
};

extern const struct tide_option pg_source_option_table[];

#endif
