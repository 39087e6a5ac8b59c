/*
 * query_text - the SELECT that reads one table.
 */
#ifndef SQLITE_SOURCE_QUERY_TEXT_H
#define SQLITE_SOURCE_QUERY_TEXT_H

#include <tidemill/plugin.h>

#include "../../shared/sqlite/table.h"

/**
 * SELECT the row's number (or null), the columns and the cursor; from the position on
 * (parameter 1) and in the order of the cursor, ties by the primary key, when there is
 * one.  To be freed with sqlite3_free; NULL when memory is out.
 */
char *query_text(const struct tide_source_request *request, const struct table *table,
                 bool row_numbers);

#endif
