/*
 * cast_result - what became of a column that was cast.
 */
#ifndef TIDE_TEST_CAST_RESULT_H
#define TIDE_TEST_CAST_RESULT_H

#include "base/text.h"
#include "batch/batch_ops.h"
#include "batch/cast.h"
#include "make_batch.h"

/* What happened to the rows of a cast. */
struct failures {
    size_t count;
    int64_t row;
    char code[16];
    char message[512];
    int answer;
};

static inline int note_failure(void *arg, int64_t row, const char *code,
                               const char *message)
{
    struct failures *failures = arg;

    failures->count++;
    failures->row = row;
    (void)snprintf(failures->code, sizeof failures->code, "%s", code);
    (void)snprintf(failures->message, sizeof failures->message, "%s", message);
    return failures->answer;
}

/* The plain text of a value, or NULL for null; malloc'ed. */
static inline char *value_of(const struct tide_batch *batch, int type, int64_t row)
{
    struct tide_column column = {.type = type};
    struct tide_schema schema = {&column, 1};
    struct tide_text text = {0};

    if (tide_array_is_null(batch->array.children[0], row)) {
        return NULL;
    }
    tide_batch_value_text(batch, &schema, 0, row, &text);
    return tide_text_take(&text);
}

static inline void assert_valid(const struct tide_batch *batch, int type)
{
    char name[] = "c";
    struct tide_column column = {.name = name, .type = type};
    struct tide_schema schema = {&column, 1};
    struct tide_error err = {0};

    if (tide_batch_validate(batch, &schema, &err) != TIDE_OK) {
        fail_msg("%s", err.message);
    }
}

#endif
