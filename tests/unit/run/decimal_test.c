/*
 * decimal_test - numbers written as text compare exactly, and find their place among the
 * integers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <string.h>

#include "run/decimal.h"

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

static void check_order(const char *a, int order, const char *b)
{
    int found = sign(tide_decimal_compare(a, strlen(a), b, strlen(b)));
    int turned = sign(tide_decimal_compare(b, strlen(b), a, strlen(a)));

    if (found != order || turned != -order) {
        fail_msg("%s against %s: %d and %d", a, b, found, turned);
    }
}

static void test_equal_numbers_may_look_different(void **unused)
{
    (void)unused;
    check_order("1", 0, "1.000");
    check_order("100", 0, "1e2");
    check_order("0.001", 0, "1E-3");
    check_order("-0", 0, "0.00");
    check_order("0e99999999999999999999", 0, "0");
    check_order("007.50", 0, "+7.5");
    check_order(".5", 0, "0.5");
    check_order("NaN", 0, "nan");
    check_order("Infinity", 0, "inf");
}

static void test_order_is_that_of_numbers(void **unused)
{
    (void)unused;
    check_order("9", -1, "10");
    check_order("-9", 1, "-10");
    check_order("-1", -1, "0");
    check_order("0.1", -1, "0.10000000000000000000000000000000000001");
    check_order("12345678901234567890123456789", -1, "12345678901234567890123456790");
    check_order("1e400", 1, "999999999999999999999999999999");
    check_order("1e-400", 1, "0");
    check_order("-inf", -1, "-1e999");
    check_order("inf", 1, "1e999");
    check_order("NaN", 1, "inf");
}

static void check_place(const char *text, int side, int64_t floor, bool is_exact)
{
    struct tide_decimal_place place;

    assert_true(tide_decimal_locate(text, strlen(text), &place));
    if (place.side != side || (side == 0 && place.floor != floor) ||
        place.is_exact != is_exact) {
        fail_msg("%s: side %d floor %lld exact %d", text, place.side,
                 (long long)place.floor, place.is_exact);
    }
}

static void test_places_among_the_integers(void **unused)
{
    (void)unused;
    check_place("0", 0, 0, true);
    check_place("2.5", 0, 2, false);
    check_place("-2.5", 0, -3, false);
    check_place("-0.1", 0, -1, false);
    check_place("1.2e1", 0, 12, true);
    check_place("9223372036854775807", 0, INT64_MAX, true);
    check_place("9223372036854775807.5", 0, INT64_MAX, false);
    check_place("9223372036854775808", 1, 0, false);
    check_place("-9223372036854775808", 0, INT64_MIN, true);
    check_place("-9223372036854775808.5", -1, 0, false);
    check_place("1e30", 1, 0, false);
    check_place("-inf", -1, 0, false);
    check_place("NaN", 1, 0, false);
}

static void test_what_is_no_number_is_refused(void **unused)
{
    static const char *const texts[] = {"",    "-",   ".",     "e5",  "1e",  "1e+", "1 ",
                                        "0x1", "1,5", "1.2.3", "abc", "--1", "nano"};
    struct tide_decimal_place place;

    (void)unused;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (tide_decimal_is_valid(texts[i], strlen(texts[i])) ||
            tide_decimal_locate(texts[i], strlen(texts[i]), &place)) {
            fail_msg("\"%s\" was taken for a number", texts[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_numbers_may_look_different),
        cmocka_unit_test(test_order_is_that_of_numbers),
        cmocka_unit_test(test_places_among_the_integers),
        cmocka_unit_test(test_what_is_no_number_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
