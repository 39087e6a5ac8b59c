/*
 * postgres_commit_test - checkpoints, positions, and commits whose reply is lost.
 */
#include <stdlib.h>
#include <string.h>

#include "postgres_kit.h"
#include "postgres_proxy.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LINES(...)                                                                       \
    (const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__}))

static const char *const key_id[] = {"id", NULL};

static struct tide_schema schema;

/* A table being loaded, under a pipeline's name and by a run. */
static void begin(struct kit_destination *destination, const char *table, int mode,
                  const char *pipeline, const char *run)
{
    if (schema.column_count == 0) {
        kit_schema(&schema, "id:int64 t:string");
    }
    kit_destination_init(destination, table, mode, &schema);
    destination->request.key = mode == TIDE_MODE_MERGE ? key_id : NULL;
    destination->request.pipeline = pipeline;
    destination->request.run = run;
}

static void opens(struct kit_destination *destination, const char *table, int mode,
                  const char *pipeline, const char *run)
{
    begin(destination, table, mode, pipeline, run);
    kit_destination_opens(destination);
}

static int commit(struct kit_destination *destination, const char *position, bool final)
{
    return kit_destination_plugin()->commit(destination->state, position, final,
                                            &destination->err);
}

static const char *row(const char *pipeline)
{
    return kit_value("SELECT coalesce(position, 'NULL') || ' ' || run || ' ' || commits"
                     " FROM _tidemill_positions WHERE pipeline = '%s'",
                     pipeline);
}

/* ---- checkpoints ----------------------------------------------------------------- */

static void checkpoint_twice(const char *table, int mode)
{
    struct kit_destination destination;

    opens(&destination, table, mode, table, "r1");
    kit_write_lines(&destination, LINES("1|a", "2|b"));
    assert_int_equal(commit(&destination, "one", false), TIDE_OK);
    assert_string_equal(kit_value("SELECT count(*) FROM %s", table), "2");
    assert_string_equal(row(table), "one r1 1");
    kit_write_lines(&destination, LINES("3|c"));
    kit_write_lines(&destination, LINES("4|d"));
    assert_string_equal(kit_value("SELECT count(*) FROM %s", table), "2");
    assert_int_equal(commit(&destination, "two", false), TIDE_OK);
    assert_int_equal(commit(&destination, "three", false), TIDE_OK);
    assert_string_equal(row(table), "three r1 3");
    kit_write_lines(&destination, LINES("5|e"));
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(t, '' ORDER BY id) FROM %s", table),
                        "abcd");

    opens(&destination, table, mode, table, "r2");
    assert_string_equal(destination.position, "three");
    kit_write_lines(&destination, LINES("6|f"));
    assert_int_equal(commit(&destination, NULL, true), TIDE_OK);
    kit_destination_close(&destination);
    assert_string_equal(row(table), "NULL r2 4");
    assert_string_equal(kit_value("SELECT string_agg(t, '' ORDER BY id) FROM %s", table),
                        "abcdf");

    opens(&destination, table, mode, table, "r3");
    assert_null(destination.position);
    kit_destination_close(&destination);
}

static void rows_and_position_are_in_after_a_checkpoint(void **state)
{
    (void)state;
    checkpoint_twice("appended", TIDE_MODE_APPEND);
    checkpoint_twice("merged", TIDE_MODE_MERGE);
}

static void a_replacing_load_has_no_checkpoints(void **state)
{
    struct kit_destination destination;

    (void)state;
    kit_sql("CREATE TABLE replaced AS SELECT 7 AS id, 'old'::text AS t");
    opens(&destination, "replaced", TIDE_MODE_REPLACE, "replaced", "r1");
    kit_write_lines(&destination, LINES("1|a"));
    assert_int_equal(commit(&destination, "one", false), TIDE_MORE);
    assert_string_equal(kit_value("SELECT t FROM replaced"), "old");
    kit_write_lines(&destination, LINES("2|b"));
    assert_int_equal(commit(&destination, NULL, true), TIDE_OK);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(t, '' ORDER BY id) FROM replaced"),
                        "ab");
    assert_string_equal(row("replaced"), "NULL r1 1");
}

