/*
 * postgres_staged.h - a table whose rows are replaced by ones that are set aside.
 */
#ifndef TIDE_TEST_POSTGRES_STAGED_H
#define TIDE_TEST_POSTGRES_STAGED_H

#include "postgres_kit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LINES(...)                                                                       \
    (const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__}))

#define IDS "SELECT coalesce(string_agg(id::text, ',' ORDER BY id), '') FROM shown"
/* Do something to the table that is set aside, if there is one. */
#define TO_STAGED(before_, behind_)                                                      \
    "DO $$DECLARE t regclass; BEGIN FOR t IN SELECT oid FROM pg_class"                   \
    " WHERE relkind = 'r' AND relname LIKE '\\_tidemill\\_staging\\_%%' LOOP"            \
    " EXECUTE '" before_ " ' || t || ' " behind_ "'; END LOOP; END$$"
#define STAGED                                                                           \
    "SELECT count(*) FROM pg_class WHERE relkind = 'r'"                                  \
    " AND relname LIKE '\\_tidemill\\_staging\\_%%'"

/* The table is {1, 2}, and loaded anew. */
static inline void lay_out(struct tide_schema *schema)
{
    kit_sql("DROP TABLE IF EXISTS shown, _tidemill_positions");
    kit_sql(TO_STAGED("DROP TABLE", ""));
    kit_sql("CREATE TABLE shown (id int PRIMARY KEY); INSERT INTO shown VALUES (1), (2)");
    kit_schema(schema, "id:int64");
}

static inline void open_shown(struct kit_destination *destination,
                              const struct tide_schema *schema)
{
    kit_destination_init(destination, "shown", TIDE_MODE_REPLACE, schema);
    destination->request.checkpoints = true;
    kit_destination_opens(destination);
}

static inline int checkpoint(struct kit_destination *destination, const char *position)
{
    return kit_destination_plugin()->commit(destination->state, position, false,
                                            &destination->err);
}

static inline void resume(struct kit_destination *destination)
{
    assert_int_equal(
        kit_destination_plugin()->resume(destination->state, &destination->err), TIDE_OK);
}

/* A run that is cut off behind its first checkpoint, with {3, 4} set aside. */
static inline void cut_off(struct tide_schema *schema)
{
    struct kit_destination destination;

    lay_out(schema);
    open_shown(&destination, schema);
    kit_write_lines(&destination, LINES("3", "4"));
    assert_int_equal(checkpoint(&destination, "at 4"), TIDE_OK);
    kit_write_lines(&destination, LINES("5"));
    kit_destination_close(&destination);
}

#endif
