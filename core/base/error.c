/*
 * error - the one table behind the names and the retry rule of failure codes.
 *
 * TIDE_E_TRANSIENT alone is retryable: whoever reports a failure knows whether it may
 * pass by itself, and says so with that code.
 */
#include "base/error.h"

#include <string.h>

static const struct code {
    int code;
    const char *name;
    bool retryable;
} codes[] = {
    {TIDE_OK, "ok", false},
    {TIDE_END, "end", false},
    {TIDE_MORE, "more", false},
    {TIDE_E_CONFIG, "config", false},
    {TIDE_E_DATA, "data", false},
    {TIDE_E_TRANSIENT, "transient", true},
    {TIDE_E_AUTH, "auth", false},
    {TIDE_E_CANCELLED, "cancelled", false},
    {TIDE_E_INTERNAL, "internal", false},
    {TIDE_E_IO, "io", false},
    {TIDE_E_LIMIT, "limit", false},
    {TIDE_E_NOT_FOUND, "not_found", false},
    {TIDE_E_CONFLICT, "conflict", false},
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
