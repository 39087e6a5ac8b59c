/*
 * position - how far a table was read, as a former run wrote it down.
 *
 * The server takes the JSON apart: it has to understand the values anyway.
 */
#include "position.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERS                                                                          \
    "SELECT p->>'read', p->>'table', p->>'column', p->>'cursor', p->>'file',"            \
    " p->>'nulls', p->>'more', p->>'from', p->>'to', p->>'mark', p->>'rows',"            \
    " p->>'server', p->>'timeline', p->>'parts', p->>'gone', k.name, k.value"            \
    " FROM (SELECT $1::jsonb) AS s(p) LEFT JOIN LATERAL ROWS FROM"                       \
    " (jsonb_array_elements_text(p->'columns'), jsonb_array_elements_text(p->'key'))"    \
    " AS k(name, value) ON true"

enum {
    MEMBER_READ,
    MEMBER_TABLE,
    MEMBER_COLUMN,
    MEMBER_CURSOR,
    MEMBER_FILE,
    MEMBER_NULLS,
    MEMBER_MORE,
    MEMBER_FROM,
    MEMBER_TO,
    MEMBER_MARK,
    MEMBER_ROWS,
    MEMBER_SERVER,
    MEMBER_TIMELINE,
    MEMBER_PARTS,
    MEMBER_GONE,
    MEMBER_KEY_COLUMN,
    MEMBER_KEY_VALUE
};

static const char *const names[] = {[PG_READ_ALL] = "all",
                                    [PG_READ_KEY] = "key",
                                    [PG_READ_ROW] = "row",
                                    [PG_READ_SNAPSHOT] = "snapshot",
                                    [PG_READ_CURSOR] = "cursor"};

const char *pg_read_name(enum pg_read read)
{
    return names[read];
}

/* A member's text, or NULL. */
static const char *peek(const struct pg_position *position, int row, int member)
{
    return PQgetisnull(position->result, row, member)
               ? NULL
               : PQgetvalue(position->result, row, member);
}

const char *pg_position_key_column(const struct pg_position *position, int i)
{
    return peek(position, i, MEMBER_KEY_COLUMN);
}

const char *pg_position_key_value(const struct pg_position *position, int i)
{
    return peek(position, i, MEMBER_KEY_VALUE);
}

/* Read a member that is a whole number; false: it is something else. */
static bool get_number(const struct pg_position *position, int member, bool *given,
                       uint64_t *number)
{
    const char *text = peek(position, 0, member);
    char *end = NULL;

    *given = text != NULL;
    if (!text) {
        return true;
    }
    errno = 0;
    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

/* The older form has no "read". */
static bool get_read(struct pg_position *position)
{
    const char *word = peek(position, 0, MEMBER_READ);

    if (!word) {
        position->read = PG_READ_CURSOR;
        return position->column && position->cursor;
    }
    for (size_t i = PG_READ_KEY; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], word) == 0) {
            position->read = (enum pg_read)i;
            return true;
        }
    }
    return false;
}

/* Each place of the key has a column and a value. */
static bool get_key(struct pg_position *position)
{
    int rows = PQntuples(position->result);

    if (rows == 1 && !peek(position, 0, MEMBER_KEY_COLUMN) &&
        !peek(position, 0, MEMBER_KEY_VALUE)) {
        return true;
    }
    for (int i = 0; i < rows; i++) {
        if (!pg_position_key_column(position, i) || !pg_position_key_value(position, i)) {
            return false;
        }
    }
    position->key_count = rows;
    return true;
}

/* What no reader can do without. */
static bool is_complete(const struct pg_position *position)
{
    bool has_key = position->key_count > 0;
    bool is_window = position->has_from || position->has_to;
    bool is_ended = !position->has_to;

    switch (position->read) {
    case PG_READ_KEY:
        return has_key;
    case PG_READ_ROW:
        return has_key && position->has_mark;
    case PG_READ_SNAPSHOT:
        return is_window && (is_ended || (has_key && position->column));
    default:
        return position->column;
    }
}

static bool is_true(const struct pg_position *position, int member)
{
    const char *text = peek(position, 0, member);

    return text && strcmp(text, "true") == 0;
}

static bool understand(struct pg_position *position)
{
    const char *table = peek(position, 0, MEMBER_TABLE);
    const char *file = peek(position, 0, MEMBER_FILE);
    const char *server = peek(position, 0, MEMBER_SERVER);

    position->server = server ? server : "";
    position->table = table ? table : "";
    position->file = file ? file : "";
    position->parts = peek(position, 0, MEMBER_PARTS);
    position->gone = peek(position, 0, MEMBER_GONE);
    position->column = peek(position, 0, MEMBER_COLUMN);
    position->cursor = peek(position, 0, MEMBER_CURSOR);
    position->nulls = is_true(position, MEMBER_NULLS);
    position->more = is_true(position, MEMBER_MORE);
    return get_read(position) && get_key(position) &&
           get_number(position, MEMBER_FROM, &position->has_from, &position->from) &&
           get_number(position, MEMBER_TO, &position->has_to, &position->to) &&
           get_number(position, MEMBER_MARK, &position->has_mark, &position->mark) &&
           get_number(position, MEMBER_ROWS, &position->has_rows, &position->rows) &&
           get_number(position, MEMBER_TIMELINE, &position->has_timeline,
                      &position->timeline) &&
           is_complete(position);
}

int pg_position_parse(struct pg_position *position, struct tide_pg *pg, const char *text,
                      struct tide_error *err)
{
    const char *params[] = {text};
    int rc;

    if (!text) {
        return TIDE_OK;
    }
    rc = tide_pg_query(pg, MEMBERS, params, 1, &position->result, err);
    if (rc == TIDE_E_DATA || (rc == TIDE_OK && !understand(position))) {
        rc = tide_error_set(err, TIDE_E_CONFIG, "\"%s\" is no position of this source",
                            text);
    }
    return rc;
}

/* FNV-1a of where messages say it is. */
void pg_position_sign(const struct tide_pg *pg, char sign[PG_SERVER_SIGN_MAX])
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (const char *at = pg->place; *at; at++) {
        sum = (sum ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    }
    (void)snprintf(sign, PG_SERVER_SIGN_MAX, "%016" PRIx64, sum);
}

void pg_position_clear(struct pg_position *position)
{
    PQclear(position->result);
    memset(position, 0, sizeof *position);
}
