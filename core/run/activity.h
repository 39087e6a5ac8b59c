/*
 * activity - which plugin's code runs now, so that a crash or a hang can be named.
 *
 * Each thread knows its own activity; the ledger page holds the one that began last, and
 * after a crash that of the thread that crashed.
 */
#ifndef TIDE_RUN_ACTIVITY_H
#define TIDE_RUN_ACTIVITY_H

#include <stdbool.h>

#include "pipeline/worker.h"

/** This thread enters what text says ("source csv: read"); text is borrowed until
 * tide_activity_end.  Also the ledger's heartbeat. */
void tide_activity_begin(struct tide_ledger *ledger, const char *text);
void tide_activity_end(void);

/** The ledger's heartbeat alone: a call takes long, and is known not to hang. */
void tide_activity_beat(struct tide_ledger *ledger);

/** What the ledger page holds, copied out. */
void tide_activity_last(const struct tide_ledger *ledger, char out[64]);

/** From now on a thread that crashes leaves its activity in the ledger, which must
 * outlive the process's threads, and with `says` tells of it on standard error, where
 * nobody else is there to do so; the crash then takes its course. */
void tide_activity_watch_crashes(struct tide_ledger *ledger, bool says);

/** Room for the handler when a thread's own stack has overflowed: more than the kernel
 * wants to save there for any processor of today. */
#define TIDE_CRASH_STACK ((size_t)32 * 1024)

/** A thread that may run a plugin begins, where crashes are watched; spare (borrowed as
 * long as the thread runs) may lie at the beginning of its stack. */
void tide_activity_enter_thread(char spare[TIDE_CRASH_STACK]);

#endif
