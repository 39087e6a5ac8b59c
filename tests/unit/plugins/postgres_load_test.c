/*
 * postgres_load_test - rows that the server refuses stand alone, all others go in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tidemill/value.h>

#include "destinations/postgres/pace.h"
#include "postgres_kit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ROWS 300
#define GROUPS 3                       /* a commit behind each */
#define LINE (2 * TIDE_VALUE_TEXT_MAX) /* bytes of a row as a line, and more */

static const char *const key_id[] = {"id", NULL};

/* ---- the pace -------------------------------------------------------------------- */

static void pieces_are_short_where_rows_are_refused(void **state)
{
    struct pg_pace pace = {.cost = 100};
    int64_t rows;

    (void)state;
    assert_int_equal(pg_pace_rows(&pace), INT64_MAX);
    pg_pace_note(&pace, 1000000, 0);
    assert_int_equal(pg_pace_rows(&pace), INT64_MAX);
    for (int i = 0; i < 1000; i++) {
        pg_pace_note(&pace, 999, 1);
    }
    rows = pg_pace_rows(&pace);
    assert_in_range(rows, 400, 500);
    pg_pace_note(&pace, 10000, 0);
    assert_true(pg_pace_rows(&pace) > rows);
    pg_pace_note(&pace, INT64_C(1) << 40, 0);
    assert_int_equal(pg_pace_rows(&pace), INT64_MAX);
}

static void a_piece_has_a_row_where_all_are_refused(void **state)
{
    struct pg_pace pace = {.cost = 1};

    (void)state;
    pg_pace_note(&pace, 0, 1);
    assert_int_equal(pg_pace_rows(&pace), 1);
    pace.cost = 1000;
    pg_pace_note(&pace, 0, 100000);
    assert_in_range(pg_pace_rows(&pace), 1, 50);
}

/* ---- which rows are bad, and why ------------------------------------------------- */

/* A table of id and n; bad rows have another n. */
struct reason {
    const char *name;
    const char *table;      /* what follows CREATE TABLE name */
    const char *more;       /* statements behind it, of the table "t" */
    const char *good, *bad; /* n; NULL: its id */
    const char *words;      /* of the message */
};

static const struct reason reasons[] = {
    {"check", "(id int PRIMARY KEY, n int CHECK (n > 0))", "", "1", "-1", "n_check"},
    {"null", "(id int PRIMARY KEY, n int NOT NULL)", "", "1", "\\N", "not-null"},
    {"domain", "(id int PRIMARY KEY, n above_zero)", "", "1", "-1", "above_zero"},
    {"enum", "(id int PRIMARY KEY, n colour)", "", "red", "grey", "grey"},
    {"text", "(id int PRIMARY KEY, n int[] CHECK (n <> '{2}'))", "", "{1}", "{2}",
     "n_check"},
    {"text type", "(id int PRIMARY KEY, n int[])", "", "{1}", "{\n7,x}", "\"x\""},
    {"unique", "(id int PRIMARY KEY, n int UNIQUE)", "", NULL, "-1", "n_key"},
    {"deferrable", "(id int PRIMARY KEY, n int UNIQUE DEFERRABLE)", "", NULL, "-1",
     "n_key"},
    {"foreign key", "(id int PRIMARY KEY, n int REFERENCES parent)", "", "1", "-1",
     "n_fkey"},
    {"trigger", "(id int PRIMARY KEY, n int)",
     "CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION scold()", "1",
     "-1", "no such n"},
    {"late trigger", "(id int PRIMARY KEY, n int)",
     "CREATE TRIGGER a AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION scold()", "1",
     "-1", "no such n"},
    {"kept out", "(id int PRIMARY KEY, n int)",
     "CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION drop_it()", "1",
     "-1", "a trigger keeps rows out"},
    {"partition", "(id int, n int) PARTITION BY RANGE (n)",
     "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10)", "1", "-1",
     "no partition"},
    {"index", "(id int PRIMARY KEY, n int)", "CREATE INDEX a ON t ((1 / (n + 1)))", "1",
     "-1", "division by zero"},
};

static bool none(int64_t row)
{
    (void)row;
    return false;
}

static bool all(int64_t row)
{
    (void)row;
    return true;
}

static bool first_and_last(int64_t row)
{
    return row % (ROWS / GROUPS) == 0 || (row + 1) % (ROWS / GROUPS) == 0;
}

static bool adjacent(int64_t row)
{
    return row / 4 % 20 == 3;
}

static bool scattered(int64_t row)
{
    return row * 7919 % 31 == 5;
}

static bool (*const patterns[])(int64_t row) = {none, all, first_and_last, adjacent,
                                                scattered};

