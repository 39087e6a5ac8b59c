/*
 * abi_test - the first headers and today's, member by member: a plugin compiled against
 * the first finds everything where it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <string.h>

#include "abi/layout.h"

static void members_lie_where_they_were(void **state)
{
    const struct layout_struct *then = layout_of_the_first.structs;
    const struct layout_struct *now = layout_of_today.structs;

    (void)state;
    for (; then->name; then++, now++) {
        for (size_t i = 0; then->members[i].name; i++) {
            const struct layout_member *was = &then->members[i], *is = &now->members[i];

            if (was->offset != is->offset || was->size != is->size) {
                fail_msg("%s: %zu bytes at %zu have become %zu at %zu", was->name,
                         was->size, was->offset, is->size, is->offset);
            }
        }
    }
}

static void only_what_tells_its_size_has_grown(void **state)
{
    const struct layout_struct *then = layout_of_the_first.structs;
    const struct layout_struct *now = layout_of_today.structs;

    (void)state;
    for (; then->name; then++, now++) {
        if (now->size != then->size && !(then->may_grow && now->size > then->size)) {
            fail_msg("struct %s: %zu bytes have become %zu", then->name, then->size,
                     now->size);
        }
    }
}

static void numbers_mean_what_they_meant(void **state)
{
    const struct layout_number *then = layout_of_the_first.numbers;
    const struct layout_number *now = layout_of_today.numbers;

    (void)state;
    for (; then->name; then++, now++) {
        if (then->value != now->value) {
            fail_msg("%s: %lld has become %lld", then->name, then->value, now->value);
        }
    }
}

/* No member of the first headers is missing in the list: what is listed leaves no room
 * for one but what alignment takes. */
static void every_member_is_compared(void **state)
{
    const struct layout_struct *about = layout_of_the_first.structs;

    (void)state;
    for (; about->name; about++) {
        size_t end = 0;

        for (const struct layout_member *member = about->members; member->name;
             member++) {
            if (member->offset < end || member->offset - end >= sizeof(void *)) {
                fail_msg("%s does not follow the member listed before it", member->name);
            }
            end = member->offset + member->size;
        }
        if (about->size - end >= sizeof(void *)) {
            fail_msg("struct %s has more members than are listed", about->name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_lie_where_they_were),
        cmocka_unit_test(only_what_tells_its_size_has_grown),
        cmocka_unit_test(numbers_mean_what_they_meant),
        cmocka_unit_test(every_member_is_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
