/* log - lines as they leave the process, caught in a pipe. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"

static char line[4096];

/* What is written to stderr between catch_begin and catch_end, without its time. */
static int real_stderr, ends[2];

static void catch_begin(void)
{
    assert_int_equal(pipe(ends), 0);
    real_stderr = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
}

static const char *catch_end(void)
{
    ssize_t length;

    assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
    (void)close(real_stderr);
    (void)close(ends[1]);
    length = read(ends[0], line, sizeof line - 1);
    (void)close(ends[0]);
    assert_true(length >= 0);
    line[length] = '\0';
    return line;
}

/* The line behind its time stamp. */
static const char *behind_time(const char *text)
{
    const char *found = strstr(text, "level=");

    assert_true(strncmp(text, "time=20", 7) == 0);
    assert_non_null(found);
    return found;
}

static void logfmt_quotes_only_what_needs_it(void **state)
{
    (void)state;
    tide_log_init("tidemilld", TIDE_LOG_LOGFMT, TIDE_LOG_INFO);
    catch_begin();
    TIDE_LOG(TIDE_LOG_WARNING, "run ended", TIDE_KEY_INT("run", -5),
             TIDE_KEY_TEXT("name", "a\"b\nc=d"), TIDE_KEY_TEXT("plain", "x/y.csv"),
             TIDE_KEY_TEXT("empty", ""), TIDE_KEY_TEXT("none", NULL),
             TIDE_KEY_FLOAT("share", 0.1), TIDE_KEY_SECRET("key"));
    assert_string_equal(behind_time(catch_end()),
                        "level=warning program=tidemilld msg=\"run ended\" run=-5 "
                        "name=\"a\\\"b\\nc=d\" plain=x/y.csv empty=\"\" none=null "
                        "share=0.1 key=[redacted]\n");
}

static void json_lines_are_json(void **state)
{
    struct json_object *value = NULL;
    struct tide_error err = {0};
    const char *text;

    (void)state;
    tide_log_init("tidemill-worker", TIDE_LOG_JSON, TIDE_LOG_DEBUG);
    catch_begin();
    TIDE_LOG(TIDE_LOG_ERROR, "run \"failed\"", TIDE_KEY_TEXT("bytes", "\xff\n\x01"),
             TIDE_KEY_FLOAT("odd", __builtin_nan("")), TIDE_KEY_SECRET("password"));
    text = catch_end();
    assert_int_equal(text[strlen(text) - 1], '\n');
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    assert_int_equal(tide_json_parse(text, strlen(text), &value, &err), TIDE_OK);
    assert_string_equal(tide_json_text(value, "level"), "error");
    assert_string_equal(tide_json_text(value, "program"), "tidemill-worker");
    assert_string_equal(tide_json_text(value, "message"), "run \"failed\"");
    assert_string_equal(tide_json_text(value, "bytes"), "\xef\xbf\xbd\n\x01");
    assert_string_equal(tide_json_text(value, "odd"), "NaN");
    assert_string_equal(tide_json_text(value, "password"), "[redacted]");
    (void)json_object_put(value);
}

static void lines_below_the_level_are_not_written(void **state)
{
    (void)state;
    tide_log_init("x", TIDE_LOG_LOGFMT, TIDE_LOG_WARNING);
    catch_begin();
    TIDE_LOG_PLAIN(TIDE_LOG_INFO, "not this");
    TIDE_LOG_PLAIN(TIDE_LOG_WARNING, "this");
    assert_string_equal(behind_time(catch_end()), "level=warning program=x msg=this\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_quotes_only_what_needs_it),
        cmocka_unit_test(json_lines_are_json),
        cmocka_unit_test(lines_below_the_level_are_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