static void make_lines(const struct reason *reason, bool (*is_bad)(int64_t row),
                       char lines[ROWS][LINE])
{
    for (int64_t row = 0; row < ROWS; row++) {
        const char *n = is_bad(row) ? reason->bad : reason->good;
        char id[TIDE_VALUE_TEXT_MAX] = "";

        id[tide_format_int64(id, row)] = '\0';
        (void)snprintf(lines[row], sizeof lines[row], "%s|%s", id, n ? n : id);
    }
}

static void make_table(const struct reason *reason)
{
    kit_sql("DROP TABLE IF EXISTS t; CREATE TABLE t %s; %s", reason->table, reason->more);
    if (!reason->good) {
        kit_sql("INSERT INTO t VALUES (-1, -1)");
    }
}

/* All groups: a checkpoint behind each, or all of them lent. */
static void load(struct kit_destination *destination, char lines[ROWS][LINE])
{
    const char *group[ROWS / GROUPS];

    for (int64_t row = 0; row < ROWS; row++) {
        group[row % (ROWS / GROUPS)] = lines[row];
        if ((row + 1) % (ROWS / GROUPS) > 0) {
            continue;
        }
        kit_write_lines(destination, group, ROWS / GROUPS);
        if (!destination->request.lends &&
            kit_destination_plugin()->commit(destination->state, "here", false,
                                             &destination->err) != TIDE_OK) {
            fail_msg("%s", destination->err.message);
        }
    }
    if (destination->request.lends && kit_settle(destination) != TIDE_OK) {
        fail_msg("%s", destination->err.message);
    }
    kit_commit(destination);
}

/* The bad rows were told, in their order, with the server's words; group: so many rows
 * were at hand at once. */
static void check_rejects(const struct reason *reason, bool (*is_bad)(int64_t row),
                          int64_t group, const struct kit_host *host)
{
    size_t count = 0;

    for (int64_t row = 0; row < ROWS; row++) {
        if (is_bad(row)) {
            const struct kit_reject *reject = &host->rejects[count++];

            if (count > host->reject_count || reject->row != row % group ||
                !strstr(reject->message, reason->words)) {
                fail_msg("%s, row %d: %zu of %zu rejects, row %d, %s", reason->name,
                         (int)row, count, host->reject_count, (int)reject->row,
                         reject->message);
            }
            assert_string_equal(reject->code, "refused");
        }
    }
    assert_int_equal(host->reject_count, count);
}

/* The good rows are there, in their order, with their values. */
static void check_rows(const struct reason *reason, bool (*is_bad)(int64_t row),
                       char lines[ROWS][LINE], bool is_ordered)
{
    char wanted[ROWS * 32] = "";
    size_t used = 0;
    const char *found = kit_value("SELECT coalesce(string_agg(id || '|' || n::text, '~'"
                                  " ORDER BY %s), '') FROM t WHERE id >= 0",
                                  is_ordered ? "ctid" : "id");

    for (int64_t row = 0; row < ROWS; row++) {
        if (!is_bad(row)) {
            used += (size_t)snprintf(wanted + used, sizeof wanted - used, "%s%s",
                                     used > 0 ? "~" : "", lines[row]);
        }
    }
    if (strcmp(found, wanted) != 0) {
        fail_msg("%s: %s", reason->name, found);
    }
}

static void check_reason(const struct reason *reason, bool (*is_bad)(int64_t row),
                         int mode, bool lends)
{
    char lines[ROWS][LINE];
    struct kit_destination destination;
    struct tide_schema schema;

    make_lines(reason, is_bad, lines);
    make_table(reason);
    kit_schema(&schema, strchr(reason->bad, 'g') || strchr(reason->bad, '{')
                            ? "id:int64 n:string"
                            : "id:int64 n:int64");
    kit_destination_init(&destination, "t", mode, &schema);
    destination.request.pipeline = reason->name;
    destination.request.key = mode == TIDE_MODE_MERGE ? key_id : NULL;
    destination.request.lends = lends;
    kit_destination_opens(&destination);
    load(&destination, lines);
    check_rejects(reason, is_bad, lends ? ROWS : ROWS / GROUPS, &destination.host);
    kit_destination_close(&destination);
    check_rows(reason, is_bad, lines, mode == TIDE_MODE_APPEND);
    tide_schema_clear(&schema);
}

static void make_surroundings(void)
{
    kit_sql("CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);"
            "CREATE TYPE colour AS ENUM ('red', 'blue');"
            "CREATE DOMAIN above_zero AS int CHECK (VALUE > 0);"
            "CREATE FUNCTION scold() RETURNS trigger AS 'BEGIN IF NEW.n < 0 THEN"
            " RAISE ''no such n''; END IF; RETURN NEW; END' LANGUAGE plpgsql;"
            "CREATE FUNCTION drop_it() RETURNS trigger AS 'BEGIN IF NEW.n < 0 THEN"
            " RETURN NULL; END IF; RETURN NEW; END' LANGUAGE plpgsql");
}

