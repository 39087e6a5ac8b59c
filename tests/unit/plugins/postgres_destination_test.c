/*
 * postgres_destination_test - tables created and matched, rows taken and refused.
 */
#include <string.h>

#include "postgres_kit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LINES(...)                                                                       \
    (const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__}))

static const char *const key_id[] = {"id", NULL};

/* ---- tables ---------------------------------------------------------------------- */

static void a_missing_table_is_created(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_schema(&schema, "id:int64! f:float64 d:decimal s:string b:bytes day:date t:time "
                        "at:timestamp u:uuid j:json l:datetime yes:bool none:null");
    kit_destination_init(&destination, "made", TIDE_MODE_MERGE, &schema);
    destination.request.key = key_id;
    kit_destination_opens(&destination);
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(
        kit_value(
            "SELECT string_agg(format_type(atttypid, atttypmod), ',' ORDER BY attnum)"
            " FROM pg_attribute WHERE attrelid = 'made'::regclass AND attnum > 0"),
        "bigint,double precision,numeric,text,bytea,date,time without time zone,"
        "timestamp with time zone,uuid,jsonb,timestamp without time zone,boolean,text");
    assert_string_equal(kit_value("SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                                  " WHERE conrelid = 'made'::regclass"),
                        "PRIMARY KEY (id)");
    tide_schema_clear(&schema);
}

static void a_type_of_another_database_is_not_trusted(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_schema(&schema, "a:int64 b:string c:string d:string e:int64 f:int64");
    for (size_t i = 0; i < 5; i++) {
        schema.columns[i].flags |= TIDE_COLUMN_SQL_TYPE;
    }
    assert_int_equal(tide_schema_set_logical(&schema, 0, "smallint"), TIDE_OK);
    assert_int_equal(tide_schema_set_logical(&schema, 1, "no_such_type"), TIDE_OK);
    assert_int_equal(tide_schema_set_logical(&schema, 2, "text); DROP TABLE made; --"),
                     TIDE_OK);
    assert_int_equal(tide_schema_set_logical(&schema, 3, "inet"), TIDE_OK);
    assert_int_equal(tide_schema_set_logical(&schema, 4, "text"), TIDE_OK);
    assert_int_equal(tide_schema_set_logical(&schema, 5, "smallint"), TIDE_OK);
    kit_destination_init(&destination, "typed_target", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    kit_commit(&destination);
    kit_destination_close(&destination);
    assert_string_equal(
        kit_value(
            "SELECT string_agg(format_type(atttypid, atttypmod), ',' ORDER BY attnum)"
            " FROM pg_attribute WHERE attrelid = 'typed_target'::regclass"
            " AND attnum > 0"),
        "smallint,text,text,inet,bigint,bigint");
    tide_schema_clear(&schema);
}

/* A question that fails, as that of a first run does, begins the transaction anew: it is
 * of the same kind then. */
static void a_first_run_is_as_isolated_as_any(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_sql("ALTER ROLE CURRENT_USER IN DATABASE %s"
            " SET default_transaction_isolation = serializable",
            kit_options().database);
    kit_sql("CREATE SCHEMA first; CREATE TABLE first.run (id int, isolation text"
            " DEFAULT current_setting('transaction_isolation'))");
    kit_schema(&schema, "id:int64");
    for (int i = 0; i < 2; i++) {
        kit_destination_init(&destination, "first.run", TIDE_MODE_APPEND, &schema);
        kit_destination_opens(&destination);
        kit_write_lines(&destination, LINES("1"));
        kit_commit(&destination);
        kit_destination_close(&destination);
    }
    kit_sql("ALTER ROLE CURRENT_USER IN DATABASE %s RESET default_transaction_isolation",
            kit_options().database);
    assert_string_equal(kit_value("SELECT string_agg(isolation, ',') FROM first.run"),
                        "read committed,read committed");
    tide_schema_clear(&schema);
}

static void what_is_not_committed_leaves_no_trace(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_schema(&schema, "id:int64 s:string");
    kit_destination_init(&destination, "ghost", TIDE_MODE_MERGE, &schema);
    destination.request.key = key_id;
    kit_destination_opens(&destination);
    kit_write_lines(&destination, LINES("1|a", "2|b"));
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT count(*) FROM pg_class WHERE relname = 'ghost'"
                                  " OR relname LIKE '\\_tidemill\\_7%%'"),
                        "0");
    tide_schema_clear(&schema);
}

