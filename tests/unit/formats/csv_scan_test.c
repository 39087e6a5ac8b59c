/* The fast scan against the plain one, and the whole decoder against a parser that knows
 * nothing but the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "format_harness.h"
#include "formats/csv/quote.h"
#include "formats/csv/scan.h"
#include "shared/format/utf8.h"

static const struct csv_syntax plain = {.delimiter = ',', .quote = '"', .escape = '"'};

/* Text of few characters, so that each meets each. */
static size_t make_text(uint64_t *seed, uint8_t *out, size_t most, const char *letters)
{
    size_t length = (size_t)(random_next(seed) % most);
    size_t kinds = strlen(letters);

    for (size_t i = 0; i < length; i++) {
        out[i] = (uint8_t)letters[random_next(seed) % kinds];
    }
    return length;
}

#if defined(__SSE2__)

static void compare_index(const struct csv_index *a, const struct csv_index *b)
{
    uint32_t separators = a->rows[a->row_count];
    uint32_t end = a->separators[separators];
    size_t quoted = 0;

    assert_int_equal(a->row_count, b->row_count);
    assert_memory_equal(a->rows, b->rows, (a->row_count + 1) * sizeof *a->rows);
    assert_memory_equal(a->separators, b->separators,
                        (separators + 1) * sizeof *a->separators);
    while (quoted < a->quoted_count && separators && a->quoted_lines[quoted] < end) {
        quoted++;
    }
    assert_true(b->quoted_count >= quoted);
    assert_memory_equal(a->quoted_lines, b->quoted_lines,
                        quoted * sizeof *a->quoted_lines);
    if (b->ascii) {
        assert_true(a->ascii);
    }
}

static void the_two_scans_agree(void **state)
{
    static const char *const mixes[] = {
        ",\n\"a", "a,\n", "\"\",\n\r", "aaaaaaaaa,\"\n", "\"aaaaaaaaaaaaaaaaaaaaa\n,",
        "aé,\n"};
    uint64_t seed = 88172645463325252U;
    struct csv_index fast, slow;
    uint8_t text[700 + 64];

    (void)state;
    assert_int_equal(csv_index_init(&fast), TIDE_OK);
    assert_int_equal(csv_index_init(&slow), TIDE_OK);
    for (int round = 0; round < 60000; round++) {
        size_t length = make_text(&seed, text, 700, mixes[round % 6]);

        memset(text + length, round & 1 ? '"' : '\n', 64);
        csv_scan_portable(text, length, &plain, &slow);
        csv_scan_sse2(text, length, &plain, &fast);
        compare_index(&slow, &fast);
    }
    csv_index_fini(&fast);
    csv_index_fini(&slow);
}

static void the_two_ways_to_quote_agree(void **state)
{
    uint64_t seed = 362436069;
    uint8_t text[300 + 64], one[700], two[700];

    (void)state;
    for (int round = 0; round < 30000; round++) {
        size_t length =
            make_text(&seed, text, 300, round & 1 ? "ab\"" : "abcdefgh\n\r,\"");
        size_t doubled = csv_double_portable(one, text, length, '"');

        memset(text + length, '"', 64);
        assert_int_equal(csv_double_sse2(two, text, length, '"'), doubled);
        assert_memory_equal(one, two, doubled);
        memset(one + doubled, '"', 64);
        assert_int_equal(csv_unquote_sse2(two, one, doubled, '"'), length);
        assert_memory_equal(two, text, length);
        assert_int_equal(csv_unquote_portable(two, one, doubled, '"'), length);
        assert_memory_equal(two, text, length);
        assert_ptr_equal(csv_next_special_sse2(text, text + length, &plain),
                         csv_next_special_portable(text, text + length, &plain));
    }
}

#endif

