/*
 * postgres_types_test - every built-in type from one table to another, exactly.
 */
#include <stdlib.h>

#include "postgres_kit.h"
#include "postgres_matrix.h"

static void make_types(void)
{
    kit_sql("CREATE TYPE mood AS ENUM ('sad', 'very happy', 'it''s');"
            "CREATE DOMAIN positive AS integer CHECK (VALUE > 0);"
            "CREATE DOMAIN short_text AS varchar(10);"
            "CREATE DOMAIN short_code AS short_text;"
            "CREATE TYPE pair AS (a integer, b text);"
            "CREATE TYPE \"Odd Type\" AS ENUM ('a');"
            "CREATE SCHEMA other; CREATE TYPE other.size AS ENUM ('big')");
}

/* Rows of one table that the other does not have, and the reverse. */
static void assert_same_rows(const char *a, const char *b)
{
    assert_string_equal(kit_value("SELECT count(*) FROM %s", a),
                        kit_value("SELECT count(*) FROM %s", b));
    assert_string_equal(
        kit_value("SELECT count(*) FROM (SELECT t::text FROM %s t EXCEPT ALL "
                  "SELECT t::text FROM %s t) d",
                  a, b),
        "0");
}

static const char *columns_of(const char *table)
{
    return kit_value(
        "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod)"
        " || CASE WHEN attnotnull THEN ' not null' ELSE '' END, ', '"
        " ORDER BY attnum) FROM pg_attribute WHERE attrelid = '%s'::regclass"
        " AND attnum > 0",
        table);
}

static void fill(const struct matrix_row *row)
{
    kit_sql("DROP TABLE IF EXISTS source_table, target_table;"
            "CREATE TABLE source_table (n integer, v %s)",
            row->type);
    for (size_t i = 0; row->values[i]; i++) {
        kit_sql("INSERT INTO source_table VALUES (%zu, $tide$%s$tide$)", i,
                row->values[i]);
    }
    kit_sql("INSERT INTO source_table VALUES (1000, NULL)");
}

static void every_type_arrives_as_it_was(void **state)
{
    (void)state;
    make_types();
    for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) {
        fill(&matrix[i]);
        kit_copy("source_table", "target_table", TIDE_MODE_APPEND, NULL);
        assert_same_rows("source_table", "target_table");
        assert_string_equal(columns_of("source_table"), columns_of("target_table"));
    }
}

/* All of them in one table: one type without a binary form makes the whole COPY text. */
static void every_type_arrives_beside_the_others(void **state)
{
    (void)state;
    kit_sql("DROP TABLE IF EXISTS wide_source, wide_target; CREATE TABLE wide_source ()");
    for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) {
        kit_sql("ALTER TABLE wide_source ADD c%zu %s", i, matrix[i].type);
    }
    for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) {
        for (size_t j = 0; matrix[i].values[j]; j++) {
            kit_sql("INSERT INTO wide_source (c%zu) VALUES ($tide$%s$tide$)", i,
                    matrix[i].values[j]);
        }
    }
    kit_copy("wide_source", "wide_target", TIDE_MODE_APPEND, NULL);
    assert_same_rows("wide_source", "wide_target");
    assert_string_equal(columns_of("wide_source"), columns_of("wide_target"));
}

static void null_and_empty_stay_apart(void **state)
{
    (void)state;
    kit_sql("DROP TABLE IF EXISTS source_table, target_table;"
            "CREATE TABLE source_table (a text, b bytea, c inet);"
            "INSERT INTO source_table VALUES ('', '', NULL), (NULL, NULL, NULL)");
    kit_copy("source_table", "target_table", TIDE_MODE_APPEND, NULL);
    assert_string_equal(
        kit_value("SELECT string_agg((a IS NULL)::text || (b IS NULL)::text,"
                  " ',') FROM target_table"),
        "falsefalse,truetrue");
}

static void long_values_pass_in_both_forms(void **state)
{
    (void)state;
    kit_sql("DROP TABLE IF EXISTS source_table, target_table;"
            "CREATE TABLE source_table (n int, t text, b bytea);"
            "INSERT INTO source_table SELECT 1, repeat('tide\\', 2000000),"
            " decode(repeat('00ff5c', 3000000), 'hex');"
            "INSERT INTO source_table SELECT 2, repeat('x', 65536), 'b'");
    kit_copy("source_table", "target_table", TIDE_MODE_APPEND, NULL);
    assert_same_rows("source_table", "target_table");
    kit_sql("DROP TABLE target_table; ALTER TABLE source_table ADD i inet");
    kit_copy("source_table", "target_table", TIDE_MODE_APPEND, NULL);
    assert_same_rows("source_table", "target_table");
}

static void the_widest_numeric_passes(void **state)
{
    (void)state;
    kit_sql(
        "DROP TABLE IF EXISTS source_table, target_table;"
        "CREATE TABLE source_table (v numeric);"
        "INSERT INTO source_table SELECT (repeat('9', 131072) || '.' ||"
        " repeat('7', 16383))::numeric;"
        "INSERT INTO source_table SELECT ('0.' || repeat('0', 16382) || '1')::numeric");
    kit_copy("source_table", "target_table", TIDE_MODE_APPEND, NULL);
    assert_same_rows("source_table", "target_table");
}

static void server_settings_change_no_value(void **state)
{
    static const char *const settings[] = {"datestyle = 'SQL, DMY'",
                                           "intervalstyle = 'sql_standard'",
                                           "timezone = 'Asia/Kathmandu'",
                                           "extra_float_digits = -15",
                                           "bytea_output = 'escape'",
                                           "xmloption = 'document'",
                                           "standard_conforming_strings = off",
                                           NULL};

    (void)state;
    for (size_t i = 0; settings[i]; i++) {
        kit_sql("ALTER DATABASE %s SET %s", kit_options().database, settings[i]);
    }
    kit_sql("DROP TABLE IF EXISTS wide_target");
    kit_copy("wide_source", "wide_target", TIDE_MODE_APPEND, NULL);
    assert_same_rows("wide_source", "wide_target");
}

static void server_settings_change_no_name(void **state)
{
    (void)state;
    kit_sql("ALTER DATABASE %s SET standard_conforming_strings = off",
            kit_options().database);
    kit_sql("CREATE TABLE \"back\\slash's\" AS SELECT 7 AS \"it's \\n\"");
    kit_copy("back\\slash's", "slash's\\back", TIDE_MODE_REPLACE, NULL);
    assert_string_equal(kit_value("SELECT \"it's \\n\" FROM \"slash's\\back\""), "7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_arrives_as_it_was),
        cmocka_unit_test(every_type_arrives_beside_the_others),
        cmocka_unit_test(null_and_empty_stay_apart),
        cmocka_unit_test(long_values_pass_in_both_forms),
        cmocka_unit_test(the_widest_numeric_passes),
        cmocka_unit_test(server_settings_change_no_value),
        cmocka_unit_test(server_settings_change_no_name),
    };

    return KIT_RUN(tests);
}