static void a_bad_row_after_a_checkpoint_stands_alone(void **state)
{
    struct kit_destination destination;

    (void)state;
    kit_sql("CREATE TABLE guarded (id int PRIMARY KEY, t text CHECK (t <> 'bad'))");
    for (int mode = TIDE_MODE_APPEND; mode <= TIDE_MODE_MERGE; mode += 2) {
        kit_sql("TRUNCATE guarded");
        opens(&destination, "guarded", mode, "guarded", "r1");
        kit_write_lines(&destination, LINES("1|bad", "2|b"));
        assert_int_equal(commit(&destination, "one", false), TIDE_OK);
        kit_write_lines(&destination, LINES("3|c", "4|bad", "5|e"));
        assert_int_equal(commit(&destination, NULL, true), TIDE_OK);
        assert_int_equal(destination.host.refused, 2);
        kit_destination_close(&destination);
        assert_string_equal(kit_value("SELECT string_agg(t, '' ORDER BY id)"
                                      " FROM guarded"),
                            "bce");
    }
}

static void a_copy_that_fails_at_its_start_is_undone(void **state)
{
    struct kit_destination destination;

    (void)state;
    kit_sql("CREATE TABLE moody (id int, t text); CREATE SEQUENCE moods;"
            "CREATE FUNCTION mood() RETURNS trigger AS 'BEGIN"
            " IF nextval(''moods'') = 1 THEN RAISE ''not now''; END IF;"
            " RETURN NULL; END' LANGUAGE plpgsql;"
            "CREATE TRIGGER mood BEFORE INSERT ON moody FOR EACH STATEMENT"
            " EXECUTE FUNCTION mood()");
    opens(&destination, "moody", TIDE_MODE_APPEND, "moody", "r1");
    kit_write_lines(&destination, LINES("1|a"));
    kit_write_lines(&destination, LINES("2|b"));
    kit_write_lines(&destination, LINES("3|c", "4|d"));
    assert_int_equal(commit(&destination, NULL, true), TIDE_OK);
    assert_int_equal(destination.host.refused, 1);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(t, '' ORDER BY id) FROM moody"),
                        "bcd");
}

/* Ask to stop once the server is at the COMMIT. */
static void cancel_in_commit(struct kit_host *host)
{
    host->cancelled =
        strcmp(kit_value("SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT'"
                         " AND state = 'active' AND datname = current_database()"),
               "0") != 0;
}

static void a_commit_under_way_is_not_cancelled(void **state)
{
    struct kit_destination destination;

    (void)state;
    kit_sql("CREATE TABLE slow (id int, t text); CREATE FUNCTION nap() RETURNS trigger AS"
            " 'BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END' LANGUAGE plpgsql;"
            "CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON slow DEFERRABLE INITIALLY"
            " DEFERRED FOR EACH ROW EXECUTE FUNCTION nap()");
    opens(&destination, "slow", TIDE_MODE_APPEND, "slow", "r1");
    kit_write_lines(&destination, LINES("1|a"));
    destination.host.when_asked = cancel_in_commit;
    assert_int_equal(commit(&destination, "one", false), TIDE_OK);
    assert_false(destination.host.cancelled);
    kit_destination_close(&destination);
    assert_string_equal(row("slow"), "one r1 1");
}

/* ---- the positions table --------------------------------------------------------- */

/* Load a row and make a checkpoint, expecting to be told of one (may be NULL). */
static void load_from(const char *table, const char *pipeline, const char *expected,
                      const char *position)
{
    struct kit_destination destination;

    opens(&destination, table, TIDE_MODE_APPEND, pipeline, "r");
    if (expected) {
        assert_string_equal(destination.position, expected);
    } else {
        assert_null(destination.position);
    }
    kit_write_lines(&destination, LINES("1|a"));
    assert_int_equal(commit(&destination, position, false), TIDE_OK);
    kit_destination_close(&destination);
}

static void a_table_of_an_earlier_version_is_taken_over(void **state)
{
    struct kit_destination destination;

    (void)state;
    kit_sql("CREATE SCHEMA older; CREATE TABLE older.t (id int, t text);"
            "CREATE TABLE older._tidemill_positions"
            " (pipeline text PRIMARY KEY, position text NOT NULL, run text,"
            " committed_at timestamptz NOT NULL);"
            "INSERT INTO older._tidemill_positions VALUES ('p', 'kept', 'r0', now())");
    opens(&destination, "older.t", TIDE_MODE_APPEND, "p", "r1");
    assert_string_equal(destination.position, "kept");
    kit_write_lines(&destination, LINES("1|a"));
    assert_int_equal(commit(&destination, "next", false), TIDE_OK);
    assert_int_equal(commit(&destination, NULL, true), TIDE_OK);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT coalesce(position, 'NULL') || run || commits"
                                  " FROM older._tidemill_positions"),
                        "NULLr12");
    kit_sql("ALTER TABLE older._tidemill_positions DROP COLUMN target,"
            " DROP COLUMN relation, ADD PRIMARY KEY (pipeline);"
            "UPDATE older._tidemill_positions SET position = 'counted'");
    opens(&destination, "older.t", TIDE_MODE_APPEND, "p", "r2");
    assert_string_equal(destination.position, "counted");
    assert_int_equal(commit(&destination, "last", true), TIDE_OK);
    kit_destination_close(&destination);
    assert_string_equal(
        kit_value("SELECT position || run || commits || (target = '\"older\".\"t\"#' ||"
                  " 'older.t'::regclass::oid || '.' || tableoid)"
                  " FROM older._tidemill_positions"),
        "lastr23true");
}

