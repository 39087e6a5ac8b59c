/* compact, slice, share, bits - against a naive oracle that goes row by row. */
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "batch/batch_ops.h"
#include "batch/bits.h"
#include "make_batch.h"

/* ---- bits ---- */

static void bits_are_copied_as_one_by_one(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        uint8_t from[128 + TIDE_PADDING], to[128 + TIDE_PADDING], expected[sizeof to];
        int64_t from_at = (int64_t)(next_random(&seed) % 300);
        int64_t to_at = (int64_t)(next_random(&seed) % 300);
        int64_t count = (int64_t)(next_random(&seed) % 600);

        for (size_t i = 0; i < sizeof from; i++) {
            from[i] = (uint8_t)next_random(&seed);
            to[i] = (uint8_t)next_random(&seed);
        }
        memcpy(expected, to, sizeof to);
        for (int64_t i = 0; i < count; i++) {
            if (tide_bit(from, from_at + i)) {
                tide_bit_set(expected, to_at + i);
            } else {
                tide_bit_clear(expected, to_at + i);
            }
        }
        tide_bits_copy(to, to_at, from, from_at, count);
        assert_memory_equal(to, expected, sizeof to);
    }
}

static void bits_move_to_the_front_of_their_own_map(void **state)
{
    uint64_t seed = 2;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        uint8_t bits[128 + TIDE_PADDING], before[sizeof bits], expected[sizeof bits];
        int64_t from_at = (int64_t)(next_random(&seed) % 300);
        int64_t to_at = (int64_t)(next_random(&seed) % (uint64_t)(from_at + 1));
        int64_t count = (int64_t)(next_random(&seed) % 600);

        for (size_t i = 0; i < sizeof bits; i++) {
            bits[i] = (uint8_t)next_random(&seed);
        }
        memcpy(before, bits, sizeof bits);
        memcpy(expected, bits, sizeof bits);
        tide_bits_copy(expected, to_at, before, from_at, count);
        tide_bits_copy(bits, to_at, bits, from_at, count);
        assert_memory_equal(bits, expected, sizeof bits);
    }
}

static void bits_are_filled_and_counted(void **state)
{
    (void)state;
    for (int64_t count = 0; count < 300; count++) {
        uint8_t bits[64 + TIDE_PADDING] = {0};

        tide_bits_fill(bits, count);
        assert_int_equal(tide_bits_count(bits, count), count);
        assert_int_equal(tide_bits_count(bits, 400), count);
    }
}

/* ---- batches ---- */

static char *row_text(const struct tide_batch *batch, const struct tide_schema *schema,
                      int64_t row)
{
    struct tide_text text = {0};

    tide_batch_row_json(batch, schema, row, &text);
    tide_text_appendf(&text, " at %lld", (long long)tide_batch_position(batch, row));
    return tide_text_take(&text);
}

/* All rows that are not dropped, as texts. */
static char **kept_rows(const struct tide_batch *batch, const struct tide_schema *schema,
                        const uint8_t *drop, int64_t *count)
{
    char **rows = tide_alloc_array((size_t)batch->array.length, sizeof *rows);

    *count = 0;
    for (int64_t row = 0; row < batch->array.length; row++) {
        if (!drop[row]) {
            rows[(*count)++] = row_text(batch, schema, row);
        }
    }
    return rows;
}

static void assert_rows(const struct tide_batch *batch, const struct tide_schema *schema,
                        char **rows, int64_t count)
{
    struct tide_error err = {0};

    assert_int_equal(batch->array.length, count);
    if (tide_batch_validate(batch, schema, &err) != TIDE_OK) {
        fail_msg("%s", err.message);
    }
    for (int64_t row = 0; row < count; row++) {
        char *text = row_text(batch, schema, row);

        assert_string_equal(text, rows[row]);
        free(text);
        free(rows[row]);
    }
    free(rows);
}

static void set_positions(struct tide_batch *batch, int way)
{
    if (way == 1) {
        batch->first_position = 100;
    } else if (way == 2) {
        batch->positions = malloc(((size_t)batch->array.length + 1) * sizeof(int64_t));
        for (int64_t i = 0; i < batch->array.length; i++) {
            batch->positions[i] = i * i + 1;
        }
    }
}

/* Rows are dropped with probability share/8, in stretches of about `stretch`. */
static uint8_t *random_drop(int64_t rows, unsigned share, unsigned stretch,
                            uint64_t *seed)
{
    uint8_t *drop = tide_alloc((size_t)rows + 1);
    uint8_t now = 0;

    for (int64_t i = 0; i < rows; i++) {
        if (next_random(seed) % stretch == 0) {
            now = next_random(seed) % 8 < share ? (uint8_t)(next_random(seed) | 1) : 0;
        }
        drop[i] = now;
    }
    return drop;
}

