/* Definitions: whatever the bytes are, the result is a pipeline or problems with a place
 * and a message; and a document that was taken is taken again as it is given back. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "pipeline/pipeline.h"

static struct tide_catalog *plugins(void)
{
    static struct tide_catalog *catalog;

    if (!catalog) {
        char *folder = tide_plugin_folder();

        catalog = tide_catalog_of_loaded(folder);
        free(folder);
    }
    return catalog;
}

static const char *variable(void *arg, const char *name)
{
    (void)arg;
    return name[0] == 'S' ? "7" : NULL;
}

static int parse(const char *text, size_t length, enum tide_document_syntax syntax,
                 struct tide_pipeline **pipeline)
{
    struct tide_pipeline_options options = {
        .catalog = plugins(),
        .base_folder = length % 2 == 0 ? "/base" : NULL,
        .variable = variable,
    };
    struct tide_problems problems;
    int rc = tide_pipeline_parse(text, length, syntax, &options, pipeline, &problems);
    char *lines = tide_problems_format(&problems, "definition");

    TIDE_INVARIANT((rc == TIDE_OK) == (problems.count == 0));
    for (size_t i = 0; i < problems.count; i++) {
        TIDE_INVARIANT(problems.items[i].line > 0 && problems.items[i].column > 0);
        TIDE_INVARIANT(problems.items[i].message[0] != '\0');
    }
    free(lines);
    tide_problems_fini(&problems);
    return rc;
}

/* What the store keeps is what was written, and is read again. */
static void check_again(const struct tide_pipeline *pipeline)
{
    struct tide_pipeline_options options = {
        .catalog = plugins(), .base_folder = "/base", .variable = variable};
    char *json = tide_json_format(pipeline->document);
    char *yaml = tide_document_format_yaml(pipeline->document);
    struct tide_pipeline *again = NULL;
    struct tide_problems problems;

    TIDE_INVARIANT(tide_pipeline_parse(json, strlen(json), TIDE_DOCUMENT_JSON, &options,
                                       &again, &problems) == TIDE_OK);
    TIDE_INVARIANT(again->table_count == pipeline->table_count);
    tide_pipeline_destroy(again);
    tide_problems_fini(&problems);
    again = NULL;
    TIDE_INVARIANT(tide_pipeline_parse(yaml, strlen(yaml), TIDE_DOCUMENT_YAML, &options,
                                       &again, &problems) == TIDE_OK);
    TIDE_INVARIANT(json_object_equal(again->document, pipeline->document));
    tide_pipeline_destroy(again);
    tide_problems_fini(&problems);
    free(yaml);
    free(json);
}

static void try_one(const char *text, size_t length, enum tide_document_syntax syntax)
{
    struct tide_pipeline *pipeline = NULL;

    if (parse(text, length, syntax, &pipeline) == TIDE_OK) {
        check_again(pipeline);
    }
    tide_pipeline_destroy(pipeline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = tide_strndup((const char *)data, size);

    try_one(text, size, TIDE_DOCUMENT_YAML);
    try_one(text, size, TIDE_DOCUMENT_JSON);
    free(text);
    return 0;
}
