/*
 * document_scalar - the core schema of YAML 1.2: null, true, 12, 0x1f, 1.5e3, and all
 * else is text.
 */
#include "base/document_scalar.h"

#include <stdlib.h>
#include <string.h>
#include <tidemill/value.h>

#include "base/json_reader.h"
#include "base/memory.h"

enum scalar {
    SCALAR_TEXT,
    SCALAR_NULL,
    SCALAR_TRUE,
    SCALAR_FALSE,
    SCALAR_NUMBER,
    SCALAR_BASED,  /* 0o17, 0x1f */
    SCALAR_SPECIAL /* .inf, .nan */
};

static const struct word {
    const char *text;
    enum scalar scalar;
} words[] = {
    {"", SCALAR_NULL},         {"~", SCALAR_NULL},        {"null", SCALAR_NULL},
    {"Null", SCALAR_NULL},     {"NULL", SCALAR_NULL},     {"true", SCALAR_TRUE},
    {"True", SCALAR_TRUE},     {"TRUE", SCALAR_TRUE},     {"false", SCALAR_FALSE},
    {"False", SCALAR_FALSE},   {"FALSE", SCALAR_FALSE},   {".inf", SCALAR_SPECIAL},
    {".Inf", SCALAR_SPECIAL},  {".INF", SCALAR_SPECIAL},  {"+.inf", SCALAR_SPECIAL},
    {"+.Inf", SCALAR_SPECIAL}, {"+.INF", SCALAR_SPECIAL}, {"-.inf", SCALAR_SPECIAL},
    {"-.Inf", SCALAR_SPECIAL}, {"-.INF", SCALAR_SPECIAL}, {".nan", SCALAR_SPECIAL},
    {".NaN", SCALAR_SPECIAL},  {".NAN", SCALAR_SPECIAL},
};

/* 0o and octal digits, 0x and hexadecimal ones. */
static bool is_based(const char *text, size_t length)
{
    unsigned base = length > 2 && text[0] == '0' ? (text[1] == 'o' ? 8 : 16) : 0;

    if (base == 0 || (text[1] != 'o' && text[1] != 'x')) {
        return false;
    }
    for (size_t i = 2; i < length; i++) {
        if (tide_hex_digit_(text[i]) >= base) {
            return false;
        }
    }
    return true;
}

static enum scalar classify(const char *text, size_t length)
{
    struct tide_decimal_ parts;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].text) == length && memcmp(words[i].text, text, length) == 0) {
            return words[i].scalar;
        }
    }
    if (tide_scan_decimal_(text, length, &parts)) {
        return SCALAR_NUMBER;
    }
    return is_based(text, length) ? SCALAR_BASED : SCALAR_TEXT;
}

static struct json_object *new_text(const char *text, size_t length)
{
    return tide_json_made(json_object_new_string_len(text, (int)length));
}

/* The number in JSON's own grammar: no plus, no zeros in front, digits on both sides of
 * the point. */
static struct json_object *new_number(const char *text, size_t length)
{
    char *canonical = tide_alloc(length + 8);
    struct json_object *value;

    if (tide_parse_decimal(text, length, canonical, &length) == TIDE_OK) {
        value = tide_json_number(canonical, length, true);
    } else {
        value = new_text(text, length);
    }
    free(canonical);
    return value;
}

static struct json_object *new_based(const char *text, size_t length)
{
    unsigned shift = text[1] == 'o' ? 3 : 4;
    uint64_t value = 0;

    for (size_t i = 2; i < length; i++) {
        if (value >> (63 - shift) != 0) {
            return new_text(text, length);
        }
        value = value << shift | tide_hex_digit_(text[i]);
    }
    return tide_json_made(json_object_new_int64((int64_t)value));
}

struct json_object *tide_scalar_resolve(const char *text, size_t length)
{
    switch (classify(text, length)) {
    case SCALAR_NULL:
        return NULL;
    case SCALAR_TRUE:
        return tide_json_made(json_object_new_boolean(true));
    case SCALAR_FALSE:
        return tide_json_made(json_object_new_boolean(false));
    case SCALAR_NUMBER:
        return new_number(text, length);
    case SCALAR_BASED:
        return new_based(text, length);
    case SCALAR_SPECIAL:
    case SCALAR_TEXT:
        break;
    }
    return new_text(text, length);
}

bool tide_scalar_is_text(const char *text, size_t length)
{
    return classify(text, length) == SCALAR_TEXT;
}
