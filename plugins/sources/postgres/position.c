/*
 * position - how far an incremental table was read, and how that is written down.
 */
#include "position.h"

#include <stdlib.h>
#include <string.h>
#include <tidemill/value.h>

#include "postgres/fixed.h"

/* ---- reading --------------------------------------------------------------------- */

/* Take over what the server read out of the JSON. */
static int accept_position(struct pg_position *position, struct tide_pg *pg,
                           const PGresult *result, const char *text,
                           struct tide_error *err)
{
    char warning[256];

    if (PQgetisnull(result, 0, 0) || PQgetisnull(result, 0, 1)) {
        return tide_error_set(err, TIDE_E_CONFIG, "\"%s\" is no position of this source",
                              text);
    }
    if (strcmp(PQgetvalue(result, 0, 0), position->column->name) != 0) {
        (void)snprintf(warning, sizeof warning,
                       "the position was of column %.64s, the cursor is %.64s: the table "
                       "is read from its start",
                       PQgetvalue(result, 0, 0), position->column->name);
        pg->host->log(pg->host, TIDE_LOG_WARNING, warning);
        return TIDE_OK;
    }
    position->from = strdup(PQgetvalue(result, 0, 1));
    tide_pg_sql_add(&position->text, text);
    return position->from ? tide_pg_sql_check(&position->text, err)
                          : tide_error_set(err, TIDE_E_LIMIT, "no memory for a position");
}

int pg_position_load(struct pg_position *position, struct tide_pg *pg, const char *text,
                     struct tide_error *err)
{
    const char *params[] = {text};
    PGresult *result = NULL;
    int rc = tide_pg_query(
        pg, "SELECT p->>'column', p->>'cursor' FROM (SELECT $1::jsonb) AS s(p)", params,
        1, &result, err);

    if (rc == TIDE_OK) {
        rc = accept_position(position, pg, result, text, err);
    } else if (rc == TIDE_E_DATA) {
        rc = tide_error_set(err, TIDE_E_CONFIG, "\"%s\" is no position of this source",
                            text);
    }
    PQclear(result);
    return rc;
}

/* ---- writing --------------------------------------------------------------------- */

static void add_json_string(struct tide_pg_sql *out, const char *text, size_t length)
{
    tide_pg_sql_add(out, "\"");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\') {
            tide_pg_sql_format(out, "\\%c", c);
        } else if (c < ' ') {
            tide_pg_sql_format(out, "\\u%04x", c);
        } else {
            tide_pg_sql_format(out, "%c", c);
        }
    }
    tide_pg_sql_add(out, "\"");
}

static void add_bytes_hex(struct tide_pg_sql *out, const char *bytes, size_t length)
{
    tide_pg_sql_add(out, "\"\\\\x");
    for (size_t i = 0; i < length; i++) {
        tide_pg_sql_format(out, "%02x", (unsigned)(uint8_t)bytes[i]);
    }
    tide_pg_sql_add(out, "\"");
}

static void add_value(struct tide_pg_sql *out, int type, const struct ArrowArray *values,
                      int64_t row)
{
    char fixed[TIDE_VALUE_TEXT_MAX];
    const char *text = fixed;
    size_t length;

    if (tide_type_is_variable(type)) {
        text = tide_array_text(values, row, &length);
    } else {
        length = tide_pg_format_fixed(type, values, row, fixed);
    }
    if (type == TIDE_TYPE_BYTES) {
        add_bytes_hex(out, text, length);
    } else {
        add_json_string(out, text, length);
    }
}

int pg_position_advance(struct pg_position *position, const struct ArrowArray *values,
                        struct tide_error *err)
{
    const struct tide_pg_column *column = position->column;
    int64_t row = values->length - 1;

    while (row >= 0 && tide_array_is_null(values, row)) {
        row--;
    }
    if (row < 0) {
        return TIDE_OK;
    }
    tide_pg_sql_reset(&position->text);
    tide_pg_sql_add(&position->text, "{\"column\": ");
    add_json_string(&position->text, column->name, strlen(column->name));
    tide_pg_sql_add(&position->text, ", \"type\": ");
    add_json_string(&position->text, column->type_name, strlen(column->type_name));
    tide_pg_sql_add(&position->text, ", \"cursor\": ");
    add_value(&position->text, column->type.type, values, row);
    tide_pg_sql_add(&position->text, "}");
    return tide_pg_sql_check(&position->text, err);
}

const char *pg_position_text(const struct pg_position *position)
{
    return position->text.length > 0 ? position->text.text : NULL;
}

void pg_position_clear(struct pg_position *position)
{
    free(position->from);
    tide_pg_sql_clear(&position->text);
    memset(position, 0, sizeof *position);
}
