/*
 * reject_event - a rejected row as the event that tells of it: what is too long is cut,
 * and secrets are blanked.
 */
#ifndef TIDE_RUN_REJECT_EVENT_H
#define TIDE_RUN_REJECT_EVENT_H

#include <json-c/json.h>

#include "run/rejects.h"

/** The event, owned by the caller.  secrets end with NULL; NULL: there are none. */
struct json_object *tide_reject_event(const struct tide_reject_note *note,
                                      const char *const *secrets);
/** About the bytes that the event of a note will take, without making it for that: its
 * texts as they are, in front of any blanking. */
int64_t tide_reject_event_bytes(const struct tide_reject_note *note);

#endif
