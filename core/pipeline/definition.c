/*
 * definition - a document parsed, checked and compiled into a pipeline.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "pipeline/compile.h"
#include "pipeline/keys.h"

const char *tide_compile_text(struct tide_compile *compile, struct json_object *object,
                              const char *key)
{
    const char *text = tide_json_text(object, key);

    return text ? tide_arena_strdup(compile->parts->arena, text) : NULL;
}

const char *const *tide_compile_texts(struct tide_compile *compile,
                                      struct json_object *list)
{
    const char **texts;
    size_t count;

    if (!list || !json_object_is_type(list, json_type_array)) {
        return NULL;
    }
    count = json_object_array_length(list);
    texts = tide_arena_alloc(compile->parts->arena, (count + 1) * sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);

        texts[i] = tide_arena_strdup(compile->parts->arena,
                                     item ? json_object_get_string(item) : "");
    }
    return texts;
}

/* ---- the small parts ---- */

static void compile_sync(struct tide_compile *compile, const struct tide_place *place)
{
    struct tide_pipeline *pipeline = compile->pipeline;
    int64_t both = tide_json_int(place->value, "frequency", 0);
    int64_t source = tide_json_int(place->value, "source_frequency", 0);
    int64_t destination = tide_json_int(place->value, "destination_frequency", 0);

    if (!json_object_is_type(place->value, json_type_object)) {
        return;
    }
    if (tide_json_member(place->value, "frequency")
            ? source || destination
            : !tide_json_member(place->value, "source_frequency") ||
                  !tide_json_member(place->value, "destination_frequency")) {
        tide_place_problem(place, TIDE_PROBLEM_MEANING,
                           "give frequency, or both source_frequency and "
                           "destination_frequency");
    }
    pipeline->source_minutes = both ? both : source;
    pipeline->destination_minutes = both ? both : destination;
    pipeline->auto_sync_new_tables =
        tide_json_bool(place->value, "auto_sync_new_tables", false);
}

static void compile_policy(struct tide_pipeline *pipeline, struct json_object *root)
{
    const char *on_error = tide_json_text(root, "on_error");
    struct json_object *most = tide_json_member(root, "max_rejects");

    pipeline->fail_on_error = on_error && strcmp(on_error, "fail") == 0;
    pipeline->max_rejects = -1;
    pipeline->max_reject_share = -1;
    if (most && json_object_is_type(most, json_type_int)) {
        pipeline->max_rejects = json_object_get_int64(most);
    } else if (most && json_object_is_type(most, json_type_string)) {
        pipeline->max_reject_share = strtod(json_object_get_string(most), NULL) / 100;
    }
}

static void compile_ends(struct tide_compile *compile, const struct tide_place *root)
{
    struct tide_place source = tide_place_member(root, "source");
    struct tide_place destination = tide_place_member(root, "destination");
    struct tide_place from = tide_place_member(&source, "connection");
    struct tide_place into = tide_place_member(&destination, "connection");

    tide_compile_connection(compile, &from, TIDE_KIND_SOURCE, &compile->pipeline->source,
                            &compile->source);
    tide_compile_connection(compile, &into, TIDE_KIND_DESTINATION,
                            &compile->pipeline->destination, &compile->destination);
}

/* ---- the whole ---- */

static void compile_document(struct tide_compile *compile, const struct tide_place *root)
{
    struct tide_place sync = tide_place_member(root, "sync");
    struct tide_place tables = tide_place_member(root, "tables");
    struct tide_place transformations = tide_place_member(root, "transformations");

    if (!json_object_is_type(root->value, json_type_object)) {
        return;
    }
    compile->pipeline->name = tide_compile_text(compile, root->value, "name");
    compile_ends(compile, root);
    compile_sync(compile, &sync);
    compile_policy(compile->pipeline, root->value);
    tide_compile_tables(compile, &tables);
    tide_compile_transformations(compile, &transformations);
    tide_compile_try(compile, root);
}

