/*
 * postgres_staging_test - a replacing load with checkpoints: where its rows are, who sees
 * them, and when it is gone on with.
 */
#include <string.h>

#include "postgres_staged.h"

static void rows_are_set_aside_and_nobody_sees_them_before_the_end(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    lay_out(&schema);
    open_shown(&destination, &schema);
    kit_write_lines(&destination, LINES("2", "3"));
    assert_string_equal(kit_value(STAGED), "0");
    assert_int_equal(checkpoint(&destination, "at 3"), TIDE_OK);
    assert_string_equal(kit_value(STAGED), "1");
    assert_string_equal(kit_value(IDS), "1,2");
    kit_write_lines(&destination, LINES("3", "4"));
    assert_int_equal(destination.host.refused, 1);
    assert_non_null(strstr(destination.host.rejects[0].message, "\"shown_pkey\""));
    assert_int_equal(checkpoint(&destination, "at 4"), TIDE_OK);
    kit_write_lines(&destination, LINES("5"));
    assert_string_equal(kit_value(IDS), "1,2");
    kit_commit(&destination);
    assert_string_equal(kit_value(IDS), "2,3,4,5");
    assert_string_equal(kit_value(STAGED), "0");
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
}

static void what_was_set_aside_is_gone_on_with(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    cut_off(&schema);
    open_shown(&destination, &schema);
    assert_string_equal(destination.position, "at 4");
    assert_null(kit_destination_plugin()->location(destination.state));
    resume(&destination);
    assert_non_null(kit_destination_plugin()->location(destination.state));
    kit_write_lines(&destination, LINES("6"));
    kit_commit(&destination);
    assert_null(kit_destination_plugin()->location(destination.state));
    assert_string_equal(kit_value(IDS), "3,4,6");
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
}

static void unless_it_is_asked_for_it_is_thrown_away(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    cut_off(&schema);
    open_shown(&destination, &schema);
    kit_write_lines(&destination, LINES("6"));
    assert_int_equal(checkpoint(&destination, "at 6"), TIDE_OK);
    assert_string_equal(destination.host.log, "");
    kit_commit(&destination);
    assert_string_equal(kit_value(IDS), "6");
    kit_destination_close(&destination);
    tide_schema_clear(&schema);

    cut_off(&schema);
    open_shown(&destination, &schema);
    kit_commit(&destination);
    assert_string_equal(kit_value(IDS), "");
    assert_string_equal(kit_value(STAGED), "0");
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
}

static void what_somebody_changed_is_no_position(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    cut_off(&schema);
    kit_sql(TO_STAGED("INSERT INTO", "VALUES (9)"));
    open_shown(&destination, &schema);
    assert_null(destination.position);
    assert_non_null(strstr(destination.host.log, "the load starts over"));
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
}

/* Their rows would be taken for ours: the load stays where it is, and theirs are left. */
static void rows_of_others_leave_all_for_the_final_commit(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    lay_out(&schema);
    open_shown(&destination, &schema);
    kit_write_lines(&destination, LINES("3"));
    kit_sql("INSERT INTO shown VALUES (7)");
    assert_int_equal(checkpoint(&destination, "at 3"), TIDE_MORE);
    assert_non_null(strstr(destination.host.log, "others write to it"));
    kit_write_lines(&destination, LINES("4"));
    assert_int_equal(checkpoint(&destination, "at 4"), TIDE_MORE);
    kit_commit(&destination);
    assert_string_equal(kit_value(IDS), "3,4,7");
    assert_string_equal(kit_value(STAGED), "0");
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
}

