/*
 * Tests of the exec source and destination, with scripts of their own as programs.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mover_harness.h"

#define SCHEMA                                                                           \
    "{\"type\":\"SCHEMA\",\"stream\":\"t\",\"key_properties\":[\"id\"],\"schema\":{"     \
    "\"properties\":{\"id\":{\"type\":\"integer\"},\"at\":{\"type\":[\"null\","          \
    "\"string\"],\"format\":\"date-time\"},\"n\":{\"type\":[\"number\",\"null\"]},"      \
    "\"ok\":{\"type\":\"boolean\"},\"s\":{\"type\":\"string\"},"                         \
    "\"o\":{\"type\":[\"object\"]},\"x\":{\"anyOf\":[{\"type\":\"string\","              \
    "\"format\":\"date-time\"},{\"type\":\"null\"}]}}}}\n"

static const char small_schema[] =
    "{\"type\":\"SCHEMA\",\"stream\":\"t\",\"schema\":{\"properties\":{\"id\":"
    "{\"type\":\"integer\"}}}}\n";

static const char cat[] = "{\"command\": [\"cat\", \"in\"]}";

/* ---- the source: lines ---- */

static void lines_are_rows(void **state)
{
    harness_put_text("in", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":null}");
    assert_string_equal(harness_read(*state, "exec", cat, "any"),
                        "a int64, b string\n1|x\n2|NULL\n");
    assert_null(((struct harness *)*state)->position);
}

