/*
 * daemon - all parts of tidemilld, put together, run, and taken apart in order.
 *
 * Layer:   uses every part of scheduler.
 * Threads: the loop's.
 */
#ifndef TIDE_DAEMON_H
#define TIDE_DAEMON_H

#include <tidemill/error.h>

#include "settings.h"

/** Run until a signal ends it.  TIDE_E_CONFIG when the settings cannot be used, any other
 * code when something refused to start; the settings outlive the call. */
TIDE_MUST_CHECK
int tide_daemon_run(const struct tide_settings *settings, struct tide_error *err);

#endif
