/*
 * postgres_exact_test - a table that exists keeps a text as it is, or it is refused.
 *
 * The server would round, cut or drop what has no place, without a word.
 */
#include <string.h>

#include "postgres_kit.h"
#include "postgres_matrix.h"

/* Values for a column of a type, none of which the server would refuse. */
struct exact_row {
    const char *type;
    const char *const *kept;
    const char *const *refused;
    const char *code;
};

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct exact_row exact[] = {
    {"real",
     VALUES("0.1", "16777216", "0.10000000149011612", "3.4028235e38", "NaN", "-Infinity",
            "1e-45", "1.5", "1.1234568"),
     VALUES("1.123456789", "16777217", "0.1000000001", "1.17549435e-38"), "precision"},
    {"real[]", VALUES("{0.1,NULL,1.50}", "{NaN}", "{}", "[0:1]={1,2}"),
     VALUES("{1.123456789}", "{1, 16777217}"), "precision"},
    {"double precision[]", VALUES("{0.1,1e300}"), VALUES("{0.12345678901234567890}"),
     "precision"},
    {"point", VALUES("(0.1,1e300)", "1,2"), VALUES("(0.12345678901234567890,1)"),
     "precision"},
    {"numeric(10,2)[]", VALUES("{1.2,1.230,\"-9.99\",NULL}"),
     VALUES("{1.239}", "{{1,2},{3,0.001}}", "[5:5]={0.001}", "{1e-3}"), "precision"},
    {"interval(0)", VALUES("1 s", "1 year 2 mons", "00:00:01.000", "0.5 years", ".0 s"),
     VALUES("1.7 s", "00:00:00.5", "PT1.7S", ".7", "1500 ms", "1.5 seconds ago"),
     "precision"},
    {"interval",
     VALUES("1.123456 s", "00:00:00.0000010", "1.5 hours", "1.5 milliseconds",
            "1.50 years", "0.1 days ago", "P1Y2M", "@ 1 minute"),
     VALUES("1.1234567 s", "1.23 years", "P1.23Y", "0.0001 ms", "1.5 us", "0.1 century",
            "0.001 millennia"),
     "precision"},
    {"interval", VALUES("1 sec"), VALUES("PT1e-9S"), "type"},
    {"interval(1)[]", VALUES("{\"1 day 00:00:00.5\"}"), VALUES("{00:00:00.25}"),
     "precision"},
    {"timestamp(0)[]", VALUES("{\"2020-01-01 00:00:00\",infinity,NULL}"),
     VALUES("{\"2020-01-01 00:00:00.9\"}"), "precision"},
    {"timestamp[]", VALUES("{\"2020-01-01 00:00:00.123456\"}"),
     VALUES("{\"2020-01-01 00:00:00+05\"}"), "type"},
    {"timestamptz[]", VALUES("{\"2020-01-01 00:00:00.1+05\"}"),
     VALUES("{\"2020-01-01 00:00:00.1234567+05\"}"), "range"},
    {"date[]", VALUES("{2020-01-31,\"0044-03-15 BC\"}"), VALUES("{\"2020-01-01 10:00\"}"),
     "type"},
    {"time[]", VALUES("{24:00:00,10:00}"), VALUES("{10:00:00+05}"), "type"},
    {"timetz", VALUES("10:00:00.5+05:30", "10:00Z"),
     VALUES("2020-01-01 10:00:00+05", "10:00:00"), "type"},
    {"timetz(0)[]", VALUES("{10:00:00+05}"), VALUES("{10:00:00.5+05}"), "precision"},
    {"tsrange", VALUES("[\"2020-01-01 00:00:00.5\",)", "empty"),
     VALUES("[\"2020-01-01 00:00:00+05\",)"), "type"},
    {"tsrange[]", VALUES("{\"[\\\"2020-01-01 00:00:00\\\",infinity)\",empty}"),
     VALUES("{\"[\\\"2020-01-01 00:00:00+05\\\",)\"}"), "type"},
    {"datemultirange", VALUES("{[2020-01-01,2020-02-01),[2021-01-01,)}"),
     VALUES("{[\"2020-01-01 10:00\",)}"), "type"},
    {"name", VALUES(X63, ""), VALUES(X64), "range"},
    {"name[]", VALUES("{" X63 ",\"" X63 "\",\"\\\"\"}"), VALUES("{a," X64 "}"), "range"},
    {"\"char\"", VALUES("x", ""), VALUES("xyz"), "range"},
    {"\"char\"[]", VALUES("{x,\"\\\"\"}"), VALUES("{x,xy}", "{empty}"), "range"},
    {"varchar(3)[]", VALUES("{abc,\"é\\\"\\\\\",NULL}"), VALUES("{\"abc  \"}"), "range"},
    {"char(2)[]", VALUES("{ab, a,   NULL}"), VALUES("{\"ab \"}"), "range"},
    {"money", VALUES("1.5", "$1,234.56", "-1.230"), VALUES("1.239", "$0.001"),
     "precision"},
    {"money[]", VALUES("{\"$1,234.56\",1}"), VALUES("{1.239}"), "precision"},
    {"oid", VALUES("4294967295", "0"), VALUES("-1"), "range"},
    {"oidvector", VALUES("1 2"), VALUES("1 -2"), "range"},
    {"xid", VALUES("4294967295"), VALUES("4294967296", "-1", "010", "abc", ""), "range"},
    {"xid8", VALUES("18446744073709551615"), VALUES("18446744073709551616", "0x10"),
     "range"},
    {"tid[]", VALUES("{\"(0,1)\"}"), VALUES("{\"(-1,1)\"}"), "range"},
};

