/*
 * make_batch - batches of every type from texts, for the tests of core/batch.
 */
#ifndef TIDE_TESTS_MAKE_BATCH_H
#define TIDE_TESTS_MAKE_BATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <tidemill/row.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/** splitmix64: the same numbers in every run. */
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/** Set a value from its canonical text; bytes are the text itself, NULL is null. */
static inline void set_cell(struct tide_row_builder *rows, size_t column,
                            const char *text)
{
    int type = rows->columns[column].type;
    size_t length = text ? strlen(text) : 0;
    int64_t integer = 0;
    int32_t days = 0;
    double number = 0;
    bool truth = false;
    int rc = TIDE_OK;

    if (!text || tide_type_is_variable(type)) {
        tide_row_set_text(rows, column, text);
        return;
    }
    switch (type) {
    case TIDE_TYPE_BOOL:
        rc = tide_parse_bool(text, length, &truth);
        tide_row_set_bool(rows, column, truth);
        break;
    case TIDE_TYPE_FLOAT64:
        rc = tide_parse_float64(text, length, &number);
        tide_row_set_float64(rows, column, number);
        break;
    case TIDE_TYPE_DATE:
        rc = tide_parse_date(text, length, &days);
        tide_row_set_date(rows, column, days);
        break;
    case TIDE_TYPE_INT64:
        rc = tide_parse_int64(text, length, &integer);
        tide_row_set_int64(rows, column, integer);
        break;
    case TIDE_TYPE_TIME:
        rc = tide_parse_time(text, length, &integer);
        tide_row_set_int64(rows, column, integer);
        break;
    case TIDE_TYPE_TIMESTAMP:
        rc = tide_parse_timestamp(text, length, &integer);
        tide_row_set_int64(rows, column, integer);
        break;
    default:
        rc = tide_parse_datetime(text, length, &integer);
        tide_row_set_int64(rows, column, integer);
    }
    assert_int_equal(rc, TIDE_OK);
}

/** A batch of one column of these texts. */
static inline void make_column(struct tide_schema *schema, struct tide_batch *batch,
                               int type, const char *const *texts, size_t count)
{
    struct tide_row_builder rows;

    assert_int_equal(tide_schema_add(schema, "c", type, 0), TIDE_OK);
    assert_int_equal(tide_row_builder_init(&rows, schema, (int64_t)count, 0), TIDE_OK);
    for (size_t i = 0; i < count; i++) {
        set_cell(&rows, 0, texts[i]);
        assert_int_equal(tide_row_end(&rows), TIDE_OK);
    }
    assert_int_equal(tide_row_builder_finish(&rows, batch), TIDE_OK);
    tide_row_builder_fini(&rows);
}

/** One value of each type, canonical and of other lengths as `salt` changes. */
static inline const char *sample_text(int type, uint64_t salt, char *out, size_t size)
{
    unsigned n = (unsigned)(salt % 1000);

    switch (type) {
    case TIDE_TYPE_BOOL:
        return salt & 1 ? "true" : "false";
    case TIDE_TYPE_INT64:
        (void)snprintf(out, size, "%lld", (long long)salt);
        break;
    case TIDE_TYPE_FLOAT64:
        (void)snprintf(out, size, "%u.5", n);
        break;
    case TIDE_TYPE_DECIMAL:
        (void)snprintf(out, size, "-%u.%0*u", n, (int)(salt % 20 + 1), 7);
        break;
    case TIDE_TYPE_DATE:
        (void)snprintf(out, size, "%04u-%02u-%02u", 1900 + n, n % 12 + 1, n % 28 + 1);
        break;
    case TIDE_TYPE_TIME:
        (void)snprintf(out, size, "%02u:%02u:00.25", n % 24, n % 60);
        break;
    case TIDE_TYPE_TIMESTAMP:
        (void)snprintf(out, size, "%04u-01-02T03:04:05Z", 1900 + n);
        break;
    case TIDE_TYPE_DATETIME:
        (void)snprintf(out, size, "%04u-01-02T03:04:05.000001", 1900 + n);
        break;
    case TIDE_TYPE_UUID:
        (void)snprintf(out, size, "01234567-89ab-cdef-0123-%012llx",
                       (unsigned long long)(salt >> 16));
        break;
    case TIDE_TYPE_JSON:
        (void)snprintf(out, size, "{\"n\": [%u, null]}", n);
        break;
    case TIDE_TYPE_NULL:
        return NULL;
    default:
        (void)snprintf(out, size, "\xc3\xa9%.*s%u", (int)(salt % 40),
                       "a text that is longer than some of the others", n);
    }
    return out;
}

/** A batch of a column of each type, with nulls strewn in. */
static inline void make_every_type(struct tide_schema *schema, struct tide_batch *batch,
                                   int64_t count, uint64_t *seed)
{
    struct tide_row_builder rows;

    for (int type = 0; type < TIDE_TYPE_COUNT; type++) {
        assert_int_equal(tide_schema_add(schema, tide_type_name(type), type, 0), TIDE_OK);
    }
    assert_int_equal(tide_row_builder_init(&rows, schema, count, 0), TIDE_OK);
    for (int64_t i = 0; i < count; i++) {
        for (int type = 0; type < TIDE_TYPE_COUNT; type++) {
            char text[64];
            uint64_t salt = next_random(seed);

            set_cell(&rows, (size_t)type,
                     salt % 7 == 0 ? NULL : sample_text(type, salt, text, sizeof text));
        }
        assert_int_equal(tide_row_end(&rows), TIDE_OK);
    }
    assert_int_equal(tide_row_builder_finish(&rows, batch), TIDE_OK);
    tide_row_builder_fini(&rows);
}

#endif
