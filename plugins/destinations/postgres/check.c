/*
 * check - which rows of a batch the target's columns cannot hold exactly.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <tidemill/value.h>

#include "judge.h"
#include "postgres/fixed.h"

/* The server's first and last days and its first moment, on our scales: 4714-11-24 BC,
 * 5874897-12-31, and midnight of the first. */
#define FIRST_DAY (-2440588)
#define LAST_DAY 2145042905
#define FIRST_MICRO (INT64_C(-210866803200000000))

/* What is being looked at. */
struct scan {
    struct pg_refusals *refusals;
    const struct ArrowArray *values;
    const struct tide_pg_type *type;
    const struct pg_guard *guard;
    size_t column;
    int64_t start, end; /* rows of the batch */
    int64_t first;      /* the number of its first row */
};

static int refuse(const struct scan *scan, int64_t row, const char *code)
{
    struct pg_refusals *refusals = scan->refusals;

    row += scan->first;
    if (refusals->skip[row]) {
        return TIDE_OK;
    }
    if (refusals->count == refusals->capacity) {
        size_t capacity = refusals->capacity ? refusals->capacity * 2 : 16;
        struct pg_refusal *items =
            realloc(refusals->items, capacity * sizeof *refusals->items);

        if (!items) {
            return TIDE_E_LIMIT;
        }
        refusals->items = items;
        refusals->capacity = capacity;
    }
    refusals->skip[row] = 1;
    refusals->items[refusals->count++] =
        (struct pg_refusal){.row = row, .column = scan->column, .code = code};
    return TIDE_OK;
}

/* ---- one column ------------------------------------------------------------------ */

/* Whole numbers and moments: within [low, high], but for the infinite ones of moments,
 * and a multiple of the resolution. */
