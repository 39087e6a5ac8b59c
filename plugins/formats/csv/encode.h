/*
 * encode - what the two halves of the encoder share: its state, and a batch's columns.
 */
#ifndef CSV_ENCODE_H
#define CSV_ENCODE_H

#include "csv.h"

/* A column of the batch in hand. */
struct csv_output {
    int type;
    const uint8_t *validity; /* NULL: no nulls */
    const void *values;
    const uint8_t *data;
    uint8_t *marks; /* owned: of each row, whether its text needs quotes */
    size_t capacity;
    bool marked;   /* some of marks are set */
    bool is_plain; /* text, of which each value goes as it is, unless it is empty */
};

struct csv_encoder {
    const struct csv_options *options;
    const struct tide_schema *schema;
    struct csv_syntax syntax;
    size_t null_length;
    struct csv_output *outputs;
    uint8_t *buffer;
    size_t capacity;
    bool header_due;
    bool at_start;   /* nothing has been written to the file */
    bool odd_syntax; /* numbers and dates may hold what needs quotes */
    bool is_single;  /* there is one column */
};

/** Whether a value, alone in its line, would end a COPY of PostgreSQL, which quotes it
 * for that reason: \. */
static inline bool csv_ends_copy(const struct csv_encoder *encoder, const uint8_t *from,
                                 size_t length)
{
    return encoder->is_single && length == 2 && from[0] == '\\' && from[1] == '.';
}

static inline uint8_t *csv_put_line_end(const struct csv_encoder *encoder, uint8_t *out)
{
    if (encoder->options->line_ending == CSV_CRLF) {
        *out++ = '\r';
    }
    *out++ = '\n';
    return out;
}

/** Write all rows of the prepared batch at out, which has room for them.  Returns the
 * end. */
uint8_t *csv_put_rows(const struct csv_encoder *encoder, int64_t rows, uint8_t *out);

#endif
