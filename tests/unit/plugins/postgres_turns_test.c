/*
 * postgres_turns_test - two runs that load one table at the same time.
 *
 * Both are in this program: while one waits for the server, the other goes on.
 */
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "postgres_kit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LINES(...)                                                                       \
    (const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__}))

/* Who waits for a lock in this database. */
#define WAITING                                                                          \
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"               \
    " AND datname = current_database()"

static struct tide_schema schema;

/* A run that knows the pipeline by a key and by a name. */
static void opens(struct kit_destination *destination, const char *table, int mode,
                  const char *key, const char *name)
{
    if (schema.column_count == 0) {
        kit_schema(&schema, "id:int64 t:string");
    }
    kit_destination_init(destination, table, mode, &schema);
    destination->request.pipeline = key;
    destination->request.name = name;
    destination->request.run = key;
    kit_destination_opens(destination);
}

static int commit(struct kit_destination *destination, const char *position)
{
    return kit_destination_plugin()->commit(destination->state, position, true,
                                            &destination->err);
}

static bool somebody_waits(void)
{
    return strcmp(kit_value(WAITING), "0") != 0;
}

/* ---- replace --------------------------------------------------------------------- */

static struct kit_destination *in_front; /* commits once the other waits for it */

static void commit_in_front(struct kit_host *host)
{
    struct kit_destination *destination = in_front;

    (void)host;
    if (destination && somebody_waits()) {
        in_front = NULL;
        assert_int_equal(commit(destination, NULL), TIDE_OK);
    }
}

static void replace_at_once(const char *key, const char *name)
{
    struct kit_destination first, second;

    kit_sql("DROP TABLE IF EXISTS shared, _tidemill_positions;"
            "CREATE TABLE shared AS SELECT 7 AS id, 'old'::text AS t");
    opens(&first, "shared", TIDE_MODE_REPLACE, "p", "p");
    opens(&second, "shared", TIDE_MODE_REPLACE, key, name);
    kit_write_lines(&first, LINES("1|a", "2|a"));
    in_front = &first;
    second.host.when_asked = commit_in_front;
    kit_write_lines(&second, LINES("1|b", "2|b"));
    assert_null(in_front);
    assert_int_equal(commit(&second, NULL), TIDE_OK);
    kit_destination_close(&first);
    kit_destination_close(&second);
    assert_string_equal(kit_value("SELECT string_agg(id || t, ',' ORDER BY id)"
                                  " FROM shared"),
                        "1b,2b");
}

static void two_pipelines_that_replace_one_table_take_turns(void **state)
{
    (void)state;
    replace_at_once("q", "q");
}

static void a_run_by_name_and_one_by_key_take_turns(void **state)
{
    (void)state;
    replace_at_once("7", "p");
}

/* ---- append ---------------------------------------------------------------------- */

/* Its COMMIT waits as long as somebody holds the lock 77. */
static void lay_out_slow(void)
{
    kit_sql("DROP TABLE IF EXISTS slow, _tidemill_positions;"
            "CREATE TABLE slow (id int, t text);"
            "CREATE OR REPLACE FUNCTION wait() RETURNS trigger AS 'BEGIN PERFORM"
            " pg_advisory_xact_lock_shared(77); RETURN NULL; END' LANGUAGE plpgsql;"
            "CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON slow DEFERRABLE INITIALLY"
            " DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()");
}

static void wait_for_waiting(const char *count)
{
    while (strcmp(kit_value(WAITING), count) != 0) {
        (void)poll(NULL, 0, 5);
    }
}

/* Both are under way before either is in. */
struct committer {
    struct kit_destination *destination;
    pthread_t thread;
    int rc;
};

static void *commit_in_thread(void *arg)
{
    struct committer *committer = arg;

    committer->rc = commit(committer->destination, "at 1");
    return NULL;
}

static void start(struct committer *committer, struct kit_destination *destination)
{
    committer->destination = destination;
    assert_int_equal(
        pthread_create(&committer->thread, NULL, commit_in_thread, committer), 0);
}

static void commit_at_once(struct kit_destination *first, struct kit_destination *second)
{
    struct committer early, late;

    kit_sql("SELECT pg_advisory_lock(77)");
    start(&early, first);
    wait_for_waiting("1");
    start(&late, second);
    wait_for_waiting("2");
    kit_sql("SELECT pg_advisory_unlock(77)");
    assert_int_equal(pthread_join(early.thread, NULL), 0);
    assert_int_equal(pthread_join(late.thread, NULL), 0);
    assert_int_equal(early.rc, TIDE_OK);
    assert_int_equal(late.rc, TIDE_E_TRANSIENT);
}

/* Neither of the two finds the other's row when it opens. */
static void begin_at_once(const char *one, const char *other)
{
    struct kit_destination first, second;

    lay_out_slow();
    opens(&first, "elsewhere", TIDE_MODE_APPEND, "z", "z"); /* the table of positions */
    assert_int_equal(commit(&first, "at 0"), TIDE_OK);
    kit_destination_close(&first);
    opens(&first, "slow", TIDE_MODE_APPEND, one, "p");
    opens(&second, "slow", TIDE_MODE_APPEND, other, "p");
    kit_write_lines(&first, LINES("1|a"));
    kit_write_lines(&second, LINES("1|a"));
    commit_at_once(&first, &second);
    assert_non_null(strstr(second.err.message, "has committed meanwhile"));
    kit_destination_close(&first);
    kit_destination_close(&second);
    assert_string_equal(kit_value("SELECT count(*) FROM slow"), "1");
    opens(&second, "slow", TIDE_MODE_APPEND, other, "p");
    assert_string_equal(second.position, "at 1");
    kit_destination_close(&second);
}

static void the_first_run_by_name_and_by_key_is_one_of_them(void **state)
{
    (void)state;
    begin_at_once("p", "7");
    begin_at_once("7", "p");
}

static void a_row_that_was_taken_over_meanwhile_is_not_made_again(void **state)
{
    struct kit_destination by_name, by_key;

    (void)state;
    kit_sql("DROP TABLE IF EXISTS _tidemill_positions; CREATE TABLE taken (id int,"
            " t text)");
    opens(&by_name, "taken", TIDE_MODE_APPEND, "p", "p");
    kit_write_lines(&by_name, LINES("1|a"));
    assert_int_equal(commit(&by_name, "at 1"), TIDE_OK);
    kit_destination_close(&by_name);

    opens(&by_name, "taken", TIDE_MODE_APPEND, "p", "p");
    opens(&by_key, "taken", TIDE_MODE_APPEND, "7", "p");
    kit_write_lines(&by_name, LINES("2|b"));
    kit_write_lines(&by_key, LINES("2|b"));
    assert_int_equal(commit(&by_key, "at 2"), TIDE_OK);
    assert_int_equal(commit(&by_name, "at 2"), TIDE_E_TRANSIENT);
    kit_destination_close(&by_key);
    kit_destination_close(&by_name);
    assert_string_equal(kit_value("SELECT string_agg(t, ',' ORDER BY id) FROM taken"),
                        "a,b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_pipelines_that_replace_one_table_take_turns),
        cmocka_unit_test(a_run_by_name_and_one_by_key_take_turns),
        cmocka_unit_test(the_first_run_by_name_and_by_key_is_one_of_them),
        cmocka_unit_test(a_row_that_was_taken_over_meanwhile_is_not_made_again),
    };
    int failed = KIT_RUN(tests);

    tide_schema_clear(&schema);
    return failed;
}
