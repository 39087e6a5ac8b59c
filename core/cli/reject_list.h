/*
 * reject_list - the rejects of a run as `tidemill run --json` lists them.
 *
 * Each is written down when it comes: kept as objects, a thousand of them would take more
 * memory than the rows that are on their way.
 */
#ifndef TIDE_CLI_REJECT_LIST_H
#define TIDE_CLI_REJECT_LIST_H

#include <json-c/json.h>

#include "base/text.h"

struct tide_reject_list {
    struct tide_text text; /**< owned; as it is printed in "rejects" of a run */
    int64_t count;
};

/** Add what an event (borrowed) of pipeline/worker.h tells; a replay is the daemon's. */
void tide_reject_list_add(struct tide_reject_list *list, struct json_object *event);
/** An array that prints them and has nothing else to ask for; the list is empty then. */
struct json_object *tide_reject_list_take(struct tide_reject_list *list);

/** A line for people on standard error instead, of such an event. */
void tide_reject_show(struct json_object *event);

#endif
