/*
 * events - the lines a worker sends, cut and read, and the rejects among them.
 *
 * Layer: inside scheduler/supervise; the loop thread.
 */
#ifndef TIDE_SUPERVISE_EVENTS_H
#define TIDE_SUPERVISE_EVENTS_H

#include <json-c/json.h>

#include "base/text.h"
#include "store/store.h"

/* ---- lines --------------------------------------------------------------------------*/

/** A line longer than this is no event. */
#define TIDE_EVENT_MOST ((size_t)8 * 1024 * 1024)

/** Zero it to begin. */
struct tide_event_reader {
    struct tide_text line; /**< the part of a line that has come */
};

/** One event; the object is borrowed, its member "event" is a text. */
typedef void (*tide_event_fn)(void *arg, const char *name, struct json_object *event);

/** Take more bytes and call emit for each whole line.  TIDE_E_DATA when one is no event;
 * nothing may be fed after that. */
TIDE_MUST_CHECK
int tide_event_feed(struct tide_event_reader *reader, const char *data, size_t length,
                    tide_event_fn emit, void *arg, struct tide_error *err);
void tide_event_reader_fini(struct tide_event_reader *reader);

/* ---- rejects ------------------------------------------------------------------------*/

#define TIDE_REJECT_BATCH 256

/** Gathers rejects until they are worth a command of the store.  Zero it to begin. */
struct tide_reject_bag {
    struct tide_reject_record records[TIDE_REJECT_BATCH];
    struct json_object *events[TIDE_REJECT_BATCH]; /**< own the records' texts */
    size_t count;
    int64_t kept, dropped; /**< since the start of the run */
    int64_t bytes;
};

/** Take one "reject" event, or count it as dropped beyond the bounds.  True when the bag
 * is full and has to be stored. */
bool tide_reject_take(struct tide_reject_bag *bag, struct json_object *event,
                      int64_t most_count, int64_t most_bytes);
/** Forget what was stored. */
void tide_reject_empty(struct tide_reject_bag *bag);

#endif
