/*
 * Tests of what is asked of the kernel while a file is written: in what order, and how
 * much of the file at a time.
 */
#define _GNU_SOURCE /* sync_file_range */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka.h wants four of them above first. */
#include <cmocka.h>

#include "storages/local/behind.h"

#define PIECE ((size_t)600 * 1000)

static struct {
    int64_t begun, settled, dropped; /* up to here */
    int begins, settles;
    int begin_fails, settle_fails;
} kernel;

/* These stand for those of the C library. */
int sync_file_range(int fd, off64_t from, off64_t length, unsigned flags)
{
    assert_int_equal(fd, 7);
    if (flags == SYNC_FILE_RANGE_WRITE) {
        kernel.begins++;
        errno = kernel.begin_fails;
        if (kernel.begin_fails) {
            return -1;
        }
        assert_int_equal(from, kernel.begun);
        assert_in_range(length, BEHIND_STEP, BEHIND_STEP + (int64_t)PIECE);
        kernel.begun += length;
        return 0;
    }
    kernel.settles++;
    errno = kernel.settle_fails;
    if (kernel.settle_fails) {
        return -1;
    }
    assert_int_equal(from, kernel.settled);
    assert_in_range(from + length, 1, kernel.begun - BEHIND_STEP);
    kernel.settled += length;
    return 0;
}

int posix_fadvise(int fd, off_t from, off_t length, int advice)
{
    assert_int_equal(fd, 7);
    assert_int_equal(from, 0);
    assert_int_equal(advice, POSIX_FADV_DONTNEED);
    assert_in_range(length, 1, kernel.settled);
    kernel.dropped = length;
    return 0;
}

/* Until it fails or the file is that long. */
static int write_up_to(struct behind *behind, int64_t length)
{
    int rc = 0;

    while (rc == 0 && behind->written < length) {
        rc = behind_wrote(behind, 7, PIECE);
        assert_in_range(behind->written - kernel.begun, 0,
                        kernel.begin_fails ? behind->written : BEHIND_STEP + 4096);
    }
    return rc;
}

static int forget(void **state)
{
    (void)state;
    memset(&kernel, 0, sizeof kernel);
    return 0;
}

static void a_small_file_goes_to_disk_and_stays_in_memory(void **state)
{
    struct behind behind = {0};

    (void)state;
    assert_int_equal(write_up_to(&behind, BEHIND_STEP - 1000000), 0);
    assert_int_equal(kernel.begins, 0);
    assert_int_equal(write_up_to(&behind, BEHIND_LARGE), 0);
    assert_in_range(kernel.begins, 25, 32);
    assert_int_equal(kernel.settles, 0);
    assert_int_equal(kernel.dropped, 0);
}

static void a_large_file_leaves_the_memory(void **state)
{
    struct behind behind = {0};

    (void)state;
    assert_int_equal(write_up_to(&behind, 3 * BEHIND_LARGE), 0);
    assert_int_equal(kernel.dropped, kernel.settled);
    assert_in_range(behind.written - kernel.dropped, BEHIND_STEP,
                    3 * (BEHIND_STEP + (int64_t)PIECE));
}

static void a_disk_that_fails_is_heard(void **state)
{
    struct behind behind = {0};

    (void)state;
    kernel.settle_fails = EIO;
    assert_int_equal(write_up_to(&behind, 2 * BEHIND_LARGE), EIO);
    assert_int_equal(kernel.dropped, 0);
}

static void a_file_system_that_cannot_is_left_alone(void **state)
{
    struct behind behind = {0};

    (void)state;
    kernel.begin_fails = EINVAL;
    assert_int_equal(write_up_to(&behind, 2 * BEHIND_LARGE), 0);
    assert_int_equal(kernel.settles, 0);
    assert_int_equal(kernel.dropped, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_small_file_goes_to_disk_and_stays_in_memory, forget),
        cmocka_unit_test_setup(a_large_file_leaves_the_memory, forget),
        cmocka_unit_test_setup(a_disk_that_fails_is_heard, forget),
        cmocka_unit_test_setup(a_file_system_that_cannot_is_left_alone, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