static struct tide_pipeline *create(const struct tide_pipeline_options *options,
                                    struct tide_document *document)
{
    struct tide_pipeline *pipeline = tide_alloc(sizeof *pipeline);
    struct tide_pipeline_parts *parts = tide_alloc(sizeof *parts);

    parts->arena = tide_arena_create();
    parts->parsed = document;
    parts->resolved = json_object_new_array();
    pipeline->internal = parts;
    pipeline->document = tide_document_root(document);
    if (options->base_folder) {
        pipeline->base_folder = tide_arena_strdup(parts->arena, options->base_folder);
    }
    return pipeline;
}

void tide_pipeline_destroy(struct tide_pipeline *pipeline)
{
    struct tide_pipeline_parts *parts;

    if (!pipeline) {
        return;
    }
    parts = pipeline->internal;
    for (size_t i = 0; i < pipeline->table_count; i++) {
        tide_schema_clear(&pipeline->tables[i].types);
    }
    for (size_t i = 0; i < parts->secret_count; i++) {
        free(parts->secrets[i]);
    }
    free(parts->secrets);
    json_object_put(parts->resolved);
    tide_document_destroy(parts->parsed);
    tide_arena_destroy(parts->arena);
    free(parts);
    free(pipeline);
}

/* What the parser says, "line 3, column 7: " before its message, as a problem of the
 * whole document. */
static void note_syntax(struct tide_problems *problems, const struct tide_error *err)
{
    struct tide_problem problem = {.kind = TIDE_PROBLEM_SYNTAX};
    const char *column = strrchr(err->where, ':');
    const char *message = strstr(err->message, ": ");

    if (column && column > err->where) {
        const char *line = column;

        while (line > err->where && line[-1] != ':') {
            line--;
        }
        problem.line = (unsigned)strtoul(line, NULL, 10);
        problem.column = (unsigned)strtoul(column + 1, NULL, 10);
    }
    problem.path = tide_strdup("");
    problem.message = tide_strdup(problem.line && message ? message + 2 : err->message);
    problems->items = tide_alloc(sizeof *problems->items);
    problems->items[0] = problem;
    problems->count = 1;
}

static int by_line(const void *a, const void *b)
{
    const struct tide_problem *first = a, *second = b;

    if (first->line != second->line) {
        return first->line < second->line ? -1 : 1;
    }
    if (first->column != second->column) {
        return first->column < second->column ? -1 : 1;
    }
    return strcmp(first->path, second->path);
}

int tide_pipeline_parse(const char *text, size_t length, enum tide_document_syntax syntax,
                        const struct tide_pipeline_options *options,
                        struct tide_pipeline **out, struct tide_problems *problems)
{
    struct tide_findings findings = {.problems = problems};
    struct tide_compile compile = {.options = options, .findings = &findings};
    struct tide_document *document = NULL;
    struct tide_error err = {0};
    struct tide_place root;

    memset(problems, 0, sizeof *problems);
    if (tide_document_parse(text, length, syntax, options->file ? options->file : "",
                            &document, &err) != TIDE_OK) {
        note_syntax(problems, &err);
        return TIDE_E_CONFIG;
    }
    compile.pipeline = create(options, document);
    compile.parts = compile.pipeline->internal;
    findings.document = document;
    root = tide_place_root(&findings, tide_document_root(document));
    tide_keys_check(&root, tide_document_keys);
    compile_document(&compile, &root);
    if (problems->count > 0) {
        qsort(problems->items, problems->count, sizeof *problems->items, by_line);
        tide_pipeline_destroy(compile.pipeline);
        return TIDE_E_CONFIG;
    }
    *out = compile.pipeline;
    return TIDE_OK;
}

const char *const *tide_pipeline_secrets(const struct tide_pipeline *pipeline)
{
    const struct tide_pipeline_parts *parts = pipeline->internal;

    return (const char *const *)parts->secrets;
}
