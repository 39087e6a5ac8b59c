/*
 * scan_portable - the index of a window of CSV, one byte at a time.
 *
 * The plain statement of what scan.h promises; the fallback where there is no SSE2, and
 * the oracle for the version that has it.
 */
#include "scan.h"

#include <stdlib.h>
#include <string.h>
#include <tidemill/error.h>

enum place { FIELD_START, UNQUOTED, QUOTED, CLOSED };

int csv_index_init(struct csv_index *index)
{
    size_t size = (CSV_WINDOW + 1 + CSV_SPREAD) * sizeof(uint32_t);

    memset(index, 0, sizeof *index);
    index->separators = malloc(size);
    index->rows = malloc(size);
    index->quoted_lines = malloc(size);
    if (!index->separators || !index->rows || !index->quoted_lines) {
        csv_index_fini(index);
        return TIDE_E_LIMIT;
    }
    return TIDE_OK;
}

void csv_index_fini(struct csv_index *index)
{
    free(index->separators);
    free(index->rows);
    free(index->quoted_lines);
    memset(index, 0, sizeof *index);
}

/* Whether a closing quote may stand in front of this byte; past the end nobody knows
 * yet, and no row ends there. */
static bool may_follow_quote(const uint8_t *data, size_t length, size_t at,
                             const struct csv_syntax *syntax)
{
    uint8_t byte = data[at];

    return byte == syntax->delimiter || byte == '\n' || byte == syntax->quote ||
           (byte == '\r' && (at + 1 == length || data[at + 1] == '\n'));
}

static enum place after(enum place place, uint8_t byte, const struct csv_syntax *syntax)
{
    if (byte == syntax->quote) {
        return place == QUOTED ? CLOSED : QUOTED;
    }
    if (place == QUOTED) {
        return QUOTED;
    }
    if (byte == syntax->delimiter || byte == '\n') {
        return FIELD_START;
    }
    return UNQUOTED;
}

void csv_scan_portable(const uint8_t *data, size_t length,
                       const struct csv_syntax *syntax, struct csv_index *index)
{
    uint32_t separators = 0;
    enum place place = FIELD_START;

    index->separators[0] = UINT32_MAX;
    index->rows[0] = 0;
    index->row_count = 0;
    index->quoted_count = 0;
    index->ascii = true;
    for (size_t i = 0; i < length; i++) {
        if ((place == CLOSED && !may_follow_quote(data, length, i, syntax)) ||
            (place == UNQUOTED && data[i] == syntax->quote)) {
            return;
        }
        if (data[i] > 127) {
            index->ascii = false;
        }
        if (place == QUOTED && data[i] == '\n') {
            index->quoted_lines[index->quoted_count++] = (uint32_t)i;
        }
        place = after(place, data[i], syntax);
        if (place == FIELD_START) {
            index->separators[++separators] = (uint32_t)i;
            if (data[i] == '\n') {
                index->rows[++index->row_count] = separators;
            }
        }
    }
}
