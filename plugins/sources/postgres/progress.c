/*
 * progress - how far a run has come, as the text of a position.
 */
#include "progress.h"

#include <inttypes.h>
#include <string.h>
#include <tidemill/value.h>

#include "postgres/fixed.h"

#define CTID_BYTES 6

/* ---- values ---------------------------------------------------------------------- */

static bool is_special(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < ' ';
}

/* Runs of bytes that stand for themselves go out in one piece: a key is written down for
 * each batch. */
static void add_json_string(struct tide_pg_sql *out, const char *text, size_t length)
{
    size_t done = 0;

    tide_pg_sql_add(out, "\"");
    for (size_t i = 0; i < length; i++) {
        if (!is_special(text[i])) {
            continue;
        }
        tide_pg_sql_add_n(out, text + done, i - done);
        tide_pg_sql_format(out, (unsigned char)text[i] < ' ' ? "\\u%04x" : "\\%c",
                           (unsigned)text[i]);
        done = i + 1;
    }
    tide_pg_sql_add_n(out, text + done, length - done);
    tide_pg_sql_add(out, "\"");
}

static void add_bytes_hex(struct tide_pg_sql *out, const char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";

    tide_pg_sql_add(out, "\"\\\\x");
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        const char pair[] = {digits[byte >> 4], digits[byte & 15]};

        tide_pg_sql_add_n(out, pair, sizeof pair);
    }
    tide_pg_sql_add(out, "\"");
}