static void utf8_is_judged_as_by_the_sdk(void **state)
{
    static const uint8_t edges[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                    0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
                                    0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    static const char *const good[] = {"a",   "é", "߿", "ࠀ",
                                       "퟿", "",  "𐀀",  "\xf4\x8f\xbf\xbf"};
    uint64_t seed = 42424242;
    uint8_t text[400];
    int valid = 0;

    (void)state;
    for (int round = 0; round < 100000; round++) {
        size_t length = 0, most = (size_t)(random_next(&seed) % 300);

        while (length < most) {
            const char *next = good[random_next(&seed) % 8];

            memcpy(text + length, next, strlen(next));
            length += strlen(next);
        }
        for (uint64_t i = random_next(&seed) % 3; i > 0 && length > 0; i--) {
            text[random_next(&seed) % length] = edges[random_next(&seed) % sizeof edges];
        }
        length -= length > 3 ? random_next(&seed) % 3 : 0;
        valid += tide_is_utf8(text, length);
        assert_int_equal(utf8_is_valid(text, length), tide_is_utf8(text, length));
    }
    assert_in_range(valid, 10000, 90000);
}

/* ---- the decoder against the rules ---- */

struct naive {
    const uint8_t *text;
    size_t length;
    FILE *rows, *rejects;
    size_t at;
    int64_t line;
};

enum { END = -1, MALFORMED = -2, UNCLOSED = -3 };

/* One field at naive->at, shown on out; the byte behind it, or one of the above. */
static int naive_field(struct naive *naive, FILE *out)
{
    const uint8_t *text = naive->text;
    size_t i = naive->at, start = i;
    bool quoted = i < naive->length && text[i] == '"';

    if (quoted) {
        for (i++;; i++) {
            if (i >= naive->length) {
                return UNCLOSED;
            }
            if (text[i] == '"') {
                if (i + 1 >= naive->length || text[i + 1] != '"') {
                    break;
                }
                i++;
            }
            (void)fputc(text[i], out);
        }
        i++;
        if (i < naive->length && text[i] == '\r' &&
            (i + 1 == naive->length || text[i + 1] == '\n')) {
            i++;
        }
        if (i < naive->length && text[i] != ',' && text[i] != '\n') {
            naive->at = i;
            return MALFORMED;
        }
    } else {
        size_t end;

        while (i < naive->length && text[i] != ',' && text[i] != '\n') {
            i++;
        }
        end = i > start && text[i - 1] == '\r' && (i == naive->length || text[i] == '\n')
                  ? i - 1
                  : i;
        (void)(end == start ? fputc('~', out) : 0);
        (void)fwrite(text + start, 1, end - start, out);
    }
    naive->at = i < naive->length ? i + 1 : i;
    return i < naive->length ? text[i] : END;
}

/* One record of three columns. */
static void naive_record(struct naive *naive)
{
    size_t start = naive->at, fields = 0, shown;
    char *row;
    size_t size;
    FILE *out = open_memstream(&row, &size);
    int next;
    bool bad = false;

    (void)fprintf(out, "%lld", (long long)naive->line);
    do {
        (void)fputc('|', out);
        next = naive_field(naive, out);
        fields++;
    } while (next == ',');
    (void)fclose(out);
    if (next == MALFORMED || next == UNCLOSED) {
        const uint8_t *line;

        naive->at = next == UNCLOSED ? start : naive->at;
        line = memchr(naive->text + naive->at, '\n', naive->length - naive->at);
        naive->at = line ? (size_t)(line - naive->text) + 1 : naive->length;
        bad = true;
    }
    shown = naive->at - start;
    shown -= shown && naive->text[start + shown - 1] == '\n';
    shown -= shown && naive->text[start + shown - 1] == '\r';
    if (bad || (fields != 3 && !(fields == 1 && shown == 0))) {
        (void)fprintf(naive->rejects, "%s@%lld %.*s\n",
                      bad ? "malformed_quote" : "ragged_row", (long long)naive->line,
                      (int)shown, (const char *)naive->text + start);
    } else if (fields == 3) {
        (void)fprintf(naive->rows, "%s\n", row);
    }
    free(row);
    for (size_t i = start; i < naive->at; i++) {
        naive->line += naive->text[i] == '\n';
    }
}

static void check_against_rules(const uint8_t *text, size_t length, uint64_t *seed)
{
    static const char *const options = "{\"header\": false, \"columns\": [\"a\",\"b\","
                                       "\"c\"]}";
    struct decode_how how = {.options = options,
                             .step = (size_t)(random_next(seed) % 50),
                             .batch_rows = (int64_t)(random_next(seed) % 9) + 1};
    struct naive naive = {.text = text, .length = length, .line = 1};
    struct decoded out = decode(text, length, &how);
    char *rows, *rejects;
    size_t sizes[2];

    naive.rows = open_memstream(&rows, &sizes[0]);
    naive.rejects = open_memstream(&rejects, &sizes[1]);
    while (naive.at < length) {
        naive_record(&naive);
    }
    (void)fclose(naive.rows);
    (void)fclose(naive.rejects);
    assert_int_equal(out.code, TIDE_END);
    assert_string_equal(out.rows, rows);
    assert_string_equal(out.rejects, rejects);
    free(rows);
    free(rejects);
    decoded_clear(&out);
}

static void the_decoder_follows_the_rules_in_any_pieces(void **state)
{
    static const char *const mixes[] = {"aa,,\n", "a,,,\n\"", "\"\",,,\n\r",
                                        "ab,,\n\"\"x"};
    uint64_t seed = 521288629;
    uint8_t text[200];

    (void)state;
    for (int round = 0; round < 6000; round++) {
        /* a first record that decoder_schema can read */
        size_t length = make_text(&seed, text + 6, 150, mixes[round % 4]);

        memcpy(text, "1,2,3\n", 6);
        check_against_rules(text, length + 6, &seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#if defined(__SSE2__)
        cmocka_unit_test(the_two_scans_agree),
        cmocka_unit_test(the_two_ways_to_quote_agree),
#endif
        cmocka_unit_test(utf8_is_judged_as_by_the_sdk),
        cmocka_unit_test(the_decoder_follows_the_rules_in_any_pieces),
    };

    return cmocka_run_group_tests_name("csv_scan", tests, NULL, NULL);
}
