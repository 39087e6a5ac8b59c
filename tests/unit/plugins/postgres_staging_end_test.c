/*
 * postgres_staging_end_test - rows that were set aside are taken over: not into a table
 * that was changed meanwhile, and whoever else works with what is set aside.
 */
#include <string.h>

#include "postgres_staged.h"

static int finish(struct kit_destination *destination)
{
    return kit_destination_plugin()->commit(destination->state, NULL, true,
                                            &destination->err);
}

/* What somebody does to the table while its rows are set aside, and what is said. */
static void changed(const char *change, const char *words)
{
    struct kit_destination destination;
    struct tide_schema schema;

    lay_out(&schema);
    open_shown(&destination, &schema);
    kit_write_lines(&destination, LINES("3"));
    assert_int_equal(checkpoint(&destination, "at 3"), TIDE_OK);
    kit_sql("%s", change);
    kit_write_lines(&destination, LINES("4"));
    assert_int_equal(finish(&destination), TIDE_E_CONFLICT);
    assert_non_null(strstr(destination.err.message, words));
    kit_destination_close(&destination);
    if (strcmp(change, "DROP TABLE shown") != 0) {
        assert_string_equal(kit_value("SELECT count(*) FROM shown WHERE id > 2"), "0");
    }
    open_shown(&destination, &schema);
    assert_null(destination.position);
    kit_write_lines(&destination, LINES("5"));
    kit_commit(&destination);
    assert_string_equal(kit_value(IDS), "5");
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
}

static void a_table_that_is_changed_meanwhile_is_not_replaced(void **state)
{
    (void)state;
    changed("ALTER TABLE shown ALTER id TYPE smallint", "were altered");
    changed("DROP TABLE shown", "it was dropped;");
    changed("DROP TABLE shown; CREATE TABLE shown (id int PRIMARY KEY)", "recreated");
    changed("ALTER TABLE shown RENAME TO old; CREATE TABLE shown (id int PRIMARY KEY);"
            "DROP TABLE IF EXISTS older; ALTER TABLE old RENAME TO older",
            "recreated");
    changed("CREATE OR REPLACE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN NEW.id = -NEW.id; RETURN NEW; END'; CREATE TRIGGER t BEFORE INSERT"
            " ON shown FOR EACH ROW WHEN (NEW.id = 4) EXECUTE FUNCTION other()",
            "it has a trigger");
}

/* As one that takes a backup. */
static void who_reads_what_is_set_aside_holds_up_no_load(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    cut_off(&schema);
    open_shown(&destination, &schema);
    resume(&destination);
    kit_sql("BEGIN");
    kit_sql(TO_STAGED("LOCK TABLE", "IN ACCESS SHARE MODE"));
    assert_int_equal(finish(&destination), TIDE_OK);
    assert_non_null(strstr(destination.host.log, "drop it by hand"));
    assert_non_null(strstr(destination.host.log, "_tidemill_staging_"));
    kit_sql("COMMIT");
    kit_destination_close(&destination);
    assert_string_equal(kit_value(IDS), "3,4");
    assert_string_equal(kit_value(STAGED), "1");
    open_shown(&destination, &schema);
    assert_null(destination.position);
    kit_write_lines(&destination, LINES("6"));
    assert_int_equal(checkpoint(&destination, "at 6"), TIDE_OK);
    assert_int_equal(finish(&destination), TIDE_OK);
    kit_destination_close(&destination);
    assert_string_equal(kit_value(IDS), "6");
    assert_string_equal(kit_value(STAGED), "0");
    tide_schema_clear(&schema);
}

#define SEEN "SELECT count(*) FROM seen"

