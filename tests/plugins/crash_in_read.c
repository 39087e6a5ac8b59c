/* crash_in_read - a source that dies of a bad pointer. */
#include <signal.h>

#include "counting_source.h"

static int misbehave(struct counting *counting, struct tide_batch *batch,
                     struct tide_error *err)
{
    (void)counting;
    (void)batch;
    (void)raise(SIGSEGV);
    return tide_error_set(err, TIDE_E_INTERNAL, "survived its own crash");
}

COUNTING_SOURCE("crash_in_read", "Crashes at its third batch.");