static void a_run_that_was_overtaken_cannot_commit(void **state)
{
    struct kit_destination first, second;
    struct tide_schema schema;

    (void)state;
    lay_out(&schema);
    open_shown(&first, &schema);
    kit_write_lines(&first, LINES("3"));
    assert_int_equal(checkpoint(&first, "at 3"), TIDE_OK);
    open_shown(&second, &schema);
    assert_string_equal(second.position, "at 3");
    resume(&second);
    kit_write_lines(&second, LINES("4"));
    assert_int_equal(checkpoint(&second, "at 4"), TIDE_OK);
    kit_write_lines(&first, LINES("5"));
    assert_int_equal(checkpoint(&first, "at 5"), TIDE_E_TRANSIENT);
    kit_destination_close(&first);
    kit_commit(&second);
    assert_string_equal(kit_value(IDS), "3,4");
    kit_destination_close(&second);
    tide_schema_clear(&schema);
}

/* Rows that are written where the table is, and by nobody else, must be as many. */
static void rows_that_come_into_it_by_others_end_the_run(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    cut_off(&schema);
    open_shown(&destination, &schema);
    resume(&destination);
    kit_sql(TO_STAGED("INSERT INTO", "VALUES (9)"));
    assert_int_equal(
        kit_destination_plugin()->commit(destination.state, NULL, true, &destination.err),
        TIDE_E_CONFLICT);
    kit_destination_close(&destination);
    assert_string_equal(kit_value(IDS), "1,2");
    tide_schema_clear(&schema);
}

/* A role that may do no more than load the table, which has written {6}. */
static void open_as_other(struct kit_destination *destination,
                          const struct tide_schema *schema, const char *limit)
{
    kit_sql("CREATE ROLE tide_staging_test LOGIN %s", limit);
    kit_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    kit_sql("GRANT SELECT, INSERT, UPDATE, DELETE ON shown, _tidemill_positions"
            " TO tide_staging_test");
    kit_sql("UPDATE _tidemill_positions SET position = NULL");
    kit_destination_init(destination, "shown", TIDE_MODE_REPLACE, schema);
    destination->options.user = "tide_staging_test";
    destination->request.checkpoints = true;
    kit_destination_opens(destination);
    kit_write_lines(destination, LINES("6"));
}

static void a_role_that_may_not_create_tables_loads_as_ever(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    cut_off(&schema);
    open_as_other(&destination, &schema, "");
    assert_int_equal(checkpoint(&destination, "at 6"), TIDE_MORE);
    assert_string_equal(destination.host.log, "");
    kit_commit(&destination);
    assert_string_equal(kit_value(IDS), "6");
    kit_destination_close(&destination);
    kit_sql("DROP OWNED BY tide_staging_test; DROP ROLE tide_staging_test");
    tide_schema_clear(&schema);
}

static void without_another_session_it_loads_as_ever(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    cut_off(&schema);
    open_as_other(&destination, &schema, "CONNECTION LIMIT 1");
    kit_sql("GRANT CREATE ON SCHEMA public TO tide_staging_test");
    assert_int_equal(checkpoint(&destination, "at 6"), TIDE_MORE);
    assert_non_null(strstr(destination.host.log, "no checkpoints are made"));
    kit_write_lines(&destination, LINES("7"));
    kit_commit(&destination);
    assert_string_equal(kit_value(IDS), "6,7");
    kit_destination_close(&destination);
    kit_sql("DROP OWNED BY tide_staging_test; DROP ROLE tide_staging_test");
    tide_schema_clear(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_set_aside_and_nobody_sees_them_before_the_end),
        cmocka_unit_test(what_was_set_aside_is_gone_on_with),
        cmocka_unit_test(unless_it_is_asked_for_it_is_thrown_away),
        cmocka_unit_test(what_somebody_changed_is_no_position),
        cmocka_unit_test(rows_of_others_leave_all_for_the_final_commit),
        cmocka_unit_test(a_run_that_was_overtaken_cannot_commit),
        cmocka_unit_test(rows_that_come_into_it_by_others_end_the_run),
        cmocka_unit_test(a_role_that_may_not_create_tables_loads_as_ever),
        cmocka_unit_test(without_another_session_it_loads_as_ever),
    };

    return KIT_RUN(tests);
}
