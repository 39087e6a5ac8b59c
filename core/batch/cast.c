/*
 * cast - which cast a pair of types needs, and the frame around all of them: nulls that
 * are not allowed, texts that are too long, and the new column put in its place.
 */
#include "batch/cast.h"

#include <stdio.h>
#include <string.h>

#include "batch/bits.h"
#include "batch/cast_column.h"

/* ---- the pairs ---- */

static int keep_values(struct tide_cast *cast)
{
    cast->keep = true;
    return TIDE_OK;
}

/* A column of nulls alone, as any type. */
static int only_nulls(struct tide_cast *cast)
{
    return tide_cast_reserve(cast, 0);
}

static int no_cast(struct tide_cast *cast)
{
    int rc = tide_cast_reserve(cast, 0);

    for (int64_t row = 0; row < cast->rows && rc == TIDE_OK; row++) {
        if (tide_cast_is_live(cast, row)) {
            rc = tide_cast_reject(cast, row, "type", "%s cannot become %s",
                                  tide_type_name(cast->from->type),
                                  tide_type_name(cast->to->type));
        }
    }
    return rc;
}

static tide_cast_fn find_cast(int from, int to)
{
    tide_cast_fn found = NULL;

    if (from == to) {
        return keep_values;
    }
    if (from == TIDE_TYPE_NULL) {
        return only_nulls;
    }
    if (from == TIDE_TYPE_STRING) {
        return tide_cast_from_text(to);
    }
    if (to == TIDE_TYPE_STRING) {
        found = tide_cast_to_text(from);
        return found ? found : keep_values;
    }
    if (to == TIDE_TYPE_JSON) {
        return tide_cast_to_json(from);
    }
    if ((from == TIDE_TYPE_TIMESTAMP && to == TIDE_TYPE_DATETIME) ||
        (from == TIDE_TYPE_DATETIME && to == TIDE_TYPE_TIMESTAMP)) {
        return keep_values;
    }
    return tide_cast_between(from, to);
}

bool tide_cast_is_possible(int from, int to)
{
    return find_cast(from, to) != NULL;
}

bool tide_cast_is_free(const struct tide_column *from, const struct tide_column *to)
{
    bool fits = to->max_length == 0 ||
                (from->max_length > 0 && from->max_length <= to->max_length);

    return find_cast(from->type, to->type) == keep_values && fits &&
           !(to->flags & TIDE_COLUMN_REQUIRED);
}

/* ---- validity ---- */

static bool any_set(const uint8_t *bytes, int64_t count)
{
    int64_t i = 0;

    for (; count - i >= 8; i += 8) {
        uint64_t word;

        memcpy(&word, bytes + i, sizeof word);
        if (word != 0) {
            return true;
        }
    }
    while (i < count && bytes[i] == 0) {
        i++;
    }
    return i < count;
}

/* Make the validity of the result one that may be changed. */
static int own_validity(struct tide_cast *cast)
{
    const uint8_t *from = cast->in->n_buffers > 0 ? cast->in->buffers[0] : NULL;
    size_t size = tide_bits_size(cast->rows);

    if (cast->validity) {
        return TIDE_OK;
    }
    cast->validity = calloc(1, size + TIDE_PADDING);
    if (!cast->validity) {
        return TIDE_E_LIMIT;
    }
    if (from && cast->in->null_count != 0) {
        memcpy(cast->validity, from, size);
    } else if (cast->in->n_buffers > 0) {
        tide_bits_fill(cast->validity, cast->rows);
    }
    return TIDE_OK;
}

/* Few rows are skipped: eight at a time are found not to be. */
static void clear_skipped(const struct tide_cast *cast, const uint8_t *skip)
{
    for (int64_t row = 0; row < cast->rows; row++) {
        if ((row & 7) == 0 && cast->rows - row >= 8 && !any_set(skip + row, 8)) {
            row += 7;
        } else if (skip[row]) {
            tide_bit_clear(cast->validity, row);
        }
    }
}

