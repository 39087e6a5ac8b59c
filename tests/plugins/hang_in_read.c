/* hang_in_read - a source that never comes back, and does not ask whether it should.  It
 * makes the file TIDEMILL_TEST_HANGS, when there is such a name, as it begins to hang. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "counting_source.h"

static int misbehave(struct counting *counting, struct tide_batch *batch,
                     struct tide_error *err)
{
    const char *path = getenv("TIDEMILL_TEST_HANGS");
    FILE *file = path ? fopen(path, "w") : NULL;

    if (file) {
        (void)fclose(file);
    }
    (void)counting;
    (void)batch;
    for (;;) {
        (void)pause();
    }
    return tide_error_set(err, TIDE_E_INTERNAL, "came back");
}

COUNTING_SOURCE("hang_in_read", "Hangs at its third batch.");