/* One row for each pipeline, which says in its target whose it is, or does not. */
static void rows_of_an_earlier_version_get_their_relation(void **state)
{
    static const char *const rows =
        "SELECT string_agg(pipeline || position || relation, ' ' ORDER BY pipeline,"
        " position) FROM named._tidemill_positions";

    (void)state;
    kit_sql("CREATE SCHEMA named; CREATE TABLE named.\"t#1\" (id int, t text);"
            "CREATE TABLE named._tidemill_positions (pipeline text CONSTRAINT \"odd key\""
            " PRIMARY KEY, position text, run text, committed_at timestamptz NOT NULL,"
            " commits bigint NOT NULL DEFAULT 0, target text, name text);"
            "INSERT INTO named._tidemill_positions VALUES"
            " ('p', 'p1', 'r', now(), 5, '\"named\".\"t#1\"#' ||"
            " 'named.\"t#1\"'::regclass::oid || '.' ||"
            " 'named._tidemill_positions'::regclass::oid),"
            " ('q', 'q1', 'r', now(), 1, '\"named\".\"u\"#1.2'),"
            " ('s', 's1', 'r', now(), 1, '\"named\".\"_tidemill_staging_0\"#1.2'),"
            " ('z', 'z1', 'r', now(), 1, NULL)");
    load_from("named.\"t#1\"", "q", NULL, "q2");
    assert_string_equal(kit_value("%s", rows), "pp1\"named\".\"t#1\" qq1\"named\".\"u\""
                                               " qq2\"named\".\"t#1\" ss1 zz1");
    load_from("named.\"t#1\"", "p", "p1", "p2");
    load_from("named.\"t#1\"", "z", "z1", "z2");
    assert_string_equal(kit_value("%s WHERE pipeline IN ('p', 'z')", rows),
                        "pp2\"named\".\"t#1\" zz2\"named\".\"t#1\"");
    kit_sql("DROP SCHEMA named CASCADE");
}

static void a_position_is_one_of_its_table(void **state)
{
    (void)state;
    kit_sql("CREATE SCHEMA \"Odd\"; CREATE TABLE \"Odd\".\"a.b\" (id int, t text);"
            "CREATE TABLE \"Odd\".b (id int, t text)");
    load_from("\"Odd\".\"a.b\"", "moved", NULL, "one");
    load_from("\"Odd\".\"a.b\"", "moved", "one", "two");
    load_from("\"Odd\".b", "moved", NULL, "three");
    load_from("\"Odd\".b", "moved", "three", "four");
    load_from("\"Odd\".\"a.b\"", "moved", "two", "five");
    load_from("\"Odd\".b", "moved", "four", "six");
    assert_string_equal(kit_value("SELECT string_agg(position || commits, ' ' ORDER BY"
                                  " relation) FROM \"Odd\"._tidemill_positions"),
                        "five3 six3");
    kit_sql("DROP SCHEMA \"Odd\" CASCADE");
}

static void a_table_that_is_made_anew_has_no_position(void **state)
{
    (void)state;
    load_from("lost", "lost", NULL, "one");
    load_from("lost", "lost/2", NULL, "other");
    load_from("kept", "kept", NULL, "kept");
    kit_sql("DROP TABLE lost");
    load_from("lost", "lost", NULL, "two");
    assert_string_equal(row("lost"), "two r 2");
    load_from("lost", "lost", "two", "three");
    load_from("lost", "lost/2", NULL, "again");
    load_from("kept", "kept", "kept", "kept");
}

/* Runs of two pipelines that find no table. */
static struct kit_destination first_of_two;

static void end_first(struct kit_host *host)
{
    if (strcmp(kit_value("SELECT count(*) FROM pg_stat_activity WHERE (wait_event_type"
                         " = 'Lock' OR wait_event = 'PgSleep')"
                         " AND datname = current_database()"),
               "0") != 0) {
        host->when_asked = NULL;
        assert_int_equal(commit(&first_of_two, "one", true), TIDE_OK);
    }
}