static void expect_compact_to_keep_what_stays(int64_t flags)
{
    uint64_t seed = 7;

    for (int round = 0; round < 300; round++) {
        int64_t count = (int64_t)(next_random(&seed) % 400), kept;
        struct tide_schema schema = {0};
        struct tide_batch batch = {0};
        uint8_t *drop;
        char **rows;

        make_every_type(&schema, &batch, count, &seed);
        set_positions(&batch, round % 3);
        batch.origin = "x";
        batch.flags = flags;
        drop = random_drop(count, (unsigned)round % 9, (unsigned)round % 40 + 1, &seed);
        rows = kept_rows(&batch, &schema, drop, &kept);
        assert_int_equal(tide_batch_compact(&batch, &schema, drop), TIDE_OK);
        assert_rows(&batch, &schema, rows, kept);
        assert_string_equal(batch.origin, "x");
        tide_batch_release(&batch);
        tide_schema_clear(&schema);
        free(drop);
    }
}

static void compact_keeps_exactly_the_rows_that_stay(void **state)
{
    (void)state;
    expect_compact_to_keep_what_stays(0);
}

static void compact_keeps_them_within_buffers_that_may_be_written(void **state)
{
    (void)state;
    expect_compact_to_keep_what_stays(TIDE_BATCH_WRITABLE);
}

/* Whether a batch that loses a row keeps its buffers. */
static bool keeps_its_buffers(int64_t flags)
{
    uint64_t seed = 3;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    uint8_t drop[100] = {0, 1};
    const void *before = NULL;
    bool are_same = false;

    make_every_type(&schema, &batch, 100, &seed);
    batch.flags = flags;
    before = batch.array.children[5]->buffers[2];
    assert_int_equal(tide_batch_compact(&batch, &schema, drop), TIDE_OK);
    are_same = batch.array.children[5]->buffers[2] == before;
    assert_true(batch.flags & TIDE_BATCH_WRITABLE);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
    return are_same;
}

static void compact_writes_only_where_it_may(void **state)
{
    (void)state;
    assert_true(keeps_its_buffers(TIDE_BATCH_WRITABLE));
    assert_false(keeps_its_buffers(0));
}

static void a_batch_that_loses_nothing_is_not_touched(void **state)
{
    uint64_t seed = 3;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    uint8_t drop[100] = {0};
    const void *before;

    (void)state;
    make_every_type(&schema, &batch, 100, &seed);
    before = batch.array.children[1]->buffers[1];
    assert_int_equal(tide_batch_compact(&batch, &schema, drop), TIDE_OK);
    assert_ptr_equal(batch.array.children[1]->buffers[1], before);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void a_slice_has_its_rows_and_its_own_buffers(void **state)
{
    uint64_t seed = 11;

    (void)state;
    for (int round = 0; round < 200; round++) {
        int64_t count = (int64_t)(next_random(&seed) % 200) + 1, kept;
        int64_t start = (int64_t)(next_random(&seed) % (uint64_t)count);
        int64_t length = (int64_t)(next_random(&seed) % (uint64_t)(count - start + 1));
        struct tide_schema schema = {0};
        struct tide_batch batch = {0}, slice = {0};
        uint8_t *drop = tide_alloc((size_t)count);
        char **rows;

        make_every_type(&schema, &batch, count, &seed);
        set_positions(&batch, round % 3);
        memset(drop, 1, (size_t)count);
        memset(drop + start, 0, (size_t)length);
        rows = kept_rows(&batch, &schema, drop, &kept);
        assert_int_equal(tide_batch_slice(&batch, &schema, start, length, &slice),
                         TIDE_OK);
        tide_batch_release(&batch);
        assert_rows(&slice, &schema, rows, kept);
        tide_batch_release(&slice);
        tide_schema_clear(&schema);
        free(drop);
    }
}

static void shared_columns_outlive_either_holder(void **state)
{
    uint64_t seed = 5;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0}, second = {0}, third = {0};
    uint8_t drop[50] = {0};
    int64_t kept;
    char **rows;

    (void)state;
    make_every_type(&schema, &batch, 50, &seed);
    set_positions(&batch, 2);
    rows = kept_rows(&batch, &schema, drop, &kept);
    assert_int_equal(tide_batch_share(&batch, &second), TIDE_OK);
    assert_int_equal(tide_batch_share(&second, &third), TIDE_OK);
    assert_ptr_equal(batch.array.children[5]->buffers[2],
                     third.array.children[5]->buffers[2]);
    tide_batch_release(&batch);
    tide_batch_release(&second);
    assert_rows(&third, &schema, rows, kept);
    tide_batch_release(&third);
    tide_schema_clear(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_copied_as_one_by_one),
        cmocka_unit_test(bits_move_to_the_front_of_their_own_map),
        cmocka_unit_test(bits_are_filled_and_counted),
        cmocka_unit_test(compact_keeps_exactly_the_rows_that_stay),
        cmocka_unit_test(compact_keeps_them_within_buffers_that_may_be_written),
        cmocka_unit_test(compact_writes_only_where_it_may),
        cmocka_unit_test(a_batch_that_loses_nothing_is_not_touched),
        cmocka_unit_test(a_slice_has_its_rows_and_its_own_buffers),
        cmocka_unit_test(shared_columns_outlive_either_holder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
