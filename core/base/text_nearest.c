/*
 * text_nearest - which known name was probably meant.
 *
 * Optimal string alignment distance: insert, delete, replace and swap of neighbours each
 * count one.  Three rows of the table are enough, because a swap looks two rows back.
 */
#include <string.h>

#include "base/text.h"

#define LONGEST 64

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Fill the row of a[i-1] from the two rows before it. */
static void fill_row(size_t *row, const size_t *last, const size_t *before, const char *a,
                     size_t i, const char *b, size_t width)
{
    row[0] = i;
    for (size_t j = 1; j <= width; j++) {
        size_t same = a[i - 1] == b[j - 1] ? 0 : 1;

        row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + same);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
            row[j] = least(row[j], before[j - 2] + 1);
        }
    }
}

/* Both at most LONGEST long. */
static size_t distance(const char *a, size_t height, const char *b, size_t width)
{
    size_t rows[3][LONGEST + 1];

    for (size_t j = 0; j <= width; j++) {
        rows[0][j] = j;
        rows[2][j] = j;
    }
    for (size_t i = 1; i <= height; i++) {
        fill_row(rows[i % 3], rows[(i + 2) % 3], rows[(i + 1) % 3], a, i, b, width);
    }
    return rows[height % 3][width];
}

const char *tide_text_nearest(const char *name, const char *const *candidates,
                              size_t count)
{
    const char *best = NULL;
    size_t length = strlen(name);
    size_t bound = (length + 2) / 3 + 1;

    if (length == 0 || length > LONGEST) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);

        if (other <= LONGEST) {
            size_t apart = distance(name, length, candidates[i], other);

            if (apart < bound) {
                bound = apart;
                best = candidates[i];
            }
        }
    }
    return best;
}
