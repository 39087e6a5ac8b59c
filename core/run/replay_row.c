/*
 * replay_row - one rejected row, as it was kept; see replay_row.h.
 */
#include "run/replay_row.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <tidemill/value.h>

#include "base/json.h"
#include "base/memory.h"
#include "batch/cast.h"
#include "batch/kept_row.h"

static int step_of(const char *name)
{
    for (int step = 0; name && step < TIDE_STEPS; step++) {
        if (strcmp(name, tide_step_name(step)) == 0) {
            return step;
        }
    }
    return -1;
}

/* "TYPES PASSED TRAIL", as tide_replay_note() wrote it. */
static void read_note(struct tide_replay_row *row)
{
    const char *rest = row->replay ? strchr(row->replay, ' ') : NULL;

    if (rest && sscanf(rest, " %zu %" SCNx64, &row->passed, &row->trail) == 2) {
        row->types = row->replay;
        row->types_length = (size_t)(rest - row->replay);
    }
}

void tide_replay_row_read(struct json_object *object, struct tide_replay_row *row)
{
    memset(row, 0, sizeof *row);
    row->ordinal = tide_json_int(object, "ordinal", 0);
    row->position = tide_json_int(object, "position", 0);
    row->table = tide_json_text(object, "table");
    row->origin = tide_json_text(object, "origin");
    row->step = step_of(tide_json_text(object, "step"));
    row->row = tide_json_text(object, "row");
    row->raw = tide_json_text(object, "raw");
    row->replay = tide_json_text(object, "replay");
    if (!row->table) {
        row->table = "";
    }
    read_note(row);
}

/* ---- bytes --------------------------------------------------------------------------*/

/* "\\" is a backslash, "\xNN" a byte; nothing else begins with one. */
void tide_replay_row_bytes(const struct tide_replay_row *row, struct tide_text *out)
{
    const char *at = row->raw ? row->raw : "";

    while (*at) {
        if (at[0] != '\\') {
            tide_text_append_char(out, *at++);
        } else if (at[1] == 'x' && at[2] && at[3]) {
            unsigned byte = tide_hex_digit_(at[2]) << 4 | tide_hex_digit_(at[3]);

            tide_text_append_char(out, (char)(uint8_t)byte);
            at += 4;
        } else {
            tide_text_append_char(out, '\\');
            at += at[1] ? 2 : 1;
        }
    }
}

/* ---- fitting ------------------------------------------------------------------------*/

TIDE_PRINTF(3, 4)
static int misfits(struct tide_misfit *misfit, const char *code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(misfit->message, sizeof misfit->message, format, args);
    va_end(args);
    misfit->code = code;
    return TIDE_E_DATA;
}

static bool is_left_out(const struct tide_table *table, const char *name)
{
    bool is_included = !table->include;

    for (size_t i = 0; table->include && table->include[i]; i++) {
        is_included = is_included || strcmp(table->include[i], name) == 0;
    }
    for (size_t i = 0; table->exclude && table->exclude[i]; i++) {
        if (strcmp(table->exclude[i], name) == 0) {
            return true;
        }
    }
    return !is_included;
}

static int check_columns(const struct tide_table *table, const struct tide_schema *kept,
                         const struct tide_schema *schema, struct tide_misfit *misfit)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        if (tide_schema_find(kept, schema->columns[i].name) == TIDE_NO_COLUMN) {
            return misfits(misfit, "new_column",
                           "column \"%s\" is new: the row as it was kept has no value "
                           "for it",
                           schema->columns[i].name);
        }
    }
    for (size_t i = 0; i < kept->column_count; i++) {
        const char *name = kept->columns[i].name;

        if (tide_schema_find(schema, name) == TIDE_NO_COLUMN &&
            !is_left_out(table, name)) {
            return misfits(misfit, "lost_column",
                           "the row has a column \"%s\", which the table has no more; "
                           "exclude it, or run the table again",
                           name);
        }
    }
    return TIDE_OK;
}

static int note_misfit(void *arg, int64_t row, const char *code, const char *message)
{
    (void)row;
    return misfits(arg, code, "%s", message);
}

/* The columns in the order of the schema, each with its type and what it demands. */
static int convert(const struct tide_schema *kept, struct tide_batch *from,
                   const struct tide_schema *schema, struct tide_batch *to,
                   struct tide_misfit *misfit)
{
    int rc = tide_batch_init(to, schema->column_count, 1);

    for (size_t i = 0; rc == TIDE_OK && i < schema->column_count; i++) {
        size_t at = tide_schema_find(kept, schema->columns[i].name);

        tide_batch_set_column(to, i, from->array.children[at]);
        if (!tide_cast_is_free(&kept->columns[at], &schema->columns[i])) {
            rc = tide_cast_column(to, i, &kept->columns[at], &schema->columns[i], NULL,
                                  note_misfit, misfit);
        }
    }
    if (rc != TIDE_OK) {
        tide_batch_release(to);
    }
    return rc;
}

int tide_replay_row_fit(const struct tide_replay_row *row, const struct tide_table *table,
                        const struct tide_schema *schema, struct tide_batch *batch,
                        struct tide_misfit *misfit, struct tide_error *err)
{
    struct tide_schema kept = {0};
    struct tide_batch from = {0};
    char *types = tide_strndup(row->types, row->types_length);
    int rc = tide_kept_row_read(row->row, strlen(row->row), types, &kept, &from, err);

    if (rc == TIDE_E_DATA) {
        (void)note_misfit(misfit, 0, "unreadable", err->message);
    }
    if (rc == TIDE_OK) {
        rc = check_columns(table, &kept, schema, misfit);
    }
    if (rc == TIDE_OK) {
        rc = convert(&kept, &from, schema, batch, misfit);
    }
    tide_batch_release(&from);
    tide_schema_clear(&kept);
    free(types);
    if (rc != TIDE_OK && rc != TIDE_E_DATA) {
        return tide_error_set(err, rc, "memory for a row is out");
    }
    if (rc == TIDE_OK) {
        batch->origin = row->origin;
        batch->first_position = row->position;
    }
    return rc;
}
