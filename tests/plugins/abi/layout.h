/*
 * layout - where each member of the public headers lies, and what each number means, as
 * one set of headers has it.
 */
#ifndef TIDE_TESTS_LAYOUT_H
#define TIDE_TESTS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct layout_member {
    const char *name; /**< "tide_source.open" */
    size_t offset, size;
};

struct layout_struct {
    const char *name;
    size_t size;
    bool may_grow; /**< it says its own size, and members may be appended */
    const struct layout_member *members; /**< ended by {0} */
};

struct layout_number {
    const char *name;
    long long value;
};

struct layout {
    const struct layout_struct *structs; /**< ended by {0} */
    const struct layout_number *numbers; /**< ended by {0} */
};

extern const struct layout layout_of_the_first, layout_of_today;

#endif
