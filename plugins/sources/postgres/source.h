/*
 * source - a table that is read, from its opening to its end.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_SOURCE_H
#define TIDE_POSTGRES_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <tidemill/plugin.h>

#include "decode.h"
#include "plan.h"
#include "position.h"
#include "postgres/catalog.h"
#include "postgres/connection.h"
#include "progress.h"
#include "query.h"
#include "relation.h"
#include "stream.h"

struct pg_source {
    const struct tide_host *host;
    struct tide_pg *pg;
    struct tide_pg_table table;
    struct pg_relation relation;
    struct pg_selection selection;
    struct pg_plan plan;
    struct pg_decoder decoder;
    struct pg_position position; /**< of the run before */
    struct pg_progress progress; /**< of this one */
    struct tide_pg_sql copy;     /**< the statement */
    struct pg_stream stream;     /**< what it gives */
    char *origin;                /**< the table as the request named it */
    int64_t batch_rows, batch_bytes, row_limit;
    int64_t row;            /**< rows received so far */
    int64_t last_row;       /**< the last of these that is in the builders */
    uint32_t statement;     /**< the one that is read, from 0 */
    uint32_t sent;          /**< up to here the server has them */
    bool place_is_told;     /**< by the rows in the builders */
    bool has_header;        /**< the stream's header was read */
    bool done;              /**< the stream has ended */
    bool has_held;          /**< a row behind those given was rejected */
    struct tide_error held; /**< why, told with the rows that follow */
};

/** The functions of the plugin that open and close one. */
TIDE_MUST_CHECK
int pg_source_open(const void *options, const struct tide_source_request *request,
                   const struct tide_host *host, void **state, struct tide_schema *schema,
                   struct tide_error *err);
void pg_source_close(void *state);

#endif