static int scan_integers(const struct scan *scan, int64_t low, int64_t high)
{
    int64_t resolution = scan->type->resolution;
    bool has_infinity = scan->type->form == TIDE_PG_TIMESTAMP;

    for (int64_t row = scan->start; row < scan->end; row++) {
        int64_t value = tide_array_int64(scan->values, row);
        const char *code = NULL;
        int rc;

        if (value < low || value > high) {
            code = pg_range;
        } else if (resolution > 1 && value % resolution != 0) {
            code = pg_precision;
        }
        if (!code || tide_array_is_null(scan->values, row) ||
            (has_infinity &&
             (value == TIDE_INSTANT_INFINITY || value == TIDE_INSTANT_MINUS_INFINITY))) {
            continue;
        }
        rc = refuse(scan, row, code);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return TIDE_OK;
}

static int scan_dates(const struct scan *scan)
{
    for (int64_t row = scan->start; row < scan->end; row++) {
        int32_t days = tide_array_int32(scan->values, row);
        bool is_infinite = days == TIDE_DATE_INFINITY || days == TIDE_DATE_MINUS_INFINITY;
        int rc;

        if ((days >= FIRST_DAY && days <= LAST_DAY) || is_infinite ||
            tide_array_is_null(scan->values, row)) {
            continue;
        }
        rc = refuse(scan, row, pg_range);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return TIDE_OK;
}

static int scan_float4(const struct scan *scan)
{
    for (int64_t row = scan->start; row < scan->end; row++) {
        const char *code = pg_judge_float4(tide_array_float64(scan->values, row));
        int rc;

        if (!code || tide_array_is_null(scan->values, row)) {
            continue;
        }
        rc = refuse(scan, row, code);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return TIDE_OK;
}

static int scan_decimals(const struct scan *scan)
{
    for (int64_t row = scan->start; row < scan->end; row++) {
        const char *code;
        const char *text;
        size_t length;
        int rc;

        if (tide_array_is_null(scan->values, row)) {
            continue;
        }
        text = tide_array_text(scan->values, row, &length);
        code = pg_judge_decimal(scan->type, text, length);
        rc = code ? refuse(scan, row, code) : TIDE_OK;
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return TIDE_OK;
}

/* Text with a NUL byte: all rows at a glance, one by one only when there is one. */
static int scan_texts(const struct scan *scan)
{
    const int32_t *offsets = scan->values->buffers[1];
    const char *data = scan->values->buffers[2];
    int32_t first = offsets[scan->start];
    size_t length = (size_t)(offsets[scan->end] - first);

    if (length == 0 || !memchr(data + first, '\0', length)) {
        return TIDE_OK;
    }
    for (int64_t row = scan->start; row < scan->end; row++) {
        const char *text = tide_array_text(scan->values, row, &length);
        int rc;

        if (length == 0 || !memchr(text, '\0', length) ||
            tide_array_is_null(scan->values, row)) {
            continue;
        }
        rc = refuse(scan, row, "nul_byte");
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return TIDE_OK;
}

/* Texts that the server would not keep as they are. */
static int scan_guarded(const struct scan *scan)
{
    for (int64_t row = scan->start; row < scan->end; row++) {
        size_t length;
        const char *code, *text;
        int rc;

        if (tide_array_is_null(scan->values, row)) {
            continue;
        }
        text = tide_array_text(scan->values, row, &length);
        code = pg_judge_text(scan->guard, text, length);
        rc = code ? refuse(scan, row, code) : TIDE_OK;
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return TIDE_OK;
}

static int scan_strings(const struct scan *scan)
{
    int rc = scan_texts(scan);

    return rc == TIDE_OK && scan->guard->is_on ? scan_guarded(scan) : rc;
}

static int scan_column(const struct scan *scan)
{
    switch (scan->type->form) {
    case TIDE_PG_INT2:
        return scan_integers(scan, INT16_MIN, INT16_MAX);
    case TIDE_PG_INT4:
        return scan_integers(scan, INT32_MIN, INT32_MAX);
    case TIDE_PG_TIME:
        return scan_integers(scan, 0, TIDE_DAY_US);
    case TIDE_PG_TIMESTAMP:
        return scan_integers(scan, FIRST_MICRO, INT64_MAX);
    case TIDE_PG_DATE:
        return scan_dates(scan);
    case TIDE_PG_FLOAT4:
        return scan_float4(scan);
    case TIDE_PG_NUMERIC:
        return scan_decimals(scan);
    case TIDE_PG_STRING:
    case TIDE_PG_JSONB:
    case TIDE_PG_AS_TEXT:
        return scan_strings(scan);
    default:
        return TIDE_OK;
    }
}

/* ---- the rows -------------------------------------------------------------------- */

static int out_of_memory(struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_LIMIT, "no memory for refused rows");
}

int pg_refusals_extend(struct pg_refusals *refusals, int64_t rows, struct tide_error *err)
{
    if (rows > refusals->capacity_rows) {
        uint8_t *skip = realloc(refusals->skip, (size_t)rows);

        if (!skip) {
            return out_of_memory(err);
        }
        refusals->skip = skip;
        refusals->capacity_rows = rows;
    }
    if (rows > refusals->rows) {
        memset(refusals->skip + refusals->rows, 0, (size_t)(rows - refusals->rows));
    }
    refusals->rows = rows;
    return TIDE_OK;
}

int pg_check_rows(struct pg_refusals *refusals, const struct pg_target *target,
                  const struct pg_lent_batch *lent, int64_t start, int64_t end,
                  struct tide_error *err)
{
    for (size_t i = 0; i < target->count; i++) {
        const struct scan scan = {.refusals = refusals,
                                  .values = lent->batch->array.children[i],
                                  .type = &pg_target_column(target, i)->type,
                                  .guard = &target->guards[i],
                                  .column = i,
                                  .start = start - lent->first,
                                  .end = end - lent->first,
                                  .first = lent->first};

        if (scan_column(&scan) != TIDE_OK) {
            return out_of_memory(err);
        }
    }
    return TIDE_OK;
}

/* The value of a refused row, cut to what a message takes. */
static void show_value(const struct tide_pg_type *type, const struct ArrowArray *values,
                       int64_t row, char *out, size_t size)
{
    char fixed[TIDE_VALUE_TEXT_MAX];
    const char *text = fixed;
    size_t length;

    if (tide_type_is_variable(type->type)) {
        text = tide_array_text(values, row, &length);
    } else {
        length = tide_pg_format_fixed(type->type, values, row, fixed);
    }
    (void)snprintf(out, size, "%.*s%s", (int)(length < 40 ? length : 40), text,
                   length < 40 ? "" : "...");
}

static void describe(const struct pg_refusal *refusal, const struct pg_target *target,
                     const struct pg_lent_batch *lent, char *out, size_t size)
{
    const struct tide_pg_column *column = pg_target_column(target, refusal->column);
    char value[64];

    if (strcmp(refusal->code, "nul_byte") == 0) {
        (void)snprintf(out, size, "column %s: PostgreSQL cannot store a NUL byte in %s",
                       column->name, column->type_name);
        return;
    }
    show_value(&column->type, lent->batch->array.children[refusal->column],
               refusal->row - lent->first, value, sizeof value);
    (void)snprintf(out, size, "column %s: %s %s %s", column->name, value,
                   refusal->code == pg_precision ? "would be rounded by" : "does not fit",
                   column->type_name);
}

int pg_refusals_report(const struct pg_refusals *refusals, const struct pg_target *target,
                       const struct pg_lent *lent, const struct tide_host *host,
                       struct tide_error *err)
{
    for (size_t i = 0; i < refusals->count; i++) {
        const struct pg_refusal *refusal = &refusals->items[i];
        char message[256];
        int rc;

        describe(refusal, target, pg_lent_find(lent, refusal->row), message,
                 sizeof message);
        rc = host->reject_row(host, refusal->row, refusal->code, message);
        if (rc != TIDE_OK) {
            return tide_error_set(err, rc, "too many rejected rows: %s", message);
        }
    }
    return TIDE_OK;
}

void pg_refusals_reset(struct pg_refusals *refusals)
{
    refusals->count = 0;
    refusals->rows = 0;
}

void pg_refusals_clear(struct pg_refusals *refusals)
{
    free(refusals->items);
    free(refusals->skip);
    memset(refusals, 0, sizeof *refusals);
}
