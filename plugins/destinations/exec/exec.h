/*
 * exec - what the parts of the destination share.
 */
#ifndef EXEC_DESTINATION_H
#define EXEC_DESTINATION_H

#include <tidemill/plugin.h>

#include "../../shared/exec/child.h"

enum exec_protocol { EXEC_JSONL, EXEC_SINGER };

struct exec_options {
    struct child_options child;
    int64_t protocol; /**< enum exec_protocol */
    struct tide_component format;
    const char *config;
};

struct writer {
    const struct exec_options *options;
    const struct tide_destination_request *request;
    const struct tide_host *host;
    struct child child;
    struct tide_schema schema; /**< of the rows; the encoder borrows it */
    void *encoder;
    /* Messages on their way, for Singer. */
    uint8_t *text;
    size_t length, capacity;
};

/** The SCHEMA message of the table. */
TIDE_MUST_CHECK
int singer_write_schema(struct writer *writer, struct tide_error *err);

/** Lines of JSON as RECORD messages. */
TIDE_MUST_CHECK
int singer_write_records(struct writer *writer, const uint8_t *lines, size_t length,
                         struct tide_error *err);

/** A STATE message that carries the position. */
TIDE_MUST_CHECK
int singer_write_state(struct writer *writer, const char *position,
                       struct tide_error *err);

#endif
