/*
 * byte_class - which expressions are one class; see byte_class.h.
 */
#include "byte_class.h"

#include <string.h>

/* Behind a class in brackets, or NULL: no such class, or one with more to it than single
 * characters, ranges and the escapes of one letter. */
static const char *pass_brackets(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    if (*at == ']') {
        at++;
    }
    for (; *at != ']'; at++) {
        if (*at == '\\') {
            at++;
            if (*at == 'Q' || *at == 'E' || *at == 'c') {
                return NULL;
            }
        }
        if (*at == '\0' || *at == '[') {
            return NULL;
        }
    }
    return at + 1;
}

static const char *pass_class(const char *at)
{
    if (*at == '[') {
        return pass_brackets(at);
    }
    return *at == '\\' && at[1] && strchr("dDsSwWhHvV", at[1]) ? at + 2 : NULL;
}

bool byte_class_is(const char *expression, bool *repeats)
{
    const char *rest = pass_class(expression);

    if (!rest) {
        return false;
    }
    *repeats = *rest == '+';
    return rest[*repeats] == '\0';
}

bool byte_class_is_ascii(const uint8_t *data, size_t length)
{
    uint64_t any = 0;
    size_t i = 0;

    for (; i + sizeof any <= length; i += sizeof any) {
        uint64_t word;

        memcpy(&word, data + i, sizeof word);
        any |= word;
    }
    for (; i < length; i++) {
        any |= data[i];
    }
    return (any & UINT64_C(0x8080808080808080)) == 0;
}
