/*
 * front - what became of the rows in front of a place in an order.
 */
#include "front.h"

#include <stdlib.h>

#include "query.h"

/* One pass over the table, which counts each kind of rows. */
static void build(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                  const struct pg_plan *plan, const struct pg_ages *newer)
{
    tide_pg_sql_add(sql, "SELECT ");
    pg_query_behind(sql, table, plan);
    tide_pg_sql_format(sql, ", age(t.xmin) BETWEEN %lld AND %lld, count(*) FROM ",
                       (long long)newer->least, (long long)newer->most);
    tide_pg_sql_name(sql, &table->name);
    tide_pg_sql_add(sql, " AS t GROUP BY 1, 2");
}

enum { IS_BEHIND, IS_NEWER, ROWS };

static bool is_true(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't';
}

static void understand(const PGresult *result, struct pg_front *front)
{
    for (int row = 0; row < PQntuples(result); row++) {
        bool is_newer = is_true(result, row, IS_NEWER);

        if (is_true(result, row, IS_BEHIND)) {
            front->is_before_newer |= is_newer;
        } else {
            front->has_newer |= is_newer;
            front->rows += strtoull(PQgetvalue(result, row, ROWS), NULL, 10);
        }
    }
}

int pg_front_look(struct tide_pg *pg, const struct tide_pg_table *table,
                  const struct pg_plan *plan, const struct pg_ages *newer,
                  struct pg_front *front, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    PGresult *result = NULL;
    int rc;

    build(&sql, table, plan, newer);
    rc = tide_pg_exec_sql(pg, &sql, &result, err);
    if (rc == TIDE_OK) {
        *front = (struct pg_front){0};
        understand(result, front);
    }
    PQclear(result);
    tide_pg_sql_clear(&sql);
    return rc;
}

bool pg_front_has_changed(const struct pg_front *front, uint64_t read, bool exact)
{
    return front->has_newer || front->rows > read ||
           (front->rows < read && (exact || front->is_before_newer));
}
