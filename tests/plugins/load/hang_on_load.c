/* hang_on_load - never comes back. */
#include <unistd.h>

#include "on_load.h"

static void on_load(void)
{
    for (;;) {
        (void)pause();
    }
}

ON_LOAD("hang_on_load");
