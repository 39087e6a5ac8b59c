/*
 * pace - how many rows go to the server at once, by how many of them it refuses.
 *
 * A piece costs something by itself, however few rows it has, and one with a bad row is
 * sent again.  Of rows refused one in n, pieces of p rows cost cost / p + p / 2n for each
 * row, which is least where p is the root of 2 * cost * n.  Only rows of late count: when
 * no more are refused pieces grow, up to no bound.
 *
 * Layer: the postgres destination; pure.
 */
#ifndef TIDE_POSTGRES_PACE_H
#define TIDE_POSTGRES_PACE_H

#include <stdint.h>

/** Zero it and set cost. */
struct pg_pace {
    int64_t cost; /**< of a piece by itself, as that of so many rows */
    int64_t rows, refused;
};

/** So many rows were taken, or refused. */
void pg_pace_note(struct pg_pace *pace, int64_t rows, int64_t refused);

/** How many rows the next piece is to have: 1 or more. */
int64_t pg_pace_rows(const struct pg_pace *pace);

#endif
