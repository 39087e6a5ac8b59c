/*
 * names - the list of files that a table stands for.
 */
#include "file.h"

int names_add(void *arg, const char *name, int64_t size)
{
    struct names *names = arg;
    char *copy = strdup(name);
    char **items = realloc(names->items, (names->count + 1) * sizeof *items);

    (void)size;
    if (items) {
        names->items = items;
    }
    if (!items || !copy) {
        free(copy);
        return TIDE_E_LIMIT;
    }
    names->items[names->count++] = copy;
    return TIDE_OK;
}

void names_clear(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
    memset(names, 0, sizeof *names);
}
