/*
 * format_harness - a format plugin, driven as the file source and destination drive it,
 * with what comes out as text.
 *
 * A test is linked with the plugin's own objects, and so with its entry.  Each span is a
 * copy of its own with foul padding, so that a read past the data that matters is seen.
 */
#ifndef FORMAT_HARNESS_H
#define FORMAT_HARNESS_H

#include <tidemill/plugin.h>

/** How a text is to be decoded.  Zero: the defaults. */
struct decode_how {
    const char *options;  /**< JSON object, or NULL */
    size_t step;          /**< bytes by which a span grows; 0: all at once */
    int64_t batch_rows;   /**< 0: 16384 */
    int64_t batch_bytes;  /**< 0: 4 MiB */
    int64_t reject_limit; /**< the host takes so many; 0: no limit */
    const struct tide_schema *declared;
};

/** What came out; all texts are owned. */
struct decoded {
    int code;
    struct tide_error error;
    char *schema;   /**< "id:int64 name:string" */
    char *rows;     /**< a line each: "2|1|text|~"; the line number first, ~ is null */
    char *rejects;  /**< a line each: "ragged_row@3 <raw bytes>" */
    char *messages; /**< a line each */
    int64_t row_count;
    int64_t batch_count;
};

struct decoded decode(const void *text, size_t length, const struct decode_how *how);
struct decoded decode_text(const char *text, const char *options);
void decoded_clear(struct decoded *decoded);
/** The same columns, rows and rejects, and the same end. */
void decoded_expect_same(const struct decoded *a, const struct decoded *b);

/** The rows alone, checked to have come without error or reject; the caller's. */
char *decode_rows(const char *text, const char *options);

/** A batch from text: values by <tidemill/value.h>, in the order of the columns; a NULL
 * is null. */
void batch_make(struct tide_batch *batch, const struct tide_schema *schema,
                const char *const *values, int64_t rows);

/** What the encoder makes of the batches, with its header and its end; the caller's. */
char *encode(const struct tide_schema *schema, const struct tide_batch *batches,
             size_t batch_count, const char *options, size_t *length);

/** The same for one batch, given as text; terminated. */
char *encode_values(const struct tide_schema *schema, const char *const *values,
                    int64_t rows, const char *options);

/** Decode text and encode the rows with the same options; the caller's, terminated. */
char *recode(const void *text, size_t length, const char *options, size_t *out_length);

/** Numbers that are the same each time: xorshift. */
uint64_t random_next(uint64_t *state);

#endif
