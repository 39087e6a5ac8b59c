/*
 * place - where in a table a read starts.
 */
#ifndef SQLITE_SOURCE_PLACE_H
#define SQLITE_SOURCE_PLACE_H

#include <stddef.h>

/** What names the row's number. */
#define ROW_NUMBER "_rowid_"

struct place_columns {
    const char **names;
    size_t count;
};

enum place_start {
    PLACE_FIRST,       /**< at the first row */
    PLACE_FROM_CURSOR, /**< at the cursor, rows that share it included */
    PLACE_IN_FRONT,    /**< at that cursor, up to the row of that key, and no further */
    PLACE_AFTER_KEY,   /**< behind the row of that cursor and key */
    PLACE_AFTER_NULL   /**< behind the row of that key without a cursor */
};

#endif
