/*
 * pace - how many rows go to the server at once, by how many of them it refuses.
 */
#include "pace.h"

/* So many rows are remembered, and at most twice as many. */
#define WINDOW ((int64_t)64 * 1024)

void pg_pace_note(struct pg_pace *pace, int64_t rows, int64_t refused)
{
    pace->rows += rows + refused;
    pace->refused += refused;
    while (pace->rows >= 2 * WINDOW) {
        pace->rows /= 2;
        pace->refused /= 2;
    }
}

/* The whole root of a number below 2^62. */
static int64_t root(int64_t number)
{
    int64_t found = 0;

    for (int64_t bit = INT64_C(1) << 30; bit > 0; bit >>= 1) {
        if ((found + bit) * (found + bit) <= number) {
            found += bit;
        }
    }
    return found;
}

int64_t pg_pace_rows(const struct pg_pace *pace)
{
    return pace->refused > 0 ? root(2 * pace->cost * pace->rows / pace->refused)
                             : INT64_MAX;
}
