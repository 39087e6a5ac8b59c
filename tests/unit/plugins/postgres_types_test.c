/*
 * postgres_types_test - every built-in type from one table to another, exactly.
 */
#include <stdlib.h>

#include "postgres_kit.h"

/* A type, and values of it as the server reads them. */
struct matrix_row {
    const char *type;
    const char *const *values;
};

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct matrix_row matrix[] = {
    {"boolean", VALUES("true", "false")},
    {"smallint", VALUES("0", "-32768", "32767")},
    {"integer", VALUES("0", "-2147483648", "2147483647")},
    {"bigint", VALUES("0", "-9223372036854775808", "9223372036854775807")},
    {"real",
     VALUES("0", "-0", "0.1", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity")},
    {"double precision", VALUES("0", "-0", "0.1", "1.7976931348623157e308", "5e-324",
                                "NaN", "Infinity", "-Infinity", "0.30000000000000004")},
    {"numeric",
     VALUES("0", "0.00", "-1", "12.50", "1e-20", "1e100", "NaN", "Infinity", "-Infinity",
            "0.0001", "10000", "123456789012345678901234567890.12345",
            "99999999.99999999", "-0.00000000000000000001")},
    {"numeric(12,2)", VALUES("0", "9999999999.99", "-0.01", "NaN")},
    {"numeric(3,-2)", VALUES("0", "99900", "-100")},
    {"text", VALUES("", "a", "\\N", "\\.", "a\tb\nc\rd\\e", "NULL", "  x  ", "ħëłłø 水 🌊",
                    "'\"")},
    {"character varying(20)", VALUES("", "abc", "12345678901234567890", "ééééé")},
    {"character(5)", VALUES("", "abc", "abcde")},
    {"name", VALUES("", "a_name")},
    {"\"char\"", VALUES("a", "")},
    {"bytea", VALUES("", "\\x00", "\\xdeadbeef", "\\x5c4e0a09")},
    {"uuid", VALUES("00000000-0000-0000-0000-000000000000",
                    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6")},
    {"date",
     VALUES("2024-11-27", "1970-01-01", "4714-11-24 BC", "0001-01-01", "0044-03-15 BC",
            "9999-12-31", "10000-01-01", "5874897-12-31", "infinity", "-infinity")},
    {"time without time zone",
     VALUES("00:00:00", "23:59:59.999999", "24:00:00", "18:22:47.5")},
    {"time(3) without time zone", VALUES("18:22:47.125")},
    {"time with time zone",
     VALUES("00:00:00+00", "23:59:59.999999-07:30", "24:00:00+15:59")},
    {"timestamp without time zone",
     VALUES("2024-11-27 18:22:47.937", "4714-11-24 00:00:00 BC", "0044-03-15 12:00:00 BC",
            "10000-01-01 00:00:00", "294246-12-31 23:59:59.999999",
            "1969-12-31 23:59:59.999999", "infinity", "-infinity")},
    {"timestamp with time zone",
     VALUES("2024-11-27 18:22:47.937+05:30", "4714-11-24 00:00:00+00 BC",
            "10000-01-01 00:00:00+00", "294246-12-31 23:59:59.999999+00", "infinity",
            "-infinity")},
    {"timestamp(3) with time zone", VALUES("2024-11-27 18:22:47.937+05:30")},
    {"interval", VALUES("0", "1 year 2 mons -3 days 04:05:06.789", "-1 mons +1 day",
                        "178000000 years")},
    {"json", VALUES("null", "{\"a\": 1,  \"a\": 2}", "[1.10, 1e400, \"\\u00e9\"]")},
    {"jsonb",
     VALUES("null", "{\"a\": {\"b\": [1.10, 123456789012345678901234567890]}}", "\"x\"")},
    {"xml", VALUES("<a>1</a>", "text <b/>")},
    {"inet", VALUES("192.168.0.1/24", "::1", "2001:db8::/32")},
    {"cidr", VALUES("192.168.0.0/24", "2001:db8::/32")},
    {"macaddr", VALUES("08:00:2b:01:02:03")},
    {"macaddr8", VALUES("08:00:2b:01:02:03:04:05")},
    {"bit(4)", VALUES("1010")},
    {"bit varying(8)", VALUES("", "10101")},
    {"money", VALUES("$1,234.56", "-$92,233,720,368,547,758.08")},
    {"point", VALUES("(1.5,-2)", "(0.1,1e300)")},
    {"line", VALUES("{1,2,3}")},
    {"lseg", VALUES("[(0,0),(1,1)]")},
    {"box", VALUES("(1,1),(0,0)")},
    {"path", VALUES("((0,0),(1,1))", "[(0,0),(1,1)]")},
    {"polygon", VALUES("((0,0),(1,1),(2,0))")},
    {"circle", VALUES("<(0,0),1.5>")},
    {"tsvector", VALUES("'a':1 'cat':2B")},
    {"tsquery", VALUES("'fat' & ( 'rat' | 'cat' )")},
    {"oid", VALUES("0", "4294967295")},
    {"xid", VALUES("4294967295")},
    {"xid8", VALUES("18446744073709551615")},
    {"tid", VALUES("(0,1)")},
    {"pg_lsn", VALUES("16/B374D848")},
    {"txid_snapshot", VALUES("10:20:10,14,15")},
    {"regtype", VALUES("integer")},
    {"jsonpath", VALUES("$.\"a\"[*]")},
    {"integer[]", VALUES("{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[0:1]={7,8}")},
    {"text[]", VALUES("{}", "{\"\",NULL,\"NULL\",\"a,b\",\"c\\\\d\",\"e\\\"f\"}")},
    {"numeric(12,2)[]", VALUES("{1.10,NaN}")},
    {"timestamp with time zone[]", VALUES("{\"2024-11-27 18:22:47.937+00\"}")},
    {"bytea[]", VALUES("{\"\\\\x00ff\"}")},
    {"int4range", VALUES("empty", "[1,10)", "(,5)", "[3,)")},
    {"numrange", VALUES("[1.10,2.200]")},
    {"tstzrange", VALUES("[\"2024-01-01 00:00:00+00\",infinity)")},
    {"daterange", VALUES("[0044-03-15 BC,2024-01-01)")},
    {"int4multirange", VALUES("{}", "{[1,3),[5,7)}")},
    {"mood", VALUES("sad", "very happy", "it's")},
    {"mood[]", VALUES("{sad,\"very happy\"}")},
    {"positive", VALUES("1", "2147483647")},
    {"short_code", VALUES("", "abc")},
    {"pair", VALUES("(1,x)", "(,)", "(1,\"\")")},
    {"\"Odd Type\"", VALUES("a")},
    {"other.size", VALUES("big")},
};

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_arrives_as_it_was),
        cmocka_unit_test(every_type_arrives_beside_the_others),
        cmocka_unit_test(null_and_empty_stay_apart),
        cmocka_unit_test(long_values_pass_in_both_forms),
        cmocka_unit_test(the_widest_numeric_passes),
        cmocka_unit_test(server_settings_change_no_value),
    };
    int failed;

    if (!kit_start(&failed)) {
        return failed;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    kit_stop();
    return failed;
}
