/*
 * postgres_modes_test - replace and merge, as readers and other tables see them.
 */
#include <string.h>

#include "postgres_kit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LINES(...)                                                                       \
    (const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__}))

static const char *const key_id[] = {"id", NULL};

static void open_table(struct kit_destination *destination, const char *table, int mode,
                       const struct tide_schema *schema, const char *cursor)
{
    kit_destination_init(destination, table, mode, schema);
    destination->request.key = mode == TIDE_MODE_MERGE ? key_id : NULL;
    destination->request.cursor = cursor;
    kit_destination_opens(destination);
}

/* ---- replace --------------------------------------------------------------------- */

static void readers_see_the_old_rows_until_the_commit(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;
    const char *sum = "SELECT string_agg(id::text, ',' ORDER BY id) FROM shown";

    (void)state;
    kit_sql("CREATE TABLE shown (id int PRIMARY KEY); INSERT INTO shown VALUES (1), (2)");
    kit_schema(&schema, "id:int64");
    open_table(&destination, "shown", TIDE_MODE_REPLACE, &schema, NULL);
    assert_string_equal(kit_value("%s", sum), "1,2");
    kit_write_lines(&destination, LINES("2", "3"));
    assert_string_equal(kit_value("%s", sum), "1,2");
    kit_write_lines(&destination, LINES("4"));
    assert_int_equal(
        kit_destination_plugin()->commit(destination.state, "x", false, &destination.err),
        TIDE_MORE);
    assert_string_equal(kit_value("%s", sum), "1,2");
    kit_commit(&destination);
    assert_string_equal(kit_value("%s", sum), "2,3,4");
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
}

