/*
 * nearest - the known word most like an unknown one, for messages.
 *
 * Layer: the postgres plugins' shared part; libc alone.
 */
#ifndef TIDE_POSTGRES_NEAREST_H
#define TIDE_POSTGRES_NEAREST_H

#include <stddef.h>

/** The search so far.  Zero it, set word, offer candidates, look at best. */
struct tide_pg_nearest {
    const char *word;
    const char *best; /**< borrowed from the candidates; NULL: nothing is like it */
    size_t distance;
};

/** Consider a candidate: letter case counts little, a third of the letters may differ. */
void tide_pg_nearest_offer(struct tide_pg_nearest *nearest, const char *candidate);

#endif
