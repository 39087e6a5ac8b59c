/* overflow_in_read - a source whose stack overflows, on a thread of the run's. */
#include "counting_source.h"

static int fall(int depth);
static int (*volatile deeper)(int depth) = fall;

/* Not what a compiler can make into a loop. */
static int fall(int depth)
{
    volatile char room[1024];

    room[0] = (char)depth;
    return depth < 0 ? 0 : deeper(depth + 1) + room[0];
}

static int misbehave(struct counting *counting, struct tide_batch *batch,
                     struct tide_error *err)
{
    (void)counting;
    (void)batch;
    return tide_error_set(err, TIDE_E_INTERNAL, "survived: %d", fall(0));
}

COUNTING_SOURCE("overflow_in_read", "Overflows its stack at its third batch.");