static size_t count_of(const char *const *values)
{
    size_t count = 0;

    while (values[count]) {
        count++;
    }
    return count;
}

/* Open a table with a column v, of texts that come from nowhere in particular. */
static void open_text(struct kit_destination *destination, struct tide_schema *schema,
                      const char *type)
{
    kit_sql("DROP TABLE IF EXISTS exact_target; CREATE TABLE exact_target (v %s)", type);
    kit_schema(schema, "v:string");
    kit_destination_init(destination, "exact_target", TIDE_MODE_APPEND, schema);
    kit_destination_opens(destination);
}

/* How many of a row's values fared other than they should. */
static size_t count_wrong(const struct kit_host *host, const struct exact_row *row)
{
    bool is_counted = host->reject_count == count_of(row->refused);
    size_t wrong = 0;

    for (size_t i = 0; i < host->reject_count; i++) {
        const struct kit_reject *reject = &host->rejects[i];

        if (!is_counted || strcmp(reject->code, row->code) != 0) {
            print_error("%s: %s, %s\n", row->type, reject->code, reject->message);
            wrong++;
        }
    }
    if (!is_counted) {
        print_error("%s: %zu rejects\n", row->type, host->reject_count);
    }
    return wrong + !is_counted;
}

static size_t try_row(const struct exact_row *row)
{
    struct kit_destination destination;
    struct tide_schema schema;
    size_t wrong;

    open_text(&destination, &schema, row->type);
    kit_write_lines(&destination, row->kept, count_of(row->kept));
    kit_write_lines(&destination, row->refused, count_of(row->refused));
    wrong = count_wrong(&destination.host, row);
    kit_commit(&destination);
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
    return wrong;
}

static void a_text_is_kept_as_it_is_or_refused(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        wrong += try_row(&exact[i]);
    }
    assert_int_equal(wrong, 0);
}

