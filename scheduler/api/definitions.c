/*
 * definitions - /api/public/v1/pipelines: create, replace and validate by a document.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include <stdlib.h>
#include <string.h>

#include "api/definition.h"
#include "api/view.h"

#include "base/json.h"
#include "base/memory.h"

/** Runs load into the destination, so its period is theirs. */
static int64_t period_of(const struct tide_pipeline *pipeline)
{
    return pipeline->destination_minutes ? pipeline->destination_minutes
                                         : pipeline->source_minutes;
}

static void reply_metadata(struct tide_call *call, unsigned status,
                           const struct tide_http_header *headers,
                           const struct tide_pipeline_record *pipeline)
{
    struct json_object *metadata = tide_view_metadata(pipeline);
    char *body = tide_json_format(metadata);

    json_object_put(metadata);
    tide_http_reply(call->request, status, headers, body, strlen(body));
}

/** Put stored secrets in the place of "[redacted]".  False when it was answered. */
static bool restore_secrets(struct tide_call *call, struct json_object *old)
{
    struct tide_definition *definition = call->definition;
    char *field = NULL;

    if (!tide_secrets_restore(definition->pipeline->document, old,
                              definition->catalog->catalog, &field)) {
        tide_definition_refuse(call, 400, "validation_failed", field,
                               "\"" TIDE_REDACTED "\" stands for no stored value here; "
                               "give the value or a variable such as ${NAME}");
        free(field);
        return false;
    }
    return true;
}

/* ---- create ---- */

/** Names are looked up before they are created, so of two requests for one name that
 * come together the second must see the first. */
static bool is_being_created(const struct tide_call *call)
{
    const char *name = call->definition->pipeline->name;
    const struct tide_call *other = call->api->creating;

    while (other && (other->workspace != call->workspace ||
                     strcmp(other->definition->pipeline->name, name) != 0)) {
        other = other->next_creating;
    }
    return other != NULL;
}

static void forget_creating(struct tide_call *call)
{
    struct tide_call **link = &call->api->creating;

    while (*link != call) {
        link = &(*link)->next_creating;
    }
    *link = call->next_creating;
}

static void on_created(void *arg, const struct tide_pipeline_record *pipeline,
                       const struct tide_error *err)
{
    struct tide_call *call = arg;
    char location[64];
    const struct tide_http_header headers[] = {{"Location", location}, {NULL, NULL}};

    forget_creating(call);
    if (err) {
        tide_call_reply_failure(call, err);
        return;
    }
    (void)snprintf(location, sizeof location, "/api/public/v1/pipelines/%lld",
                   (long long)pipeline->id);
    reply_metadata(call, 201, headers, pipeline);
}

static void create(struct tide_call *call)
{
    const struct tide_pipeline *pipeline = call->definition->pipeline;
    char *document = tide_json_format(pipeline->document);
    struct tide_pipeline_new new_pipeline = {
        .workspace = call->workspace,
        .name = pipeline->name,
        .definition = document,
        .enabled = true,
        .period_minutes = period_of(pipeline),
        .has_cursor = tide_definition_has_cursor(pipeline),
    };

    call->next_creating = call->api->creating;
    call->api->creating = call;
    tide_store_pipeline_create(call->api->options.store, &new_pipeline, on_created, call);
    free(document);
}

static void on_namesake(void *arg, const struct tide_pipeline_record *pipeline,
                        const struct tide_error *err)
{
    struct tide_call *call = arg;

    if (err && err->code != TIDE_E_NOT_FOUND) {
        tide_call_reply_failure(call, err);
    } else if (!err && !pipeline->archived_at) {
        tide_definition_refuse(call, 409, "name_taken", "name",
                               "a pipeline of this name exists already; replace it with "
                               "PUT /api/public/v1/pipelines/%lld/definition",
                               (long long)pipeline->id);
    } else if (is_being_created(call)) {
        tide_definition_refuse(call, 409, "name_taken", "name",
                               "a pipeline of this name is just being created");
    } else {
        create(call);
    }
}

static void on_checked_new(struct tide_call *call)
{
    struct tide_pipeline_ref ref = {.workspace = call->workspace,
                                    .name = call->definition->pipeline->name};

    if (restore_secrets(call, NULL)) {
        tide_store_pipeline_get(call->api->options.store, &ref, on_namesake, call);
    }
}

void tide_api_create_from_definition(struct tide_call *call)
{
    tide_definition_check(call, on_checked_new);
}

/* ---- replace ---- */

static bool same_member(struct json_object *a, struct json_object *b, const char *name)
{
    return json_object_equal(tide_json_member(a, name), tide_json_member(b, name)) != 0;
}

static bool contains(struct json_object *list, struct json_object *item)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        if (json_object_equal(json_object_array_get_idx(list, i), item)) {
            return true;
        }
    }
    return false;
}

