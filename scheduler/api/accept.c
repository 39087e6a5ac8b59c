/*
 * accept - which of the media types on offer a client wants.
 *
 * Layer: plain C.
 */
#include "api/accept.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/** How well a range such as "text/star" fits: 3 exactly, 2 by its first part, 1 any. */
static int fitness(const char *range, size_t length, const char *type)
{
    const char *slash = strchr(type, '/');
    size_t first = slash ? (size_t)(slash - type) + 1 : 0;

    if (length == 3 && memcmp(range, "*/*", 3) == 0) {
        return 1;
    }
    if (length == first + 1 && range[first] == '*' &&
        strncasecmp(range, type, first) == 0) {
        return 2;
    }
    return length == strlen(type) && strncasecmp(range, type, length) == 0 ? 3 : 0;
}

/** q of the parameters of a range in thousandths; 1000 when there is none. */
static int quality(const char *parameters, const char *end)
{
    for (const char *p = parameters; p < end; p++) {
        int value = 0, digits = 0;
        bool starts = (p[-1] == ';' || p[-1] == ' ') && (*p == 'q' || *p == 'Q');

        if (!starts || p + 2 >= end || p[1] != '=') {
            continue;
        }
        for (p += 2; p < end && digits < 4; p++) {
            if (*p >= '0' && *p <= '9') {
                value = value * 10 + (*p - '0');
                digits++;
            } else if (*p != '.') {
                break;
            }
        }
        for (; digits < 4; digits++) {
            value *= 10;
        }
        return value;
    }
    return 1000;
}

/** The quality of a type: of the range that fits it best. */
static int quality_of(const char *header, const char *type)
{
    int best = 0, result = 0;

    while (*header) {
        const char *end = header + strcspn(header, ",");
        const char *start = header + strspn(header, " \t");
        size_t length = strcspn(start, ";, \t");
        int fit = fitness(start, length, type);

        if (fit > best) {
            best = fit;
            result = start + length < end ? quality(start + length + 1, end) : 1000;
        }
        header = *end ? end + 1 : end;
    }
    return result;
}

int tide_accept_choose(const char *header, const char *const *offered)
{
    int chosen = -1, most = 0;

    if (!header || !*header) {
        return 0;
    }
    for (int i = 0; offered[i]; i++) {
        int q = quality_of(header, offered[i]);

        if (q > most) {
            most = q;
            chosen = i;
        }
    }
    return chosen;
}
