/*
 * postgres_stream_test - rows that come fast are gathered, and neither their end nor what
 * comes slowly is waited for longer than it takes.
 */
#include <string.h>
#include <sys/socket.h>

#include "postgres_kit.h"
#include "sources/postgres/stream.h"

/* 3 MB of rows. */
#define MANY "COPY (SELECT repeat('x', 300) FROM generate_series(1, 10000)) TO STDOUT"

static int highest; /* low water that was asked for in this test, in bytes */

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size);

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    int bytes = 0;

    if (level == SOL_SOCKET && name == SO_RCVLOWAT && size == sizeof bytes) {
        memcpy(&bytes, value, sizeof bytes);
        highest = bytes > highest ? bytes : highest;
    }
    return __real_setsockopt(fd, level, name, value, size);
}

struct streaming {
    struct kit_host host;
    struct tide_pg_options options;
    struct tide_error err;
    struct pg_stream stream;
};

static struct streaming slow; /* whose last rows wait until they are waited for */
static int slow_waits;

static void streaming_begin(struct streaming *streaming, const char *sql)
{
    highest = 0;
    memset(streaming, 0, sizeof *streaming);
    kit_host_init(&streaming->host);
    streaming->options = kit_options();
    if (tide_pg_open(&streaming->options, &streaming->host.host, &streaming->stream.pg,
                     &streaming->err) != TIDE_OK ||
        pg_stream_begin(&streaming->stream, sql, &streaming->err) != TIDE_OK) {
        fail_msg("%s", streaming->err.message);
    }
}

static int low_water(const struct streaming *streaming)
{
    int bytes = 0;
    socklen_t size = sizeof bytes;

    assert_int_equal(getsockopt(PQsocket(streaming->stream.pg->conn), SOL_SOCKET,
                                SO_RCVLOWAT, &bytes, &size),
                     0);
    return bytes;
}

/* Read a statement up to so many rows; returns how many came, or the failure. */
static int64_t read_rows(struct streaming *streaming, int64_t most)
{
    int64_t rows = 0;
    int rc = TIDE_OK;

    while (rows < most) {
        char *data = NULL;
        size_t length = 0;

        rc = pg_stream_get(&streaming->stream, &data, &length, &streaming->err);
        PQfreemem(data);
        if (rc != TIDE_OK) {
            break;
        }
        rows++;
    }
    return rc == TIDE_OK || rc == TIDE_END ? rows : rc;
}

static void many_rows_of_many_statements_come_whole(void **state)
{
    struct streaming streaming;

    (void)state;
    streaming_begin(&streaming, MANY "; " MANY "; COPY (SELECT 1) TO STDOUT");
    assert_int_equal(read_rows(&streaming, INT64_MAX), 10000);
    assert_int_equal(low_water(&streaming), 1);
    assert_int_equal(read_rows(&streaming, INT64_MAX), 10000);
    assert_int_equal(read_rows(&streaming, INT64_MAX), 1);
    assert_int_equal(low_water(&streaming), 1);
    tide_pg_close(streaming.stream.pg);
}

static void a_short_answer_is_not_gathered(void **state)
{
    struct streaming streaming;

    (void)state;
    streaming_begin(&streaming, "COPY (SELECT generate_series(1, 1000)) TO STDOUT;"
                                "COPY (SELECT 1 WHERE false) TO STDOUT");
    assert_int_equal(read_rows(&streaming, INT64_MAX), 1000);
    assert_int_equal(read_rows(&streaming, INT64_MAX), 0);
    assert_int_equal(highest, 0);
    tide_pg_close(streaming.stream.pg);
}

/* Asked in each wait that lasts: the first byte ends it.  Then the next row may come. */
static void let_one_come(struct kit_host *host)
{
    (void)host;
    slow_waits++;
    assert_int_equal(low_water(&slow), 1);
    kit_sql("SELECT nextval('let')");
}

/* The server keeps each of the last rows until it was waited for. */
static void rows_are_gathered_and_slow_ones_taken_one_by_one(void **state)
{
    (void)state;
    kit_sql("CREATE SEQUENCE let MINVALUE 0; SELECT nextval('let');"
            "CREATE FUNCTION wait_until_let(n bigint) RETURNS text AS"
            " 'BEGIN WHILE (SELECT last_value FROM let) < n LOOP"
            " PERFORM pg_sleep(0.001); END LOOP; RETURN n; END' LANGUAGE plpgsql");
    streaming_begin(&slow, "COPY (SELECT repeat('x', 9000), CASE WHEN g > 300 THEN"
                           " wait_until_let(g - 300) END"
                           " FROM generate_series(1, 308) g) TO STDOUT");
    slow_waits = 0;
    slow.host.when_asked = let_one_come;
    assert_int_equal(read_rows(&slow, INT64_MAX), 308);
    assert_true(highest >= 64 * 1024);
    assert_true(slow_waits >= 8);
    assert_int_equal(low_water(&slow), 1);
    tide_pg_close(slow.stream.pg);
}

static void cancel(struct kit_host *host)
{
    host->cancelled = true;
}

/* No statement behind the one that is under way begins. */
static void rows_that_stop_coming_are_cancelled(void **state)
{
    struct streaming streaming;

    (void)state;
    kit_sql("CREATE TABLE later (id int); INSERT INTO later VALUES (1)");
    streaming_begin(&streaming,
                    "COPY (SELECT repeat('x', 9000), CASE WHEN g > 300 THEN"
                    " pg_sleep(3600) END FROM generate_series(1, 320) g) TO STDOUT;"
                    "TRUNCATE later; " MANY);
    streaming.host.when_asked = cancel;
    assert_int_equal(read_rows(&streaming, INT64_MAX), TIDE_E_CANCELLED);
    tide_pg_close(streaming.stream.pg);
    assert_string_equal(kit_value("SELECT count(*) FROM later"), "1");
}

static void a_statement_that_fails_ends_those_behind_it(void **state)
{
    struct streaming streaming;

    (void)state;
    streaming_begin(&streaming, MANY "; COPY (SELECT 1 / (g - 100000) FROM"
                                     " generate_series(1, 200000) g) TO STDOUT; " MANY);
    assert_int_equal(read_rows(&streaming, INT64_MAX), 10000);
    assert_true(read_rows(&streaming, INT64_MAX) < 0);
    assert_non_null(strstr(streaming.err.message, "division by zero"));
    tide_pg_close(streaming.stream.pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_rows_of_many_statements_come_whole),
        cmocka_unit_test(a_short_answer_is_not_gathered),
        cmocka_unit_test(rows_are_gathered_and_slow_ones_taken_one_by_one),
        cmocka_unit_test(rows_that_stop_coming_are_cancelled),
        cmocka_unit_test(a_statement_that_fails_ends_those_behind_it),
    };

    return KIT_RUN(tests);
}
