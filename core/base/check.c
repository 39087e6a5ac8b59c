/*
 * check - the end of a program whose own promise was broken.
 */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

void tide_check_failed(const char *kind, const char *text, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: broken %s: %s\n", file, line, kind, text);
    abort();
}
