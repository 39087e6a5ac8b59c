/*
 * decode - rows of a binary COPY straight into column builders.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_DECODE_H
#define TIDE_POSTGRES_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/builder.h>
#include <tidemill/error.h>

#include "postgres/type.h"

/** A column of the COPY, and the values of the batch under way. */
struct pg_decode_column {
    const char *name; /**< borrowed, for messages */
    struct tide_pg_type type;
    struct tide_builder builder;
    bool is_left_out; /**< it is not sent: null in each row */
};

struct pg_decoder {
    struct pg_decode_column *columns; /**< owned */
    size_t count;
    size_t sent;             /**< columns that are in the COPY */
    int64_t rows;            /**< in the builders */
    bool check_utf8;         /**< the server's encoding promises nothing (SQL_ASCII) */
    const char *reject_code; /**< of the last row that was left out */
};

/** Make room for columns, which the caller then fills in. */
TIDE_MUST_CHECK
int pg_decoder_init(struct pg_decoder *decoder, size_t count, struct tide_error *err);

/** A column that will not be sent. */
void pg_decoder_leave_out(struct pg_decoder *decoder, size_t i);

/** Length of the header in front of the first row; 0: it is none of ours. */
size_t pg_decode_header(const uint8_t *data, size_t length);

/**
 * Take a row: the server sends each in a message of its own.  TIDE_END: the stream's
 * trailer.  TIDE_E_DATA: a value has no place in our types; the row was left out, and
 * reject_code says why.
 */
TIDE_MUST_CHECK
int pg_decode_row(struct pg_decoder *decoder, const uint8_t *data, size_t length,
                  struct tide_error *err);

/** Move column i's values of so many rows, all that are there, out and begin anew. */
TIDE_MUST_CHECK
int pg_decoder_take(struct pg_decoder *decoder, size_t i, int64_t rows,
                    struct ArrowArray *column);

void pg_decoder_clear(struct pg_decoder *decoder);

#endif
