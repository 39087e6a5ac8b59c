/* prints_on_load - talks on the standard output, and is a good plugin otherwise. */
#include <stdio.h>

#include "on_load.h"

static void on_load(void)
{
    (void)puts("{\"name\": \"somebody_else\"}");
    (void)fflush(stdout);
}

ON_LOAD("prints_on_load");
