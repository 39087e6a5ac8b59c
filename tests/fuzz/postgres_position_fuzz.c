/* The postgres source's position: a server takes the JSON apart, and here we do; what is
 * understood of it has all that its way to read needs. */
#include "fuzz.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/memory.h"
#include "sources/postgres/position.h"

static const char *const members[] = {"read",  "table",  "column",   "cursor", "file",
                                      "nulls", "more",   "from",     "to",     "mark",
                                      "rows",  "server", "timeline", "parts",  "gone"};

#define MEMBERS ((int)(sizeof members / sizeof members[0]))
#define FIELDS (MEMBERS + 2)

static void set(PGresult *result, int row, int field, struct json_object *value)
{
    const char *text = value ? json_object_get_string(value) : NULL;
    char *copy = text ? tide_strdup(text) : NULL;

    TIDE_REQUIRE(PQsetvalue(result, row, field, copy, copy ? (int)strlen(copy) : -1));
    free(copy);
}

static struct json_object *element(struct json_object *object, const char *name, int i)
{
    struct json_object *list = tide_json_member(object, name);

    return json_object_is_type(list, json_type_array)
               ? json_object_array_get_idx(list, (size_t)i)
               : NULL;
}

static int length_of(struct json_object *object, const char *name)
{
    struct json_object *list = tide_json_member(object, name);

    return json_object_is_type(list, json_type_array)
               ? (int)json_object_array_length(list)
               : 0;
}

/* What PostgreSQL answers to the statement of position.c. */
static PGresult *answer(struct json_object *object)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    char name[] = "field";
    PGresAttDesc fields[FIELDS] = {0};
    int names = length_of(object, "columns"), values = length_of(object, "key");
    int rows = names > values ? names : values;

    for (int i = 0; i < FIELDS; i++) {
        fields[i].name = name;
    }
    TIDE_REQUIRE(result && PQsetResultAttrs(result, FIELDS, fields));
    for (int row = 0; row < (rows > 0 ? rows : 1); row++) {
        for (int i = 0; i < MEMBERS; i++) {
            set(result, row, i, tide_json_member(object, members[i]));
        }
        set(result, row, MEMBERS, element(object, "columns", row));
        set(result, row, MEMBERS + 1, element(object, "key", row));
    }
    return result;
}

/* In the place of the connection's. */
int tide_pg_query(struct tide_pg *pg, const char *sql, const char *const *params,
                  int count, PGresult **result, struct tide_error *err)
{
    struct json_object *object = NULL;
    int rc = tide_json_parse(params[0], strlen(params[0]), &object, err);

    (void)pg;
    (void)sql;
    (void)count;
    if (rc != TIDE_OK) {
        return tide_error_set(err, TIDE_E_DATA, "invalid input syntax for type json");
    }
    *result = answer(object);
    json_object_put(object);
    return TIDE_OK;
}

static void check(const struct pg_position *position)
{
    bool needs_key = position->read == PG_READ_KEY || position->read == PG_READ_ROW ||
                     (position->read == PG_READ_SNAPSHOT && position->has_to);

    TIDE_INVARIANT(position->read != PG_READ_ALL && position->table && position->file);
    TIDE_INVARIANT(!needs_key || position->key_count > 0);
    TIDE_INVARIANT(position->read != PG_READ_CURSOR || position->column);
    for (int i = 0; i < position->key_count; i++) {
        TIDE_INVARIANT(pg_position_key_column(position, i));
        TIDE_INVARIANT(pg_position_key_value(position, i));
    }
    TIDE_INVARIANT(pg_read_name(position->read)[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = tide_strndup((const char *)data, size);
    struct pg_position position = {0};
    struct tide_error err = {0};
    int rc = pg_position_parse(&position, NULL, text, &err);

    if (rc == TIDE_OK) {
        check(&position);
    } else {
        TIDE_INVARIANT(err.message[0] != '\0');
    }
    pg_position_clear(&position);
    free(text);
    return 0;
}