static void a_view_on_what_is_set_aside_fails_no_load(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    cut_off(&schema);
    kit_sql(TO_STAGED("CREATE VIEW seen AS SELECT * FROM", ""));
    open_shown(&destination, &schema);
    resume(&destination);
    assert_int_equal(finish(&destination), TIDE_OK);
    assert_non_null(strstr(destination.host.log, "drop it by hand"));
    kit_destination_close(&destination);
    assert_string_equal(kit_value(IDS), "3,4");
    assert_string_equal(kit_value(SEEN), "0");

    open_shown(&destination, &schema);
    kit_write_lines(&destination, LINES("6"));
    assert_int_equal(checkpoint(&destination, "at 6"), TIDE_MORE);
    assert_int_equal(finish(&destination), TIDE_OK);
    kit_destination_close(&destination);
    assert_string_equal(kit_value(IDS), "6");

    kit_sql("DROP TABLE shown");
    open_shown(&destination, &schema);
    kit_write_lines(&destination, LINES("7"));
    assert_int_equal(checkpoint(&destination, "at 7"), TIDE_MORE);
    assert_int_equal(finish(&destination), TIDE_OK);
    kit_destination_close(&destination);
    assert_string_equal(kit_value(IDS), "7");
    kit_sql("DROP VIEW seen");
    tide_schema_clear(&schema);
}

static void another_mode_leaves_what_it_cannot_drop(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    cut_off(&schema);
    kit_sql(TO_STAGED("CREATE VIEW seen AS SELECT * FROM", ""));
    kit_destination_init(&destination, "shown", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    kit_write_lines(&destination, LINES("5"));
    assert_int_equal(finish(&destination), TIDE_OK);
    assert_non_null(strstr(destination.host.log, "drop it by hand"));
    kit_destination_close(&destination);
    assert_string_equal(kit_value(IDS), "1,2,5");
    assert_string_equal(kit_value(SEEN), "0");
    kit_sql("DROP VIEW seen");
    tide_schema_clear(&schema);
}

/* The run that is overtaken holds what it has written, which keeps the table. */
static void a_run_that_another_one_overtook_at_its_end_says_so(void **state)
{
    struct kit_destination first, second;
    struct tide_schema schema;

    (void)state;
    cut_off(&schema);
    open_shown(&first, &schema);
    resume(&first);
    open_shown(&second, &schema);
    resume(&second);
    kit_write_lines(&first, LINES("5"));
    assert_int_equal(finish(&second), TIDE_OK);
    assert_int_equal(finish(&first), TIDE_E_TRANSIENT);
    assert_non_null(strstr(first.err.message, "another run"));
    kit_destination_close(&first);
    kit_destination_close(&second);
    assert_string_equal(kit_value(IDS), "3,4");
    tide_schema_clear(&schema);
}

#define SET_DATABASE(what_)                                                              \
    "DO $$BEGIN EXECUTE 'ALTER DATABASE ' || quote_ident(current_database()) || '" what_ \
    "'; END$$"

/* Where an index would do, and the planner is told to take it. */
static void rows_keep_their_order(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    lay_out(&schema);
    kit_sql("ALTER TABLE shown ADD filler text DEFAULT repeat('x', 500)");
    kit_sql(SET_DATABASE(" SET enable_seqscan = off"));
    open_shown(&destination, &schema);
    kit_write_lines(&destination, LINES("9", "3"));
    assert_int_equal(checkpoint(&destination, "at 3"), TIDE_OK);
    kit_write_lines(&destination, LINES("7", "1", "5"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    kit_sql(SET_DATABASE(" RESET enable_seqscan"));
    assert_string_equal(
        kit_value("SELECT string_agg(id::text, ',' ORDER BY ctid) FROM shown"),
        "9,3,7,1,5");
    tide_schema_clear(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_that_is_changed_meanwhile_is_not_replaced),
        cmocka_unit_test(who_reads_what_is_set_aside_holds_up_no_load),
        cmocka_unit_test(a_view_on_what_is_set_aside_fails_no_load),
        cmocka_unit_test(another_mode_leaves_what_it_cannot_drop),
        cmocka_unit_test(a_run_that_another_one_overtook_at_its_end_says_so),
        cmocka_unit_test(rows_keep_their_order),
    };

    return KIT_RUN(tests);
}
