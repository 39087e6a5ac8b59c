/* memory, clock and error - the small ones. */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"

static void memory_comes_zeroed(void **state)
{
    static const char zeros[1000];
    char *memory = tide_alloc(1000), *nothing = tide_alloc(0);
    int64_t *array = tide_alloc_array(0, 8);

    (void)state;
    assert_memory_equal(memory, zeros, 1000);
    assert_non_null(nothing);
    assert_non_null(array);
    memory = tide_realloc(memory, 2000);
    assert_memory_equal(memory, zeros, 1000);
    free(memory);
    free(nothing);
    free(array);
}

static void texts_are_copied_and_made(void **state)
{
    char *copy = tide_strndup("abcdef", 3), *made = tide_strf("%s-%d", "x", 5);

    (void)state;
    assert_string_equal(copy, "abc");
    assert_string_equal(made, "x-5");
    free(copy);
    free(made);
}

static void an_arena_gives_aligned_zeroed_memory_of_any_size(void **state)
{
    struct tide_arena *arena = tide_arena_create();

    (void)state;
    for (size_t size = 0; size < 20000; size = size * 3 / 2 + 1) {
        unsigned char *memory = tide_arena_alloc(arena, size);

        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(memory[i], 0);
        }
        memset(memory, 0xff, size);
    }
    assert_string_equal(tide_arena_strdup(arena, "abc"), "abc");
    assert_string_equal(tide_arena_strndup(arena, "abc", 2), "ab");
    assert_string_equal(tide_arena_strf(arena, "%05d", 42), "00042");
    tide_arena_destroy(arena);
    tide_arena_destroy(NULL);
}

static void the_system_clock_tells_this_century(void **state)
{
    const struct tide_clock *clock = tide_clock_system();
    int64_t first = clock->monotonic(clock);

    (void)state;
    assert_true(clock->wall(clock) > INT64_C(1700000000000000));
    assert_true(clock->monotonic(clock) >= first);
}

static void each_code_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int code = TIDE_E_CONFLICT; code <= TIDE_MORE; code++) {
        assert_string_not_equal(tide_code_name(code), "unknown");
        for (int other = TIDE_E_CONFLICT; other < code; other++) {
            assert_string_not_equal(tide_code_name(code), tide_code_name(other));
        }
    }
    assert_string_equal(tide_code_name(TIDE_E_NOT_FOUND), "not_found");
    assert_string_equal(tide_code_name(-99), "unknown");
}

static void a_broken_promise_ends_the_process(void **state)
{
    pid_t child = fork();
    int status = 0;

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(STDERR_FILENO);
        TIDE_REQUIRE(child != 0);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    TIDE_INVARIANT(WTERMSIG(status) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_comes_zeroed),
        cmocka_unit_test(texts_are_copied_and_made),
        cmocka_unit_test(an_arena_gives_aligned_zeroed_memory_of_any_size),
        cmocka_unit_test(the_system_clock_tells_this_century),
        cmocka_unit_test(each_code_has_a_name_of_its_own),
        cmocka_unit_test(a_broken_promise_ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
