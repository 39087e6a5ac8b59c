/*
 * grid - rows of texts in columns, aligned for a terminal.
 *
 * Widths count characters of a terminal (wide and combining ones too); control characters
 * are shown escaped.
 */
#ifndef TIDE_CLI_GRID_H
#define TIDE_CLI_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct tide_grid;

/** Owned by the caller until destroy. */
struct tide_grid *tide_grid_create(size_t columns);
void tide_grid_destroy(struct tide_grid *grid);
/** Put a column's texts to the right: numbers. */
void tide_grid_align_right(struct tide_grid *grid, size_t column);
/** Cells longer than this are cut with an ellipsis; 0 (the default): no limit. */
void tide_grid_limit(struct tide_grid *grid, size_t width);
/** Add the next cell, row by row; the text is copied.  The first row is the heading. */
void tide_grid_add(struct tide_grid *grid, const char *text);
void tide_grid_add_number(struct tide_grid *grid, long long number);
void tide_grid_print(const struct tide_grid *grid, const char *indent, FILE *out);

/** "1,234,567"; out holds 32 bytes. */
const char *tide_grid_thousands(long long number, char out[32]);

#endif