static void bad_lines_are_rejected_with_their_number(void **state)
{
    struct harness *harness = *state;
    char *rejects;

    harness_put_text("in", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n");
    assert_string_equal(harness_read(harness, "exec", cat, "any"), "a int64\n1\n3\n");
    rejects = plugin_harness_rejects(&harness->plugin);
    assert_string_equal(rejects, "any:2 malformed_json\n");
    free(rejects);
}

static void the_format_may_be_another(void **state)
{
    harness_put_text("in", "a;b\n1;2\n");
    assert_string_equal(harness_read(*state, "exec",
                                     "{\"command\": [\"cat\", \"in\"], \"format\": "
                                     "\"csv\", \"delimiter\": \";\"}",
                                     "any"),
                        "a string, b string\n1|2\n");
}

static void arguments_environment_and_directory_arrive(void **state)
{
    assert_int_equal(mkdir("sub", 0700), 0);
    assert_string_equal(
        harness_read(*state, "exec",
                     "{\"command\": [\"sh\", \"-c\", \"echo \\\"{\\\\\\\"v\\\\\\\":"
                     "\\\\\\\"$WHO $1 ${PWD##*/}\\\\\\\"}\\\"\", \"sh\", \"a  b\"], "
                     "\"environment\": {\"WHO\": \"me\"}, \"directory\": \"sub\"}",
                     "any"),
        "v string\nme a  b sub\n");
}

static void a_failure_has_the_last_line_of_stderr(void **state)
{
    struct harness *harness = *state;

    assert_null(harness_read(harness, "exec",
                             "{\"command\": [\"sh\", \"-c\", \"echo '{\\\"a\\\":1}'; "
                             "echo first >&2; echo no such shop >&2; exit 3\"]}",
                             "any"));
    assert_string_equal(harness->plugin.err.message,
                        "\"sh\" ended with status 3: no such shop");
    assert_int_equal(harness->plugin.log_count, 2);
    assert_int_equal(harness->plugin.logs[0].level, TIDE_LOG_WARNING);
    assert_string_equal(harness->plugin.logs[0].message, "first");
}

static void a_signal_is_a_failure(void **state)
{
    struct harness *harness = *state;

    assert_null(harness_read(harness, "exec",
                             "{\"command\": [\"sh\", \"-c\", \"kill -9 $$\"]}", "any"));
    assert_non_null(strstr(harness->plugin.err.message, "signal 9"));
}

static void a_program_that_is_missing_is_named(void **state)
{
    struct harness *harness = *state;

    assert_null(harness_read(harness, "exec", "{\"command\": [\"./none\"]}", "any"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "cannot start \"./none\""));
}

static void a_program_that_does_not_end_is_a_failure(void **state)
{
    struct harness *harness = *state;

    assert_null(harness_read(harness, "exec",
                             "{\"command\": [\"sh\", \"-c\", \"exec sleep 600 >&-\"], "
                             "\"timeout\": \"50ms\"}",
                             "any"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_LIMIT);
}

/* ---- the source: Singer ---- */

static void singer_types_become_ours(void **state)
{
    struct harness *harness = *state;

    harness_put_text("in", SCHEMA
                     "{\"type\":\"RECORD\",\"stream\":\"other\",\"record\":{\"z\":1}}\n"
                     "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"id\":7,\"at\":"
                     "\"2024-05-06T07:08:09+02:00\",\"n\":1.10,\"ok\":true,\"s\":\"a\","
                     "\"o\":{\"k\": 1},\"x\":null}}\n"
                     "{\"type\":\"STATE\",\"value\":{\"seen\": 7}}\n");
    assert_string_equal(harness_read(harness, "exec", cat, "t"),
                        "id int64, at timestamp, n decimal, ok bool, s string, o json, "
                        "x timestamp\n"
                        "7|2024-05-06T05:08:09Z|1.10|true|a|{\"k\": 1}|NULL\n");
    assert_string_equal(harness->position, "{\"seen\": 7}");
}

static void bad_messages_are_rejected_with_their_line(void **state)
{
    struct harness *harness = *state;
    char *rejects;

    harness_put_text(
        "in",
        SCHEMA "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"id\":1}}\nnonsense\n"
               "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"at\":\"soon\"}}\n"
               "{\"type\":\"RECORD\",\"stream\":\"t\"}\n"
               "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"id\":\"x\"}}\n"
               "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"id\":2}}\n");
    assert_non_null(harness_read(harness, "exec", cat, "t"));
    rejects = plugin_harness_rejects(&harness->plugin);
    assert_string_equal(rejects, "t:3 malformed_json\nt:4 type_mismatch\n"
                                 "t:5 not_a_message\nt:6 type_mismatch\n");
    free(rejects);
}

/* Behind a NUL a text goes on: it is no date-time, and no key that is known. */
static void a_nul_does_not_end_a_text(void **state)
{
    struct harness *harness = *state;
    char *rejects;

    harness_put_text(
        "in", "{\"type\":\"SCHEMA\",\"stream\":\"t\",\"schema\":{\"properties\":{"
              "\"id\":{\"type\":\"integer\"},\"at\":{\"type\":\"string\","
              "\"format\":\"date-time\"},\"b\\u0000c\":{\"type\":\"integer\"}}}}\n"
              "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"id\":1}}\n"
              "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"at\":"
              "\"2020-01-01T00:00:00Z\\u0000x\"}}\n"
              "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"at\":"
              "\"2020-01-01T00:00:00Z\\u0000\"}}\n"
              "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"at\\u0000\":"
              "\"soon\"}}\n"
              "{\"type\":\"RECORD\",\"stream\":\"t\\u0000\",\"record\":{\"id\":6}}\n"
              "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"at\":7}}\n"
              "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"id\":8,\"at\":"
              "\"2020-01-01T00:00:00\\u005a\"}}\n");
    assert_string_equal(harness_read(harness, "exec", cat, "t"),
                        "id int64, at timestamp\n1|NULL\n8|2020-01-01T00:00:00Z\n");
    rejects = plugin_harness_rejects(&harness->plugin);
    assert_string_equal(rejects, "t:3 type_mismatch\nt:4 type_mismatch\n"
                                 "t:5 unknown_field\nt:7 type_mismatch\n");
    free(rejects);
}

static void the_state_is_given_back_in_a_file(void **state)
{
    struct harness *harness = *state;

    harness_put_text("in", small_schema);
    harness->source.position = "{\"seen\": 7}";
    assert_non_null(
        harness_read(harness, "exec",
                     "{\"command\": [\"sh\", \"-c\", \"cp $2 state; echo $1 > "
                     "name; cat in\", \"sh\"], \"state_argument\": \"--from\"}",
                     "t"));
    assert_string_equal(harness_get(harness, "state"), "{\"seen\": 7}");
    assert_string_equal(harness_get(harness, "name"), "--from\n");
}

static void a_value_that_the_schema_does_not_fit_is_told_of_it(void **state)
{
    struct harness *harness = *state;
    char text[512];

    (void)snprintf(text, sizeof text, "%s%s", small_schema,
                   "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"id\":\"x\"}}\n");
    harness_put_text("in", text);
    assert_non_null(harness_read(harness, "exec", cat, "t"));
    assert_int_equal(harness->plugin.reject_count, 1);
    assert_non_null(strstr(harness->plugin.rejects[0].message,
                           "where the first file, or a SCHEMA, made the column int64"));
}

static void a_state_that_is_not_kept_is_told_once(void **state)
{
    static const char states[] = "{\"type\":\"STATE\",\"value\":1}\n"
                                 "{\"type\":\"STATE\",\"value\":2}\n";
    struct harness *harness = *state;
    char text[512];

    (void)snprintf(text, sizeof text, "%s%s", small_schema, states);
    harness_put_text("in", text);
    assert_non_null(harness_read(harness, "exec", cat, "t"));
    assert_int_equal(harness->plugin.log_count, 1);
    assert_int_equal(harness->plugin.logs[0].level, TIDE_LOG_WARNING);
    assert_non_null(strstr(harness->plugin.logs[0].message, "table \"t\" has no cursor"));
    harness->source.cursor = "id";
    assert_non_null(harness_read(harness, "exec", cat, "t"));
    assert_int_equal(harness->plugin.log_count, 0);
}

static void small_batches_lose_nothing(void **state)
{
    struct harness *harness = *state;
    static char text[40000] = SCHEMA;
    const char *rows;
    size_t lines = 0;

    for (int i = 0; i < 300; i++) {
        size_t used = strlen(text);

        (void)snprintf(text + used, sizeof text - used,
                       "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"id\":%d}}\n"
                       "{\"type\":\"STATE\",\"value\":%d}\n",
                       i, i);
    }
    harness_put_text("in", text);
    harness->source.batch_rows = 7;
    rows = harness_read(harness, "exec", cat, "t");
    assert_non_null(rows);
    for (const char *at = rows; *at; at++) {
        lines += *at == '\n';
    }
    assert_int_equal(lines, 301);
}

static void a_stream_that_is_missing_has_a_near_one(void **state)
{
    struct harness *harness = *state;

    harness_put_text("in", "{\"type\":\"SCHEMA\",\"stream\":\"orders\",\"schema\":{}}\n");
    assert_null(harness_read(harness, "exec", cat, "order"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_NOT_FOUND);
    assert_non_null(strstr(harness->plugin.err.message, "did you mean \"orders\"?"));
}

/* The pipe `alive` is open for writing while anything of the program runs. */
static void a_cancel_ends_all_that_was_started(void **state)
{
    static const char options[] =
        "{\"command\": [\"sh\", \"-c\", \"exec 9>alive; sleep 600 & cat in; wait\"]}";
    struct harness *harness = *state;
    const struct tide_source *source;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct pollfd alive = {.events = POLLIN};
    void *reader = NULL;

    harness_put_text("in", small_schema);
    assert_int_equal(mkfifo("alive", 0600), 0);
    alive.fd = open("alive", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    source = harness_load(harness, TIDE_KIND_SOURCE, "exec", options)->source;
    harness->source.table = "t";
    assert_int_equal(source->open(harness->plugin.options, &harness->source,
                                  &harness->plugin.host, &reader, &schema,
                                  &harness->plugin.err),
                     TIDE_OK);
    assert_int_equal(poll(&alive, 1, 0), 0);
    harness->plugin.cancelled = true;
    assert_int_equal(source->read(reader, &batch, &harness->plugin.err),
                     TIDE_E_CANCELLED);
    source->close(reader);
    tide_schema_clear(&schema);
    assert_int_equal(poll(&alive, 1, 10000), 1);
    assert_true(alive.revents & POLLHUP);
    (void)close(alive.fd);
}

/* As a run would, and then it is killed. */
static pid_t start_a_run(struct harness *harness, const struct tide_source *source)
{
    struct tide_schema schema = {0};
    void *reader = NULL;
    pid_t pid = fork();

    if (pid == 0) {
        (void)source->open(harness->plugin.options, &harness->source,
                           &harness->plugin.host, &reader, &schema, &harness->plugin.err);
        (void)pause();
        _exit(1);
    }
    return pid;
}

static void a_run_that_is_killed_leaves_no_program(void **state)
{
    struct harness *harness = *state;
    struct pollfd alive = {.events = POLLIN};
    const struct tide_source *source;
    char byte;
    pid_t pid;

    assert_int_equal(mkfifo("alive", 0600), 0);
    alive.fd = open("alive", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    source = harness_load(harness, TIDE_KIND_SOURCE, "exec",
                          "{\"command\": [\"sh\", \"-c\", \"exec 9>alive; echo >&9; "
                          "exec sleep 600\"]}")
                 ->source;
    harness->source.table = "t";
    pid = start_a_run(harness, source);
    assert_true(pid > 0);
    assert_int_equal(poll(&alive, 1, 10000), 1);
    assert_int_equal(read(alive.fd, &byte, 1), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(poll(&alive, 1, 10000), 1);
    assert_true(alive.revents & POLLHUP);
    (void)close(alive.fd);
}

/* ---- the destination ---- */

static int write_rows(struct harness *harness, const char *options)
{
    return harness_write(harness, "exec", options, TIDE_MODE_APPEND, "t",
                         "id int64 key, s string\n1|a\n2|NULL\n", "here");
}

static void rows_are_lines(void **state)
{
    assert_int_equal(write_rows(*state, "{\"command\": [\"sh\", \"-c\", \"cat > out\"]}"),
                     TIDE_OK);
    assert_string_equal(harness_get(*state, "out"),
                        "{\"id\":1,\"s\":\"a\"}\n{\"id\":2,\"s\":null}\n");
}

static void rows_are_singer_messages(void **state)
{
    assert_int_equal(write_rows(*state, "{\"command\": [\"sh\", \"-c\", \"cat > out\"], "
                                        "\"protocol\": \"singer\"}"),
                     TIDE_OK);
    assert_string_equal(
        harness_get(*state, "out"),
        "{\"type\":\"SCHEMA\",\"stream\":\"t\",\"schema\":{\"type\":\"object\","
        "\"properties\":{\"id\":{\"type\":[\"null\",\"integer\"]},\"s\":{\"type\":"
        "[\"null\",\"string\"]}}},\"key_properties\":[\"id\"]}\n"
        "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"id\":1,\"s\":\"a\"}}\n"
        "{\"type\":\"RECORD\",\"stream\":\"t\",\"record\":{\"id\":2,\"s\":null}}\n"
        "{\"type\":\"STATE\",\"value\":{\"position\":\"here\"}}\n");
}

static void a_failure_at_the_end_is_no_commit(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(write_rows(harness,
                                "{\"command\": [\"sh\", \"-c\", \"cat > /dev/null;"
                                " echo disk full >&2; exit 1\"]}"),
                     TIDE_E_IO);
    assert_string_equal(harness->plugin.err.message,
                        "\"sh\" ended with status 1: disk full");
}

/* More than a pipe holds, to a program that reads nothing. */
static void a_broken_pipe_tells_why(void **state)
{
    static const char head[] = "s string\n";
    struct harness *harness = *state;
    size_t size = 300000;
    char *rows = malloc(size + 1);

    assert_non_null(rows);
    memset(rows, 'x', size);
    memcpy(rows, head, sizeof head - 1);
    rows[size - 1] = '\n';
    rows[size] = '\0';
    assert_int_equal(harness_write(harness, "exec",
                                   "{\"command\": [\"sh\", \"-c\", \"exec <&-; echo not "
                                   "today >&2; exit 4\"]}",
                                   TIDE_MODE_APPEND, "t", rows, NULL),
                     TIDE_E_IO);
    assert_string_equal(harness->plugin.err.message,
                        "\"sh\" ended with status 4: not today");
    assert_int_equal(harness_write(harness, "exec", "{\"command\": [\"true\"]}",
                                   TIDE_MODE_APPEND, "t", rows, NULL),
                     TIDE_E_IO);
    assert_non_null(strstr(harness->plugin.err.message, "before it had read all rows"));
    free(rows);
}

/* A pipe holds all of them, so that it does not break. */
static void rows_that_are_left_unread_are_a_failure(void **state)
{
    static const char *const careless[] = {
        "{\"command\": [\"sleep\", \"0.1\"]}",
        "{\"command\": [\"sleep\", \"0.1\"], \"protocol\": \"singer\"}",
        "{\"command\": [\"true\"]}",
        "{\"command\": [\"dd\", \"bs=1\", \"count=5\", \"status=none\"]}",
        "{\"command\": [\"sh\", \"-c\", \"exec <&-; sleep 0.1\"]}",
        "{\"command\": [\"sh\", \"-c\", \"exec 3<&0; sleep 600 <&3 &\"]}",
    };
    struct harness *harness = *state;

    for (size_t i = 0; i < sizeof careless / sizeof careless[0]; i++) {
        assert_int_equal(write_rows(harness, careless[i]), TIDE_E_IO);
        assert_non_null(strstr(harness->plugin.err.message,
                               "\" ended with status 0 before it had read all rows"));
    }
}

static void a_program_without_rows_need_not_read(void **state)
{
    assert_int_equal(harness_write(*state, "exec", "{\"command\": [\"true\"]}",
                                   TIDE_MODE_APPEND, "t", "s string\n", NULL),
                     TIDE_OK);
}

/* It has left the group: it is not ended with the program. */
static void what_the_program_leaves_behind_may_read_on(void **state)
{
    assert_int_equal(mkfifo("left", 0600), 0);
    assert_int_equal(
        write_rows(*state, "{\"command\": [\"sh\", \"-c\", \"exec 3<&0; setsid sh -c "
                           "'echo > left; sleep 0.3; cat > /dev/null' <&3 2>&- & "
                           "read line < left\"]}"),
        TIDE_OK);
}

#define HARNESS_TEST(test)                                                               \
    cmocka_unit_test_setup_teardown(test, harness_setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(lines_are_rows),
        HARNESS_TEST(bad_lines_are_rejected_with_their_number),
        HARNESS_TEST(the_format_may_be_another),
        HARNESS_TEST(arguments_environment_and_directory_arrive),
        HARNESS_TEST(a_failure_has_the_last_line_of_stderr),
        HARNESS_TEST(a_signal_is_a_failure),
        HARNESS_TEST(a_program_that_is_missing_is_named),
        HARNESS_TEST(a_program_that_does_not_end_is_a_failure),
        HARNESS_TEST(singer_types_become_ours),
        HARNESS_TEST(bad_messages_are_rejected_with_their_line),
        HARNESS_TEST(a_nul_does_not_end_a_text),
        HARNESS_TEST(the_state_is_given_back_in_a_file),
        HARNESS_TEST(a_value_that_the_schema_does_not_fit_is_told_of_it),
        HARNESS_TEST(a_state_that_is_not_kept_is_told_once),
        HARNESS_TEST(small_batches_lose_nothing),
        HARNESS_TEST(a_stream_that_is_missing_has_a_near_one),
        HARNESS_TEST(a_cancel_ends_all_that_was_started),
        HARNESS_TEST(a_run_that_is_killed_leaves_no_program),
        HARNESS_TEST(rows_are_lines),
        HARNESS_TEST(rows_are_singer_messages),
        HARNESS_TEST(a_failure_at_the_end_is_no_commit),
        HARNESS_TEST(a_broken_pipe_tells_why),
        HARNESS_TEST(rows_that_are_left_unread_are_a_failure),
        HARNESS_TEST(a_program_without_rows_need_not_read),
        HARNESS_TEST(what_the_program_leaves_behind_may_read_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