/** Tables have unique names and mean the same in any order. */
static bool same_tables(struct json_object *a, struct json_object *b)
{
    struct json_object *ours = tide_json_member(a, "tables");
    struct json_object *theirs = tide_json_member(b, "tables");

    if (json_object_array_length(ours) != json_object_array_length(theirs)) {
        return false;
    }
    for (size_t i = 0; i < json_object_array_length(ours); i++) {
        if (!contains(theirs, json_object_array_get_idx(ours, i))) {
            return false;
        }
    }
    return true;
}

static bool same_document(struct json_object *a, struct json_object *b)
{
    struct json_object_iterator i = json_object_iter_begin(a);
    struct json_object_iterator end = json_object_iter_end(a);

    if (json_object_object_length(a) != json_object_object_length(b)) {
        return false;
    }
    for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
        const char *name = json_object_iter_peek_name(&i);

        if (strcmp(name, "tables") != 0 && !same_member(a, b, name)) {
            return false;
        }
    }
    return same_tables(a, b);
}

static void reply_replaced(struct tide_call *call, const char *outcome,
                           const struct tide_pipeline_record *pipeline)
{
    const struct tide_http_header headers[] = {{"X-Reconcile", outcome}, {NULL, NULL}};

    reply_metadata(call, 200, headers, pipeline);
}

static void on_replaced(void *arg, const struct tide_pipeline_record *pipeline,
                        const struct tide_error *err)
{
    if (err) {
        tide_call_reply_failure(arg, err);
    } else {
        reply_replaced(arg, "updated", pipeline);
    }
}

static void replace(struct tide_call *call, struct json_object *old)
{
    const struct tide_pipeline *pipeline = call->definition->pipeline;
    char *document = tide_json_format(pipeline->document);
    struct tide_pipeline_ref ref = tide_call_pipeline(call);
    struct tide_pipeline_change change = {
        .name = pipeline->name,
        .definition = document,
        .period_minutes = period_of(pipeline),
        .has_cursor = tide_definition_has_cursor(pipeline),
        .reset_positions = !same_member(old, pipeline->document, "source") ||
                           !same_member(old, pipeline->document, "transformations") ||
                           !same_tables(old, pipeline->document),
    };

    tide_store_pipeline_replace(call->api->options.store, &ref, &change, on_replaced,
                                call);
    free(document);
}

static void on_old(void *arg, const struct tide_pipeline_record *pipeline,
                   const struct tide_error *err)
{
    struct tide_call *call = arg;
    const struct tide_pipeline *compiled = call->definition->pipeline;
    struct json_object *old = NULL;
    struct tide_error broken = {0};

    if (err) {
        tide_call_reply_failure(call, err);
        return;
    }
    if (tide_json_parse(pipeline->definition, strlen(pipeline->definition), &old,
                        &broken)) {
        tide_call_reply_failure(call, &broken);
        return;
    }
    if (restore_secrets(call, old)) {
        if (call->flag) { /* only validate */
            struct json_object *out = json_object_new_object();

            tide_json_set_bool(out, "valid", true);
            tide_call_reply_json(call, 200, out);
        } else if (!pipeline->archived_at && same_document(old, compiled->document) &&
                   pipeline->period_minutes == period_of(compiled)) {
            reply_replaced(call, "noop", pipeline);
        } else {
            replace(call, old);
        }
    }
    json_object_put(old);
}

static void on_checked_change(struct tide_call *call)
{
    struct tide_pipeline_ref ref = tide_call_pipeline(call);

    tide_store_pipeline_get(call->api->options.store, &ref, on_old, call);
}

void tide_api_replace_definition(struct tide_call *call)
{
    tide_definition_check(call, on_checked_change);
}

/* ---- validate ---- */

static void on_checked_only(struct tide_call *call)
{
    struct tide_definition *definition = call->definition;
    struct json_object *out, *guarantees;

    if (!restore_secrets(call, NULL)) {
        return;
    }
    out = json_object_new_object();
    guarantees = json_object_new_array();
    for (size_t i = 0; i < definition->pipeline->table_count; i++) {
        struct tide_text text = {0};

        tide_pipeline_guarantee(definition->pipeline, definition->catalog->catalog, i,
                                &text);
        (void)json_object_array_add(guarantees,
                                    json_object_new_string(text.data ? text.data : ""));
        tide_text_fini(&text);
    }
    tide_json_set_bool(out, "valid", true);
    tide_json_set(out, "guarantees", guarantees);
    tide_call_reply_json(call, 200, out);
}

void tide_api_validate_definition(struct tide_call *call)
{
    call->flag = call->id != 0;
    tide_definition_check(call, call->flag ? on_checked_change : on_checked_only);
}