static void a_table_that_another_run_is_making_is_waited_for(void **state)
{
    struct kit_destination second;

    (void)state;
    opens(&first_of_two, "twins", TIDE_MODE_APPEND, "twins/1", "r1");
    begin(&second, "twins", TIDE_MODE_APPEND, "twins/2", "r2");
    second.host.when_asked = end_first;
    kit_destination_fails(&second, TIDE_E_TRANSIENT,
                          "another run is making table public.twins; run again");
    kit_destination_close(&first_of_two);
    load_from("twins", "twins/2", NULL, "one");
    load_from("twins", "twins/1", "one", "two");
}

/* The server has the second wait, after it found no table, until there is one. */
static void a_table_that_another_run_just_made_has_its_position(void **state)
{
    struct kit_destination second;

    (void)state;
    opens(&first_of_two, "elder", TIDE_MODE_APPEND, "elder", "r1");
    kit_sql("CREATE FUNCTION wait_for_elder() RETURNS event_trigger AS 'BEGIN"
            " WHILE NOT EXISTS (SELECT FROM pg_class WHERE relname = ''elder'')"
            " LOOP PERFORM pg_sleep(0.01);"
            " END LOOP; END' LANGUAGE plpgsql; CREATE EVENT TRIGGER wait_for_elder"
            " ON ddl_command_start WHEN TAG IN ('CREATE TABLE')"
            " EXECUTE FUNCTION wait_for_elder()");
    begin(&second, "elder", TIDE_MODE_APPEND, "elder", "r2");
    second.host.when_asked = end_first;
    kit_destination_opens(&second);
    assert_string_equal(second.position, "one");
    kit_destination_close(&second);
    kit_destination_close(&first_of_two);
    kit_sql("DROP EVENT TRIGGER wait_for_elder; DROP FUNCTION wait_for_elder()");
}

static void a_run_that_another_has_overtaken_commits_nothing(void **state)
{
    struct kit_destination slow;
    struct kit_destination quick;

    (void)state;
    kit_sql("CREATE TABLE contested (id int, t text)");
    opens(&slow, "contested", TIDE_MODE_APPEND, "contested", "slow");
    opens(&quick, "contested", TIDE_MODE_APPEND, "contested", "quick");
    kit_write_lines(&slow, LINES("1|slow"));
    kit_write_lines(&quick, LINES("1|quick"));
    assert_int_equal(commit(&quick, "one", false), TIDE_OK);
    assert_int_equal(commit(&slow, "one", false), TIDE_E_TRANSIENT);
    assert_non_null(strstr(slow.err.message, "another run"));
    kit_destination_close(&slow);
    kit_write_lines(&quick, LINES("2|quick"));
    assert_int_equal(commit(&quick, NULL, true), TIDE_OK);
    kit_destination_close(&quick);
    assert_string_equal(kit_value("SELECT string_agg(t, ',') FROM contested"),
                        "quick,quick");
}

static void a_role_that_may_not_create_tables_can_append(void **state)
{
    struct kit_destination destination;

    (void)state;
    kit_sql("CREATE ROLE narrow_role LOGIN; CREATE SCHEMA narrow;"
            "GRANT USAGE ON SCHEMA narrow TO narrow_role; CREATE TABLE narrow.t (id int,"
            " t text); GRANT SELECT, INSERT ON narrow.t TO narrow_role");
    begin(&destination, "narrow.t", TIDE_MODE_APPEND, "narrow", "r1");
    destination.options.user = "narrow_role";
    kit_destination_opens(&destination);
    kit_write_lines(&destination, LINES("1|a"));
    assert_int_equal(commit(&destination, NULL, true), TIDE_OK);
    kit_write_lines(&destination, LINES("2|b"));
    assert_int_equal(commit(&destination, "a place", false), TIDE_E_AUTH);
    kit_destination_close(&destination);
    assert_string_equal(kit_value("SELECT string_agg(t, '') FROM narrow.t"), "a");
    kit_sql("DROP SCHEMA narrow CASCADE; DROP ROLE narrow_role");
}

/* ---- the lost reply -------------------------------------------------------------- */

static int64_t server_port(void)
{
    return strtoll(kit_value("SELECT inet_server_port()"), NULL, 10);
}