static void the_accepted_schema_is_the_tables(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;
    const struct tide_column *columns;

    (void)state;
    kit_sql("CREATE TABLE shaped (id int NOT NULL DEFAULT 1, code char(3), price real,"
            " mood inet NOT NULL, extra text NOT NULL DEFAULT 'x',"
            " made bigint GENERATED ALWAYS AS IDENTITY)");
    kit_schema(&schema, "mood:string code:int64 id:string price:decimal");
    kit_destination_init(&destination, "shaped", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    columns = destination.accepted.columns;
    assert_int_equal(destination.accepted.column_count, 4);
    assert_string_equal(columns[0].name, "mood");
    assert_int_equal(columns[0].type, TIDE_TYPE_STRING);
    assert_true(columns[0].flags & TIDE_COLUMN_REQUIRED);
    assert_int_equal(columns[1].type, TIDE_TYPE_STRING);
    assert_int_equal(columns[1].max_length, 3);
    assert_int_equal(columns[2].type, TIDE_TYPE_INT64);
    assert_true(columns[2].flags & TIDE_COLUMN_DEFAULT);
    assert_int_equal(columns[3].type, TIDE_TYPE_FLOAT64);
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
}

static void assert_refused(const char *table, int mode, const char *columns,
                           const char *const *key, const char *words)
{
    struct kit_destination destination;
    struct tide_schema schema;

    kit_schema(&schema, columns);
    kit_destination_init(&destination, table, mode, &schema);
    destination.request.key = key;
    kit_destination_fails(&destination, TIDE_E_CONFIG, words);
    tide_schema_clear(&schema);
}

static void a_table_of_another_shape_is_told_before_the_first_row(void **state)
{
    static const char *const key_code[] = {"code", NULL};

    (void)state;
    kit_sql("CREATE TABLE strict (id int NOT NULL, code text,"
            " twice int GENERATED ALWAYS AS (id * 2) STORED)");
    assert_refused("strict", TIDE_MODE_APPEND, "id:int64 kode:string", NULL,
                   "did you mean \"code\"?");
    assert_refused("strict", TIDE_MODE_APPEND, "code:string", NULL,
                   "requires column \"id\" (integer)");
    assert_refused("strict", TIDE_MODE_APPEND, "id:int64 twice:int64", NULL,
                   "computed by the database");
    assert_refused("strict", TIDE_MODE_MERGE, "id:int64 code:string", key_id,
                   "CREATE UNIQUE INDEX ON \"public\".\"strict\" (\"id\")");
    assert_refused("strict", TIDE_MODE_MERGE, "id:int64", key_code, "does not come");
    assert_refused("strict", TIDE_MODE_MERGE, "id:int64", NULL, "needs a key");
    assert_refused("nowhere.t", TIDE_MODE_APPEND, "id:int64", NULL, "\"nowhere\"");
    kit_sql("CREATE UNIQUE INDEX ON strict (id) WHERE code IS NULL");
    assert_refused("strict", TIDE_MODE_MERGE, "id:int64 code:string", key_id,
                   "needs a unique index");
}

/* ---- rows ------------------------------------------------------------------------ */

static void bad_rows_stand_alone_and_the_others_go_in(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_sql("CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1);"
            "CREATE TYPE colour AS ENUM ('red', 'blue');"
            "CREATE TABLE guarded (id int PRIMARY KEY, n int CHECK (n > 0),"
            " p int REFERENCES parent, c colour)");
    kit_schema(&schema, "id:int64 n:int64 p:int64 c:string");
    kit_destination_init(&destination, "guarded", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    kit_write_lines(&destination, LINES("1|1|1|red", "2|1|1|blue"));
    kit_write_lines(&destination, LINES("3|1|1|red", "4|-1|1|red", "5|1|9|red",
                                        "6|1|1|green", "2|1|1|red", "7|1|\\N|\\N"));
    kit_write_lines(&destination, LINES("8|1|1|red"));
    kit_commit(&destination);
    assert_int_equal(destination.host.refused, 4);
    assert_int_equal(destination.host.rejects[0].row, 1);
    assert_non_null(strstr(destination.host.rejects[0].message, "guarded_n_check"));
    assert_int_equal(destination.host.rejects[1].row, 2);
    assert_non_null(strstr(destination.host.rejects[1].message, "guarded_p_fkey"));
    assert_non_null(strstr(destination.host.rejects[2].message, "green"));
    assert_non_null(strstr(destination.host.rejects[3].message, "already exists"));
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(id::text, ',' ORDER BY id)"
                                  " FROM guarded"),
                        "1,2,3,7,8");
    tide_schema_clear(&schema);
}

