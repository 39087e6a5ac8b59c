/*
 * options - what a user may set of the source.
 */
#include "options.h"

#include <stddef.h>

#include "postgres/options.h"

static const char *const incremental_choices[] = {
    [PG_INCREMENTAL_SNAPSHOT] = "snapshot", [PG_INCREMENTAL_CURSOR] = "cursor", NULL};

const struct tide_option pg_source_option_table[] = {
    TIDE_PG_OPTIONS,
    {.name = "incremental",
     .type = TIDE_OPTION_ENUM,
     .default_value = "snapshot",
     .choices = incremental_choices,
     .offset = offsetof(struct pg_source_options, incremental),
     .help = "How a table with a cursor finds what is new: snapshot, by the transactions "
             "that wrote it, misses nothing; cursor, by greater values alone, can use an "
             "index and misses rows that are committed late.",
     .example = "cursor"},
    {0},
};