/* Which rows there are to look at. */
static int find_live(struct tide_cast *cast, const uint8_t *skip)
{
    int rc;

    if (cast->in->n_buffers > 0 && (!skip || !any_set(skip, cast->rows))) {
        cast->live = cast->in->null_count != 0 ? cast->in->buffers[0] : NULL;
        return TIDE_OK;
    }
    rc = own_validity(cast);
    if (rc != TIDE_OK) {
        return rc;
    }
    cast->live = cast->validity;
    if (skip) {
        clear_skipped(cast, skip);
    }
    return TIDE_OK;
}

int tide_cast_reserve(struct tide_cast *cast, size_t bytes)
{
    int rc = tide_builder_reserve(&cast->out, cast->rows, bytes);

    if (rc == TIDE_OK && cast->live) {
        rc = own_validity(cast);
    }
    return rc;
}

int tide_cast_reject(struct tide_cast *cast, int64_t row, const char *code,
                     const char *format, ...)
{
    char message[512];
    size_t length;
    va_list args;
    int rc = own_validity(cast);

    if (rc != TIDE_OK) {
        return rc;
    }
    tide_bit_clear(cast->validity, row);
    length =
        (size_t)snprintf(message, sizeof message, "column \"%.100s\": ", cast->to->name);
    va_start(args, format);
    (void)vsnprintf(message + length, sizeof message - length, format, args);
    va_end(args);
    rc = cast->fail(cast->arg, row, code, message);
    return rc < 0 ? rc : TIDE_OK;
}

/* What a person should have written. */
static const char *grammar_of(int type)
{
    static const char *const grammars[TIDE_TYPE_COUNT] = {
        "nothing",
        "true, false, t, f, 1 or 0",
        "digits, perhaps with a sign",
        "a number as in -1.5e3",
        "a number as in -12.50",
        "UTF-8",
        "\\x and hexadecimal digits, or base64",
        "a day as in 2024-11-27",
        "a time as in 18:22:47.5",
        "an instant as in 2024-11-27T18:22:47Z",
        "32 hexadecimal digits",
        "one JSON text",
        "a time without zone as in 2024-11-27T18:22:47",
    };

    return type >= 0 && type < TIDE_TYPE_COUNT ? grammars[type] : "another type";
}

int tide_cast_reject_text(struct tide_cast *cast, int64_t row, const char *text,
                          size_t length, int rc)
{
    const char *type = tide_type_name(cast->to->type);
    size_t shown = length < 60 ? length : 60;

    while (shown < length && shown > 0 && ((uint8_t)text[shown] & 0xc0) == 0x80) {
        shown--;
    }
    if (rc == TIDE_E_LIMIT) {
        return tide_cast_reject(cast, row, "range", "\"%.*s%s\" does not fit into %s",
                                (int)shown, text, shown < length ? "..." : "", type);
    }
    return tide_cast_reject(cast, row, "format", "\"%.*s%s\" is no %s: expected %s",
                            (int)shown, text, shown < length ? "..." : "", type,
                            grammar_of(cast->to->type));
}

/* ---- what the target column demands ---- */

static int check_required(struct tide_cast *cast, const uint8_t *skip)
{
    int rc = TIDE_OK;

    if (!(cast->to->flags & TIDE_COLUMN_REQUIRED) || cast->in->null_count == 0) {
        return TIDE_OK;
    }
    for (int64_t row = 0; row < cast->rows && rc == TIDE_OK; row++) {
        if ((!skip || !skip[row]) && tide_array_is_null(cast->in, row)) {
            rc = tide_cast_reject(cast, row, "null", "null is not allowed");
        }
    }
    return rc;
}

/* Length in the unit of max_length. */
static size_t measure(int type, const char *text, size_t length)
{
    return type == TIDE_TYPE_BYTES ? length : tide_utf8_count(text, length);
}

