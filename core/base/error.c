/*
 * error - the one table behind the names and the retry rule of failure codes.
 *
 * TIDE_E_TRANSIENT alone is retryable: whoever reports a failure knows whether it may
 * pass by itself, and says so with that code.
 */
#include "base/error.h"

#include <string.h>

static const struct code {
    const char *name;
    int code;
    bool retryable;
} codes[] = {
    {"ok", TIDE_OK, false},
    {"end", TIDE_END, false},
    {"more", TIDE_MORE, false},
    {"config", TIDE_E_CONFIG, false},
    {"data", TIDE_E_DATA, false},
    {"transient", TIDE_E_TRANSIENT, true},
    {"auth", TIDE_E_AUTH, false},
    {"cancelled", TIDE_E_CANCELLED, false},
    {"internal", TIDE_E_INTERNAL, false},
    {"io", TIDE_E_IO, false},
    {"limit", TIDE_E_LIMIT, false},
    {"not_found", TIDE_E_NOT_FOUND, false},
    {"conflict", TIDE_E_CONFLICT, false},
};
#define CODE_COUNT (sizeof codes / sizeof codes[0])

static const struct code *find(int code)
{
    for (size_t i = 0; i < CODE_COUNT; i++) {
        if (codes[i].code == code) {
            return &codes[i];
        }
    }
    return NULL;
}

const char *tide_code_name(int code)
{
    const struct code *found = find(code);

    return found ? found->name : "unknown";
}

bool tide_code_is_retryable(int code)
{
    const struct code *found = find(code);

    return found && found->retryable;
}

int tide_code_parse(const char *name)
{
    for (size_t i = 0; i < CODE_COUNT; i++) {
        if (strcmp(codes[i].name, name) == 0) {
            return codes[i].code;
        }
    }
    return TIDE_E_INTERNAL;
}
