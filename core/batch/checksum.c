/*
 * checksum - values hashed by what they mean, and added.
 */
#include "batch/checksum.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/json_reader.h"
#include "base/memory.h"

/* ---- the hash -----------------------------------------------------------------------*/

static uint64_t feed_number(uint64_t hash, uint64_t number)
{
    return tide_hash_add(hash, &number, sizeof number);
}

static uint64_t finish(uint64_t hash)
{
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ (hash >> 33);
}

/* ---- numbers as text ----------------------------------------------------------------*/

/* A decimal number in parts: its digits from the first to the last that is not 0. */
struct digits {
    const char *text;
    size_t first, end; /* of the digits in text, the point among them */
    int64_t exponent;  /* of the last digit */
    bool is_negative;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t read_exponent(const char *text, size_t length)
{
    bool is_negative = length > 0 && text[0] == '-';
    int64_t exponent = 0;

    for (size_t i = length > 0 && (text[0] == '-' || text[0] == '+'); i < length; i++) {
        if (exponent < INT32_MAX) {
            exponent = exponent * 10 + (text[i] - '0');
        }
    }
    return is_negative ? -exponent : exponent;
}

/* False for what has no digits: NaN and the infinities. */
static bool split(const char *text, size_t length, struct digits *out)
{
    size_t at = length > 0 && (text[0] == '-' || text[0] == '+');
    size_t end, point;

    *out = (struct digits){.text = text, .is_negative = length > 0 && text[0] == '-'};
    if (at >= length || !(is_digit(text[at]) || text[at] == '.')) {
        return false;
    }
    for (end = at; end < length && (is_digit(text[end]) || text[end] == '.'); end++) {
    }
    if (end < length) {
        out->exponent = read_exponent(text + end + 1, length - end - 1);
    }
    for (point = at; point < end && text[point] != '.'; point++) {
    }
    out->first = at;
    while (out->first < end && (text[out->first] == '0' || text[out->first] == '.')) {
        out->first++;
    }
    out->end = end;
    while (out->end > out->first &&
           (text[out->end - 1] == '0' || text[out->end - 1] == '.')) {
        out->end--;
    }
    /* The place of the last digit before or behind the point. */
    out->exponent += out->end <= point ? (int64_t)(point - out->end)
                                       : -(int64_t)(out->end - point - 1);
    return true;
}

/* NaN and the infinities: their first letter tells them apart. */
static uint64_t hash_word(const char *text, size_t length)
{
    size_t at = length > 1 && (text[0] == '-' || text[0] == '+');
    char letter = length > 0 ? (char)(text[at] | 0x20) : '\0';

    return finish(feed_number(tide_hash_add(TIDE_HASH_START, &letter, 1),
                              length > 0 && text[0] == '-'));
}

static uint64_t hash_number(const char *text, size_t length)
{
    uint64_t hash = TIDE_HASH_START;
    struct digits digits;

    if (!split(text, length, &digits)) {
        return hash_word(text, length);
    }
    if (digits.first == digits.end) {
        return finish(tide_hash_add(hash, "0", 1));
    }
    for (size_t i = digits.first; i < digits.end; i++) {
        if (text[i] != '.') {
            hash = tide_hash_add(hash, &text[i], 1);
        }
    }
    hash = feed_number(hash, (uint64_t)digits.exponent);
    return finish(feed_number(hash, digits.is_negative));
}

/* ---- JSON ---------------------------------------------------------------------------*/

static uint64_t hash_json(struct json_object *value);

static uint64_t hash_object(struct json_object *object)
{
    uint64_t sum = 0;

    json_object_object_foreach(object, key, member)
    {
        uint64_t hash = finish(tide_hash_add(TIDE_HASH_START, key, strlen(key)));

        sum += finish(feed_number(hash, hash_json(member)));
    }
    return finish(feed_number(tide_hash_add(TIDE_HASH_START, "{", 1), sum));
}

static uint64_t hash_array(struct json_object *array)
{
    uint64_t hash = tide_hash_add(TIDE_HASH_START, "[", 1);

    for (size_t i = 0; i < json_object_array_length(array); i++) {
        hash = feed_number(hash, hash_json(json_object_array_get_idx(array, i)));
    }
    return finish(hash);
}

static uint64_t hash_json_text(struct json_object *text)
{
    return finish(tide_hash_add(tide_hash_add(TIDE_HASH_START, "\"", 1),
                                json_object_get_string(text),
                                (size_t)json_object_get_string_len(text)));
}

static uint64_t hash_json(struct json_object *value)
{
    const char *text;

    switch (json_object_get_type(value)) {
    case json_type_object:
        return hash_object(value);
    case json_type_array:
        return hash_array(value);
    case json_type_string:
        return hash_json_text(value);
    case json_type_int:
    case json_type_double:
        text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
        return hash_number(text, strlen(text));
    default:
        text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
        return finish(tide_hash_add(TIDE_HASH_START, text, strlen(text)));
    }
}

/* A text that is no JSON by RFC 8259 (two equal keys) stands for itself. */
static uint64_t hash_json_value(const char *text, size_t length)
{
    struct json_object *value = NULL;
    struct tide_place where;
    struct tide_error err;
    uint64_t hash;

    if (tide_json_read(text, length, false, NULL, &value, &where, &err) != TIDE_OK) {
        return finish(tide_hash_add(TIDE_HASH_START, text, length));
    }
    hash = hash_json(value);
    json_object_put(value);
    return hash;
}

/* ---- values -------------------------------------------------------------------------*/

static uint64_t hash_float(double value)
{
    uint64_t bits;

    value = isnan(value) ? (double)NAN : value + 0.0;
    memcpy(&bits, &value, sizeof bits);
    return finish(feed_number(TIDE_HASH_START, bits));
}

static uint64_t hash_text(int type, const char *text, size_t length)
{
    switch (type) {
    case TIDE_TYPE_DECIMAL:
        return hash_number(text, length);
    case TIDE_TYPE_JSON:
        return hash_json_value(text, length);
    default:
        return finish(tide_hash_add(TIDE_HASH_START, text, length));
    }
}

static uint64_t hash_fixed(int type, const struct ArrowArray *values, int64_t row)
{
    int64_t number = 0;

    switch (type) {
    case TIDE_TYPE_FLOAT64:
        return hash_float(tide_array_float64(values, row));
    case TIDE_TYPE_BOOL:
        number = tide_array_bool(values, row);
        break;
    case TIDE_TYPE_DATE:
        number = tide_array_int32(values, row);
        break;
    default:
        number = tide_array_int64(values, row);
    }
    return finish(feed_number(TIDE_HASH_START, (uint64_t)number));
}

uint64_t tide_value_hash(const struct tide_batch *batch, const struct tide_schema *schema,
                         size_t column, int64_t row)
{
    const struct ArrowArray *values = batch->array.children[column];
    int type = schema->columns[column].type;
    uint64_t hash;

    if (type == TIDE_TYPE_NULL || tide_array_is_null(values, row)) {
        return 0;
    }
    if (tide_type_is_variable(type)) {
        size_t length;
        const char *text = tide_array_text(values, row, &length);

        hash = hash_text(type, text, length);
    } else {
        hash = hash_fixed(type, values, row);
    }
    return hash | 1;
}

/* ---- sums ---------------------------------------------------------------------------*/

void tide_checksum_init(struct tide_checksum *sum, size_t columns)
{
    memset(sum, 0, sizeof *sum);
    sum->count = columns;
    sum->columns = tide_alloc_array(columns + 1, sizeof *sum->columns);
}

void tide_checksum_fini(struct tide_checksum *sum)
{
    free(sum->columns);
    memset(sum, 0, sizeof *sum);
}

void tide_checksum_add(struct tide_checksum *sum, const struct tide_batch *batch,
                       const struct tide_schema *schema, const size_t *places,
                       const uint8_t *skip)
{
    for (int64_t row = 0; row < batch->array.length; row++) {
        uint64_t whole = TIDE_HASH_START;

        if (skip && skip[row]) {
            continue;
        }
        for (size_t i = 0; i < sum->count; i++) {
            uint64_t hash = tide_value_hash(batch, schema, places ? places[i] : i, row);

            sum->columns[i] += hash;
            whole = feed_number(whole, hash);
        }
        sum->whole += finish(whole);
        sum->rows++;
    }
}

void tide_checksum_subtract(struct tide_checksum *sum, const struct tide_checksum *other)
{
    sum->rows -= other->rows;
    sum->whole -= other->whole;
    for (size_t i = 0; i < sum->count; i++) {
        sum->columns[i] -= other->columns[i];
    }
}