static void what_would_be_changed_is_refused_before_it_is_sent(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;
    struct tide_batch batch;

    (void)state;
    kit_sql("CREATE TABLE narrow (i2 smallint, i4 int, d numeric(5,2), at timestamptz(3),"
            " r real, day date)");
    kit_schema(&schema, "i2:int64 i4:int64 d:decimal at:timestamp r:float64 day:date");
    kit_destination_init(&destination, "narrow", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    kit_batch(&destination.accepted,
              LINES("32767|2147483647|999.99|2024-01-01T00:00:00.123Z|0.1|0",
                    "32768|0|0|\\N|0|0", "0|-2147483649|0|\\N|0|0", "0|0|1000|\\N|0|0",
                    "0|0|0.001|\\N|0|0", "0|0|1e2|\\N|NaN|\\N",
                    "0|0|0|2024-01-01T00:00:00.1234Z|0|0", "0|0|0|infinity|1e39|0",
                    "0|0|Infinity|\\N|0|0", "0|0|0.100|\\N|0|0", "0|0|0|\\N|0|-2440589",
                    "\\N|\\N|NaN|-infinity|\\N|2147483647"),
              &batch);
    if (kit_write(&destination, &batch) != TIDE_OK) {
        fail_msg("%s", destination.err.message);
    }
    tide_batch_release(&batch);
    kit_commit(&destination);
    assert_int_equal(destination.host.refused, 0);
    assert_int_equal(destination.host.reject_count, 8);
    assert_string_equal(destination.host.rejects[0].code, "range");
    assert_string_equal(destination.host.rejects[0].message,
                        "column i2: 32768 does not fit smallint");
    for (size_t i = 0; i < destination.host.reject_count; i++) {
        bool rounded =
            destination.host.rejects[i].row == 4 || destination.host.rejects[i].row == 6;

        assert_string_equal(destination.host.rejects[i].code,
                            rounded ? "precision" : "range");
    }
    kit_destination_close(&destination);
    assert_string_equal(
        kit_value("SELECT count(*) || ',' || max(i2) || ',' || sum(d) FILTER"
                  " (WHERE d <> 'NaN') FROM narrow"),
        "4,32767,1100.09");
    tide_schema_clear(&schema);
}

static void load_nul_bytes(const char *table)
{
    struct kit_destination destination;
    struct tide_schema schema;
    struct tide_batch batch;
    struct tide_builder builder;

    kit_schema(&schema, "t:string");
    kit_destination_init(&destination, table, TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    tide_builder_init(&builder, TIDE_TYPE_STRING);
    assert_int_equal(tide_append_text(&builder, "good"), TIDE_OK);
    assert_int_equal(tide_append_bytes(&builder, "b\0d", 3), TIDE_OK);
    assert_int_equal(tide_append_text(&builder, "fine"), TIDE_OK);
    assert_int_equal(tide_batch_init(&batch, 1, 3), TIDE_OK);
    assert_int_equal(tide_builder_finish(&builder, batch.array.children[0]), TIDE_OK);
    assert_int_equal(kit_write(&destination, &batch), TIDE_OK);
    tide_batch_release(&batch);
    kit_commit(&destination);
    assert_int_equal(destination.host.reject_count, 1);
    assert_int_equal(destination.host.rejects[0].row, 1);
    assert_string_equal(destination.host.rejects[0].code, "nul_byte");
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
}

static void a_nul_byte_is_refused_in_both_forms(void **state)
{
    (void)state;
    kit_sql("CREATE TABLE nul_binary (t text); CREATE TABLE nul_text (t text, i inet[]);"
            "CREATE DOMAIN words AS text; CREATE TABLE nul_domain (t words)");
    load_nul_bytes("nul_binary");
    load_nul_bytes("nul_domain");
    assert_string_equal(kit_value("SELECT string_agg(t, ',' ORDER BY t) FROM nul_binary"),
                        "fine,good");
}

static void a_row_that_a_trigger_keeps_out_is_a_rejected_row(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_sql("CREATE TABLE picky (id int); CREATE FUNCTION pick() RETURNS trigger AS"
            " 'BEGIN IF NEW.id = 13 THEN RETURN NULL; ELSIF NEW.id = 14 THEN"
            " RAISE ''not fourteen''; END IF; RETURN NEW; END' LANGUAGE plpgsql;"
            "CREATE TRIGGER pick BEFORE INSERT ON picky FOR EACH ROW"
            " EXECUTE FUNCTION pick()");
    kit_schema(&schema, "id:int64");
    kit_destination_init(&destination, "picky", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    kit_write_lines(&destination, LINES("12", "13", "14", "15"));
    kit_commit(&destination);
    assert_int_equal(destination.host.refused, 2);
    assert_non_null(strstr(destination.host.rejects[0].message, "trigger"));
    assert_non_null(strstr(destination.host.rejects[1].message, "not fourteen"));
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT sum(id) FROM picky"), "27");
    tide_schema_clear(&schema);
}

/* ---- positions ------------------------------------------------------------------- */

static int commit(struct kit_destination *destination, const char *position, bool final)
{
    return kit_destination_plugin()->commit(destination->state, position, final,
                                            &destination->err);
}

static void a_position_is_committed_with_its_rows(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;

    (void)state;
    kit_schema(&schema, "id:int64");
    kit_destination_init(&destination, "steps", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    assert_null(destination.position);
    kit_write_lines(&destination, LINES("1"));
    assert_int_equal(commit(&destination, "first 'one'", false), TIDE_OK);
    kit_write_lines(&destination, LINES("2"));
    assert_int_equal(commit(&destination, "second", false), TIDE_OK);
    kit_write_lines(&destination, LINES("3"));
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT max(id) FROM steps"), "2");

    kit_destination_init(&destination, "steps", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    assert_string_equal(destination.position, "second");
    assert_int_equal(commit(&destination, "third", true), TIDE_OK);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT position || run FROM _tidemill_positions"
                                  " WHERE pipeline = 'test'"
                                  " AND relation = '\"public\".\"steps\"'"),
                        "third77");
    kit_destination_init(&destination, "steps", TIDE_MODE_APPEND, &schema);
    destination.request.pipeline = "other";
    kit_destination_opens(&destination);
    assert_null(destination.position);
    kit_destination_close(&destination);
    tide_schema_clear(&schema);
}

/* ---- what goes wrong ------------------------------------------------------------- */

static void a_terminated_session_leaves_nothing(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;
    struct tide_batch batch;

    (void)state;
    kit_sql("CREATE TABLE cut (id int)");
    kit_schema(&schema, "id:int64");
    kit_destination_init(&destination, "cut", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    kit_write_lines(&destination, LINES("1", "2"));
    kit_sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'tidemill' AND datname = current_database()");
    kit_batch(&destination.accepted, LINES("3"), &batch);
    assert_int_equal(
        kit_destination_plugin()->write(destination.state, &batch, &destination.err),
        TIDE_E_TRANSIENT);
    assert_int_equal(commit(&destination, NULL, true), TIDE_E_TRANSIENT);
    tide_batch_release(&batch);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT count(*) FROM cut"), "0");
    tide_schema_clear(&schema);
}

static void cancel(struct kit_host *host)
{
    host->cancelled = true;
}

static void waiting_for_a_lock_is_cancelled(void **state)
{
    struct kit_destination destination;
    struct tide_schema schema;
    struct tide_batch batch;

    (void)state;
    kit_sql("CREATE TABLE held (id int)");
    kit_schema(&schema, "id:int64");
    kit_destination_init(&destination, "held", TIDE_MODE_APPEND, &schema);
    kit_destination_opens(&destination);
    kit_sql("BEGIN; LOCK TABLE held");
    kit_batch(&destination.accepted, LINES("3"), &batch);
    destination.host.when_asked = cancel;
    assert_int_equal(
        kit_destination_plugin()->write(destination.state, &batch, &destination.err),
        TIDE_E_CANCELLED);
    tide_batch_release(&batch);
    kit_destination_close(&destination);
    kit_sql("ROLLBACK");
    assert_string_equal(kit_value("SELECT count(*) FROM held"), "0");
    tide_schema_clear(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_table_is_created),
        cmocka_unit_test(a_type_of_another_database_is_not_trusted),
        cmocka_unit_test(a_first_run_is_as_isolated_as_any),
        cmocka_unit_test(what_is_not_committed_leaves_no_trace),
        cmocka_unit_test(the_accepted_schema_is_the_tables),
        cmocka_unit_test(a_table_of_another_shape_is_told_before_the_first_row),
        cmocka_unit_test(bad_rows_stand_alone_and_the_others_go_in),
        cmocka_unit_test(what_would_be_changed_is_refused_before_it_is_sent),
        cmocka_unit_test(a_nul_byte_is_refused_in_both_forms),
        cmocka_unit_test(a_row_that_a_trigger_keeps_out_is_a_rejected_row),
        cmocka_unit_test(a_position_is_committed_with_its_rows),
        cmocka_unit_test(a_terminated_session_leaves_nothing),
        cmocka_unit_test(waiting_for_a_lock_is_cancelled),
    };

    return KIT_RUN(tests);
}
