/*
 * exec - what the parts of the source share.
 */
#ifndef EXEC_SOURCE_H
#define EXEC_SOURCE_H

#include <tidemill/plugin.h>

#include "../../shared/exec/child.h"
#include "buffer.h"

enum exec_protocol { EXEC_AUTO, EXEC_JSONL, EXEC_SINGER };

struct exec_options {
    struct child_options child;
    int64_t protocol; /**< enum exec_protocol */
    struct tide_component format;
    const char *config;
    const char *state_argument;
};

struct singer;

/** One run of the program. */
struct reader {
    const struct exec_options *options;
    const struct tide_source_request *request;
    const struct tide_host *host;
    struct child child;
    struct buffer input;   /**< what came and was not read yet */
    bool is_ended;         /**< all came, and the program ended well */
    void *decoder;         /**< the format's: of the lines, or of Singer's records */
    struct singer *singer; /**< owned; NULL: the lines are the rows */
    char state_file[64];   /**< name of the temporary file, or empty */
    struct tide_decoder_request decoder_request;
};

/** Whether the format is one that Singer's messages can be.  TIDE_E_CONFIG. */
TIDE_MUST_CHECK
int exec_check_format(const struct exec_options *options, struct tide_error *err);

static inline const struct tide_format *exec_format(const struct reader *reader)
{
    return reader->options->format.plugin->format;
}

/** Wait for more of the program's output.  At its end the program must end well, or that
 * is the error. */
TIDE_MUST_CHECK
int exec_fill(struct reader *reader, struct tide_error *err);

/** Open the format's decoder for rows that go to `host`; `table`: the columns when they
 * are known, else NULL. */
TIDE_MUST_CHECK
int exec_open_decoder(struct reader *reader, const struct tide_host *host,
                      const struct tide_schema *table, struct tide_error *err);

/** Rows that are the lines themselves. */
TIDE_MUST_CHECK
int plain_open(struct reader *reader, struct tide_schema *schema, struct tide_error *err);
TIDE_MUST_CHECK
int plain_read(struct reader *reader, struct tide_batch *batch, struct tide_error *err);

#endif
