/* misnamed - says it is somebody else. */
#include "on_load.h"

static void on_load(void)
{
}

ON_LOAD("another_name");
