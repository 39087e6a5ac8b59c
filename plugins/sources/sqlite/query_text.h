/*
 * query_text - the SELECT that reads one table.
 */
#ifndef SQLITE_SOURCE_QUERY_TEXT_H
#define SQLITE_SOURCE_QUERY_TEXT_H

#include <tidemill/plugin.h>

#include "../../shared/sqlite/table.h"
#include "place.h"

/** The columns that order the rows: the cursor, if there is one, then the primary key or
 * the row's number, whichever tells rows apart; neither for a view.  names is the
 * caller's to free, the names in it are borrowed. */
TIDE_MUST_CHECK
int place_columns(const struct tide_source_request *request, const struct table *table,
                  bool row_numbers, struct place_columns *out);

/**
 * SELECT the row's number (or null), the table's columns and those of the place, in the
 * order of the place.  Where it starts is told by start; the values of the place are
 * parameters 1 to n.  To be freed with sqlite3_free; NULL when memory is out.
 */
char *query_text(const struct tide_source_request *request, const struct table *table,
                 bool row_numbers, const struct place_columns *place,
                 enum place_start start);

/** SELECT the keys of the rows at the place and in front of it that share its cursor, if
 * there is one.  Parameters and result as above. */
char *front_text(const struct tide_source_request *request,
                 const struct place_columns *place);

#endif
