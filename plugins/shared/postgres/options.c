/*
 * options - the table of a plugin that has no options but the server's.
 */
#include "postgres/options.h"

const struct tide_option tide_pg_option_table[] = {TIDE_PG_OPTIONS, {0}};
