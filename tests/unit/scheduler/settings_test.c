/*
 * Where the daemon's settings come from, which of them wins, and how a wrong one is told.
 */
#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

/** The environment of the test: pairs, ended by NULL. */
static const char *const *variables;

static char *variable(const char *name)
{
    for (const char *const *pair = variables; pair && *pair; pair += 2) {
        if (strcmp(pair[0], name) == 0) {
            return (char *)(uintptr_t)pair[1];
        }
    }
    return NULL;
}

struct fixture {
    char folder[32];
    char *file;
    struct tide_settings settings;
    enum tide_settings_action action;
    struct tide_error err;
};

static int set_up(void **state)
{
    struct fixture *fixture = tide_alloc(sizeof *fixture);

    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/tide-settings-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    fixture->file = tide_path_join(fixture->folder, "tidemill.yaml");
    variables = NULL;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    tide_settings_fini(&fixture->settings);
    (void)unlink(fixture->file);
    (void)rmdir(fixture->folder);
    free(fixture->file);
    free(fixture);
    return 0;
}

static void write_file(const struct fixture *fixture, const char *text)
{
    struct tide_error err;

    assert_int_equal(tide_file_write(fixture->file, text, strlen(text), 0600, &err), 0);
}

/** Load with these arguments, ended by NULL. */
static int load(struct fixture *fixture, const char *const *args)
{
    char *argv[16] = {(char *)(uintptr_t) "tidemilld"};
    int argc = 1;

    for (; *args; args++) {
        argv[argc++] = (char *)(uintptr_t)*args;
    }
    tide_settings_fini(&fixture->settings);
    memset(&fixture->err, 0, sizeof fixture->err);
    return tide_settings_load(argc, argv, variable, &fixture->settings, &fixture->action,
                              &fixture->err);
}
#define LOAD(fixture_, ...) load((fixture_), (const char *const[]){__VA_ARGS__, NULL})
#define LOAD_FILE(fixture_)                                                              \
    load((fixture_), (const char *const[]){"--config", (fixture_)->file, NULL})

static void assert_refused(struct fixture *fixture, int code, const char *part)
{
    assert_int_equal(code, TIDE_E_CONFIG);
    if (!strstr(fixture->err.message, part)) {
        fail_msg("\"%s\" does not say \"%s\"", fixture->err.message, part);
    }
}

static void defaults_are_those_of_the_table(void **state)
{
    struct fixture *fixture = *state;
    const char *args[] = {NULL};

    assert_int_equal(load(fixture, args), 0);
    assert_string_equal(fixture->settings.listen, "127.0.0.1:8084");
    assert_int_equal(fixture->settings.body_limit, 1024 * 1024);
    assert_int_equal(fixture->settings.request_timeout, 30 * INT64_C(1000000));
    assert_int_equal(fixture->settings.log_level, TIDE_LOG_INFO);
    assert_int_equal(fixture->settings.missed, 0);
    assert_null(fixture->settings.tls_key);
    assert_int_equal(fixture->settings.state_dir[0], '/');
    assert_int_equal(fixture->settings.plugin_dir[0], '/');
    assert_int_equal(fixture->action, TIDE_SETTING_RUN);
}

static void flags_win_over_variables_over_the_file(void **state)
{
    static const char *const pairs[] = {"TIDEMILL_LISTEN",
                                        "127.0.0.2:2",
                                        "TIDEMILL_LIMITS_MEMORY",
                                        "2GiB",
                                        "TIDEMILL_MISSED",
                                        "",
                                        NULL};
    struct fixture *fixture = *state;
    const char *args[] = {"--config", fixture->file, "--limits-memory=3GiB", NULL};

    write_file(fixture, "listen: 127.0.0.1:1\nlimits: {memory: 1GiB, open_files: 99}\n"
                        "missed: skip\nretention: 7d\n");
    variables = pairs;
    assert_int_equal(load(fixture, args), 0);
    assert_string_equal(fixture->settings.listen, "127.0.0.2:2");
    assert_int_equal(fixture->settings.limit_memory, INT64_C(3) << 30);
    assert_int_equal(fixture->settings.limit_open_files, 99);
    assert_int_equal(fixture->settings.missed, 1);
    assert_int_equal(fixture->settings.retention, INT64_C(7) * 86400 * 1000000);
}

static void the_file_is_named_by_flag_or_variable(void **state)
{
    struct fixture *fixture = *state;
    const char *const pairs[] = {"TIDEMILL_CONFIG", fixture->file, NULL};
    const char *args[] = {NULL};

    write_file(fixture, "max_runs: 7\n");
    variables = pairs;
    assert_int_equal(load(fixture, args), 0);
    assert_int_equal(fixture->settings.max_runs, 7);
    assert_string_equal(fixture->settings.file, fixture->file);
}