/* A row's place on disk, in the server's binary form: block and line. */
static void add_row_place(struct tide_pg_sql *out, const char *bytes, size_t length)
{
    uint8_t at[CTID_BYTES] = {0};

    memcpy(at, bytes, length < sizeof at ? length : sizeof at);
    tide_pg_sql_format(out, "\"(%" PRIu32 ",%u)\"",
                       (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
                           (uint32_t)at[2] << 8 | at[3],
                       (unsigned)at[4] << 8 | at[5]);
}

static void add_value(struct tide_pg_sql *out, const struct tide_pg_column *column,
                      const struct ArrowArray *values, int64_t row)
{
    int type = column->type.type;
    char fixed[TIDE_VALUE_TEXT_MAX];
    const char *text = fixed;
    size_t length;

    if (tide_array_is_null(values, row)) {
        tide_pg_sql_add(out, "null");
        return;
    }
    if (tide_type_is_variable(type)) {
        text = tide_array_text(values, row, &length);
    } else {
        length = tide_pg_format_fixed(type, values, row, fixed);
    }
    if (type == TIDE_TYPE_BYTES && column->number < 0) {
        add_row_place(out, text, length);
    } else if (type == TIDE_TYPE_BYTES) {
        add_bytes_hex(out, text, length);
    } else {
        add_json_string(out, text, length);
    }
}

/* ---- the last row ---------------------------------------------------------------- */

static const struct tide_pg_column *ordered(const struct pg_progress *progress, size_t i)
{
    return &progress->table->columns[progress->plan->order[i]];
}

static void add_text(struct tide_pg_sql *out, const char *name)
{
    add_json_string(out, name, strlen(name));
}

static void add_place(struct pg_progress *progress,
                      const struct ArrowArray *const *columns, int64_t row)
{
    const struct pg_plan *plan = progress->plan;
    struct tide_pg_sql *out = &progress->place;
    size_t first = plan->has_cursor ? 1 : 0;

    tide_pg_sql_reset(out);
    if (plan->has_cursor) {
        tide_pg_sql_add(out, ", \"cursor\": ");
        add_value(out, ordered(progress, 0), columns[0], row);
    }
    for (size_t i = first; i < plan->order_count; i++) {
        tide_pg_sql_add(out, i == first ? ", \"columns\": [" : ", ");
        add_text(out, ordered(progress, i)->name);
    }
    for (size_t i = first; i < plan->order_count; i++) {
        tide_pg_sql_add(out, i == first ? "], \"key\": [" : ", ");
        add_value(out, ordered(progress, i), columns[i], row);
    }
    tide_pg_sql_add(out, plan->order_count > first ? "]" : "");
}

/* The key of a position, as it was written. */
static void add_former_key(struct tide_pg_sql *out, const struct pg_position *position)
{
    for (int i = 0; i < position->key_count; i++) {
        tide_pg_sql_add(out, i == 0 ? ", \"columns\": [" : ", ");
        add_text(out, pg_position_key_column(position, i));
    }
    for (int i = 0; i < position->key_count; i++) {
        tide_pg_sql_add(out, i == 0 ? "], \"key\": [" : ", ");
        add_text(out, pg_position_key_value(position, i));
    }
    tide_pg_sql_add(out, position->key_count > 0 ? "]" : "");
}

/* By cursor alone, a run that reads nothing leaves the place where it began; so does one
 * that reads what lies in front of it. */
int pg_progress_begin(struct pg_progress *progress, const struct pg_plan *plan,
                      const struct tide_pg_table *table,
                      const struct pg_position *position, struct tide_error *err)
{
    struct tide_pg_sql *out = &progress->place;

    progress->plan = plan;
    progress->table = table;
    if (plan->again) {
        add_former_key(out, position);
        return tide_pg_sql_check(out, err);
    }
    if (plan->read != PG_READ_CURSOR || (plan->start.count == 0 && plan->nulls)) {
        return TIDE_OK;
    }
    tide_pg_sql_add(out, ", \"cursor\": ");
    if (position->cursor) {
        add_text(out, position->cursor);
    } else {
        tide_pg_sql_add(out, "null");
    }
    add_former_key(out, position);
    return tide_pg_sql_check(out, err);
}

/* By cursor alone the next run begins behind the last row that has one. */
int pg_progress_advance(struct pg_progress *progress,
                        const struct ArrowArray *const *columns, int64_t rows,
                        struct tide_error *err)
{
    const struct pg_plan *plan = progress->plan;
    int64_t row;

    if (plan->read == PG_READ_ALL || columns[0]->length == 0) {
        return TIDE_OK;
    }
    row = columns[0]->length - 1;
    progress->is_among_nulls = plan->has_cursor && tide_array_is_null(columns[0], row);
    if (plan->read == PG_READ_CURSOR) {
        while (row > 0 && tide_array_is_null(columns[0], row)) {
            row--;
        }
        if (tide_array_is_null(columns[0], row) && progress->place.length > 0) {
            return TIDE_OK;
        }
    }
    progress->rows = plan->rows + (uint64_t)rows;
    add_place(progress, columns, row);
    return tide_pg_sql_check(&progress->place, err);
}

/* In the middle of a stretch there is no place that is known. */
int pg_progress_stretch(struct pg_progress *progress, uint32_t done, bool ended,
                        int64_t rows, struct tide_error *err)
{
    const struct pg_stretch next = pg_stretches_at(&progress->plan->stretches, done);
    struct tide_pg_sql *out = &progress->place;

    tide_pg_sql_reset(out);
    if (!ended) {
        return TIDE_OK;
    }
    progress->rows = progress->plan->rows + (uint64_t)rows;
    tide_pg_sql_format(out, ", \"columns\": [%s\"ctid\"], \"key\": [",
                       next.part ? "\"tableoid\", " : "");
    if (next.part) {
        tide_pg_sql_format(out, "\"%" PRIu32 "\", ", next.part->oid);
    }
    tide_pg_sql_format(out, "\"(%" PRIu32 ",0)\"]", next.first);
    return tide_pg_sql_check(&progress->place, err);
}

/* ---- the text -------------------------------------------------------------------- */

static void begin_text(struct pg_progress *progress)
{
    const struct pg_plan *plan = progress->plan;
    struct tide_pg_sql *out = &progress->text;

    tide_pg_sql_reset(out);
    tide_pg_sql_format(out, "{\"read\": \"%s\"", pg_read_name(plan->read));
    if (plan->read != PG_READ_CURSOR) {
        tide_pg_sql_format(out, ", \"table\": %s", plan->table);
    }
    if (plan->has_cursor) {
        tide_pg_sql_add(out, ", \"column\": ");
        add_text(out, ordered(progress, 0)->name);
    }
}

static void add_members(struct tide_pg_sql *out, const struct tide_pg_sql *members)
{
    tide_pg_sql_add(out, members->text ? members->text : "");
}

static void add_window(struct pg_progress *progress, bool ended)
{
    const struct pg_window *window = &progress->plan->window;
    struct tide_pg_sql *out = &progress->text;

    if (ended) {
        tide_pg_sql_format(out, ", \"from\": %" PRIu64, window->to);
        add_members(out, &progress->plan->members.ended);
        return;
    }
    if (!window->whole) {
        tide_pg_sql_format(out, ", \"from\": %" PRIu64, window->from);
    }
    tide_pg_sql_format(out, ", \"to\": %" PRIu64, window->to);
    add_members(out, &progress->plan->members.running);
}

/* What a cursor says holds on another server as well. */
static void add_server(struct pg_progress *progress)
{
    const struct pg_plan *plan = progress->plan;
    struct tide_pg_sql *out = &progress->text;

    if (plan->read == PG_READ_CURSOR || plan->server[0] == '\0') {
        return;
    }
    tide_pg_sql_format(out, ", \"server\": \"%s\"", plan->server);
    if (plan->timeline > 0) {
        tide_pg_sql_format(out, ", \"timeline\": %" PRIu64, plan->timeline);
    }
}

static const char *text_of_row(struct pg_progress *progress, bool ended)
{
    const struct pg_plan *plan = progress->plan;
    struct tide_pg_sql *out = &progress->text;

    begin_text(progress);
    if (plan->read == PG_READ_SNAPSHOT) {
        add_window(progress, ended);
    }
    if (plan->read == PG_READ_ROW || plan->read == PG_READ_KEY) {
        tide_pg_sql_format(out, ", \"mark\": %" PRIu64, plan->mark);
    }
    if ((plan->read == PG_READ_ROW || plan->read == PG_READ_KEY) && !plan->may_repeat) {
        tide_pg_sql_format(out, ", \"rows\": %" PRIu64, progress->rows);
    }
    add_server(progress);
    if (plan->by_row && !ended) {
        tide_pg_sql_format(out, ", \"file\": \"%s\"", plan->file);
    }
    if (plan->read == PG_READ_CURSOR && !ended) {
        tide_pg_sql_add(out, ", \"more\": true");
    }
    if (plan->has_cursor && plan->nulls && !ended) {
        tide_pg_sql_add(out, ", \"nulls\": true");
    }
    if (plan->read == PG_READ_CURSOR || !ended) {
        tide_pg_sql_add(out, progress->place.text ? progress->place.text : "");
    }
    tide_pg_sql_add(out, "}");
    return out->failed ? NULL : out->text;
}

/* Among equal cursors without a key, and among nulls, there is no place to go on at. */
static const char *text_of_cursor(struct pg_progress *progress, bool ended)
{
    const struct pg_plan *plan = progress->plan;
    bool can_go_on = (plan->is_total || plan->may_repeat) && !progress->is_among_nulls;

    return progress->place.length > 0 && (ended || can_go_on)
               ? text_of_row(progress, ended)
               : NULL;
}

static const char *make_text(struct pg_progress *progress, bool ended)
{
    switch (progress->plan->read) {
    case PG_READ_ALL:
        return NULL;
    case PG_READ_CURSOR:
        return text_of_cursor(progress, ended);
    case PG_READ_SNAPSHOT:
        return ended || progress->place.length > 0 ? text_of_row(progress, ended) : NULL;
    default:
        return !ended && progress->place.length > 0 ? text_of_row(progress, false) : NULL;
    }
}

/* The text of a checkpoint may be missing for want of memory: that of the end may not. */
int pg_progress_end(struct pg_progress *progress, struct tide_error *err)
{
    progress->text.failed = false;
    progress->end = make_text(progress, true);
    progress->has_ended = true;
    return progress->text.failed
               ? tide_error_set(err, TIDE_E_LIMIT, "no memory for a position")
               : TIDE_OK;
}

const char *pg_progress_text(struct pg_progress *progress)
{
    return progress->has_ended ? progress->end : make_text(progress, false);
}

void pg_progress_clear(struct pg_progress *progress)
{
    tide_pg_sql_clear(&progress->place);
    tide_pg_sql_clear(&progress->text);
    memset(progress, 0, sizeof *progress);
}