static void bad_rows_are_refused_wherever_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(reasons); i++) {
        for (size_t j = 0; j < COUNT(patterns); j++) {
            check_reason(&reasons[i], patterns[j], TIDE_MODE_APPEND, false);
            check_reason(&reasons[i], patterns[j], TIDE_MODE_APPEND, true);
        }
    }
}

static void bad_rows_of_a_merge_are_refused_wherever_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(reasons); i++) {
        if (strstr(reasons[i].table, "PRIMARY KEY") &&
            strcmp(reasons[i].name, "kept out") != 0) {
            check_reason(&reasons[i], scattered, TIDE_MODE_MERGE, false);
            check_reason(&reasons[i], scattered, TIDE_MODE_MERGE, true);
        }
    }
}

/* ---- what is told apart ---------------------------------------------------------- */

/* A table of one column that is loaded from lines. */
static void opens(struct kit_destination *destination, struct tide_schema *schema,
                  const char *columns)
{
    kit_sql("DROP TABLE IF EXISTS t; CREATE TABLE t %s", columns);
    kit_schema(schema, "id:int64");
    kit_destination_init(destination, "t", TIDE_MODE_APPEND, schema);
}

static int write_lines(struct kit_destination *destination, const char *const *lines,
                       size_t count)
{
    struct tide_batch batch;
    int rc;

    kit_batch(&destination->accepted, lines, count, &batch);
    rc = kit_write(destination, &batch);
    tide_batch_release(&batch);
    return rc;
}

static void of_two_rows_with_a_key_the_later_is_refused(void **state)
{
    static const char *const lines[] = {"1", "2", "3", "2", "4", "1", "2", "5"};
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    opens(&destination, &schema, "(id int PRIMARY KEY)");
    kit_destination_opens(&destination);
    kit_write_lines(&destination, lines, COUNT(lines));
    kit_commit(&destination);
    assert_int_equal(destination.host.refused, 3);
    assert_int_equal(destination.host.rejects[0].row, 3);
    assert_int_equal(destination.host.rejects[1].row, 5);
    assert_int_equal(destination.host.rejects[2].row, 6);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(id::text, '' ORDER BY ctid) FROM t"),
                        "12345");
    tide_schema_clear(&schema);
}

static void a_deferred_constraint_fails_the_commit_with_advice(void **state)
{
    static const char *const lines[] = {"1", "2"};
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    opens(&destination, &schema,
          "(id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
    kit_destination_opens(&destination);
    kit_write_lines(&destination, lines, COUNT(lines));
    assert_int_equal(destination.host.reject_count, 0);
    assert_int_equal(
        kit_destination_plugin()->commit(destination.state, NULL, true, &destination.err),
        TIDE_E_DATA);
    assert_non_null(strstr(destination.err.message, "the constraint is deferred"));
    assert_non_null(strstr(destination.err.message, "NOT DEFERRABLE"));
    assert_non_null(strstr(destination.err.message, "t_id_fkey"));
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT count(*) FROM t"), "0");
    tide_schema_clear(&schema);
}

/* A trigger that fails by the time, and not by the row. */
static void a_row_that_is_named_once_only_goes_in(void **state)
{
    static const char *const lines[] = {"1", "2", "3", "4"};
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    opens(&destination, &schema, "(id int)");
    kit_sql("CREATE SEQUENCE tries; CREATE FUNCTION tire() RETURNS trigger AS 'BEGIN"
            " IF nextval(''tries'') = 3 THEN RAISE ''tired''; END IF; RETURN NEW; END'"
            " LANGUAGE plpgsql; CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW"
            " EXECUTE FUNCTION tire()");
    kit_destination_opens(&destination);
    kit_write_lines(&destination, lines, COUNT(lines));
    kit_commit(&destination);
    assert_int_equal(destination.host.reject_count, 0);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(id::text, '' ORDER BY ctid) FROM t"),
                        "1234");
    tide_schema_clear(&schema);
}

/* The server counts the rows that it is given: what a sequence gave is not undone. */
static void rows_are_not_sent_over_and_over(void **state)
{
    static char numbers[16000][8];
    static const char *lines[16000];
    struct kit_destination destination;
    struct tide_schema schema;
    long given;

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        (void)snprintf(numbers[i], sizeof numbers[i], "%d", (int)i);
        lines[i] = numbers[i];
    }
    opens(&destination, &schema, "(id int CHECK (id % 1000 <> 7))");
    kit_sql("CREATE SEQUENCE given; CREATE FUNCTION count_it() RETURNS trigger AS 'BEGIN"
            " PERFORM nextval(''given''); RETURN NEW; END' LANGUAGE plpgsql;"
            "CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW"
            " EXECUTE FUNCTION count_it()");
    kit_destination_opens(&destination);
    kit_write_lines(&destination, lines, COUNT(lines));
    kit_commit(&destination);
    assert_int_equal(destination.host.refused, 16);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT count(*) FROM t"), "15984");
    given = strtol(kit_value("SELECT last_value FROM given"), NULL, 10);
    assert_in_range(given, 16000, 24000);
    tide_schema_clear(&schema);
}