/* Of any type, as it would come through a file. */
static void what_the_server_writes_is_taken_from_elsewhere(void **state)
{
    (void)state;
    kit_sql("CREATE TYPE mood AS ENUM ('sad', 'very happy', 'it''s');"
            "CREATE DOMAIN positive AS integer CHECK (VALUE > 0);"
            "CREATE DOMAIN short_text AS varchar(10);"
            "CREATE DOMAIN short_code AS short_text;"
            "CREATE TYPE pair AS (a integer, b text);"
            "CREATE TYPE \"Odd Type\" AS ENUM ('a');"
            "CREATE SCHEMA other; CREATE TYPE other.size AS ENUM ('big')");
    for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) {
        const struct matrix_row *row = &matrix[i];
        struct kit_source source;
        struct kit_destination destination;
        struct tide_batch batch = {0};

        kit_sql("DROP TABLE IF EXISTS written, exact_target;"
                "CREATE TABLE written (v %s); CREATE TABLE exact_target (v %s)",
                row->type, row->type);
        for (size_t j = 0; row->values[j]; j++) {
            kit_sql("INSERT INTO written VALUES ($tide$%s$tide$)", row->values[j]);
        }
        kit_source_init(&source, "written");
        kit_source_opens(&source);
        source.schema.columns[0].flags &= ~(uint32_t)TIDE_COLUMN_SQL_TYPE;
        kit_destination_init(&destination, "exact_target", TIDE_MODE_APPEND,
                             &source.schema);
        kit_destination_opens(&destination);
        assert_int_equal(kit_source_plugin()->read(source.state, &batch, &source.err),
                         TIDE_OK);
        assert_int_equal(kit_write(&destination, &batch), TIDE_OK);
        if (destination.host.reject_count > 0) {
            fail_msg("%s: %s", row->type, destination.host.rejects[0].message);
        }
        tide_batch_release(&batch);
        kit_commit(&destination);
        kit_destination_close(&destination);
        kit_source_close(&source);
    }
}

static void fields_that_an_interval_would_drop_are_refused_at_once(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_sql("DROP TABLE IF EXISTS exact_target;"
            "CREATE TABLE exact_target (v interval year)");
    kit_schema(&schema, "v:string");
    kit_destination_init(&destination, "exact_target", TIDE_MODE_APPEND, &schema);
    kit_destination_fails(&destination, TIDE_E_CONFIG,
                          "column \"v\" is of type interval year and would");
    schema.columns[0].flags |= TIDE_COLUMN_SQL_TYPE;
    assert_int_equal(tide_schema_set_logical(&schema, 0, "interval year"), TIDE_OK);
    kit_destination_init(&destination, "exact_target", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    kit_destination_close(&destination);
    schema.columns[0].flags |= TIDE_COLUMN_REWRITTEN;
    kit_destination_init(&destination, "exact_target", TIDE_MODE_APPEND, &schema);
    kit_destination_fails(&destination, TIDE_E_CONFIG, "is of type interval year");
    tide_schema_clear(&schema);
}

static void another_type_of_the_source_is_held_against(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_sql("DROP TABLE IF EXISTS exact_target; CREATE DOMAIN narrow AS real;"
            "CREATE DOMAIN whole_seconds AS interval(0);"
            "CREATE TABLE exact_target (r narrow, i whole_seconds, n name)");
    kit_schema(&schema, "r:float64 i:string n:string");
    for (size_t i = 0; i < 3; i++) {
        static const char *const types[] = {"double precision", "interval", "text"};

        schema.columns[i].flags |= TIDE_COLUMN_SQL_TYPE;
        assert_int_equal(tide_schema_set_logical(&schema, i, types[i]), TIDE_OK);
    }
    kit_destination_init(&destination, "exact_target", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    kit_write_lines(&destination,
                    (const char *const[]){"1.123456789|\\N|\\N", "1|00:00:01.7|\\N",
                                          "1|00:00:02|" X64, "1|00:00:02|" X63},
                    4);
    assert_int_equal(destination.host.reject_count, 3);
    assert_non_null(strstr(destination.host.rejects[0].message,
                           "column r: 1.123456789 would be rounded by narrow"));
    assert_non_null(strstr(destination.host.rejects[1].message,
                           "column i: 00:00:01.7 would be rounded by whole_seconds"));
    assert_non_null(strstr(destination.host.rejects[2].message, "does not fit name"));
    kit_commit(&destination);
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_kept_as_it_is_or_refused),
        cmocka_unit_test(what_the_server_writes_is_taken_from_elsewhere),
        cmocka_unit_test(fields_that_an_interval_would_drop_are_refused_at_once),
        cmocka_unit_test(another_type_of_the_source_is_held_against),
    };

    return KIT_RUN(tests);
}
