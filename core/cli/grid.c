/*
 * grid - rows of texts in columns, aligned for a terminal.
 */
#define _GNU_SOURCE /* wcwidth, newlocale */
#include "cli/grid.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/memory.h"
#include "base/text.h"

struct tide_grid {
    size_t columns, cells, capacity, limit;
    char **texts;
    bool *right;
};

struct tide_grid *tide_grid_create(size_t columns)
{
    struct tide_grid *grid = tide_alloc(sizeof *grid);

    grid->columns = columns;
    grid->right = tide_alloc_array(columns, sizeof *grid->right);
    return grid;
}

void tide_grid_destroy(struct tide_grid *grid)
{
    if (!grid) {
        return;
    }
    for (size_t i = 0; i < grid->cells; i++) {
        free(grid->texts[i]);
    }
    free(grid->texts);
    free(grid->right);
    free(grid);
}

void tide_grid_align_right(struct tide_grid *grid, size_t column)
{
    grid->right[column] = true;
}

void tide_grid_limit(struct tide_grid *grid, size_t width)
{
    grid->limit = width;
}

/* One character of UTF-8 at text: its bytes, and the cells it takes on a terminal. */
static size_t character(const char *text, size_t *width)
{
    static locale_t locale;
    wchar_t wide;
    mbstate_t state = {0};
    locale_t before;
    size_t length;
    int cells;

    if ((*text & 0x80) == 0) {
        *width = 1;
        return 1;
    }
    if (!locale) {
        locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    }
    before = uselocale(locale ? locale : (locale_t)0);
    length = mbrtowc(&wide, text, 4, &state);
    cells = length == (size_t)-1 || length == (size_t)-2 ? 1 : wcwidth(wide);
    (void)uselocale(before);
    *width = cells < 0 ? 1 : (size_t)cells;
    return length == 0 || length > 4 ? 1 : length;
}

static size_t text_width(const char *text)
{
    size_t total = 0, width;

    while (*text) {
        text += character(text, &width);
        total += width;
    }
    return total;
}

static void escape(struct tide_text *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '\n') {
            tide_text_append(out, "\\n");
        } else if (c == '\t') {
            tide_text_append(out, "\\t");
        } else if (c < 0x20 || c == 0x7f) {
            tide_text_appendf(out, "\\x%02x", c);
        } else {
            tide_text_append_char(out, *text);
        }
    }
}

static void cut(struct tide_text *text, size_t limit)
{
    const char *at = text->data;
    size_t total = 0, width;

    if (!at || text_width(at) <= limit) {
        return;
    }
    for (;;) {
        size_t length = character(at, &width);

        if (total + width > limit - 1) {
            break;
        }
        total += width;
        at += length;
    }
    text->length = (size_t)(at - text->data);
    text->data[text->length] = '\0';
    tide_text_append(text, "…");
}

void tide_grid_add(struct tide_grid *grid, const char *text)
{
    struct tide_text shown = {0};

    if (grid->cells == grid->capacity) {
        grid->capacity = grid->capacity ? grid->capacity * 2 : 64;
        grid->texts = tide_realloc(grid->texts, grid->capacity * sizeof *grid->texts);
    }
    escape(&shown, text);
    if (grid->limit) {
        cut(&shown, grid->limit);
    }
    grid->texts[grid->cells++] = tide_text_take(&shown);
}

void tide_grid_add_number(struct tide_grid *grid, long long number)
{
    char text[32];

    tide_grid_add(grid, tide_grid_thousands(number, text));
}

static void print_cell(const char *text, size_t width, bool right, bool last, FILE *out)
{
    int pad = (int)(width - text_width(text));

    if (right) {
        (void)fprintf(out, "%*s%s", pad, "", text);
    } else {
        (void)fprintf(out, "%s%*s", text, last ? 0 : pad, "");
    }
    (void)fputs(last ? "\n" : "  ", out);
}

void tide_grid_print(const struct tide_grid *grid, const char *indent, FILE *out)
{
    size_t *widths = tide_alloc_array(grid->columns, sizeof *widths);

    for (size_t i = 0; i < grid->cells; i++) {
        size_t width = text_width(grid->texts[i]);

        if (width > widths[i % grid->columns]) {
            widths[i % grid->columns] = width;
        }
    }
    for (size_t i = 0; i < grid->cells; i++) {
        size_t column = i % grid->columns;

        if (column == 0) {
            (void)fputs(indent, out);
        }
        print_cell(grid->texts[i], widths[column], grid->right[column],
                   column + 1 == grid->columns, out);
    }
    free(widths);
}

const char *tide_grid_thousands(long long number, char out[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", number);
    int at = 0;

    for (int i = 0; i < length; i++) {
        out[at++] = digits[i];
        if ((length - i - 1) % 3 == 0 && i + 1 < length && digits[i] != '-') {
            out[at++] = ',';
        }
    }
    out[at] = '\0';
    return out;
}
