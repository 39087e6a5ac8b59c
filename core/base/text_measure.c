/*
 * text_measure - durations, sizes and times as people write them.
 */
#include <string.h>
#include <tidemill/value.h>

#include "base/text.h"

struct unit {
    const char *suffix;
    int64_t factor;
};

/* Read digits and a suffix of the table; false when the text is neither or too large. */
static bool parse_quantity(const char *text, const struct unit *units, int64_t *out)
{
    size_t digits = strspn(text, "0123456789");
    int64_t value, product;

    if (digits == 0 || tide_parse_int64(text, digits, &value) != TIDE_OK) {
        return false;
    }
    for (; units->suffix; units++) {
        if (strcmp(units->suffix, text + digits) == 0) {
            if (__builtin_mul_overflow(value, units->factor, &product)) {
                return false;
            }
            *out = product;
            return true;
        }
    }
    return false;
}

/* A number alone: seconds were probably meant, and how they are written is said. */
static bool lacks_unit(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits <= 18 && text[digits] == '\0';
}

int tide_duration_parse(const char *text, int64_t *microseconds, struct tide_error *err)
{
    static const struct unit units[] = {{"ms", 1000},
                                        {"s", 1000000},
                                        {"m", INT64_C(60) * 1000000},
                                        {"h", INT64_C(3600) * 1000000},
                                        {"d", INT64_C(86400) * 1000000},
                                        {NULL, 0}};

    if (lacks_unit(text)) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "\"%s\" is not a duration without a unit: write \"%ss\" "
                              "for seconds, or one of ms, m, h, d, as in 30s or 5m",
                              text, text);
    }
    if (!parse_quantity(text, units, microseconds)) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "\"%.64s\" is not a duration: write a whole number and one "
                              "of ms, s, m, h, d, as in 30s or 5m",
                              text);
    }
    return TIDE_OK;
}

int tide_size_parse(const char *text, int64_t *bytes, struct tide_error *err)
{
    static const struct unit units[] = {
        {"", 1},
        {"KiB", INT64_C(1) << 10},
        {"MiB", INT64_C(1) << 20},
        {"GiB", INT64_C(1) << 30},
        {"TiB", INT64_C(1) << 40},
        {NULL, 0},
    };

    if (!parse_quantity(text, units, bytes)) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "\"%.64s\" is not a size: write bytes, or a whole number "
                              "and one of KiB, MiB, GiB, TiB, as in 4MiB",
                              text);
    }
    return TIDE_OK;
}

void tide_time_format_ms(int64_t microseconds, char out[32])
{
    int64_t days = tide_floor_div(microseconds, TIDE_DAY_US);
    uint64_t of_day = (uint64_t)microseconds - (uint64_t)days * (uint64_t)TIDE_DAY_US;
    unsigned ms = (unsigned)(of_day / 1000);
    char *at;
    bool bc;

    at = tide_put_date_(out, days, &bc);
    *at++ = 'T';
    at = tide_put_two_(at, ms / 3600000);
    *at++ = ':';
    at = tide_put_two_(at, ms / 60000 % 60);
    *at++ = ':';
    at = tide_put_two_(at, ms / 1000 % 60);
    *at++ = '.';
    at = tide_put_digits_(at, ms % 1000, 3);
    *at++ = 'Z';
    *tide_put_bc_(at, bc) = '\0';
}