/* Load three rows, one for each commit, with the second commit's reply lost. */
static int load_through(const char *table, int mode, enum proxy_fate fate)
{
    struct proxy *proxy = proxy_start(server_port(), fate, 1);
    struct kit_destination destination;
    int rc;

    begin(&destination, table, mode, table, "r1");
    destination.options.host = "127.0.0.1";
    destination.options.port = proxy_port(proxy);
    kit_destination_opens(&destination);
    kit_write_lines(&destination, LINES("1|a"));
    assert_int_equal(commit(&destination, "one", false), TIDE_OK);
    kit_write_lines(&destination, LINES("2|b"));
    rc = commit(&destination, "two", false);
    if (rc == TIDE_OK) {
        kit_write_lines(&destination, LINES("3|c"));
        rc = commit(&destination, NULL, true);
    }
    if (rc != TIDE_OK) {
        assert_non_null(strstr(destination.err.message, "the commit is not in"));
    }
    kit_destination_close(&destination);
    assert_int_equal(proxy_stop(proxy), rc == TIDE_OK ? 3 : 2);
    return rc;
}

static void a_commit_whose_reply_is_lost_is_found(void **state)
{
    static const char *const tables[] = {"found1", "found2", "found3", "found4"};

    (void)state;
    for (size_t i = 0; i < COUNT(tables); i++) {
        assert_int_equal(load_through(tables[i],
                                      i < 2 ? TIDE_MODE_APPEND : TIDE_MODE_MERGE,
                                      i % 2 ? PROXY_LATE : PROXY_FORWARDED),
                         TIDE_OK);
        assert_string_equal(
            kit_value("SELECT string_agg(t, '' ORDER BY id) FROM %s", tables[i]), "abc");
        assert_string_equal(row(tables[i]), "NULL r1 3");
    }
}

static void a_commit_that_never_came_is_told(void **state)
{
    struct kit_destination destination;

    (void)state;
    assert_int_equal(load_through("swallowed", TIDE_MODE_APPEND, PROXY_SWALLOWED),
                     TIDE_E_TRANSIENT);
    assert_string_equal(kit_value("SELECT string_agg(t, '') FROM swallowed"), "a");
    opens(&destination, "swallowed", TIDE_MODE_APPEND, "swallowed", "r2");
    assert_string_equal(destination.position, "one");
    kit_destination_close(&destination);
}

/* The very first commit also makes the table of positions. */
static void a_first_commit_whose_reply_is_lost_is_found(void **state)
{
    static const enum proxy_fate fates[] = {PROXY_FORWARDED, PROXY_LATE, PROXY_SWALLOWED};

    (void)state;
    for (size_t i = 0; i < COUNT(fates); i++) {
        struct proxy *proxy = proxy_start(server_port(), fates[i], 0);
        struct kit_destination destination;

        kit_sql("DROP SCHEMA IF EXISTS first CASCADE; CREATE SCHEMA first");
        begin(&destination, "first.t", TIDE_MODE_REPLACE, "first", "r1");
        destination.options.host = "127.0.0.1";
        destination.options.port = proxy_port(proxy);
        kit_destination_opens(&destination);
        kit_write_lines(&destination, LINES("1|a"));
        assert_int_equal(commit(&destination, NULL, true),
                         fates[i] == PROXY_SWALLOWED ? TIDE_E_TRANSIENT : TIDE_OK);
        kit_destination_close(&destination);
        assert_int_equal(proxy_stop(proxy), 1);
        assert_string_equal(kit_value("SELECT count(*) FROM pg_class c"
                                      " WHERE c.oid = to_regclass('first.t')"),
                            fates[i] == PROXY_SWALLOWED ? "0" : "1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_position_are_in_after_a_checkpoint),
        cmocka_unit_test(a_replacing_load_has_no_checkpoints),
        cmocka_unit_test(a_bad_row_after_a_checkpoint_stands_alone),
        cmocka_unit_test(a_copy_that_fails_at_its_start_is_undone),
        cmocka_unit_test(a_commit_under_way_is_not_cancelled),
        cmocka_unit_test(a_table_of_an_earlier_version_is_taken_over),
        cmocka_unit_test(rows_of_an_earlier_version_get_their_relation),
        cmocka_unit_test(a_position_is_one_of_its_table),
        cmocka_unit_test(a_table_that_is_made_anew_has_no_position),
        cmocka_unit_test(a_table_that_another_run_is_making_is_waited_for),
        cmocka_unit_test(a_table_that_another_run_just_made_has_its_position),
        cmocka_unit_test(a_run_that_another_has_overtaken_commits_nothing),
        cmocka_unit_test(a_role_that_may_not_create_tables_can_append),
        cmocka_unit_test(a_commit_whose_reply_is_lost_is_found),
        cmocka_unit_test(a_commit_that_never_came_is_told),
        cmocka_unit_test(a_first_commit_whose_reply_is_lost_is_found),
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