/* ---- lent batches ---------------------------------------------------------------- */

/* The system column cmin counts the statements of a transaction: rows of one COPY share
 * it. */
static void a_copy_stays_open_over_the_batches_lent(void **state)
{
    static const char *const lines[] = {"1", "2", "3"};
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    opens(&destination, &schema, "(id int)");
    destination.request.lends = true;
    kit_destination_opens(&destination);
    for (int i = 0; i < 3; i++) {
        kit_write_lines(&destination, lines, COUNT(lines));
    }
    assert_int_equal(kit_settle(&destination), TIDE_OK);
    kit_write_lines(&destination, lines, COUNT(lines));
    assert_int_equal(kit_settle(&destination), TIDE_OK);
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(n::text, ' ' ORDER BY n) FROM"
                                  " (SELECT count(*) AS n FROM t GROUP BY xmin, cmin) c"),
                        "3 9");
    tide_schema_clear(&schema);
}

static void rows_of_lent_batches_that_do_not_fit_are_told_by_their_numbers(void **state)
{
    static const char *const lines[] = {"1", "70000", "2"};
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    opens(&destination, &schema, "(id smallint CHECK (id <> 2))");
    destination.request.lends = true;
    kit_destination_opens(&destination);
    kit_write_lines(&destination, lines, COUNT(lines));
    kit_write_lines(&destination, lines, COUNT(lines));
    assert_int_equal(kit_settle(&destination), TIDE_OK);
    kit_commit(&destination);
    assert_int_equal(destination.host.reject_count, 4);
    assert_int_equal(destination.host.rejects[0].row, 2);
    assert_int_equal(destination.host.rejects[1].row, 5);
    assert_int_equal(destination.host.rejects[2].row, 1);
    assert_int_equal(destination.host.rejects[3].row, 4);
    assert_string_equal(destination.host.rejects[3].code, "range");
    assert_string_equal(destination.host.rejects[3].message,
                        "column id: 70000 does not fit smallint");
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(id::text, '') FROM t"), "11");
    tide_schema_clear(&schema);
}

/* ---- an end in the middle -------------------------------------------------------- */

static void too_many_rejects_end_the_run_at_once(void **state)
{
    static const char *const lines[] = {"1", "-1", "2", "-2", "3", "-3", "4"};
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    opens(&destination, &schema, "(id int CHECK (id > 0))");
    destination.host.max_rejects = 1;
    kit_destination_opens(&destination);
    assert_int_equal(write_lines(&destination, lines, COUNT(lines)), TIDE_E_LIMIT);
    assert_non_null(strstr(destination.err.message, "too many rejected rows: "));
    assert_int_equal(destination.host.reject_count, 2);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT count(*) FROM t"), "0");
    tide_schema_clear(&schema);
}

static void ask_to_stop(struct kit_host *host)
{
    host->cancelled = host->reject_count == 2;
}

static void a_run_stops_between_its_bad_rows(void **state)
{
    static const char *const lines[] = {"1", "-1", "2", "-2", "3", "-3", "4"};
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    opens(&destination, &schema, "(id int CHECK (id > 0))");
    destination.host.when_asked = ask_to_stop;
    kit_destination_opens(&destination);
    assert_int_equal(write_lines(&destination, lines, COUNT(lines)), TIDE_E_CANCELLED);
    assert_int_equal(destination.host.reject_count, 2);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT count(*) FROM t"), "0");
    tide_schema_clear(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_short_where_rows_are_refused),
        cmocka_unit_test(a_piece_has_a_row_where_all_are_refused),
        cmocka_unit_test(bad_rows_are_refused_wherever_they_are),
        cmocka_unit_test(bad_rows_of_a_merge_are_refused_wherever_they_are),
        cmocka_unit_test(of_two_rows_with_a_key_the_later_is_refused),
        cmocka_unit_test(a_deferred_constraint_fails_the_commit_with_advice),
        cmocka_unit_test(a_row_that_is_named_once_only_goes_in),
        cmocka_unit_test(rows_are_not_sent_over_and_over),
        cmocka_unit_test(a_copy_stays_open_over_the_batches_lent),
        cmocka_unit_test(rows_of_lent_batches_that_do_not_fit_are_told_by_their_numbers),
        cmocka_unit_test(too_many_rejects_end_the_run_at_once),
        cmocka_unit_test(a_run_stops_between_its_bad_rows),
    };
    int failed;

    if (!kit_start(&failed)) {
        return failed;
    }
    make_surroundings();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    kit_stop();
    return failed;
}
