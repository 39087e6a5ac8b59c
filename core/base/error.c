/*
 * error - the one table behind the names of failure codes.
 */
#include "base/error.h"

static const struct {
    const char *name;
    int code;
} codes[] = {
    {"ok", TIDE_OK},
    {"end", TIDE_END},
    {"more", TIDE_MORE},
    {"config", TIDE_E_CONFIG},
    {"data", TIDE_E_DATA},
    {"transient", TIDE_E_TRANSIENT},
    {"auth", TIDE_E_AUTH},
    {"cancelled", TIDE_E_CANCELLED},
    {"internal", TIDE_E_INTERNAL},
    {"io", TIDE_E_IO},
    {"limit", TIDE_E_LIMIT},
    {"not_found", TIDE_E_NOT_FOUND},
    {"conflict", TIDE_E_CONFLICT},
};
#define CODE_COUNT (sizeof codes / sizeof codes[0])

const char *tide_code_name(int code)
{
    for (size_t i = 0; i < CODE_COUNT; i++) {
        if (codes[i].code == code) {
            return codes[i].name;
        }
    }
    return "unknown";
}
