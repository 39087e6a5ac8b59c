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

/* ---- another order ---- */

/* A name and the place it gets. */
struct placed {
    char *name;
    size_t place;
};

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct placed *)left)->name,
                  ((const struct placed *)right)->name);
}

static int by_place(const void *left, const void *right)
{
    size_t a = ((const struct placed *)left)->place;
    size_t b = ((const struct placed *)right)->place;

    return (a > b) - (a < b);
}

static struct placed *find(struct placed *placed, size_t count, char *name)
{
    struct placed key = {.name = name};

    return bsearch(&key, placed, count, sizeof *placed, by_name);
}

int names_put_first(struct names *names, const struct names *first, size_t *found)
{
    size_t count = names->count;
    struct placed *placed = calloc(count + 1, sizeof *placed);

    *found = 0;
    if (!placed) {
        return TIDE_E_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        placed[i] = (struct placed){names->items[i], first->count + i};
    }
    qsort(placed, count, sizeof *placed, by_name);
    for (size_t i = 0; i < first->count; i++) {
        struct placed *name = find(placed, count, first->items[i]);

        if (name && name->place >= first->count) {
            name->place = i;
            (*found)++;
        }
    }
    qsort(placed, count, sizeof *placed, by_place);
    for (size_t i = 0; i < count; i++) {
        names->items[i] = placed[i].name;
    }
    free(placed);
    return TIDE_OK;
}
