/*
 * transform_harness - a transform plugin, linked into its test, with a host that notes
 * what it is told.
 */
#ifndef TIDE_TEST_TRANSFORM_HARNESS_H
#define TIDE_TEST_TRANSFORM_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <tidemill/plugin.h>

extern const struct tide_plugin_entry tide_plugin_entry;

struct harness {
    struct tide_host host;
    struct tide_schema schema;
    struct tide_batch batch;
    struct tide_error err;
    void *state;
    int64_t refused[8];
    size_t refused_count;
};

static int harness_reject_row(const struct tide_host *host, int64_t row, const char *code,
                              const char *message)
{
    struct harness *harness = host->context;

    assert_string_equal(code, "match_limit");
    assert_non_null(message);
    assert_true(harness->refused_count < 8);
    harness->refused[harness->refused_count++] = row;
    return TIDE_OK;
}

static inline void harness_init(struct harness *harness)
{
    memset(harness, 0, sizeof *harness);
    harness->host = (struct tide_host){.abi = TIDE_ABI,
                                       .size = sizeof harness->host,
                                       .context = harness,
                                       .reject_row = harness_reject_row};
}

/* Add a string column of that many values; a NULL is a null. */
static inline void harness_add(struct harness *harness, const char *name,
                               const char *const *values, size_t count)
{
    struct tide_builder builder;
    size_t i = harness->schema.column_count;
    struct tide_batch grown;

    assert_int_equal(tide_schema_add(&harness->schema, name, TIDE_TYPE_STRING, 0), 0);
    tide_builder_init(&builder, TIDE_TYPE_STRING);
    for (size_t row = 0; row < count; row++) {
        int rc = values[row] ? tide_append_text(&builder, values[row])
                             : tide_append_null(&builder);
        assert_int_equal(rc, 0);
    }
    assert_int_equal(tide_batch_init(&grown, i + 1, (int64_t)count), 0);
    for (size_t old = 0; old < i; old++) {
        tide_batch_set_column(&grown, old, harness->batch.array.children[old]);
    }
    assert_int_equal(tide_builder_finish(&builder, grown.array.children[i]), 0);
    tide_batch_release(&harness->batch);
    tide_batch_move(&grown, &harness->batch);
}

static inline int harness_bind(struct harness *harness, const void *options)
{
    return tide_plugin_entry.transform->bind(options, &harness->host, &harness->schema,
                                             &harness->state, &harness->err);
}

static inline void harness_apply(struct harness *harness)
{
    assert_int_equal(tide_plugin_entry.transform->apply(harness->state, &harness->batch,
                                                        &harness->err),
                     TIDE_OK);
    assert_int_equal(harness->batch.array.n_children, harness->schema.column_count);
}

static inline void harness_expect(struct harness *harness, size_t column,
                                  const char *const *values, size_t count)
{
    const struct ArrowArray *array = harness->batch.array.children[column];

    assert_int_equal(array->length, count);
    for (size_t row = 0; row < count; row++) {
        size_t length = 0;
        const char *text = tide_array_text(array, (int64_t)row, &length);

        assert_int_equal(tide_array_is_null(array, (int64_t)row), values[row] == NULL);
        if (values[row]) {
            assert_int_equal(length, strlen(values[row]));
            assert_memory_equal(text, values[row], length);
        }
    }
}

static inline void harness_fini(struct harness *harness)
{
    if (harness->state) {
        tide_plugin_entry.transform->close(harness->state);
    }
    tide_schema_clear(&harness->schema);
    tide_batch_release(&harness->batch);
}

#endif