static void an_older_snapshot_keeps_seeing_the_old_rows(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_schema(&schema, "id:int64");
    kit_sql("BEGIN ISOLATION LEVEL REPEATABLE READ");
    assert_string_equal(kit_value("SELECT count(*) FROM shown"), "3");
    open_table(&destination, "shown", TIDE_MODE_REPLACE, &schema, NULL);
    kit_write_lines(&destination, LINES("9"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT count(*) FROM shown"), "3");
    kit_sql("COMMIT");
    assert_string_equal(kit_value("SELECT max(id) FROM shown"), "9");
    tide_schema_clear(&schema);
}

static void a_replace_that_fails_keeps_the_old_rows(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_schema(&schema, "id:int64");
    open_table(&destination, "shown", TIDE_MODE_REPLACE, &schema, NULL);
    kit_write_lines(&destination, LINES("5"));
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(id::text, ',') FROM shown"), "9");
    tide_schema_clear(&schema);
}

static void a_look_at_the_columns_changes_nothing(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_schema(&schema, "id:int64");
    kit_sql("BEGIN; SELECT * FROM shown FOR UPDATE");
    open_table(&destination, "shown", TIDE_MODE_REPLACE, &schema, NULL);
    kit_destination_close(&destination);
    kit_sql("COMMIT");
    tide_schema_clear(&schema);
}

static void replacing_with_no_rows_empties_the_table(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_schema(&schema, "id:int64");
    open_table(&destination, "shown", TIDE_MODE_REPLACE, &schema, NULL);
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT count(*) FROM shown"), "0");
    tide_schema_clear(&schema);
}

static void a_replaced_table_keeps_its_identity(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;
    char oid[32];

    (void)state;
    kit_sql("CREATE TABLE kept (id int PRIMARY KEY, t text DEFAULT 'd');"
            "INSERT INTO kept VALUES (1); CREATE VIEW kept_view AS SELECT * FROM kept;"
            "GRANT SELECT ON kept TO PUBLIC");
    (void)snprintf(oid, sizeof oid, "%s", kit_value("SELECT 'kept'::regclass::oid"));
    kit_schema(&schema, "id:int64");
    open_table(&destination, "kept", TIDE_MODE_REPLACE, &schema, NULL);
    kit_write_lines(&destination, LINES("1", "2"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT 'kept'::regclass::oid"), oid);
    assert_string_equal(kit_value("SELECT string_agg(id || t, ',') FROM kept_view"),
                        "1d,2d");
    assert_string_equal(kit_value("SELECT relacl IS NOT NULL FROM pg_class"
                                  " WHERE relname = 'kept'"),
                        "t");
    tide_schema_clear(&schema);
}

static void rows_of_other_tables_are_never_deleted(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_sql("CREATE TABLE owner (id int PRIMARY KEY); INSERT INTO owner VALUES (1);"
            "CREATE TABLE owned (id int REFERENCES owner ON DELETE CASCADE);"
            "INSERT INTO owned VALUES (1)");
    kit_schema(&schema, "id:int64");
    kit_destination_init(&destination, "owner", TIDE_MODE_REPLACE, &schema);
    kit_destination_fails(&destination, TIDE_E_CONFIG, "owned_id_fkey");
    assert_string_equal(kit_value("SELECT count(*) FROM owned"), "1");
    tide_schema_clear(&schema);
}

static void old_rows_that_others_refer_to_end_the_run(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;
    struct tide_batch batch;

    (void)state;
    kit_sql(
        "CREATE TABLE named (id int PRIMARY KEY); INSERT INTO named VALUES (1);"
        "CREATE TABLE naming (id int REFERENCES named); INSERT INTO naming VALUES (1)");
    kit_schema(&schema, "id:int64");
    open_table(&destination, "named", TIDE_MODE_REPLACE, &schema, NULL);
    kit_batch(&destination.accepted, LINES("1", "2"), &batch);
    assert_int_equal(kit_write(&destination, &batch), TIDE_E_CONFIG);
    assert_non_null(strstr(destination.err.message, "naming_id_fkey"));
    tide_batch_release(&batch);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT count(*) FROM named"), "1");
    tide_schema_clear(&schema);
}

/* Open, write a row; the old rows {1, 2} stay, and the run fails. */
static void stays_as_it_is(const char *table, const struct tide_schema *schema)
{
    struct kit_destination destination;
    struct tide_batch batch;

    open_table(&destination, table, TIDE_MODE_REPLACE, schema, NULL);
    kit_batch(&destination.accepted, LINES("3"), &batch);
    assert_int_equal(kit_write(&destination, &batch), TIDE_E_CONFIG);
    assert_non_null(strstr(destination.err.message, "some are left"));
    assert_non_null(strstr(destination.err.message, "use mode merge"));
    tide_batch_release(&batch);
    kit_destination_close(&destination);
    assert_string_equal(
        kit_value("SELECT string_agg(id::text, ',' ORDER BY id) FROM %s", table), "1,2");
}

static void rows_that_cannot_be_deleted_end_the_run(void **state)
{
    struct tide_schema schema;

    (void)state;
    kit_sql("CREATE FUNCTION stay() RETURNS trigger AS 'BEGIN IF OLD.id = 1 THEN RETURN"
            " NULL; END IF; RETURN OLD; END' LANGUAGE plpgsql;"
            "CREATE TABLE soft (id int); INSERT INTO soft VALUES (1), (2);"
            "CREATE RULE soft AS ON DELETE TO soft DO INSTEAD NOTHING;"
            "CREATE TABLE staying (id int); INSERT INTO staying VALUES (1), (2);"
            "CREATE TRIGGER stay BEFORE DELETE ON staying FOR EACH ROW"
            " EXECUTE FUNCTION stay();"
            "CREATE TABLE parts (id int) PARTITION BY LIST (id);"
            "CREATE TABLE parts_1 PARTITION OF parts DEFAULT;"
            "INSERT INTO parts VALUES (1), (2);"
            "CREATE TRIGGER stay BEFORE DELETE ON parts_1 FOR EACH ROW"
            " EXECUTE FUNCTION stay()");
    kit_schema(&schema, "id:int64");
    stays_as_it_is("soft", &schema);
    stays_as_it_is("staying", &schema);
    stays_as_it_is("parts", &schema);
    tide_schema_clear(&schema);
}

static void replace_with_3(const char *table)
{
    struct kit_destination destination;
    struct tide_schema schema;

    kit_schema(&schema, "id:int64");
    open_table(&destination, table, TIDE_MODE_REPLACE, &schema, NULL);
    kit_write_lines(&destination, LINES("3"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
    assert_string_equal(kit_value("SELECT string_agg(id::text, ',') FROM %s%s",
                                  strcmp(table, "parts") == 0 ? "" : "ONLY ", table),
                        "3");
}

/* Triggers that let rows go, and the rows of partitions, are no reason to fail. */
static void rows_that_a_trigger_looks_at_are_deleted(void **state)
{
    (void)state;
    kit_sql("CREATE FUNCTION look() RETURNS trigger AS 'BEGIN RETURN OLD; END' LANGUAGE"
            " plpgsql; CREATE TABLE looked (id int); INSERT INTO looked VALUES (1), (2);"
            "CREATE TRIGGER look BEFORE DELETE ON looked FOR EACH ROW"
            " EXECUTE FUNCTION look(); DROP TRIGGER stay ON parts_1");
    replace_with_3("looked");
    replace_with_3("parts");
}

static void rows_of_tables_that_inherit_stay(void **state)
{
    (void)state;
    kit_sql("CREATE TABLE parent (id int); INSERT INTO parent VALUES (1);"
            "CREATE TABLE child (extra text) INHERITS (parent);"
            "INSERT INTO child VALUES (7, 'mine')");
    replace_with_3("parent");
    assert_string_equal(kit_value("SELECT id || extra FROM child"), "7mine");
}

/* ---- merge ----------------------------------------------------------------------- */

static void a_merge_inserts_and_updates(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_sql("CREATE TABLE merged (id int PRIMARY KEY, t text, kept text DEFAULT 'k');"
            "INSERT INTO merged VALUES (1, 'old', 'mine'), (2, 'old', 'mine')");
    kit_schema(&schema, "t:string id:int64");
    open_table(&destination, "merged", TIDE_MODE_MERGE, &schema, NULL);
    kit_write_lines(&destination, LINES("new|2", "new|3"));
    kit_write_lines(&destination, LINES("a|4", "b|4"));
    kit_write_lines(&destination, LINES("c|4", "\\N|5"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(
        kit_value("SELECT string_agg(id || coalesce(t, '-') || kept, ',' ORDER BY id)"
                  " FROM merged"),
        "1oldmine,2newmine,3newk,4ck,5-k");
    tide_schema_clear(&schema);
}

static void a_merge_of_key_columns_alone_keeps_what_is_there(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_schema(&schema, "id:int64");
    open_table(&destination, "merged", TIDE_MODE_MERGE, &schema, NULL);
    kit_write_lines(&destination, LINES("1", "1", "77"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT count(*) || max(id)::text FROM merged"), "677");
    tide_schema_clear(&schema);
}

static void a_bad_row_of_a_merge_stands_alone(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_sql("CREATE TABLE checked (id int PRIMARY KEY, n int CHECK (n > 0),"
            " name text UNIQUE, made int GENERATED ALWAYS AS IDENTITY,"
            " note text NOT NULL DEFAULT 'x' CHECK (note IS NOT NULL));"
            "INSERT INTO checked VALUES (1, 1, 'taken')");
    kit_schema(&schema, "id:int64 n:int64 name:string");
    open_table(&destination, "checked", TIDE_MODE_MERGE, &schema, NULL);
    kit_write_lines(&destination,
                    LINES("2|1|a", "3|-1|b", "4|1|taken", "5|1|c", "1|2|taken"));
    kit_commit(&destination);
    assert_int_equal(destination.host.refused, 2);
    assert_int_equal(destination.host.rejects[0].row, 1);
    assert_non_null(strstr(destination.host.rejects[0].message, "checked_n_check"));
    assert_int_equal(destination.host.rejects[1].row, 2);
    assert_non_null(strstr(destination.host.rejects[1].message, "checked_name_key"));
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(id || ':' || n, ',' ORDER BY id)"
                                  " FROM checked"),
                        "1:2,2:1,5:1");
    tide_schema_clear(&schema);
}

static void a_merge_goes_on_after_a_commit_in_between(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_schema(&schema, "id:int64 t:string");
    open_table(&destination, "merged", TIDE_MODE_MERGE, &schema, NULL);
    kit_write_lines(&destination, LINES("100|a"));
    assert_int_equal(
        kit_destination_plugin()->commit(destination.state, "p", false, &destination.err),
        TIDE_OK);
    assert_string_equal(kit_value("SELECT t FROM merged WHERE id = 100"), "a");
    kit_write_lines(&destination, LINES("100|b", "101|c"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(t, ',' ORDER BY id) FROM merged"
                                  " WHERE id >= 100"),
                        "b,c");
    assert_string_equal(
        kit_value("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_tidemill\\_7%%'"),
        "0");
    tide_schema_clear(&schema);
}

static void a_text_merge_keeps_the_order_too(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_sql("CREATE TABLE merged_text (id int PRIMARY KEY, i inet)");
    kit_schema(&schema, "id:int64 i:string");
    open_table(&destination, "merged_text", TIDE_MODE_MERGE, &schema, NULL);
    kit_write_lines(&destination, LINES("1|10.0.0.1", "1|10.0.0.2", "2|\\N"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT host(i) FROM merged_text WHERE id = 1"),
                        "10.0.0.2");
    tide_schema_clear(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_see_the_old_rows_until_the_commit),
        cmocka_unit_test(an_older_snapshot_keeps_seeing_the_old_rows),
        cmocka_unit_test(a_replace_that_fails_keeps_the_old_rows),
        cmocka_unit_test(a_look_at_the_columns_changes_nothing),
        cmocka_unit_test(replacing_with_no_rows_empties_the_table),
        cmocka_unit_test(a_replaced_table_keeps_its_identity),
        cmocka_unit_test(rows_of_other_tables_are_never_deleted),
        cmocka_unit_test(old_rows_that_others_refer_to_end_the_run),
        cmocka_unit_test(rows_that_cannot_be_deleted_end_the_run),
        cmocka_unit_test(rows_that_a_trigger_looks_at_are_deleted),
        cmocka_unit_test(rows_of_tables_that_inherit_stay),
        cmocka_unit_test(a_merge_inserts_and_updates),
        cmocka_unit_test(a_merge_of_key_columns_alone_keeps_what_is_there),
        cmocka_unit_test(a_bad_row_of_a_merge_stands_alone),
        cmocka_unit_test(a_merge_goes_on_after_a_commit_in_between),
        cmocka_unit_test(a_text_merge_keeps_the_order_too),
    };

    return KIT_RUN(tests);
}
