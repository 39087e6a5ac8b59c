/*
 * Tests of the compression streams: what goes in comes out, and nothing else does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka.h wants the first four above first. */
#include <cmocka.h>

#include "shared/compression/compression.h"

#define PLAIN_SIZE (3 << 20)

/* A memory that is written to its end and read in pieces. */
struct memory {
    uint8_t *data;
    size_t length, read, piece;
};

static int push(void *arg, const uint8_t *data, size_t length, struct tide_error *err)
{
    struct memory *memory = arg;

    (void)err;
    memory->data = realloc(memory->data, memory->length + length);
    assert_non_null(memory->data);
    memcpy(memory->data + memory->length, data, length);
    memory->length += length;
    return TIDE_OK;
}

static int pull(void *arg, uint8_t *data, size_t capacity, size_t *length,
                struct tide_error *err)
{
    struct memory *memory = arg;
    size_t left = memory->length - memory->read;

    (void)err;
    *length = left < capacity ? left : capacity;
    *length = *length < memory->piece ? *length : memory->piece;
    if (*length > 0) {
        memcpy(data, memory->data + memory->read, *length);
    }
    memory->read += *length;
    return TIDE_OK;
}

/* Letters without order, so that they do not shrink to nothing. */
static uint8_t *make_plain(void)
{
    uint8_t *plain = malloc(PLAIN_SIZE);
    uint32_t random = 1;

    assert_non_null(plain);
    for (size_t i = 0; i < PLAIN_SIZE; i++) {
        random = random * 1103515245 + 12345;
        plain[i] = (uint8_t)('A' + (random >> 16) % 61);
    }
    return plain;
}

static void compress(enum compression kind, const uint8_t *plain, size_t length,
                     struct memory *memory)
{
    struct compression_writer *writer = NULL;
    struct tide_error err = {0};

    assert_int_equal(compression_writer_create(kind, 0, push, memory, &writer, &err), 0);
    for (size_t at = 0; at < length; at += 70000) {
        size_t piece = length - at < 70000 ? length - at : 70000;

        assert_int_equal(compression_write(writer, plain + at, piece, &err), 0);
    }
    assert_int_equal(compression_finish(writer, &err), 0);
    compression_writer_destroy(writer);
}

/* The result of the read that ended it; *length counts what came before. */
static int decompress(enum compression kind, struct memory *memory, uint8_t *plain,
                      size_t *length, struct tide_error *err)
{
    struct compression_reader *reader = NULL;
    size_t got = 1;
    int rc = compression_reader_create(kind, pull, memory, &reader, err);

    *length = 0;
    while (rc == TIDE_OK && got > 0) {
        got = 0;
        rc = compression_read(reader, plain + *length, 100000, &got, err);
        *length += got;
    }
    compression_reader_destroy(reader);
    return rc;
}

static void check_round_trip(enum compression kind, enum compression told, size_t piece)
{
    uint8_t *plain = make_plain(), *back = malloc(2 * PLAIN_SIZE + 100000);
    struct memory memory = {.piece = piece};
    struct tide_error err = {0};
    size_t length;

    assert_non_null(back);
    compress(kind, plain, PLAIN_SIZE, &memory);
    compress(kind, plain, 1000, &memory); /* a second member or frame */
    assert_int_equal(decompress(told, &memory, back, &length, &err), TIDE_OK);
    assert_int_equal(length, PLAIN_SIZE + 1000);
    assert_memory_equal(back, plain, PLAIN_SIZE);
    assert_memory_equal(back + PLAIN_SIZE, plain, 1000);
    free(memory.data);
    free(plain);
    free(back);
}

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    check_round_trip(COMPRESSION_NONE, COMPRESSION_NONE, 4096);
    check_round_trip(COMPRESSION_GZIP, COMPRESSION_GZIP, 4096);
    check_round_trip(COMPRESSION_ZSTD, COMPRESSION_ZSTD, 4096);
}

static void pieces_of_any_size_will_do(void **state)
{
    (void)state;
    check_round_trip(COMPRESSION_GZIP, COMPRESSION_GZIP, 13);
    check_round_trip(COMPRESSION_ZSTD, COMPRESSION_ZSTD, 13);
}

static void the_first_bytes_tell_the_kind(void **state)
{
    (void)state;
    check_round_trip(COMPRESSION_NONE, COMPRESSION_AUTO, 1 << 20);
    check_round_trip(COMPRESSION_GZIP, COMPRESSION_AUTO, 1 << 20);
    check_round_trip(COMPRESSION_ZSTD, COMPRESSION_AUTO, 1 << 20);
    check_round_trip(COMPRESSION_NONE, COMPRESSION_AUTO, 1);
    check_round_trip(COMPRESSION_GZIP, COMPRESSION_AUTO, 1);
    check_round_trip(COMPRESSION_ZSTD, COMPRESSION_AUTO, 3);
}

static void check_truncated(enum compression kind, const char *message)
{
    uint8_t *plain = make_plain(), *back = malloc(PLAIN_SIZE + 100000);
    struct memory memory = {.piece = 4096};
    struct tide_error err = {0};
    size_t length;

    assert_non_null(back);
    compress(kind, plain, PLAIN_SIZE, &memory);
    memory.length = 5000;
    assert_int_equal(decompress(kind, &memory, back, &length, &err), TIDE_E_DATA);
    assert_string_equal(err.message, message);
    assert_memory_equal(back, plain, length);
    free(memory.data);
    free(plain);
    free(back);
}

