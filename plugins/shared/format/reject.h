/*
 * reject - a line that never became a row, as decoders of formats tell the host.
 *
 * Header-only, because each plugin is linked by itself.  Layer: plugins, uses the SDK.
 */
#ifndef TIDE_SHARED_REJECT_H
#define TIDE_SHARED_REJECT_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <tidemill/plugin.h>

/** Reject a line that has all but its message, which is made here.  When the run may take
 * no more, err has it too. */
TIDE_PRINTF(4, 0)
static inline int reject_with(const struct tide_host *host, struct tide_reject reject,
                              struct tide_error *err, const char *format, va_list args)
{
    char message[640];
    int rc;

    (void)vsnprintf(message, sizeof message, format, args);
    reject.message = message;
    rc = host->reject(host, &reject);
    return rc == TIDE_OK ? rc
                         : tide_error_at(err, rc, reject.origin, "line %" PRId64 ": %s",
                                         reject.position, message);
}

#endif
