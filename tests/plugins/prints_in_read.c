/* prints_in_read - a source that writes to the standard output, which is not its own. */
#include <stdio.h>

#include "counting_source.h"

static int misbehave(struct counting *counting, struct tide_batch *batch,
                     struct tide_error *err)
{
    (void)counting;
    (void)batch;
    (void)puts("{\"event\":\"end\",\"state\":\"succeeded\"}");
    return fflush(stdout) == 0 ? TIDE_OK : tide_error_set(err, TIDE_E_IO, "cannot print");
}

COUNTING_SOURCE("prints_in_read", "Prints at its third batch.");
