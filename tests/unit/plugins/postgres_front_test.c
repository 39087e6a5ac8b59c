/*
 * postgres_front_test - a full read by key that was cut off goes on although the table
 * was changed: in append exactly or not at all, in merge with all that was changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_kit.h"

enum { ROWS = 12, MANY = 64 };

/* Runs of one load: each may read but a few batches of two rows. */
struct load {
    bool may_repeat;
    char position[1024]; /* of the last checkpoint */
    int64_t values[MANY];
    size_t count;
};

/* Row n has the value n; four were read. */
static void make_table(void)
{
    kit_sql("DROP TABLE IF EXISTS t; CREATE TABLE t (v int, id bigint PRIMARY KEY);"
            "INSERT INTO t SELECT g, g * 10 FROM generate_series(1, %d) g",
            ROWS);
}

static void set_source(const struct load *load, struct kit_source *source)
{
    kit_source_init(source, "t");
    source->request.batch_rows = 2;
    source->request.may_repeat = load->may_repeat;
    source->request.position = load->position[0] ? load->position : NULL;
}

static void read_some(struct load *load, struct kit_source *source)
{
    struct tide_batch batch = {0};

    if (kit_source_plugin()->read(source->state, &batch, &source->err) != TIDE_OK) {
        fail_msg("no batch: %s", source->err.message);
    }
    for (int64_t row = 0; row < batch.array.length; row++) {
        assert_true(load->count < MANY);
        load->values[load->count++] = tide_array_int64(batch.array.children[0], row);
    }
    tide_batch_release(&batch);
}

/* Read some batches and be cut off. */
static void read_batches(struct load *load, int batches)
{
    struct kit_source source;
    char position[sizeof load->position];

    set_source(load, &source);
    kit_source_opens(&source);
    for (int i = 0; i < batches; i++) {
        read_some(load, &source);
    }
    assert_non_null(kit_position(&source));
    (void)snprintf(position, sizeof position, "%s", kit_position(&source));
    kit_source_close(&source);
    memcpy(load->position, position, sizeof position);
}

static void begin_load(struct load *load, bool may_repeat)
{
    *load = (struct load){.may_repeat = may_repeat};
    make_table();
    read_batches(load, 2);
    assert_int_equal(load->count, 4);
}

static void end_load(struct load *load)
{
    struct kit_source source;

    set_source(load, &source);
    kit_source_opens(&source);
    load->count += kit_read_all(&source, load->values + load->count, MANY - load->count);
    assert_null(kit_position(&source));
    assert_string_equal(source.host.log, "");
    kit_source_close(&source);
}

static bool has(const struct load *load, int64_t value)
{
    for (size_t i = 0; i < load->count; i++) {
        if (load->values[i] == value) {
            return true;
        }
    }
    return false;
}

/* 1 to `count`, each once. */
static void has_each_once(const struct load *load, int64_t count)
{
    assert_int_equal(load->count, count);
    for (int64_t i = 1; i <= count; i++) {
        assert_true(has(load, i));
    }
}

static void cannot_go_on(struct load *load, const char *words)
{
    struct kit_source source;

    set_source(load, &source);
    assert_int_equal(kit_source_open(&source), TIDE_E_CONFLICT);
    if (!strstr(source.err.message, words) || !strstr(source.err.message, "--full")) {
        fail_msg("%s", source.err.message);
    }
    assert_string_equal(source.err.where, "t");
    kit_source_close(&source);
}

/* ---- append ---------------------------------------------------------------------- */

/* Now and then all rows are moved to a new file: their versions stay what they are. */
static void rewrite(size_t i)
{
    if (i % 2 == 1) {
        kit_sql("VACUUM FULL t");
    }
}

static const char *const harmless[] = {
    "DELETE FROM t WHERE id IN (10, 20, 30)",
    ("DELETE FROM t WHERE id IN (10, 100); INSERT INTO t VALUES (13, 1); "
     "DELETE FROM t WHERE v = 13"),
    "BEGIN; UPDATE t SET v = -v, id = id - 1000; ROLLBACK",
    "UPDATE t SET v = v WHERE id > 40",
    "UPDATE t SET id = id + 1000 WHERE id > 40",
    "CREATE TABLE elsewhere (v int); DROP TABLE elsewhere",
    "UPDATE t SET id = 1000 WHERE id = 10; DELETE FROM t WHERE id = 1000",
};

static void what_does_no_harm_to_append_is_allowed(void **state)
{
    struct load load;

    (void)state;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        begin_load(&load, false);
        kit_sql("%s", harmless[i]);
        rewrite(i);
        end_load(&load);
        if (load.count != (size_t)ROWS - (i == 1)) {
            fail_msg("%s: %zu", harmless[i], load.count);
        }
    }
}