static void a_stream_cut_short_is_an_error(void **state)
{
    (void)state;
    check_truncated(COMPRESSION_GZIP, "truncated gzip stream after 5000 bytes");
    check_truncated(COMPRESSION_ZSTD, "truncated zstd stream after 5000 bytes");
}

static void check_corrupt(enum compression kind, const char *message)
{
    uint8_t *plain = make_plain(), *back = malloc(PLAIN_SIZE + 100000);
    struct memory memory = {.piece = 4096};
    struct tide_error err = {0};
    size_t length;

    assert_non_null(back);
    compress(kind, plain, PLAIN_SIZE, &memory);
    memory.data[memory.length - 2] ^= 0x55; /* within the check sum or the length */
    assert_int_equal(decompress(kind, &memory, back, &length, &err), TIDE_E_DATA);
    assert_non_null(strstr(err.message, message));
    free(memory.data);
    free(plain);
    free(back);
}

static void a_corrupt_stream_is_an_error(void **state)
{
    (void)state;
    check_corrupt(COMPRESSION_GZIP, "corrupt gzip stream near byte ");
    check_corrupt(COMPRESSION_ZSTD, "corrupt zstd stream near byte ");
}

static void text_behind_the_stream_is_an_error(void **state)
{
    struct memory memory = {.piece = 4096};
    struct tide_error err = {0};
    uint8_t back[200000];
    size_t length;

    (void)state;
    compress(COMPRESSION_GZIP, (const uint8_t *)"a,b\n", 4, &memory);
    assert_int_equal(push(&memory, (const uint8_t *)"garbage", 7, &err), 0);
    assert_int_equal(decompress(COMPRESSION_GZIP, &memory, back, &length, &err),
                     TIDE_E_DATA);
    assert_non_null(
        strstr(err.message, "what follows the end is neither zeros nor more gzip"));
    free(memory.data);
}

static void check_padded(size_t piece)
{
    static const uint8_t zeros[5000];
    struct memory memory = {.piece = piece};
    struct tide_error err = {0};
    uint8_t back[200000];
    size_t length;

    for (int i = 0; i < 2; i++) {
        compress(COMPRESSION_GZIP, (const uint8_t *)"a,b\n", 4, &memory);
        assert_int_equal(push(&memory, zeros, sizeof zeros, &err), 0);
    }
    assert_int_equal(decompress(COMPRESSION_GZIP, &memory, back, &length, &err), TIDE_OK);
    assert_int_equal(length, 8);
    assert_memory_equal(back, "a,b\na,b\n", 8);
    free(memory.data);
}

static void zeros_behind_a_member_are_passed_over(void **state)
{
    (void)state;
    check_padded(1);
    check_padded(4096);
    check_padded(1 << 20);
}

static void nothing_at_all_is_an_empty_stream(void **state)
{
    static const enum compression kinds[] = {COMPRESSION_AUTO, COMPRESSION_NONE,
                                             COMPRESSION_GZIP, COMPRESSION_ZSTD};
    uint8_t back[100000];
    size_t length;

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct memory memory = {.piece = 1};
        struct tide_error err = {0};

        assert_int_equal(decompress(kinds[i], &memory, back, &length, &err), TIDE_OK);
        assert_int_equal(length, 0);
    }
}

static void a_level_that_is_not_there_is_refused(void **state)
{
    struct memory memory = {0};
    struct compression_writer *writer = NULL;
    struct tide_error err = {0};

    (void)state;
    assert_int_equal(
        compression_writer_create(COMPRESSION_GZIP, 12, push, &memory, &writer, &err),
        TIDE_E_CONFIG);
    assert_string_equal(err.message, "gzip has levels 1 to 9, not 12");
    assert_null(writer);
}

static void names_tell_the_kind(void **state)
{
    (void)state;
    assert_int_equal(compression_of_name("a.csv.gz"), COMPRESSION_GZIP);
    assert_int_equal(compression_of_name("a.zst"), COMPRESSION_ZSTD);
    assert_int_equal(compression_of_name("a.csv"), COMPRESSION_NONE);
    assert_int_equal(compression_of_name(".gz"), COMPRESSION_NONE);
    assert_int_equal(compression_stem_length(COMPRESSION_GZIP, "a.csv.gz"), 5);
    assert_int_equal(compression_stem_length(COMPRESSION_ZSTD, "a.csv.gz"), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(pieces_of_any_size_will_do),
        cmocka_unit_test(the_first_bytes_tell_the_kind),
        cmocka_unit_test(a_stream_cut_short_is_an_error),
        cmocka_unit_test(a_corrupt_stream_is_an_error),
        cmocka_unit_test(text_behind_the_stream_is_an_error),
        cmocka_unit_test(zeros_behind_a_member_are_passed_over),
        cmocka_unit_test(nothing_at_all_is_an_empty_stream),
        cmocka_unit_test(a_level_that_is_not_there_is_refused),
        cmocka_unit_test(names_tell_the_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
