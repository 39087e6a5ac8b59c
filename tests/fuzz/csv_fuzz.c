/* CSV: the pieces in which a text comes make no difference, and what was read is written
 * so that it reads the same. */
#include "fuzz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../unit/formats/format_harness.h"

static const char *const dialects[] = {
    "{}",
    "{\"header\": false}",
    "{\"escape\": \"\\\\\", \"null_string\": \"N\"}",
    "{\"delimiter\": \";\", \"quote\": \"'\", \"line_ending\": \"crlf\"}",
    "{\"trim\": true}",
};
enum { HEADER_FALSE = 1, TRIM = 4, DIALECTS = 5 };

static void check_round_trip(const uint8_t *data, size_t size, const char *options)
{
    size_t once, twice;
    char *first = recode(data, size, options, &once);
    char *second = recode(first, once, options, &twice);

    assert_int_equal(once, twice);
    assert_memory_equal(first, second, once);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decode_how whole = {.batch_rows = 400}, pieces = {.batch_rows = 400};
    struct decoded a, b;

    if (size < 2) {
        return 0;
    }
    whole.options = dialects[data[0] % DIALECTS];
    pieces.options = whole.options;
    pieces.step = (size_t)data[1] % 100 + 1;
    pieces.batch_rows = data[1] % 7 + 1;
    a = decode(data + 2, size - 2, &whole);
    b = decode(data + 2, size - 2, &pieces);
    decoded_expect_same(&a, &b);
    if (a.code == TIDE_END && a.rejects[0] == '\0' &&
        data[0] % DIALECTS != HEADER_FALSE && data[0] % DIALECTS != TRIM) {
        check_round_trip(data + 2, size - 2, whole.options);
    }
    decoded_clear(&a);
    decoded_clear(&b);
    return 0;
}
