/*
 * jsonl - what the files of the jsonl format share: its options, decoder and encoder.
 *
 * Layer: a plugin; sees the SDK alone.  One state is used by one thread at a time.
 */
#ifndef JSONL_H
#define JSONL_H

#include <tidemill/plugin.h>

#include "../../shared/json/json.h"
#include "names.h"

/** Filled by the host from the options table. */
struct jsonl_options {
    bool omit_nulls;
    int64_t max_row_size;
};

/* ---- reading ---- */

/** What a column takes. */
enum jsonl_mode {
    JSONL_INT64,   /**< numbers that are 64-bit integers */
    JSONL_DECIMAL, /**< numbers, as they are written */
    JSONL_BOOL,    /**< true and false */
    JSONL_STRING,  /**< strings */
    JSONL_JSON,    /**< anything, as it is written */
    JSONL_TEXT     /**< anything, as text: the engine casts it to the declared type */
};

struct jsonl_column {
    struct tide_builder builder;
    int mode;         /**< enum jsonl_mode */
    size_t expected;  /**< bytes to reserve: what the last batch took */
    const char *name; /**< borrowed from the decoder's schema */
    char *quoted;     /**< owned: the key as it usually stands in a line, padded */
    size_t quoted_length;
    uint64_t last_mask; /**< of the key's bytes behind the last whole eight */
};

struct jsonl_decoder {
    const struct jsonl_options *options;
    const struct tide_host *host;
    struct tide_decoder_request request;
    struct tide_schema schema;
    struct jsonl_column *columns; /**< one for each of the schema */
    struct names names;           /**< of the schema's columns */
    uint8_t *scratch;             /**< a key without its escapes */
    size_t scratch_capacity;
    int64_t *positions; /**< of the rows in hand */
    int64_t rows;       /**< in hand */
    int64_t room;       /**< rows that the columns have room for */
    int64_t expected;   /**< rows to reserve: about what the last batch had */
    int64_t line;       /**< number of the line to read next, from 1 */
    size_t searched;    /**< bytes of an incomplete line known to have no line feed */
    bool started;       /**< the byte order mark is behind us */
    bool skipping;      /**< in an endless line: drop all up to its line feed */
};

/** One line of the span, without its line feed. */
struct jsonl_line {
    const uint8_t *data;
    size_t length;
};

/** Room for `length` bytes, for a key's text; NULL when memory is out. */
uint8_t *jsonl_scratch(struct jsonl_decoder *decoder, size_t length);

/** The text of a key: in the source, or in the scratch.  NULL when memory is out. */
const uint8_t *jsonl_key_text(struct jsonl_decoder *decoder, const struct json_value *key,
                              size_t *length);

/** Bytes of the byte order mark of UTF-8; marks of other encodings are TIDE_E_DATA. */
TIDE_MUST_CHECK
int jsonl_read_mark(const struct jsonl_decoder *decoder, const struct tide_span *span,
                    size_t *mark, struct tide_error *err);

/** Find the columns: jsonl's part of struct tide_format. */
TIDE_MUST_CHECK
int jsonl_decoder_schema(void *state, const struct tide_span *sample,
                         struct tide_schema *schema, struct tide_error *err);

/** Read one line as a row, or reject it. */
TIDE_MUST_CHECK
int jsonl_read_line(struct jsonl_decoder *decoder, const struct jsonl_line *line,
                    bool is_utf8, struct tide_error *err);

/** Make room in the columns for more rows than they have room for. */
TIDE_MUST_CHECK
int jsonl_grow(struct jsonl_decoder *decoder);

/** Append a value to column c of the row in hand.  TIDE_OK; TIDE_E_DATA: the column does
 * not take it; TIDE_E_LIMIT. */
int jsonl_append(struct jsonl_column *column, const struct json_value *value);

/** Reject the present line. */
TIDE_PRINTF(5, 6)
TIDE_MUST_CHECK
int jsonl_reject(struct jsonl_decoder *decoder, const struct jsonl_line *line,
                 struct tide_error *err, const char *code, const char *format, ...);

TIDE_MUST_CHECK
int jsonl_decoder_open(const void *options, const struct tide_decoder_request *request,
                       const struct tide_host *host, void **state,
                       struct tide_error *err);
TIDE_MUST_CHECK
int jsonl_decode(void *state, const struct tide_span *span, size_t *consumed,
                 struct tide_batch *batch, struct tide_error *err);
int jsonl_decoder_mark(void *state, int64_t *mark);
TIDE_MUST_CHECK
int jsonl_decoder_resume(void *state, int64_t mark, struct tide_error *err);
void jsonl_decoder_close(void *state);

/* ---- writing ---- */

TIDE_MUST_CHECK
int jsonl_encoder_open(const void *options, const struct tide_schema *schema,
                       const struct tide_host *host, void **state,
                       struct tide_error *err);
TIDE_MUST_CHECK
int jsonl_encoder_begin(void *state, bool resumes, struct tide_error *err);
TIDE_MUST_CHECK
int jsonl_encode(void *state, const struct tide_batch *batch, const uint8_t **data,
                 size_t *length, struct tide_error *err);
void jsonl_encoder_close(void *state);

#endif