static const char *const harmful[] = {
    "UPDATE t SET v = 7 WHERE id = 10",
    "INSERT INTO t VALUES (13, 35)",
    "UPDATE t SET id = -1 WHERE id = 120; UPDATE t SET id = 1000 WHERE id = 10",
    "UPDATE t SET id = -1 WHERE id = 120",
    "UPDATE t SET id = 45 WHERE id = 40",
    "UPDATE t SET id = 1000 WHERE id = 10",
    "DELETE FROM t WHERE id = 10; INSERT INTO t VALUES (1, 10)",
    "BEGIN; SAVEPOINT a; UPDATE t SET id = 1000 WHERE id = 10; RELEASE a; COMMIT",
};

static void what_would_be_lost_or_doubled_in_append_is_refused(void **state)
{
    struct load load;

    (void)state;
    for (size_t i = 0; i < sizeof harmful / sizeof *harmful; i++) {
        begin_load(&load, false);
        kit_sql("%s", harmful[i]);
        rewrite(i);
        cannot_go_on(&load, "changed since");
    }
}

static void a_growing_table_is_appended_in_any_number_of_runs(void **state)
{
    struct load load;

    (void)state;
    begin_load(&load, false);
    for (int i = ROWS + 1; i <= 2 * ROWS; i++) {
        kit_sql("INSERT INTO t VALUES (%d, %d)", i, 10 * i);
        if (i % 2 == 0) {
            read_batches(&load, 1);
        }
    }
    read_batches(&load, 3);
    end_load(&load);
    has_each_once(&load, 2 * (int64_t)ROWS);
}

/* What the second run reads is as safe as what the first one did. */
static void a_change_before_the_third_run_is_refused(void **state)
{
    static const char *const changes[] = {
        "UPDATE t SET v = 7 WHERE id = 10", "UPDATE t SET v = 7 WHERE id = 60",
        "UPDATE t SET id = 1000 WHERE id = 60", "UPDATE t SET id = 5 WHERE id = 1300"};
    struct load load;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        begin_load(&load, false);
        kit_sql("DELETE FROM t WHERE id = 20");
        read_batches(&load, 1);
        kit_sql("INSERT INTO t VALUES (13, 1300)");
        read_batches(&load, 1);
        kit_sql("%s", changes[i]);
        cannot_go_on(&load, "changed since");
    }
}

static PGconn *other_session(void)
{
    struct tide_pg_options options = kit_options();

    return PQconnectdbParams((const char *const[]){"dbname", "dbname", NULL},
                             (const char *const[]){options.url, options.database, NULL},
                             1);
}

/* A transaction that was open when the first run began. */
static void what_is_committed_late_is_seen(void **state)
{
    PGconn *late = other_session();
    struct load load = {.may_repeat = false};

    (void)state;
    assert_int_equal(PQstatus(late), CONNECTION_OK);
    make_table();
    PQclear(PQexec(late, "BEGIN; INSERT INTO t VALUES (13, 5)"));
    kit_sql("CREATE TABLE later (v int); DROP TABLE later");
    read_batches(&load, 2);
    PQclear(PQexec(late, "COMMIT"));
    PQfinish(late);
    cannot_go_on(&load, "changed since");
    load.may_repeat = true;
    end_load(&load);
    assert_true(has(&load, 13));
}

/* ---- merge ----------------------------------------------------------------------- */

static void what_was_changed_comes_again_in_merge(void **state)
{
    struct load load;

    (void)state;
    begin_load(&load, true);
    kit_sql(
        "UPDATE t SET v = 100 WHERE id = 10; UPDATE t SET id = -1 WHERE id = 120;"
        "UPDATE t SET v = 200, id = 1000 WHERE id = 20; INSERT INTO t VALUES (35, 35)");
    end_load(&load);
    assert_int_equal(load.count, 4 + 8 + 3);
    assert_true(has(&load, 100) && has(&load, 200) && has(&load, 35) && has(&load, 12));
}

