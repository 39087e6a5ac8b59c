/* file - whole files, folders, paths, and where our own parts are. */
#include "base/file.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"

static char folder[] = "/tmp/tide-file-test-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char *command = tide_strf("rm -rf %s", folder);
    int rc = system(command);

    (void)state;
    free(command);
    return rc;
}

static void a_file_is_replaced_and_read_back(void **state)
{
    char *path = tide_path_join(folder, "a.txt"), *data = NULL;
    struct tide_error err = {0};
    struct stat status;
    size_t length = 0;

    (void)state;
    assert_int_equal(tide_file_write(path, "one", 3, 0600, &err), TIDE_OK);
    assert_int_equal(tide_file_write(path, "a\0b", 3, 0640, &err), TIDE_OK);
    assert_int_equal(tide_file_read(path, 3, &data, &length, &err), TIDE_OK);
    assert_int_equal(length, 3);
    assert_memory_equal(data, "a\0b", 4);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    free(data);
    free(path);
}

static void no_temporary_file_is_left(void **state)
{
    struct tide_error err = {0};
    char *path = tide_path_join(folder, "sub"), *inside = tide_path_join(path, "f");
    struct dirent *entry;
    size_t entries = 0;
    DIR *dir;

    (void)state;
    assert_int_equal(tide_folder_make(inside, 0755, &err), TIDE_OK);
    assert_int_equal(tide_file_write(inside, "x", 1, 0600, &err), TIDE_E_IO);
    assert_non_null(strstr(err.message, inside));
    dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        entries++;
    }
    (void)closedir(dir);
    assert_int_equal(entries, 3); /* ., .. and the folder f */
    free(inside);
    free(path);
}

static void what_cannot_be_read_says_why(void **state)
{
    char *path = tide_path_join(folder, "missing"), *data = NULL;
    struct tide_error err = {0};
    size_t length = 0;

    (void)state;
    assert_int_equal(tide_file_read(path, 10, &data, &length, &err), TIDE_E_NOT_FOUND);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(tide_file_read(folder, 10, &data, &length, &err), TIDE_E_IO);
    assert_int_equal(tide_file_write(path, "12345", 5, 0600, &err), TIDE_OK);
    assert_int_equal(tide_file_read(path, 4, &data, &length, &err), TIDE_E_LIMIT);
    assert_non_null(strstr(err.message, "longer than 4 bytes"));
    assert_null(data);
    free(path);
}

static void folders_are_made_with_their_parents(void **state)
{
    char *path = tide_path_join(folder, "a/b//c/"),
         *file = tide_path_join(folder, "plain");
    char *below = tide_path_join(file, "x");
    struct tide_error err = {0};
    struct stat status;

    (void)state;
    assert_int_equal(tide_folder_make(path, 0700, &err), TIDE_OK);
    assert_int_equal(tide_folder_make(path, 0700, &err), TIDE_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(tide_file_write(file, "", 0, 0600, &err), TIDE_OK);
    assert_true(tide_folder_make(file, 0700, &err) < 0);
    assert_true(tide_folder_make(below, 0700, &err) < 0);
    free(below);
    free(file);
    free(path);
}

static void assert_path(char *path, const char *expected)
{
    assert_string_equal(path, expected);
    free(path);
}

static void paths_are_taken_apart_and_joined(void **state)
{
    char *working = getcwd(NULL, 0), *absolute = tide_path_join(working, "x/y");

    (void)state;
    assert_path(tide_path_folder("a/b.csv"), "a");
    assert_path(tide_path_folder("b.csv"), ".");
    assert_path(tide_path_folder("/b.csv"), "/");
    assert_path(tide_path_folder("/a//b"), "/a");
    assert_path(tide_path_join("a", "b"), "a/b");
    assert_path(tide_path_join("a/", "b"), "a/b");
    assert_path(tide_path_join("a", "/b"), "/b");
    assert_path(tide_path_join("", "b"), "b");
    assert_path(tide_path_absolute("/x"), "/x");
    assert_path(tide_path_absolute("x/y"), absolute);
    free(absolute);
    free(working);
}

static void our_own_parts_are_found(void **state)
{
    char *beside = tide_program_path("file_test");

    (void)state;
    assert_int_equal(setenv("TIDEMILL_PLUGIN_DIR", "/somewhere", 1), 0);
    assert_path(tide_plugin_folder(), "/somewhere");
    assert_int_equal(unsetenv("TIDEMILL_PLUGIN_DIR"), 0);
    assert_path(tide_plugin_folder(), TIDE_PKGLIBDIR);
    assert_path(tide_program_path("tidemill-worker"),
                TIDE_PKGLIBEXECDIR "/tidemill-worker");
    assert_true(tide_text_ends(beside, "/file_test"));
    assert_int_equal(access(beside, X_OK), 0);
    free(beside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_replaced_and_read_back),
        cmocka_unit_test(no_temporary_file_is_left),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(paths_are_taken_apart_and_joined),
        cmocka_unit_test(our_own_parts_are_found),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
