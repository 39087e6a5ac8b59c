/*
 * Tests of the local storage: names, globs, and files that appear whole or not at all.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mover_harness.h"

static const struct tide_storage *storage_of(struct harness *harness)
{

    return harness_load(harness, TIDE_KIND_STORAGE, "local", "{}")->storage;
}

static int join_name(void *arg, const char *name, int64_t size)
{
    char *names = arg;
    size_t used = strlen(names);

    (void)snprintf(names + used, 256 - used, "%s%s=%d", used > 0 ? " " : "", name,
                   (int)size);
    return TIDE_OK;
}

static int list(struct harness *harness, const char *pattern, char names[256])
{
    names[0] = '\0';
    return storage_of(harness)->list(NULL, &harness->plugin.host, harness->folder,
                                     pattern, join_name, names, &harness->plugin.err);
}

static void make_folder(const struct harness *harness, const char *name)
{
    assert_int_equal(
        mkdir(tide_arena_strf(harness->arena, "%s/%s", harness->folder, name), 0777), 0);
}

static void a_glob_lists_in_order_and_stays_in_its_folder(void **state)
{
    struct harness *harness = *state;
    char names[256];

    make_folder(harness, "sub");
    harness_put_text("b.csv", "12");
    harness_put_text("a.csv", "1");
    harness_put_text(".hidden.csv", "");
    harness_put_text("c.txt", "");
    harness_put_text("sub/d.csv", "123");
    assert_int_equal(list(harness, "*.csv", names), TIDE_OK);
    assert_string_equal(names, "a.csv=1 b.csv=2");
    assert_int_equal(list(harness, "s*/?.csv", names), TIDE_OK);
    assert_string_equal(names, "sub/d.csv=3");
    assert_int_equal(list(harness, "*", names), TIDE_OK);
    assert_string_equal(names, "a.csv=1 b.csv=2 c.txt=0");
    assert_int_equal(list(harness, "*.parquet", names), TIDE_OK);
    assert_string_equal(names, "");
}

static void a_file_of_that_very_name_wins_over_the_pattern(void **state)
{
    struct harness *harness = *state;
    char names[256];

    harness_put_text("[ab].csv", "");
    harness_put_text("a.csv", "");
    assert_int_equal(list(harness, "[ab].csv", names), TIDE_OK);
    assert_string_equal(names, "[ab].csv=0");
}

static void what_is_missing_is_named_with_its_path(void **state)
{
    struct harness *harness = *state;
    char names[256];

    assert_int_equal(list(harness, "none.csv", names), TIDE_E_NOT_FOUND);
    assert_non_null(strstr(harness->plugin.err.message, harness->folder));
    assert_non_null(strstr(harness->plugin.err.message, "/none.csv: No such file"));
    assert_int_equal(storage_of(harness)->list(NULL, &harness->plugin.host,
                                               "/no/such/place", "*", join_name, names,
                                               &harness->plugin.err),
                     TIDE_E_NOT_FOUND);
    assert_non_null(strstr(harness->plugin.err.message, "/no/such/place"));
}

static void a_path_that_is_a_file_is_explained(void **state)
{
    struct harness *harness = *state;
    char names[256] = "";

    harness_put_text("a.csv", "");
    assert_int_equal(storage_of(harness)->list(
                         NULL, &harness->plugin.host,
                         tide_arena_strf(harness->arena, "%s/a.csv", harness->folder),
                         "*", join_name, names, &harness->plugin.err),
                     TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "path names its folder"));
}

static void no_name_leaves_the_root(void **state)
{
    static const char *const names[] = {"../x", "a/../../x", "..",  "/etc/passwd",
                                        "",     "a/..",      "sub/"};
    struct harness *harness = *state;
    const struct tide_storage *storage = storage_of(harness);
    char found[256];
    void *file = NULL;
    int64_t existing;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(list(harness, names[i], found), TIDE_E_CONFIG);
        assert_int_equal(storage->read_open(NULL, &harness->plugin.host, harness->folder,
                                            names[i], &file, &harness->plugin.err),
                         TIDE_E_CONFIG);
        assert_int_equal(storage->write_open(NULL, &harness->plugin.host, harness->folder,
                                             names[i], "1", false, &file, &existing,
                                             &harness->plugin.err),
                         TIDE_E_CONFIG);
        assert_null(file);
    }
}

static void *open_for_writing(struct harness *harness, const char *name, const char *run,
                              bool append, int64_t expected)
{
    void *file = NULL;
    int64_t existing = -1;

    if (storage_of(harness)->write_open(NULL, &harness->plugin.host, harness->folder,
                                        name, run, append, &file, &existing,
                                        &harness->plugin.err) != TIDE_OK) {
        fail_msg("%s", harness->plugin.err.message);
    }
    assert_int_equal(existing, expected);
    return file;
}

static void write_text(struct harness *harness, void *file, const char *text)
{
    assert_int_equal(storage_of(harness)->write(file, (const uint8_t *)text, strlen(text),
                                                &harness->plugin.err),
                     TIDE_OK);
}

static void a_file_is_seen_only_when_published(void **state)
{
    struct harness *harness = *state;
    const struct tide_storage *storage = storage_of(harness);
    void *file;

    harness_put_text("out.csv", "old");
    file = open_for_writing(harness, "out.csv", "41", false, 0);
    write_text(harness, file, "new");
    assert_string_equal(harness_names(harness, "."), ".out.csv.tidemill-41,out.csv");
    assert_string_equal(harness_get(harness, "out.csv"), "old");
    assert_int_equal(storage->publish(file, &harness->plugin.err), TIDE_OK);
    storage->write_close(file);
    assert_string_equal(harness_get(harness, "out.csv"), "new");
    assert_string_equal(harness_names(harness, "."), "out.csv");
}

