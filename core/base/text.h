/*
 * text - a text that grows, and small questions about texts.
 */
#ifndef TIDE_BASE_TEXT_H
#define TIDE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>

/** Zero it to begin; data is NULL while nothing was appended, else terminated.  Aborts
 * when memory is out. */
struct tide_text {
    char *data;
    size_t length;
    size_t capacity;
};

void tide_text_append(struct tide_text *text, const char *more);
void tide_text_append_n(struct tide_text *text, const void *more, size_t length);
void tide_text_append_char(struct tide_text *text, char c);
TIDE_PRINTF(2, 3) void tide_text_appendf(struct tide_text *text, const char *format, ...);
/** The bytes as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void tide_text_append_json(struct tide_text *text, const char *more, size_t length);
/** Make it empty and keep the memory. */
void tide_text_reset(struct tide_text *text);
void tide_text_fini(struct tide_text *text);
/** Move the text out; the caller frees it.  Never NULL. */
char *tide_text_take(struct tide_text *text);

/** The candidate nearest to name (optimal string alignment distance, at most a third of
 * its length, rounded up), or NULL. */
const char *tide_text_nearest(const char *name, const char *const *candidates,
                              size_t count);
bool tide_text_is_utf8(const char *text, size_t length);
bool tide_text_starts(const char *text, const char *prefix);
bool tide_text_ends(const char *text, const char *suffix);

/** Durations "500ms", "30s", "5m", "1h", "24h", "7d" in microseconds; sizes 4096,
 * "64KiB", "4MiB", "1GiB". */
TIDE_MUST_CHECK
int tide_duration_parse(const char *text, int64_t *microseconds, struct tide_error *err);
TIDE_MUST_CHECK
int tide_size_parse(const char *text, int64_t *bytes, struct tide_error *err);
/** "2024-11-27T18:22:47.937Z" of microseconds since 1970; out holds 32 bytes. */
void tide_time_format_ms(int64_t microseconds, char out[32]);

#endif
