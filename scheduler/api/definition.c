/*
 * definition - the checking of a definition document that came as a request's body.
 *
 * Layer:   scheduler/api.
 * Threads: check() runs on the thread pool and touches only its struct, the request's
 *          body, which does not change, and the catalog, which may be read by many.
 */
#include "api/definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/json.h"
#include "base/memory.h"

void tide_definition_destroy(struct tide_definition *definition)
{
    if (!definition) {
        return;
    }
    tide_pipeline_destroy(definition->pipeline);
    tide_problems_fini(&definition->problems);
    tide_shared_catalog_unref(definition->catalog);
    free(definition);
}

static bool read_syntax(struct tide_call *call, enum tide_document_syntax *syntax)
{
    static const struct {
        const char *type;
        enum tide_document_syntax syntax;
    } types[] = {
        {"application/yaml", TIDE_DOCUMENT_YAML},
        {"application/x-yaml", TIDE_DOCUMENT_YAML},
        {"text/yaml", TIDE_DOCUMENT_YAML},
        {"text/x-yaml", TIDE_DOCUMENT_YAML},
        {"application/json", TIDE_DOCUMENT_JSON},
    };
    const char *type = tide_http_header(call->request, "Content-Type");
    size_t length = type ? strcspn(type, "; \t") : 0;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strlen(types[i].type) == length &&
            strncasecmp(types[i].type, type, length) == 0) {
            *syntax = types[i].syntax;
            return true;
        }
    }
    tide_call_reply_error(call, 415, "unsupported_media_type",
                          "send the definition as Content-Type: application/yaml or "
                          "application/json");
    return false;
}

static bool is_shape(const struct tide_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        if (problems->items[i].kind != TIDE_PROBLEM_MEANING) {
            return true;
        }
    }
    return false;
}

static struct json_object *problem_list(const struct tide_problems *problems)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < problems->count; i++) {
        const struct tide_problem *problem = &problems->items[i];
        struct json_object *item = json_object_new_object();

        tide_json_set_text(item, "field", problem->path);
        tide_json_set_text(item, "message", problem->message);
        tide_json_set(item, "line",
                      problem->line ? json_object_new_int64(problem->line) : NULL);
        tide_json_set(item, "column",
                      problem->column ? json_object_new_int64(problem->column) : NULL);
        (void)json_object_array_add(list, item);
    }
    return list;
}

static struct json_object *error_object(const char *code, const char *message,
                                        const char *field)
{
    struct json_object *out = json_object_new_object();
    struct json_object *error = json_object_new_object();

    tide_json_set_text(error, "code", code);
    tide_json_set_text(error, "message", message);
    tide_json_set_text(error, "field", field);
    tide_json_set(out, "error", error);
    return out;
}

/** The first problem of the kind that gives the status stands as the error. */
static void reply_problems(struct tide_call *call, const struct tide_problems *problems)
{
    bool shape = is_shape(problems);
    const struct tide_problem *first = problems->items;
    struct json_object *out;

    TIDE_INVARIANT(problems->count > 0);
    while (shape && first->kind == TIDE_PROBLEM_MEANING) {
        first++;
    }
    out = error_object(shape ? "invalid_shape" : "validation_failed", first->message,
                       first->path);
    tide_json_set(out, "errors", problem_list(problems));
    tide_call_reply_json(call, shape ? 422 : 400, out);
}

void tide_definition_refuse(struct tide_call *call, unsigned status, const char *code,
                            const char *field, const char *format, ...)
{
    char message[512];
    va_list args;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started in the line above */
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    tide_call_reply_json(call, status, error_object(code, message, field));
}

static void check(uv_work_t *work)
{
    struct tide_definition *definition = work->data;
    struct tide_pipeline_options options = {.catalog = definition->catalog->catalog,
                                            .placeholder = TIDE_REDACTED};

    definition->code =
        tide_pipeline_parse(definition->text, definition->length, definition->syntax,
                            &options, &definition->pipeline, &definition->problems);
}

static void on_checked(uv_work_t *work, int status)
{
    struct tide_definition *definition = work->data;
    struct tide_call *call = definition->call;
    struct tide_api *api = call->api;

    (void)status;
    if (definition->code) {
        reply_problems(call, &definition->problems);
    } else {
        definition->done(call);
    }
    tide_api_work_done(api);
}

void tide_definition_check(struct tide_call *call, tide_call_fn done)
{
    struct tide_shared_catalog *catalog = call->api->catalog;
    enum tide_document_syntax syntax;
    struct tide_definition *definition;

    if (!read_syntax(call, &syntax)) {
        return;
    }
    if (!catalog) {
        tide_call_reply_error(call, 503, "unavailable",
                              "the daemon still reads its plugins; try again");
        return;
    }
    definition = tide_alloc(sizeof *definition);
    definition->work.data = definition;
    definition->call = call;
    definition->catalog = catalog;
    catalog->references++;
    definition->text = tide_http_body(call->request, &definition->length);
    definition->syntax = syntax;
    definition->done = done;
    call->definition = definition;
    call->api->works++;
    TIDE_INVARIANT(uv_queue_work(call->api->options.loop, &definition->work, check,
                                 on_checked) == 0);
}

bool tide_definition_has_cursor(const struct tide_pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->table_count; i++) {
        if (pipeline->tables[i].cursor) {
            return true;
        }
    }
    return false;
}
