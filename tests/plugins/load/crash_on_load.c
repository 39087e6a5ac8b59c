/* crash_on_load - dies of a bad pointer before it has said who it is. */
#include <signal.h>

#include "on_load.h"

static void on_load(void)
{
    (void)signal(SIGSEGV, SIG_DFL);
    (void)raise(SIGSEGV);
}

ON_LOAD("crash_on_load");