static void paths_of_the_file_start_at_its_folder(void **state)
{
    struct fixture *fixture = *state;
    char *expected = tide_path_join(fixture->folder, "state");

    write_file(fixture, "state_dir: state\n");
    assert_int_equal(LOAD_FILE(fixture), 0);
    assert_string_equal(fixture->settings.state_dir, expected);
    free(expected);
}

static void an_empty_file_is_no_error(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "# nothing\n");
    assert_int_equal(LOAD_FILE(fixture), 0);
}

static void unknown_keys_come_with_the_nearest(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "log_level: info\nlisen: 127.0.0.1:1\n");
    assert_refused(fixture, LOAD_FILE(fixture), "did you mean \"listen\"?");
    assert_non_null(strstr(fixture->err.message, "tidemill.yaml:2:"));
    write_file(fixture, "limits:\n  memori: 1GiB\n");
    assert_refused(fixture, LOAD_FILE(fixture), "did you mean \"memory\"?");
    write_file(fixture, "memory: 1GiB\n");
    assert_refused(fixture, LOAD_FILE(fixture), "there is no such key");
    assert_refused(fixture, LOAD(fixture, "--lissten", "x"), "did you mean --listen");
    assert_refused(fixture, LOAD(fixture, "listen"), "there is no flag listen");
}

static void wrong_values_are_told_with_their_place(void **state)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"body_limit: much\n", "body_limit"},
        {"body_limit: 1\n", "out of range"},
        {"body_limit: [1]\n", "must be a text"},
        {"request_timeout: 30\n", "request_timeout"},
        {"max_connections: 0\n", "out of range"},
        {"max_connections: many\n", "not a number"},
        {"log_level: loud\n", "debug, info, warning, error"},
        {"limits: 5\n", "must be a mapping"},
        {"listen: ''\n", "empty"},
        {"tls_key: k.pem\n", "tls_certificate is missing"},
        {"- listen\n", "mapping"},
        {"listen: a\nlisten: b\n", "listen"},
        {"listen: [\n", "line"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int code;

        write_file(fixture, cases[i].text);
        code = LOAD_FILE(fixture);
        assert_int_not_equal(code, 0);
        if (!strstr(fixture->err.message, cases[i].part)) {
            fail_msg("%s: \"%s\"", cases[i].text, fixture->err.message);
        }
    }
    assert_refused(fixture, LOAD(fixture, "--max-runs"), "needs a value");
    assert_refused(fixture, LOAD(fixture, "--max-runs", "-1"), "out of range");
}

static void a_missing_file_is_told_with_its_path(void **state)
{
    struct fixture *fixture = *state;

    assert_int_not_equal(LOAD_FILE(fixture), 0);
    assert_non_null(strstr(fixture->err.message, fixture->file));
}

static void commands_are_seen(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(LOAD(fixture, "--help"), 0);
    assert_int_equal(fixture->action, TIDE_SETTING_HELP);
    assert_int_equal(LOAD(fixture, "--version"), 0);
    assert_int_equal(fixture->action, TIDE_SETTING_VERSION);
    assert_int_equal(LOAD(fixture, "--check-config", "--listen", "x:1"), 0);
    assert_int_equal(fixture->action, TIDE_SETTING_CHECK);
}

/** Whether etc/tidemill.yaml shows the key with its default. */
static void assert_documented(const char *text, const struct tide_settings_key *key)
{
    const char *dot = strchr(key->name, '.');
    const char *name = dot ? dot + 1 : key->name;
    char *line = key->fallback
                     ? tide_strf("\n%s%s: %s\n", dot ? "  " : "", name, key->fallback)
                     : tide_strf("\n# %s: ", name);

    if (!strstr(text, line)) {
        fail_msg("etc/tidemill.yaml does not have the line \"%s\"", line);
    }
    free(line);
}

static void every_key_stands_in_the_example_file(void **state)
{
    const char *top = getenv("top_srcdir");
    char *path = tide_path_join(top ? top : ".", "etc/tidemill.yaml");
    struct fixture *fixture = *state;
    const char *args[] = {"--config", path, NULL};
    struct tide_error err;
    char *text = NULL;
    size_t length;

    assert_int_equal(tide_file_read(path, 1 << 20, &text, &length, &err), 0);
    for (const struct tide_settings_key *key = tide_settings_keys; key->name; key++) {
        assert_documented(text, key);
        assert_non_null(key->help);
    }
    assert_int_equal(load(fixture, args), 0);
    free(text);
    free(path);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_are_those_of_the_table),
        TEST(flags_win_over_variables_over_the_file),
        TEST(the_file_is_named_by_flag_or_variable),
        TEST(paths_of_the_file_start_at_its_folder),
        TEST(an_empty_file_is_no_error),
        TEST(unknown_keys_come_with_the_nearest),
        TEST(wrong_values_are_told_with_their_place),
        TEST(a_missing_file_is_told_with_its_path),
        TEST(commands_are_seen),
        TEST(every_key_stands_in_the_example_file),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