static int check_length(struct tide_cast *cast)
{
    bool built = !cast->keep;
    const uint8_t *valid = cast->validity ? cast->validity : cast->live;
    const int32_t *offsets;
    const char *data;
    size_t most = (size_t)cast->to->max_length;
    int rc = TIDE_OK;

    if (most == 0 || !tide_type_is_variable(cast->to->type)) {
        return TIDE_OK;
    }
    offsets = built ? (const void *)cast->out.values : cast->in->buffers[1];
    data = built ? (const void *)cast->out.data : cast->in->buffers[2];
    for (int64_t row = 0; row < cast->rows && rc == TIDE_OK; row++) {
        size_t length = (size_t)(offsets[row + 1] - offsets[row]);

        if (length <= most || (valid && !tide_bit(valid, row))) {
            continue;
        }
        length = measure(cast->to->type, data + offsets[row], length);
        if (length > most) {
            rc = tide_cast_reject(
                cast, row, "length", "%zu %s, and %zu fit", length,
                cast->to->type == TIDE_TYPE_BYTES ? "bytes" : "characters", most);
            valid = cast->validity;
        }
    }
    return rc;
}

/* ---- the result ---- */

/* The values of another array under a validity map of its own. */
struct cover {
    struct ArrowArray inner;
    const void *buffers[3];
    uint8_t *validity;
};

static void release_cover(struct ArrowArray *array)
{
    struct cover *cover = array->private_data;

    cover->inner.release(&cover->inner);
    free(cover->validity);
    free(cover);
    array->release = NULL;
}

static int put_cover(struct tide_cast *cast, struct ArrowArray *place)
{
    struct cover *cover = malloc(sizeof *cover);

    if (!cover) {
        return TIDE_E_LIMIT;
    }
    cover->inner = *place;
    cover->validity = cast->validity;
    cast->validity = NULL;
    memset(cover->buffers, 0, sizeof cover->buffers);
    memcpy(cover->buffers, place->buffers, (size_t)place->n_buffers * sizeof(void *));
    cover->buffers[0] = cover->validity;
    place->buffers = cover->buffers;
    place->null_count = cast->out.null_count;
    place->private_data = cover;
    place->release = release_cover;
    return TIDE_OK;
}

static int put_result(struct tide_cast *cast, struct tide_batch *batch, size_t i)
{
    struct ArrowArray *place = batch->array.children[i], made;
    int rc;

    if (cast->to->type == TIDE_TYPE_NULL) {
        cast->out.null_count = cast->rows;
    } else if (cast->validity) {
        cast->out.null_count = cast->rows - tide_bits_count(cast->validity, cast->rows);
    }
    if (cast->keep) {
        return cast->validity && place->n_buffers > 0 ? put_cover(cast, place) : TIDE_OK;
    }
    cast->out.length = cast->rows;
    if (cast->to->type != TIDE_TYPE_NULL) {
        cast->out.validity = cast->validity;
        cast->validity = NULL;
    }
    rc = tide_builder_finish(&cast->out, &made);
    if (rc == TIDE_OK) {
        tide_batch_set_column(batch, i, &made);
    }
    return rc;
}

int tide_cast_column(struct tide_batch *batch, size_t i, const struct tide_column *from,
                     const struct tide_column *to, const uint8_t *skip,
                     tide_cast_fail_fn fail, void *arg)
{
    tide_cast_fn cast_values = find_cast(from->type, to->type);
    struct tide_cast cast = {.in = batch->array.children[i],
                             .from = from,
                             .to = to,
                             .rows = batch->array.length,
                             .fail = fail,
                             .arg = arg};
    int rc;

    tide_builder_init(&cast.out, to->type);
    rc = find_live(&cast, skip);
    if (rc == TIDE_OK) {
        rc = check_required(&cast, skip);
    }
    if (rc == TIDE_OK) {
        rc = cast_values ? cast_values(&cast) : no_cast(&cast);
    }
    if (rc == TIDE_OK) {
        rc = check_length(&cast);
    }
    if (rc == TIDE_OK) {
        rc = put_result(&cast, batch, i);
    }
    tide_builder_clear(&cast.out);
    free(cast.validity);
    return rc;
}
