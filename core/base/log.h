/*
 * log - structured lines: a constant message and typed key/values; logfmt on a terminal,
 * JSON lines else.
 *
 *     TIDE_LOG(TIDE_LOG_INFO, "run started", TIDE_KEY_INT("run", id),
 * TIDE_KEY_TEXT("pipeline", name));
 *
 * Thread-safe; a line is one write(2) to stderr.  A secret is given as TIDE_KEY_SECRET
 * and prints "[redacted]".
 */
#ifndef TIDE_BASE_LOG_H
#define TIDE_BASE_LOG_H

#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>
#include <tidemill/plugin.h>

struct tide_log_field {
    const char *key;
    enum { TIDE_FIELD_TEXT, TIDE_FIELD_INT, TIDE_FIELD_FLOAT, TIDE_FIELD_SECRET } type;
    const char *text;
    int64_t integer;
    double number;
};

#define TIDE_KEY_TEXT(key_, value_)                                                      \
    ((struct tide_log_field){.key = (key_), .type = TIDE_FIELD_TEXT, .text = (value_)})
#define TIDE_KEY_INT(key_, value_)                                                       \
    ((struct tide_log_field){.key = (key_), .type = TIDE_FIELD_INT, .integer = (value_)})
#define TIDE_KEY_FLOAT(key_, value_)                                                     \
    ((struct tide_log_field){.key = (key_), .type = TIDE_FIELD_FLOAT, .number = (value_)})
#define TIDE_KEY_SECRET(key_)                                                            \
    ((struct tide_log_field){.key = (key_), .type = TIDE_FIELD_SECRET})

#define TIDE_LOG(level_, message_, ...)                                                  \
    tide_log_write((level_), (message_),                                                 \
                   (const struct tide_log_field[]){__VA_ARGS__, {0}})
#define TIDE_LOG_PLAIN(level_, message_) tide_log_write((level_), (message_), NULL)

enum tide_log_format { TIDE_LOG_AUTO = 0, TIDE_LOG_LOGFMT = 1, TIDE_LOG_JSON = 2 };

/** Before the first line and before threads; `program` is a constant. */
void tide_log_init(const char *program, enum tide_log_format format,
                   enum tide_log_level least);
/** fields end with a NULL key; may be NULL. */
void tide_log_write(enum tide_log_level level, const char *message,
                    const struct tide_log_field *fields);

#endif