static void a_file_not_published_leaves_no_trace(void **state)
{
    struct harness *harness = *state;
    void *file = open_for_writing(harness, "deep/er/out.csv", "41", false, 0);

    write_text(harness, file, "new");
    storage_of(harness)->write_close(file);
    assert_string_equal(harness_names(harness, "deep/er"), "");
}

static void appending_starts_from_a_copy(void **state)
{
    struct harness *harness = *state;
    const struct tide_storage *storage = storage_of(harness);
    void *file;

    harness_put_text("log", "one\n");
    file = open_for_writing(harness, "log", "41", true, 4);
    write_text(harness, file, "two\n");
    assert_string_equal(harness_get(harness, "log"), "one\n");
    assert_int_equal(storage->publish(file, &harness->plugin.err), TIDE_OK);
    storage->write_close(file);
    assert_string_equal(harness_get(harness, "log"), "one\ntwo\n");
}

static void the_mode_of_the_present_file_is_kept(void **state)
{
    struct harness *harness = *state;
    const char *path = tide_arena_strf(harness->arena, "%s/log", harness->folder);
    struct stat status;
    void *file;

    harness_put_text("log", "");
    assert_int_equal(chmod(path, 0640), 0);
    file = open_for_writing(harness, "log", "41", false, 0);
    assert_int_equal(storage_of(harness)->publish(file, &harness->plugin.err), TIDE_OK);
    storage_of(harness)->write_close(file);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
}

static void what_a_killed_run_left_is_removed(void **state)
{
    struct harness *harness = *state;
    void *file;

    harness_put_text(".out.csv.tidemill-9", "half");
    harness_put_text(".other.csv.tidemill-9", "half");
    file = open_for_writing(harness, "out.csv", "41", false, 0);
    storage_of(harness)->write_close(file);
    assert_string_equal(harness_names(harness, "."), ".other.csv.tidemill-9");
}

static void two_runs_cannot_write_one_file(void **state)
{
    struct harness *harness = *state;
    const struct tide_storage *storage = storage_of(harness);
    void *first = open_for_writing(harness, "out.csv", "41", true, 0);
    void *second = NULL;
    int64_t existing;

    assert_int_equal(storage->write_open(NULL, &harness->plugin.host, harness->folder,
                                         "out.csv", "42", true, &second, &existing,
                                         &harness->plugin.err),
                     TIDE_E_TRANSIENT);
    assert_string_equal(harness_names(harness, "."), ".out.csv.tidemill-41");
    storage->write_close(first);
}

static int remove_file(struct harness *harness, const char *name)
{
    return storage_of(harness)->remove(NULL, &harness->plugin.host, harness->folder, name,
                                       &harness->plugin.err);
}

static void removing_takes_what_dead_runs_left_and_spares_the_living(void **state)
{
    struct harness *harness = *state;
    void *file;

    harness_put_text("out.csv", "whole");
    harness_put_text(".out.csv.tidemill-9", "half");
    harness_put_text(".other.csv.tidemill-9", "half");
    assert_int_equal(remove_file(harness, "out.csv"), TIDE_OK);
    assert_string_equal(harness_names(harness, "."), ".other.csv.tidemill-9");
    assert_int_equal(remove_file(harness, "out.csv"), TIDE_OK);
    assert_int_equal(remove_file(harness, "no/such/folder/out.csv"), TIDE_OK);
    assert_int_equal(remove_file(harness, "../out.csv"), TIDE_E_CONFIG);
    file = open_for_writing(harness, "out.csv", "41", false, 0);
    assert_int_equal(remove_file(harness, "out.csv"), TIDE_E_TRANSIENT);
    storage_of(harness)->write_close(file);
}

/* A limit on the size of files stands in for a full disk. */
static void a_full_disk_is_an_error_with_the_path(void **state)
{
    struct harness *harness = *state;
    const struct tide_storage *storage = storage_of(harness);
    void *file = open_for_writing(harness, "big", "41", false, 0);
    static const uint8_t data[4096];
    struct rlimit old, small;
    int rc;

    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = storage->write(file, data, sizeof data, &harness->plugin.err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    storage->write_close(file);
    assert_int_equal(rc, TIDE_E_IO);
    assert_non_null(strstr(harness->plugin.err.message, harness->folder));
    assert_non_null(strstr(harness->plugin.err.message, "/big: File too large"));
    assert_string_equal(harness_names(harness, "."), "");
}

static void a_folder_in_the_way_is_refused(void **state)
{
    struct harness *harness = *state;
    void *file = NULL;
    int64_t existing;

    make_folder(harness, "out.csv");
    assert_int_equal(storage_of(harness)->write_open(
                         NULL, &harness->plugin.host, harness->folder, "out.csv", "41",
                         false, &file, &existing, &harness->plugin.err),
                     TIDE_E_CONFIG);
    assert_string_equal(harness_names(harness, "."), "out.csv");
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, harness_setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_glob_lists_in_order_and_stays_in_its_folder),
        TEST(a_file_of_that_very_name_wins_over_the_pattern),
        TEST(what_is_missing_is_named_with_its_path),
        TEST(a_path_that_is_a_file_is_explained),
        TEST(no_name_leaves_the_root),
        TEST(a_file_is_seen_only_when_published),
        TEST(a_file_not_published_leaves_no_trace),
        TEST(appending_starts_from_a_copy),
        TEST(the_mode_of_the_present_file_is_kept),
        TEST(what_a_killed_run_left_is_removed),
        TEST(two_runs_cannot_write_one_file),
        TEST(removing_takes_what_dead_runs_left_and_spares_the_living),
        TEST(a_full_disk_is_an_error_with_the_path),
        TEST(a_folder_in_the_way_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
