/*
 * error - what went wrong, where, and what to do about it.
 *
 * A function that can fail returns an enum tide_code and fills a struct tide_error that
 * its caller owns.  The code is the class of the failure: it decides what the engine does
 * next (reject the row, begin at the start, end the run).
 */
#ifndef TIDEMILL_ERROR_H
#define TIDEMILL_ERROR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TIDE_MUST_CHECK __attribute__((warn_unused_result))
#define TIDE_PRINTF(format_index, first)                                                 \
    __attribute__((format(printf, format_index, first)))

/** Results.  Zero and above are no errors; the numbers never change. */
enum tide_code {
    TIDE_OK = 0,
    TIDE_END = 1,       /**< there is nothing more to read */
    TIDE_MORE = 2,      /**< more input is needed before there is a result */
    TIDE_E_CONFIG = -1, /**< definition or option is wrong: a person must change it */
    TIDE_E_DATA = -2,   /**< rows are wrong: the batch is split until they stand alone */
    /** Network, lock, overload: trying again may help.  Nothing within a run tries again
     * yet: the run fails, and the next run of the pipeline is the next attempt. */
    TIDE_E_TRANSIENT = -3,
    TIDE_E_AUTH = -4,      /**< refused for who we are: password, key, permission */
    TIDE_E_CANCELLED = -5, /**< asked to stop */
    TIDE_E_INTERNAL = -6,  /**< a broken promise in the program or a plugin */
    TIDE_E_IO = -7,        /**< the operating system refused: file missing, disk full */
    TIDE_E_LIMIT = -8,     /**< a limit was met: memory, size, time, count */
    TIDE_E_NOT_FOUND = -9, /**< no such thing */
    TIDE_E_CONFLICT = -10  /**< the present state does not allow it */
};

/** Caller's memory; no ownership.  Both texts are always terminated and are cut, never
 * overrun. */
struct tide_error {
    int32_t code; /**< an enum tide_code, TIDE_OK while nothing failed */
    /** Reserved, for TIDE_E_TRANSIENT: how long to wait, 0 for no hint.  Nothing reads it
     * yet. */
    uint32_t retry_after_ms;
    char where[192];    /**< file:line, path in the definition, column; may be empty */
    char message[1024]; /**< what was wrong and what to do */
};

/** Describe a failure; returns code, so that `return tide_error_set(err, ...)` reads
 * well.  err may be NULL. */
TIDE_PRINTF(3, 4)
static inline int tide_error_set(struct tide_error *err, int code, const char *format,
                                 ...)
{
    if (err) {
        va_list args;

        err->code = code;
        err->retry_after_ms = 0;
        err->where[0] = '\0';
        va_start(args, format);
        (void)vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
    }
    return code;
}

/** The same with a place: tide_error_at(err, TIDE_E_CONFIG, "tables[1].columns", ...). */
TIDE_PRINTF(4, 5)
static inline int tide_error_at(struct tide_error *err, int code, const char *where,
                                const char *format, ...)
{
    if (err) {
        va_list args;

        err->code = code;
        err->retry_after_ms = 0;
        (void)snprintf(err->where, sizeof err->where, "%s", where);
        va_start(args, format);
        (void)vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
    }
    return code;
}

/** The run was asked to stop, as the host's cancelled() says: TIDE_E_CANCELLED. */
static inline int tide_error_cancelled(struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_CANCELLED, "the run was asked to stop");
}

/** Memory is out: TIDE_E_LIMIT. */
static inline int tide_error_memory(struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
}

/** Put "context: " in front of the message, on the way up; returns the code that is
 * already there. */
TIDE_PRINTF(2, 3)
static inline int tide_error_wrap(struct tide_error *err, const char *format, ...)
{
    char context[256];
    char old[sizeof err->message];
    va_list args;

    if (!err) {
        return TIDE_E_INTERNAL;
    }
    va_start(args, format);
    (void)vsnprintf(context, sizeof context, format, args);
    va_end(args);
    memcpy(old, err->message, sizeof old);
    (void)snprintf(err->message, sizeof err->message, "%s: %.760s", context, old);
    return err->code;
}

#ifdef __cplusplus
}
#endif

#endif
