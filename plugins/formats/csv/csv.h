/*
 * csv - what the files of the csv format share: its options, decoder and encoder.
 *
 * Layer: a plugin; sees the SDK alone.  One state is used by one thread at a time.
 */
#ifndef CSV_H
#define CSV_H

#include <tidemill/plugin.h>

#include "record.h"
#include "scan.h"

enum csv_line_ending { CSV_LF, CSV_CRLF };

/** Filled by the host from the options table. */
struct csv_options {
    char delimiter;
    char quote;
    char escape; /**< NUL: not given */
    bool header;
    bool trim;
    const char *null_string;
    struct tide_list columns;
    int64_t max_row_size;
    int64_t line_ending; /**< enum csv_line_ending */
};

/** Hold the options against each other and make them into a syntax. */
TIDE_MUST_CHECK
int csv_syntax_init(const struct csv_options *options, struct csv_syntax *syntax,
                    struct tide_error *err);

/* ---- reading ---- */

struct csv_decoder {
    const struct csv_options *options;
    const struct tide_host *host;
    struct tide_decoder_request request;
    struct csv_syntax syntax;
    size_t null_length; /**< of options->null_string */
    struct csv_index index;
    struct csv_record record;
    struct tide_schema schema;    /**< names, for messages */
    struct tide_builder *columns; /**< one for each of the schema */
    size_t *expected;   /**< bytes to reserve of each column: what the last batch took */
    int64_t *positions; /**< of the rows in hand */
    int64_t rows;       /**< in hand */
    int64_t most;       /**< that the columns have room for */
    int64_t line;       /**< number of the line to read next, from 1 */
    size_t mark;        /**< bytes of the byte order mark */
    size_t lead;        /**< bytes in front of the first row, known with the schema */
    int64_t lead_lines; /**< and the lines among them */
    bool started;       /**< the lead is behind us */
    bool skipping;      /**< in an endless line: drop all up to its line feed */
};

/** A stretch of rows of the index, all with as many fields as there are columns. */
struct csv_run {
    const uint8_t *data;        /**< the window */
    const uint32_t *separators; /**< [0]: what stands in front of the first field */
    int64_t rows;
};

/** Find the columns: csv's part of struct tide_format. */
TIDE_MUST_CHECK
int csv_decoder_schema(void *state, const struct tide_span *sample,
                       struct tide_schema *schema, struct tide_error *err);

/** Make room in the columns for a new batch of a span of this length.  TIDE_OK or
 * TIDE_E_LIMIT. */
int csv_columns_start(struct csv_decoder *decoder, size_t length);
/** Append a run, column by column. */
int csv_columns_append(struct csv_decoder *decoder, const struct csv_run *run);
/** Append the record in hand, which has a field for each column. */
int csv_columns_append_record(struct csv_decoder *decoder, const uint8_t *data);
/** Move the rows in hand into batch, which is empty. */
int csv_columns_finish(struct csv_decoder *decoder, struct tide_batch *batch);

/** Read one record by the full rules; *pos moves behind it.  TIDE_MORE, TIDE_END: it is
 * not complete, there is none. */
TIDE_MUST_CHECK
int csv_decode_record(struct csv_decoder *decoder, const struct tide_span *span,
                      size_t *pos, struct tide_error *err);

/** Length of a record without its line end, which a reject does not show. */
size_t csv_shown_length(const uint8_t *data, size_t length);

/** Reject the record at raw, which starts in the present line. */
TIDE_PRINTF(6, 7)
TIDE_MUST_CHECK
int csv_reject(struct csv_decoder *decoder, const uint8_t *raw, size_t length,
               struct tide_error *err, const char *code, const char *format, ...);

TIDE_MUST_CHECK
int csv_reject_ragged(struct csv_decoder *decoder, const uint8_t *raw, size_t length,
                      size_t found, struct tide_error *err);
TIDE_MUST_CHECK
int csv_reject_utf8(struct csv_decoder *decoder, const uint8_t *raw, size_t length,
                    size_t column, struct tide_error *err);

TIDE_MUST_CHECK
int csv_decoder_open(const void *options, const struct tide_decoder_request *request,
                     const struct tide_host *host, void **state, struct tide_error *err);
TIDE_MUST_CHECK
int csv_decode(void *state, const struct tide_span *span, size_t *consumed,
               struct tide_batch *batch, struct tide_error *err);
int csv_decoder_mark(void *state, int64_t *mark);
TIDE_MUST_CHECK
int csv_decoder_resume(void *state, int64_t mark, struct tide_error *err);
void csv_decoder_close(void *state);

/** How many line feeds there are. */
int64_t csv_count_lines(const uint8_t *data, size_t length);

/* ---- writing ---- */

TIDE_MUST_CHECK
int csv_encoder_open(const void *options, const struct tide_schema *schema,
                     const struct tide_host *host, void **state, struct tide_error *err);
TIDE_MUST_CHECK
int csv_encoder_begin(void *state, bool resumes, struct tide_error *err);
TIDE_MUST_CHECK
int csv_encode(void *state, const struct tide_batch *batch, const uint8_t **data,
               size_t *length, struct tide_error *err);
void csv_encoder_close(void *state);

#endif
