/*
 * validation - values held against the types they should have; see validation.h.
 */
#include "run/validation.h"

#include "base/text.h"
#include "batch/cast.h"

struct failing {
    uint8_t *drop;
    int64_t count;
    tide_validation_fail_fn fail;
    void *arg;
};

static void name_impossible(const struct tide_column *from, const struct tide_column *to,
                            struct tide_text *names)
{
    if (!tide_cast_is_free(from, to) && !tide_cast_is_possible(from->type, to->type)) {
        tide_text_appendf(names, "%s\"%s\" (%s to %s)", names->length > 0 ? ", " : "",
                          from->name, tide_type_name(from->type),
                          tide_type_name(to->type));
    }
}

static int check_possible(const struct tide_schema *from, const struct tide_schema *to,
                          struct tide_error *err)
{
    struct tide_text names = {0};
    int rc = TIDE_OK;

    for (size_t i = 0; i < from->column_count; i++) {
        name_impossible(&from->columns[i], &to->columns[i], &names);
    }
    if (names.length > 0) {
        rc =
            tide_error_set(err, TIDE_E_CONFIG,
                           "declare the types of these columns under `types`, or exclude "
                           "them, since their values can never become what the "
                           "destination has: %s",
                           names.data);
    }
    tide_text_fini(&names);
    return rc;
}

static bool are_free(const struct tide_schema *from, const struct tide_schema *to)
{
    for (size_t i = 0; i < from->column_count; i++) {
        if (!tide_cast_is_free(&from->columns[i], &to->columns[i])) {
            return false;
        }
    }
    return true;
}

int tide_validation_init(struct tide_validation *validation,
                         const struct tide_schema *from, const struct tide_schema *to,
                         struct tide_error *err)
{
    int rc = check_possible(from, to, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    validation->is_free = are_free(from, to);
    if (tide_schema_copy(from, &validation->from) != TIDE_OK ||
        tide_schema_copy(to, &validation->to) != TIDE_OK) {
        return tide_error_memory(err);
    }
    return TIDE_OK;
}

void tide_validation_fini(struct tide_validation *validation)
{
    tide_schema_clear(&validation->from);
    tide_schema_clear(&validation->to);
}

static int note_failure(void *arg, int64_t row, const char *code, const char *message)
{
    struct failing *failing = arg;

    failing->drop[row] = 1;
    failing->count++;
    return failing->fail(failing->arg, row, code, message);
}

int64_t tide_validation_apply(struct tide_validation *validation,
                              struct tide_batch *batch, uint8_t *drop,
                              tide_validation_fail_fn fail, void *arg)
{
    struct failing failing = {.drop = drop, .fail = fail, .arg = arg};
    size_t columns = validation->from.column_count;

    for (size_t i = 0; i < columns; i++) {
        const struct tide_column *from = &validation->from.columns[i];
        const struct tide_column *to = &validation->to.columns[i];
        int rc = TIDE_OK;

        if (tide_cast_is_free(from, to)) {
            continue;
        }
        rc = tide_cast_column(batch, i, from, to, drop, note_failure, &failing);
        if (rc < 0) {
            return rc;
        }
    }
    return failing.count;
}
