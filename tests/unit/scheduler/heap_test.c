/*
 * heap_test - the 4-ary heap against a plain search for the least key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "schedule/heap.h"

#define NODES 500

static struct tide_heap_node nodes[NODES];

static const struct tide_heap_node *least(void)
{
    const struct tide_heap_node *found = NULL;

    for (int i = 0; i < NODES; i++) {
        if (nodes[i].place > 0 && (!found || nodes[i].key < found->key)) {
            found = &nodes[i];
        }
    }
    return found;
}

static void an_empty_heap_has_no_first(void **state)
{
    struct tide_heap heap = {0};

    (void)state;
    assert_null(tide_heap_first(&heap));
    tide_heap_remove(&heap, &nodes[0]);
    tide_heap_fini(&heap);
}

static void keys_come_out_in_order(void **state)
{
    struct tide_heap heap = {0};
    int64_t last = INT64_MIN;

    (void)state;
    srand(1);
    for (int i = 0; i < NODES; i++) {
        tide_heap_put(&heap, &nodes[i], rand() % 100);
    }
    for (int i = 0; i < NODES; i++) {
        struct tide_heap_node *first = tide_heap_first(&heap);

        assert_true(first->key >= last);
        last = first->key;
        tide_heap_remove(&heap, first);
        assert_int_equal(first->place, 0);
    }
    assert_null(tide_heap_first(&heap));
    tide_heap_fini(&heap);
}

static void the_first_is_the_least_after_any_change(void **state)
{
    struct tide_heap heap = {0};

    (void)state;
    srand(2);
    for (int step = 0; step < 50000; step++) {
        struct tide_heap_node *node = &nodes[rand() % NODES];
        const struct tide_heap_node *first, *expected;

        if (rand() % 3 == 0) {
            tide_heap_remove(&heap, node);
        } else {
            tide_heap_put(&heap, node, rand() % 1000);
        }
        first = tide_heap_first(&heap);
        expected = least();
        assert_int_equal(first != NULL, expected != NULL);
        if (first && expected) {
            assert_int_equal(first->key, expected->key);
        }
    }
    tide_heap_fini(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_has_no_first),
        cmocka_unit_test(keys_come_out_in_order),
        cmocka_unit_test(the_first_is_the_least_after_any_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