/* The rows in front of the place leave it where it is, also when they are cut off. */
static void what_comes_again_moves_no_place(void **state)
{
    struct load load;
    char key[256];

    (void)state;
    begin_load(&load, true);
    (void)snprintf(key, sizeof key, "%s", strstr(load.position, "\"mark\""));
    kit_sql("UPDATE t SET v = v + 100 WHERE id <= 30");
    read_batches(&load, 1);
    assert_int_equal(load.count, 6);
    assert_string_equal(strstr(load.position, "\"mark\""), key);
    read_batches(&load, 2);
    assert_int_equal(load.count, 9);
    assert_string_equal(strstr(load.position, "\"mark\""), key);
    kit_sql("UPDATE t SET v = 140 WHERE id = 40");
    read_batches(&load, 4);
    assert_int_equal(load.count, 9 + 4 + 2);
    assert_non_null(strstr(load.position, "[\"60\"]"));
    kit_sql("UPDATE t SET v = 160 WHERE id = 60");
    end_load(&load);
    assert_int_equal(load.count, 15 + 5 + 6);
    for (int64_t v = 1; v <= ROWS; v++) {
        assert_true(has(&load, v));
    }
    assert_true(has(&load, 103) && has(&load, 140) && has(&load, 160));
}

/* ---- positions that do not tell -------------------------------------------------- */

static void without_a_mark_nothing_is_gone_on_with(void **state)
{
    static const char *const marks[] = {"", "\"mark\": 99999999999, \"rows\": 4,",
                                        "\"mark\": 3,"};
    struct load load;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct kit_source source;

        begin_load(&load, false);
        (void)snprintf(load.position, sizeof load.position,
                       "{\"read\": \"key\", \"table\": %s, %s \"columns\": [\"id\"],"
                       " \"key\": [\"40\"]}",
                       kit_value("SELECT 't'::regclass::oid"), marks[i]);
        cannot_go_on(&load, "cannot be told");
        load.may_repeat = true;
        set_source(&load, &source);
        kit_source_opens(&source);
        assert_int_equal(kit_read_all(&source, load.values, MANY), ROWS);
        assert_true(i == 2 || strstr(source.host.log, "from its start"));
        kit_source_close(&source);
    }
    kit_sql("DROP TABLE t");
}

/* ---- servers and tables that cannot tell ------------------------------------------- */

/* A server that says of itself that it is a standby. */
static void a_standby_that_has_not_got_what_was_read_is_tried_again(void **state)
{
    struct load load;
    struct kit_source source;

    (void)state;
    begin_load(&load, false);
    kit_sql("CREATE SCHEMA standby; CREATE FUNCTION standby.pg_is_in_recovery()"
            " RETURNS bool LANGUAGE sql AS 'SELECT true';"
            "DROP ROLE IF EXISTS front_reader; CREATE ROLE front_reader SUPERUSER"
            " LOGIN; ALTER ROLE front_reader SET search_path = standby, pg_catalog");
    (void)snprintf(load.position, sizeof load.position,
                   "{\"read\": \"key\", \"table\": %s, \"mark\": 99999999999,"
                   " \"rows\": 4, \"columns\": [\"id\"], \"key\": [\"40\"]}",
                   kit_value("SELECT 't'::regclass::oid"));
    set_source(&load, &source);
    source.options.connection.user = "front_reader";
    assert_int_equal(kit_source_open(&source), TIDE_E_TRANSIENT);
    assert_non_null(strstr(source.err.message, "standby"));
    kit_source_close(&source);
    kit_sql("DROP SCHEMA standby CASCADE; DROP ROLE front_reader; DROP TABLE t");
}

/* Nothing says that its rows show their transactions. */
static void a_table_that_is_kept_in_another_way_has_no_place(void **state)
{
    struct load load = {.may_repeat = false};
    struct kit_source source;

    (void)state;
    kit_sql("CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler;"
            "CREATE TABLE t (v int, id bigint PRIMARY KEY) USING other;"
            "INSERT INTO t SELECT g, g FROM generate_series(1, 4) g");
    set_source(&load, &source);
    kit_source_opens(&source);
    assert_int_equal(kit_read_batch(&source), 2);
    assert_null(kit_position(&source));
    kit_source_close(&source);
    kit_sql("DROP TABLE t; DROP ACCESS METHOD other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_no_harm_to_append_is_allowed),
        cmocka_unit_test(what_would_be_lost_or_doubled_in_append_is_refused),
        cmocka_unit_test(a_growing_table_is_appended_in_any_number_of_runs),
        cmocka_unit_test(a_change_before_the_third_run_is_refused),
        cmocka_unit_test(what_is_committed_late_is_seen),
        cmocka_unit_test(what_was_changed_comes_again_in_merge),
        cmocka_unit_test(what_comes_again_moves_no_place),
        cmocka_unit_test(without_a_mark_nothing_is_gone_on_with),
        cmocka_unit_test(a_standby_that_has_not_got_what_was_read_is_tried_again),
        cmocka_unit_test(a_table_that_is_kept_in_another_way_has_no_place),
    };

    return KIT_RUN(tests);
}
