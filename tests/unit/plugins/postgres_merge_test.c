/*
 * postgres_merge_test - of the rows of one key, the last by the cursor wins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_kit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LINES(...)                                                                       \
    (const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__}))

static const char *const key_id[] = {"id", NULL};

static struct tide_schema schema;

/* Open a merge by id, with the cursor v, into a table of (id, t, v). */
static void opens(struct kit_destination *destination, const char *table)
{
    if (schema.column_count == 0) {
        kit_schema(&schema, "id:int64! t:string v:int64");
    }
    kit_destination_init(destination, table, TIDE_MODE_MERGE, &schema);
    destination->request.key = key_id;
    destination->request.cursor = "v";
    destination->request.pipeline = table;
    kit_destination_opens(destination);
}

static int commit(struct kit_destination *destination, const char *position, bool final)
{
    return kit_destination_plugin()->commit(destination->state, position, final,
                                            &destination->err);
}

static const char *rows_of(const char *table)
{
    return kit_value("SELECT string_agg(id || t, ',' ORDER BY id) FROM %s", table);
}

/* ---- which row wins -------------------------------------------------------------- */

static void load_out_of_order(const char *table)
{
    struct kit_destination destination;

    opens(&destination, table);
    kit_write_lines(&destination,
                    LINES("1|late|9", "1|early|3", "2|one|5", "3|none|\\N"));
    kit_write_lines(&destination, LINES("1|none|\\N", "2|two|5", "3|some|-7"));
    kit_write_lines(&destination, LINES("1|early|4", "4|new|1", "3|less|-8"));
    kit_write_lines(&destination, LINES("4|newer|1", "3|none|\\N"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(rows_of(table), "1late,2two,3some,4newer");
}

static void the_last_by_cursor_wins_over_the_last_to_come(void **state)
{
    (void)state;
    load_out_of_order("by_cursor");
}

static void a_partitioned_table_is_merged_alike(void **state)
{
    (void)state;
    kit_sql("CREATE TABLE parted (v bigint, t text, id int PRIMARY KEY)"
            " PARTITION BY LIST (id);"
            "CREATE TABLE parted_1 (t text, id int NOT NULL, v bigint);"
            "ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES IN (1, 3);"
            "CREATE TABLE parted_2 PARTITION OF parted DEFAULT");
    load_out_of_order("parted");
}

static void a_row_of_a_former_run_gives_way(void **state)
{
    struct kit_destination destination;

    (void)state;
    kit_sql("CREATE TABLE former (id int PRIMARY KEY, t text, v bigint);"
            "INSERT INTO former VALUES (1, 'old', 100), (2, 'old', 100)");
    opens(&destination, "former");
    kit_write_lines(&destination, LINES("1|new|5"));
    kit_write_lines(&destination, LINES("1|older|4", "2|new|\\N"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(rows_of("former"), "1new,2new");
}

/* A source in the cursor's order has checkpoints: what comes later is not older. */
static void the_newest_wins_across_checkpoints(void **state)
{
    struct kit_destination destination;

    (void)state;
    opens(&destination, "steps");
    kit_write_lines(&destination, LINES("1|a|1", "2|b|2", "1|c|3"));
    assert_int_equal(commit(&destination, "3", false), TIDE_OK);
    assert_string_equal(rows_of("steps"), "1c,2b");
    kit_write_lines(&destination, LINES("2|d|3", "1|e|4"));
    kit_write_lines(&destination, LINES("1|f|4"));
    assert_int_equal(commit(&destination, "4", false), TIDE_OK);
    kit_destination_close(&destination);
    opens(&destination, "steps");
    assert_string_equal(destination.position, "4");
    kit_write_lines(&destination, LINES("3|g|5", "2|h|5"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(rows_of("steps"), "1f,2h,3g");
}

/* Rows at random against what one statement makes of all of them. */
static void any_order_gives_what_one_statement_gives(void **state)
{
    struct kit_destination destination;

    (void)state;
    srandom(7);
    kit_sql("CREATE TABLE given (id int, t text, v bigint, n serial)");
    opens(&destination, "taken");
    for (int batch = 0; batch < 30; batch++) {
        char lines[40][64];
        const char *pointers[40];

        for (int i = 0; i < 40; i++) {
            char v[16] = "\\N";

            if (random() % 5) {
                (void)snprintf(v, sizeof v, "%ld", random() % 12);
            }
            (void)snprintf(lines[i], sizeof lines[i], "%ld|%d|%s", random() % 60,
                           batch * 40 + i, v);
            pointers[i] = lines[i];
            kit_sql("INSERT INTO given (id, t, v) SELECT a[1]::int, a[2],"
                    " nullif(a[3], '\\N')::int FROM string_to_array('%s', '|') a",
                    lines[i]);
        }
        kit_write_lines(&destination, pointers, 40);
    }
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(
        kit_value("SELECT count(*) FROM taken FULL JOIN (SELECT DISTINCT ON (id) *"
                  " FROM given ORDER BY id, v DESC NULLS LAST, n DESC) best USING (id)"
                  " WHERE taken.t IS DISTINCT FROM best.t"),
        "0");
    assert_string_equal(kit_value("SELECT count(*) FROM taken"), "60");
}

/* ---- bad rows -------------------------------------------------------------------- */

static void a_bad_row_of_a_merge_with_cursor_stands_alone(void **state)
{
    struct kit_destination destination;

    (void)state;
    kit_sql("CREATE TABLE parent (id bigint PRIMARY KEY); INSERT INTO parent VALUES (1);"
            "CREATE TABLE checked (id int PRIMARY KEY, t text UNIQUE,"
            " v bigint REFERENCES parent); INSERT INTO checked VALUES (1, 'taken', 1)");
    opens(&destination, "checked");
    kit_write_lines(&destination, LINES("2|a|1", "3|taken|1", "4|c|7", "5|d|1", "5|e|1"));
    kit_write_lines(&destination, LINES("6|f|1", "2|g|8"));
    kit_commit(&destination);
    assert_int_equal(destination.host.refused, 3);
    assert_non_null(strstr(destination.host.rejects[0].message, "checked_t_key"));
    assert_non_null(strstr(destination.host.rejects[1].message, "checked_v_fkey"));
    assert_non_null(strstr(destination.host.rejects[2].message, "checked_v_fkey"));
    kit_destination_close(&destination);
    assert_string_equal(rows_of("checked"), "1taken,2a,5e,6f");
}

/* A trigger that changes the cursor: the rows that came are compared, at the commit. */
static void a_trigger_does_not_spoil_the_cursor(void **state)
{
    struct kit_destination destination;

    (void)state;
    kit_sql("CREATE TABLE stamped (id int PRIMARY KEY, t text UNIQUE, v bigint);"
            "CREATE FUNCTION stamp() RETURNS trigger AS"
            " 'BEGIN NEW.v := 1000; RETURN NEW; END' LANGUAGE plpgsql;"
            "CREATE TRIGGER stamp BEFORE INSERT OR UPDATE ON stamped FOR EACH ROW"
            " EXECUTE FUNCTION stamp()");
    load_out_of_order("stamped");
    opens(&destination, "stamped");
    kit_write_lines(&destination, LINES("8|h|1", "9|late|1"));
    assert_int_equal(commit(&destination, NULL, true), TIDE_E_DATA);
    assert_non_null(strstr(destination.err.message, "stamped_t_key"));
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT count(*) FROM stamped"), "4");
}

/* ---- rows that a trigger keeps out ----------------------------------------------- */

/* A table of (id, t, v) with row 1 in it, whose trigger keeps out each row of t = 'bad'.
 */
static void lay_out_picky(const char *event, const char *more)
{
    kit_sql(
        "DROP TABLE IF EXISTS picky; CREATE TABLE picky (id int PRIMARY KEY, t text,"
        " v bigint) %s; INSERT INTO picky VALUES (1, 'old', 0);"
        "CREATE OR REPLACE FUNCTION pick() RETURNS trigger AS 'BEGIN IF NEW.t = ''bad''"
        " THEN RETURN NULL; END IF; RETURN NEW; END' LANGUAGE plpgsql;"
        "CREATE TRIGGER pick BEFORE %s ON picky%s FOR EACH ROW EXECUTE FUNCTION pick()",
        more, event, more[0] ? "_all" : "");
}

static void load_picky(const char *const *lines, size_t count, size_t refused)
{
    struct kit_destination destination;

    if (schema.column_count == 0) {
        kit_schema(&schema, "id:int64! t:string v:int64");
    }
    kit_destination_init(&destination, "picky", TIDE_MODE_MERGE, &schema);
    destination.request.key = key_id;
    kit_destination_opens(&destination);
    kit_write_lines(&destination, lines, count);
    kit_commit(&destination);
    assert_int_equal(destination.host.refused, refused);
    if (refused > 0) {
        assert_non_null(
            strstr(destination.host.rejects[0].message, "a trigger keeps rows out"));
    }
    kit_destination_close(&destination);
}

static void a_row_that_a_trigger_keeps_out_is_rejected(void **state)
{
    (void)state;
    lay_out_picky("INSERT", "");
    load_picky(LINES("1|new|1", "2|bad|1", "3|c|1", "4|d|1", "5|bad|1"), 2);
    assert_string_equal(rows_of("picky"), "1new,3c,4d");
    lay_out_picky("UPDATE", "");
    load_picky(LINES("1|bad|1", "2|b|1"), 1);
    assert_string_equal(rows_of("picky"), "1old,2b");
}

static void so_is_one_of_rows_whose_keys_come_twice(void **state)
{
    (void)state;
    lay_out_picky("INSERT OR UPDATE", "");
    load_picky(LINES("2|a|1", "2|b|1", "1|new|1", "3|x|1", "3|bad|1"), 1);
    assert_string_equal(rows_of("picky"), "1new,2b,3x");
}

static void a_trigger_of_a_partition_is_seen_too(void **state)
{
    (void)state;
    kit_sql("DROP TABLE IF EXISTS picky");
    lay_out_picky("INSERT", "PARTITION BY RANGE (id); CREATE TABLE picky_all PARTITION OF"
                            " picky DEFAULT");
    load_picky(LINES("1|new|1", "2|bad|1", "3|c|1"), 1);
    assert_string_equal(rows_of("picky"), "1new,3c");
}

/* Of a table of keys alone nothing is updated: what is there already is not kept out. */
static void keys_alone_are_looked_for(void **state)
{
    struct kit_destination destination;
    struct tide_schema keys;

    (void)state;
    kit_sql(
        "CREATE TABLE odd (id int PRIMARY KEY); INSERT INTO odd VALUES (1), (3);"
        "CREATE FUNCTION odd() RETURNS trigger AS 'BEGIN IF NEW.id = 4 THEN RETURN"
        " NULL; END IF; RETURN NEW; END' LANGUAGE plpgsql;"
        "CREATE TRIGGER odd BEFORE INSERT ON odd FOR EACH ROW EXECUTE FUNCTION odd()");
    kit_schema(&keys, "id:int64!");
    kit_destination_init(&destination, "odd", TIDE_MODE_MERGE, &keys);
    destination.request.key = key_id;
    kit_destination_opens(&destination);
    kit_write_lines(&destination, LINES("1", "3", "4", "5"));
    kit_commit(&destination);
    assert_int_equal(destination.host.refused, 1);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(id::text, ',' ORDER BY id)"
                                  " FROM odd"),
                        "1,3,5");
    tide_schema_clear(&keys);
}

/* With a cursor all are merged at the commit, when none can be rejected. */
static void with_a_cursor_it_ends_the_run(void **state)
{
    struct kit_destination destination;

    (void)state;
    kit_sql("DROP TABLE IF EXISTS picky");
    lay_out_picky("INSERT", "");
    opens(&destination, "picky");
    kit_write_lines(&destination, LINES("1|new|1", "2|bad|2", "3|c|3"));
    assert_int_equal(commit(&destination, NULL, true), TIDE_E_DATA);
    assert_non_null(strstr(destination.err.message, "a trigger keeps rows out"));
    assert_non_null(strstr(destination.err.message, "merge without the cursor"));
    kit_destination_close(&destination);
    assert_string_equal(rows_of("picky"), "1old");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_by_cursor_wins_over_the_last_to_come),
        cmocka_unit_test(a_partitioned_table_is_merged_alike),
        cmocka_unit_test(a_row_of_a_former_run_gives_way),
        cmocka_unit_test(the_newest_wins_across_checkpoints),
        cmocka_unit_test(any_order_gives_what_one_statement_gives),
        cmocka_unit_test(a_bad_row_of_a_merge_with_cursor_stands_alone),
        cmocka_unit_test(a_trigger_does_not_spoil_the_cursor),
        cmocka_unit_test(a_row_that_a_trigger_keeps_out_is_rejected),
        cmocka_unit_test(so_is_one_of_rows_whose_keys_come_twice),
        cmocka_unit_test(a_trigger_of_a_partition_is_seen_too),
        cmocka_unit_test(keys_alone_are_looked_for),
        cmocka_unit_test(with_a_cursor_it_ends_the_run),
    };
    int failed;

    if (!kit_start(&failed)) {
        return failed;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    tide_schema_clear(&schema);
    kit_stop();
    return failed;
}
