/* hang_in_read - a source that never comes back, and does not ask whether it should. */
#include <unistd.h>

#include "counting_source.h"

static int misbehave(struct counting *counting, struct tide_batch *batch,
                     struct tide_error *err)
{
    (void)counting;
    (void)batch;
    for (;;) {
        (void)pause();
    }
    return tide_error_set(err, TIDE_E_INTERNAL, "came back");
}

COUNTING_SOURCE("hang_in_read", "Hangs at its third batch.");
