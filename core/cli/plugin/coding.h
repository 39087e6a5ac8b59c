/*
 * coding - rows through a format under test: to the bytes of a file, and back.
 *
 * Layer: private to the kit.
 */
#ifndef TIDE_CLI_PLUGIN_CODING_H
#define TIDE_CLI_PLUGIN_CODING_H

#include "base/text.h"
#include "cli/plugin/kit.h"

/** How a file is written. */
struct tide_encoding {
    const struct tide_schema *schema;
    const int64_t *sizes; /**< rows of its batches, ended by -1 */
    bool nulls, resumes;
};

/** Append the bytes of a file; the format's own answer in kit->err and the result, which
 * tide_kit_answer() has seen: *refused when the format would not begin. */
int tide_kit_encode(struct tide_kit *kit, const struct tide_encoding *encoding,
                    struct tide_text *out, bool *refused);

/** How a file is read. */
struct tide_decoding {
    const struct tide_schema *declared;
    size_t piece;          /**< bytes that come at a time; 0: all at once */
    int64_t batch_rows;    /**< at most, of a batch */
    bool goes_on;          /**< with another decoder after each batch, at its mark */
    bool may_fail;         /**< the bytes need not be a file */
    int64_t rows;          /**< found: how many there were */
    struct tide_text seen; /**< found: their values, a line each; owned */
};

/** Read a file to its end.  A batch that breaks the rules, a decoder that makes no
 * progress or, unless it may, fails breaks the promise. */
int tide_kit_decode(struct tide_kit *kit, struct tide_decoding *decoding,
                    const struct tide_text *file);
void tide_decoding_fini(struct tide_decoding *decoding);

/** Append the values of a batch, a line for each row. */
void tide_kit_show_batch(const struct tide_batch *batch, const struct tide_schema *schema,
                         struct tide_text *out);
/** Append the values of the rows of `encoding` as tide_kit_decode() would see them. */
int tide_kit_show_rows(struct tide_kit *kit, const struct tide_encoding *encoding,
                       struct tide_text *out);

#endif
