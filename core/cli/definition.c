/*
 * definition - the definition file named on the command line.
 */
#include "cli/definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/args.h"

char *tide_cli_cache_file(void)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    struct tide_error err;
    char *folder, *file;

    if (cache && *cache == '/') {
        folder = tide_path_join(cache, "tidemill");
    } else if (home && *home == '/') {
        folder = tide_strf("%s/.cache/tidemill", home);
    } else {
        return NULL;
    }
    file = tide_folder_make(folder, 0700, &err) == TIDE_OK
               ? tide_path_join(folder, "plugins.json")
               : NULL;
    free(folder);
    return file;
}

struct tide_catalog *tide_cli_catalog(void)
{
    struct tide_error err = {0};
    struct tide_catalog *catalog = NULL;
    char *folder = tide_plugin_folder();
    char *cache = tide_cli_cache_file();

    if (tide_catalog_open(folder, cache, &catalog, &err) != TIDE_OK) {
        tide_cli_complain(&err);
    }
    free(cache);
    free(folder);
    return catalog;
}

static int parse(const char *file, const char *text, size_t length,
                 const struct tide_catalog *catalog, struct tide_pipeline **pipeline,
                 struct tide_problems *problems)
{
    char *folder =
        strcmp(file, "-") == 0 ? tide_path_absolute(".") : tide_path_folder(file);
    char *absolute = tide_path_absolute(folder);
    struct tide_pipeline_options options = {
        .catalog = catalog, .file = file, .base_folder = absolute};
    enum tide_document_syntax syntax =
        tide_text_ends(file, ".json") ? TIDE_DOCUMENT_JSON : TIDE_DOCUMENT_YAML;
    int rc = tide_pipeline_parse(text, length, syntax, &options, pipeline, problems);

    free(absolute);
    free(folder);
    return rc;
}

static void print_problems(const char *file, const struct tide_problems *problems)
{
    char *lines = tide_problems_format(problems, file);

    (void)fputs(lines, stderr);
    free(lines);
}

/* The plugins that were named did not all load: look at every plugin, for better advice.
 * What was found before stands where nothing is found now. */
static void explain(const char *file, const char *text, size_t length,
                    const struct tide_problems *before)
{
    struct tide_problems problems = {0};
    struct tide_pipeline *pipeline = NULL;
    struct tide_catalog *catalog = tide_cli_catalog();

    if (catalog) {
        (void)parse(file, text, length, catalog, &pipeline, &problems);
    }
    print_problems(file, problems.count > 0 ? &problems : before);
    tide_problems_fini(&problems);
    tide_pipeline_destroy(pipeline);
    tide_catalog_close(catalog);
}

int tide_cli_load(const char *file, struct tide_catalog **catalog,
                  struct tide_pipeline **pipeline)
{
    struct tide_error err = {0};
    struct tide_problems problems = {0};
    char *text = NULL;
    char *folder;
    size_t length;
    int rc;

    if (tide_file_read(file, TIDE_DOCUMENT_MAX, &text, &length, &err) != TIDE_OK) {
        tide_cli_complain(&err);
        return TIDE_EXIT_USAGE;
    }
    folder = tide_plugin_folder();
    *catalog = tide_catalog_of_loaded(folder);
    rc = parse(file, text, length, *catalog, pipeline, &problems);
    if (rc != TIDE_OK) {
        explain(file, text, length, &problems);
        tide_catalog_close(*catalog);
        *catalog = NULL;
    }
    tide_problems_fini(&problems);
    free(folder);
    free(text);
    return rc == TIDE_OK ? TIDE_EXIT_OK : TIDE_EXIT_USAGE;
}
