/*
 * stdout_guard_test - what is printed while a run goes on is held against whoever did it.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/activity.h"
#include "run/stdout_guard.h"

/* How many threads this process has. */
static int count_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    int count = 0;

    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(folder);
    return count;
}

static void test_a_quiet_run_costs_no_thread(void **unused)
{
    struct tide_ledger ledger = {0};
    struct tide_stdout_guard *guard = NULL;
    struct tide_error err = {0};
    int before = count_threads(), during = 0, rc = TIDE_OK;

    (void)unused;
    assert_int_equal(tide_stdout_guard_start(&ledger, &guard, &err), TIDE_OK);
    during = count_threads();
    tide_stdout_guard_after_call(guard, "source quiet");
    rc = tide_stdout_guard_check(guard, &err);
    tide_stdout_guard_stop(guard);
    assert_int_equal(rc, TIDE_OK);
    assert_int_equal(during, before);
}

static void test_the_first_that_printed_is_named(void **unused)
{
    struct tide_ledger ledger = {0};
    struct tide_stdout_guard *guard = NULL;
    struct tide_error err = {0};
    int rc = TIDE_OK;

    (void)unused;
    assert_int_equal(tide_stdout_guard_start(&ledger, &guard, &err), TIDE_OK);
    tide_stdout_guard_after_call(guard, "source quiet");
    printf("one");
    tide_stdout_guard_after_call(guard, "transform loud");
    printf("three");
    tide_stdout_guard_after_call(guard, "destination louder");
    rc = tide_stdout_guard_before_commit(guard, &err);
    tide_stdout_guard_stop(guard);
    assert_int_equal(rc, TIDE_E_INTERNAL);
    assert_non_null(
        strstr(err.message, "transform loud wrote 8 bytes to standard output"));
}

static void test_what_comes_outside_of_a_call_is_found_too(void **unused)
{
    struct tide_ledger ledger = {0};
    struct tide_stdout_guard *guard = NULL;
    struct tide_error err = {0};
    int rc = TIDE_OK;

    (void)unused;
    assert_int_equal(tide_stdout_guard_start(&ledger, &guard, &err), TIDE_OK);
    tide_activity_begin(&ledger, "source late: read");
    tide_activity_end();
    printf("x");
    rc = tide_stdout_guard_check(guard, &err);
    tide_stdout_guard_stop(guard);
    assert_int_equal(rc, TIDE_E_INTERNAL);
    assert_non_null(strstr(err.message, "source late wrote 1 bytes"));
}

static void test_more_than_a_pipe_holds_hangs_nobody(void **unused)
{
    static const char much[200000];
    struct tide_ledger ledger = {0};
    struct tide_stdout_guard *guard = NULL;
    struct tide_error err = {0};
    int rc = TIDE_OK;
    ssize_t first = 0;

    (void)unused;
    assert_int_equal(tide_stdout_guard_start(&ledger, &guard, &err), TIDE_OK);
    first = write(STDOUT_FILENO, much, sizeof much);
    (void)!write(STDOUT_FILENO, much, sizeof much);
    tide_stdout_guard_after_call(guard, "source long-winded");
    rc = tide_stdout_guard_check(guard, &err);
    tide_stdout_guard_stop(guard);
    assert_in_range(first, 1, sizeof much - 1);
    assert_int_equal(rc, TIDE_E_INTERNAL);
    assert_non_null(strstr(err.message, "source long-winded wrote "));
}

static int lowest_free(void)
{
    int file = dup(STDOUT_FILENO);

    assert_true(file >= 0);
    (void)close(file);
    return file;
}

/* It wants three descriptors: with none of them free, with one, and with two. */
static void test_a_guard_that_cannot_be_set_leaves_the_output_as_it_is(void **unused)
{
    struct tide_ledger ledger = {0};
    struct tide_stdout_guard *guard = NULL;
    struct tide_error err = {0};
    struct rlimit before, few;
    struct stat was, is;
    int rc = TIDE_OK, there = 0;

    (void)unused;
    assert_int_equal(fstat(STDOUT_FILENO, &was), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)lowest_free();
    for (int i = 0; i < 3; i++, few.rlim_cur++) {
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        rc = tide_stdout_guard_start(&ledger, &guard, &err);
        there = fstat(STDOUT_FILENO, &is);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(there, 0);
        assert_int_equal(is.st_ino, was.st_ino);
        assert_int_equal(is.st_dev, was.st_dev);
        assert_int_equal(rc, TIDE_E_IO);
        assert_null(guard);
        assert_non_null(strstr(err.message, "cannot guard standard output"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_quiet_run_costs_no_thread),
        cmocka_unit_test(test_the_first_that_printed_is_named),
        cmocka_unit_test(test_what_comes_outside_of_a_call_is_found_too),
        cmocka_unit_test(test_a_guard_that_cannot_be_set_leaves_the_output_as_it_is),
        cmocka_unit_test(test_more_than_a_pipe_holds_hangs_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
