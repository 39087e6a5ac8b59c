/*
 * preview_verb - `tidemill preview FILE`: the first rows, after each step.
 */
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "batch/batch_ops.h"
#include "cli/definition.h"
#include "cli/grid.h"
#include "cli/reject_list.h"
#include "cli/verbs.h"
#include "run/run.h"

#define CELL_WIDTH 32
#define DEFAULT_ROWS 5

struct preview_args {
    int64_t rows;
    bool json;
};

static const struct tide_arg preview_args_table[] = {
    {"rows", TIDE_ARG_COUNT, "N", offsetof(struct preview_args, rows),
     "how many rows to show (5)"},
    {"json", TIDE_ARG_FLAG, NULL, offsetof(struct preview_args, json),
     "print a JSON line a row, each with its table and stage"},
    {0},
};

/* A line break within JSON stands between its words, where a blank is as good. */
static void put_on_one_line(struct tide_text *line)
{
    for (size_t i = 0; i < line->length; i++) {
        if (line->data[i] == '\n' || line->data[i] == '\r') {
            line->data[i] = ' ';
        }
    }
}

static void print_json(const char *table, const char *stage,
                       const struct tide_schema *schema, const struct tide_batch *batch)
{
    for (int64_t row = 0; row < batch->array.length; row++) {
        struct tide_text line = {0};

        tide_text_append(&line, "{\"table\":");
        tide_text_append_json(&line, table, strlen(table));
        tide_text_append(&line, ",\"stage\":");
        tide_text_append_json(&line, stage, strlen(stage));
        tide_text_append(&line, ",\"row\":");
        tide_batch_row_json(batch, schema, row, &line);
        tide_text_append_char(&line, '}');
        put_on_one_line(&line);
        puts(line.data);
        tide_text_fini(&line);
    }
}

static void print_heading(struct tide_grid *grid, const struct tide_schema *schema)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        tide_grid_add(grid, schema->columns[i].name);
    }
    for (size_t i = 0; i < schema->column_count; i++) {
        tide_grid_add(grid, tide_type_name(schema->columns[i].type));
    }
}

static void add_value(struct tide_grid *grid, const struct tide_schema *schema,
                      const struct tide_batch *batch, size_t column, int64_t row)
{
    struct tide_text value = {0};

    if (tide_array_is_null(batch->array.children[column], row)) {
        tide_grid_add(grid, "NULL");
    } else {
        tide_batch_value_text(batch, schema, column, row, &value);
        tide_grid_add(grid, value.data ? value.data : "");
    }
    tide_text_fini(&value);
}

static void print_rows(const char *table, const char *stage,
                       const struct tide_schema *schema, const struct tide_batch *batch)
{
    struct tide_grid *grid = tide_grid_create(schema->column_count);

    printf("%s after %s: %lld rows\n", table, stage, (long long)batch->array.length);
    tide_grid_limit(grid, CELL_WIDTH);
    print_heading(grid, schema);
    for (int64_t row = 0; row < batch->array.length; row++) {
        for (size_t column = 0; column < schema->column_count; column++) {
            add_value(grid, schema, batch, column, row);
        }
    }
    tide_grid_print(grid, "  ", stdout);
    tide_grid_destroy(grid);
    putchar('\n');
}

static void show(void *arg, const char *table, const char *stage,
                 const struct tide_schema *schema, const struct tide_batch *batch)
{
    const struct preview_args *args = arg;

    if (args->json) {
        print_json(table, stage, schema, batch);
    } else {
        print_rows(table, stage, schema, batch);
    }
}

/* A row that is not among those after a step, and why. */
static void show_reject(void *arg, struct json_object *event)
{
    (void)arg;
    (void)fflush(stdout);
    tide_reject_show(event);
}

static int preview(const void *values, const char *const *operands, size_t count)
{
    struct preview_args args = *(const struct preview_args *)values;
    struct tide_catalog *catalog = NULL;
    struct tide_pipeline *pipeline = NULL;
    struct tide_error err = {0};
    int status = tide_cli_load(operands[0], &catalog, &pipeline);
    char *folder = tide_plugin_folder();

    (void)count;
    if (status == TIDE_EXIT_OK &&
        tide_run_preview(pipeline, folder, args.rows ? args.rows : DEFAULT_ROWS, show,
                         show_reject, &args, &err) != TIDE_OK) {
        tide_cli_complain(&err);
        status = TIDE_EXIT_FAILED;
    }
    free(folder);
    tide_pipeline_destroy(pipeline);
    tide_catalog_close(catalog);
    return status;
}

const struct tide_verb tide_verb_preview = {
    .name = "preview",
    .operands = "FILE",
    .least = 1,
    .most = 1,
    .summary = "Show the first rows after each step; nothing is written.",
    .args = preview_args_table,
    .size = sizeof(struct preview_args),
    .run = preview,
};
