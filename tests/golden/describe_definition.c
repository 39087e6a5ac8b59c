/*
 * describe_definition - what a definition file comes to, as lines: its problems with the
 * HTTP status each one has, or what it was compiled into.
 *
 *     describe_definition FILE      variables: $SET is "value", nothing else is set
 *     describe_definition -n FILE   as a body of the API, with no folder of its own
 *
 * definitions_test.py holds the lines against those of each case.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "pipeline/keys.h"

static const char *variable(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "SET") == 0      ? "value"
           : strcmp(name, "NUMBER") == 0 ? "42"
           : strcmp(name, "EMPTY") == 0  ? ""
                                         : NULL;
}

static void print_problems(const struct tide_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct tide_problem *problem = &problems->items[i];

        printf("%d %u:%u %s: %s\n", problem->kind == TIDE_PROBLEM_MEANING ? 400 : 422,
               problem->line, problem->column, problem->path, problem->message);
    }
}

static void print_end(const char *label, const struct tide_connection *end)
{
    char *options = end->options ? tide_json_format(end->options) : NULL;

    printf("%s:", label);
    if (end->plugin) {
        printf(" %s %s", end->plugin, options ? options : "");
    } else if (end->name) {
        printf(" stored \"%s\"", end->name);
    } else {
        printf(" stored %" PRId64, end->id);
    }
    printf("\n");
    free(options);
}

static void print_list(const char *label, const char *const *items)
{
    for (size_t i = 0; items && items[i]; i++) {
        printf("%s%s", i > 0 ? "," : label, items[i]);
    }
}

static void print_condition(const struct tide_condition *condition)
{
    if (condition->kind == TIDE_CONDITION_TEST) {
        printf("%s %s", condition->field, tide_operator_words[condition->op]);
        for (size_t i = 0; i < condition->value_count; i++) {
            printf(" <%s>", condition->values[i]);
        }
        return;
    }
    printf("(");
    for (size_t i = 0; i < condition->child_count; i++) {
        const char *word = condition->kind == TIDE_CONDITION_AND ? " and " : " or ";

        printf("%s", i > 0 ? word : "");
        print_condition(&condition->children[i]);
    }
    printf(")");
}

static void print_table(const struct tide_pipeline *pipeline,
                        const struct tide_catalog *catalog, size_t i)
{
    static const char *const modes[] = {"none", "append", "replace", "merge"};
    const struct tide_table *table = &pipeline->tables[i];
    struct tide_text guarantee = {0};

    printf("table: %s as %s, %s", table->name, table->as, modes[table->mode]);
    print_list(", key ", table->key);
    printf("%s%s", table->cursor ? ", cursor " : "", table->cursor ? table->cursor : "");
    print_list(", include ", table->include);
    print_list(", exclude ", table->exclude);
    for (size_t k = 0; k < table->types.column_count; k++) {
        printf("%s%s %s", k > 0 ? "," : ", types ", table->types.columns[k].name,
               tide_type_name(table->types.columns[k].type));
    }
    printf("\n");
    if (table->filter) {
        printf("  filter: ");
        print_condition(table->filter);
        printf("\n");
    }
    tide_pipeline_guarantee(pipeline, catalog, i, &guarantee);
    printf("  guarantee: %s\n", guarantee.data);
    tide_text_fini(&guarantee);
}

static void print_policy(const struct tide_pipeline *pipeline)
{
    printf("sync: %" PRId64 " and %" PRId64 " minutes%s\n", pipeline->source_minutes,
           pipeline->destination_minutes,
           pipeline->auto_sync_new_tables ? ", new tables too" : "");
    printf("on_error: %s, max_rejects: ", pipeline->fail_on_error ? "fail" : "reject");
    if (pipeline->max_rejects >= 0) {
        printf("%" PRId64 "\n", pipeline->max_rejects);
    } else if (pipeline->max_reject_share >= 0) {
        printf("%g%%\n", pipeline->max_reject_share * 100);
    } else {
        printf("no limit\n");
    }
}

static void print_pipeline(const struct tide_pipeline *pipeline,
                           const struct tide_catalog *catalog)
{
    const char *const *secrets = tide_pipeline_secrets(pipeline);

    printf("name: %s\n", pipeline->name);
    print_end("source", &pipeline->source);
    print_end("destination", &pipeline->destination);
    print_policy(pipeline);
    for (size_t i = 0; i < pipeline->table_count; i++) {
        print_table(pipeline, catalog, i);
    }
    for (size_t i = 0; i < pipeline->transformation_count; i++) {
        const struct tide_step *step = &pipeline->transformations[i];
        char *options = step->options ? tide_json_format(step->options) : tide_strdup("");

        printf("transformation: %s of %s %s\n", step->plugin, step->table, options);
        free(options);
    }
    for (; secrets && *secrets; secrets++) {
        printf("secret: %s\n", *secrets);
    }
}

/* All plugins of the build, kept from one case to the next. */
static struct tide_catalog *open_catalog(void)
{
    const char *top = getenv("top_builddir");
    char *folder = tide_plugin_folder();
    char *worker = tide_path_join(top ? top : ".", "tidemill-worker");
    char *cache = tide_path_join(top ? top : ".", "tests/golden/plugins.cache");
    struct tide_catalog *catalog = NULL;
    struct tide_error err = {0};

    if (tide_catalog_open_with(folder, cache, worker, &catalog, &err) != TIDE_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    free(cache);
    free(worker);
    free(folder);
    return catalog;
}

static int describe(const char *file, bool homeless)
{
    struct tide_problems problems = {0};
    struct tide_pipeline *pipeline = NULL;
    struct tide_error err = {0};
    struct tide_catalog *catalog = open_catalog();
    struct tide_pipeline_options options = {.catalog = catalog,
                                            .base_folder = homeless ? NULL : "/base",
                                            .variable = variable};
    bool is_json = tide_text_ends(file, ".json");
    size_t length;
    char *text;

    if (tide_file_read(file, 2 * TIDE_DOCUMENT_MAX, &text, &length, &err) != TIDE_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    if (tide_pipeline_parse(text, length,
                            is_json ? TIDE_DOCUMENT_JSON : TIDE_DOCUMENT_YAML, &options,
                            &pipeline, &problems) == TIDE_OK) {
        print_pipeline(pipeline, catalog);
    }
    print_problems(&problems);
    tide_problems_fini(&problems);
    tide_pipeline_destroy(pipeline);
    tide_catalog_close(catalog);
    free(text);
    return 0;
}

int main(int argc, char **argv)
{
    bool homeless = argc == 3 && strcmp(argv[1], "-n") == 0;

    return argc < 2 ? 2 : describe(argv[argc - 1], homeless);
}
