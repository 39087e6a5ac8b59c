/* float64 - the shortest text that reads back to the same bits. */
#include "value_test.h"

#include <float.h>

static void floats_are_written_short(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.2, "0.2"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {123456.789, "123456.789"},
        {999999999999999, "999999999999999"},
        {0.000001, "1e-06"},
        {0.000012345678901234567, "0.000012345678901234568"},
        {9007199254740991.0, "9007199254740991"},
        {4503599627370495.5, "4503599627370495.5"},
        {0.00001, "0.00001"},
        {0x1p-16, "0.0000152587890625"},
        {1234.56789012345, "1234.56789012345"},
        {100.1 * 3, "300.29999999999995"},
        {0.00001, "0.00001"},
        {1e15, "1000000000000000"},
        {1e16, "1e+16"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {9007199254740993.0, "9007199254740992"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {-DBL_MAX, "-1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
        {2.5e-320, "2.5e-320"},
        {0.5, "0.5"},
        {4.35, "4.35"},
        {1234567.125, "1234567.125"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(got(tide_format_float64(text, cases[i].value)),
                            cases[i].text);
    }
    assert_string_equal(got(tide_format_float64(text, __builtin_nan(""))), "NaN");
    assert_string_equal(got(tide_format_float64(text, __builtin_inf())), "Infinity");
    assert_string_equal(got(tide_format_float64(text, -__builtin_inf())), "-Infinity");
}

static void check_float(double value)
{
    double back, reference;

    (void)got(tide_format_float64(text, value));
    reference = strtod(text, NULL);
    assert_memory_equal(&reference, &value, sizeof value);
    assert_int_equal(tide_parse_float64(text, strlen(text), &back), TIDE_OK);
    assert_memory_equal(&back, &value, sizeof value);
}

static void every_float_reads_back_to_the_same_bits(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = next_random();
        double value;

        memcpy(&value, &bits, sizeof value);
        if (value - value == 0) {
            check_float(value);
        }
        check_float((double)(int64_t)(next_random() % 100000000) / 100);
        check_float((double)(int64_t)next_random() / 1e6);
        check_float((double)(next_random() % 1000000007) * 1e-9);
    }
    for (int exponent = -1074; exponent < 1024; exponent++) {
        check_float(__builtin_ldexp(1, exponent));
        check_float(-__builtin_ldexp(1, exponent));
    }
}

/* Digits that count, without zeros at either end. */
static int significant_digits(const char *number)
{
    int digits = 0, zeros = 0;

    for (; *number && *number != 'e'; number++) {
        if (*number >= '1' && *number <= '9') {
            digits += zeros + 1;
            zeros = 0;
        } else if (*number == '0' && digits > 0) {
            zeros++;
        }
    }
    return digits;
}

static void no_shorter_text_reads_back(void **state)
{
    char shorter[40];

    (void)state;
    for (int i = 0; i < 30000; i++) {
        double value = (double)(next_random() >> 11) *
                       __builtin_ldexp(1, -(int)(next_random() % 68));
        int digits;

        (void)got(tide_format_float64(text, value));
        digits = significant_digits(text);
        if (value > 1e-5 && value < 0x1p53 && digits > 1) {
            (void)snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
            assert_true(strtod(shorter, NULL) != value);
        }
    }
}

static void floats_read_as_the_c_library_reads_them(void **state)
{
    char number[64];

    (void)state;
    for (int i = 0; i < 50000; i++) {
        double value, reference;

        (void)snprintf(number, sizeof number, "%s%llu.%0*lluE%d", i % 2 ? "-" : "",
                       (unsigned long long)(next_random() >> (next_random() % 64)),
                       (int)(next_random() % 12 + 1),
                       (unsigned long long)(next_random() % 1000),
                       (int)(next_random() % 60) - 30);
        reference = strtod(number, NULL);
        assert_int_equal(tide_parse_float64(number, strlen(number), &value), TIDE_OK);
        assert_memory_equal(&value, &reference, sizeof value);
    }
}

static void odd_texts_of_floats(void **state)
{
    static const struct {
        const char *text;
        int rc;
        double value;
    } cases[] = {
        {"1e22", TIDE_OK, 1e22},
        {"1e23", TIDE_OK, 1e23},
        {"-0.0", TIDE_OK, -0.0},
        {".5", TIDE_OK, 0.5},
        {"5.", TIDE_OK, 5},
        {"+5", TIDE_OK, 5},
        {"1E+2", TIDE_OK, 100},
        {"0.000000000000000000000000001", TIDE_OK, 1e-27},
        {"9007199254740993", TIDE_OK, 9007199254740992.0},
        {"179769313486231570000000000000000000000e270", TIDE_OK, DBL_MAX},
        {"0e999999999999", TIDE_OK, 0},
        {"infinity", TIDE_OK, __builtin_inf()},
        {"-INF", TIDE_OK, -__builtin_inf()},
        {"1e400", TIDE_E_LIMIT, 0},
        {"-1e400", TIDE_E_LIMIT, 0},
        {"1e-400", TIDE_E_LIMIT, 0},
        {"1e99999999999999999999", TIDE_E_LIMIT, 0},
        {"", TIDE_E_DATA, 0},
        {".", TIDE_E_DATA, 0},
        {"-", TIDE_E_DATA, 0},
        {"e5", TIDE_E_DATA, 0},
        {"1e", TIDE_E_DATA, 0},
        {"1e+", TIDE_E_DATA, 0},
        {"1.2.3", TIDE_E_DATA, 0},
        {"0x1p3", TIDE_E_DATA, 0},
        {"1,5", TIDE_E_DATA, 0},
        {" 1", TIDE_E_DATA, 0},
        {"1 ", TIDE_E_DATA, 0},
        {"infinit", TIDE_E_DATA, 0},
        {"nano", TIDE_E_DATA, 0},
    };
    double value;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int rc = tide_parse_float64(cases[i].text, strlen(cases[i].text), &value);

        assert_int_equal(rc, cases[i].rc);
        if (rc == TIDE_OK) {
            assert_memory_equal(&value, &cases[i].value, sizeof value);
        }
    }
    assert_int_equal(tide_parse_float64("nan", 3, &value), TIDE_OK);
    assert_true(value != value);
}

static void a_float_longer_than_a_kilobyte_is_a_limit(void **state)
{
    char digits[1024];
    double value;

    (void)state;
    memset(digits, '1', sizeof digits);
    digits[1] = '.';
    assert_int_equal(tide_parse_float64(digits, 1023, &value), TIDE_OK);
    assert_true(value == 1.1111111111111112);
    assert_int_equal(tide_parse_float64(digits, 1024, &value), TIDE_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_are_written_short),
        cmocka_unit_test(every_float_reads_back_to_the_same_bits),
        cmocka_unit_test(no_shorter_text_reads_back),
        cmocka_unit_test(floats_read_as_the_c_library_reads_them),
        cmocka_unit_test(odd_texts_of_floats),
        cmocka_unit_test(a_float_longer_than_a_kilobyte_is_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
