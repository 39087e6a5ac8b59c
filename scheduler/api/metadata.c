/*
 * metadata - /api/public/v1/pipelines: list, get and archive.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include "api/call.h"
#include "api/view.h"

#include "base/json.h"

#define PAGE_SIZE 50
#define PAGE_MOST 100

static struct json_object *pagination(struct tide_call *call, int64_t page, bool more)
{
    struct json_object *out = json_object_new_object();

    tide_json_set_int(out, "page", page);
    tide_json_set_int(out, "page_size", call->limit);
    tide_json_set_bool(out, "has_more", more);
    return out;
}

static void reply_page(struct tide_call *call, const struct tide_pipeline_record *records,
                       size_t count)
{
    struct json_object *out = json_object_new_object();
    struct json_object *data = json_object_new_array();
    size_t shown = count > (size_t)call->limit ? (size_t)call->limit : count;

    for (size_t i = 0; i < shown; i++) {
        (void)json_object_array_add(data, tide_view_metadata(&records[i]));
    }
    tide_json_set(out, "data", data);
    tide_json_set(out, "pagination", pagination(call, call->page, count > shown));
    tide_call_reply_json(call, 200, out);
}

static void on_list(void *arg, const struct tide_pipeline_record *pipelines, size_t count,
                    const struct tide_error *err)
{
    if (err) {
        tide_call_reply_failure(arg, err);
    } else {
        reply_page(arg, pipelines, count);
    }
}

/** A list of the one pipeline of a name, or of none. */
static void on_named(void *arg, const struct tide_pipeline_record *pipeline,
                     const struct tide_error *err)
{
    struct tide_call *call = arg;

    if (err && err->code != TIDE_E_NOT_FOUND) {
        tide_call_reply_failure(call, err);
    } else {
        bool shown = !err && (!pipeline->archived_at || call->flag);

        reply_page(call, pipeline, shown ? 1 : 0);
    }
}

void tide_api_list_metadata(struct tide_call *call)
{
    struct tide_store *store = call->api->options.store;
    struct tide_pipeline_ref ref = {.workspace = call->workspace,
                                    .name = tide_http_query(call->request, "name")};
    struct tide_pipeline_filter filter = {.workspace = call->workspace};

    if (!tide_call_query_int(call, "page", 1, 1, INT32_MAX, &call->page) ||
        !tide_call_query_int(call, "page_size", PAGE_SIZE, 1, INT32_MAX, &call->limit) ||
        !tide_call_query_bool(call, "archived", &filter.archived)) {
        return;
    }
    call->limit = call->limit > PAGE_MOST ? PAGE_MOST : call->limit;
    call->flag = filter.archived;
    filter.limit = call->limit + 1; /* one more tells whether there is more */
    filter.offset = (call->page - 1) * call->limit;
    if (ref.name) {
        tide_store_pipeline_get(store, &ref, on_named, call);
    } else {
        tide_store_pipeline_list(store, &filter, on_list, call);
    }
}

static void on_pipeline(void *arg, const struct tide_pipeline_record *pipeline,
                        const struct tide_error *err)
{
    if (err) {
        tide_call_reply_failure(arg, err);
    } else {
        tide_call_reply_json(arg, 200, tide_view_metadata(pipeline));
    }
}

void tide_api_get_metadata(struct tide_call *call)
{
    struct tide_pipeline_ref ref = tide_call_pipeline(call);

    tide_store_pipeline_get(call->api->options.store, &ref, on_pipeline, call);
}

static void on_archived(void *arg, const struct tide_pipeline_record *pipeline,
                        const struct tide_error *err)
{
    struct tide_call *call = arg;

    if (!err) {
        (void)tide_supervise_cancel_pipeline(call->api->options.supervise, pipeline->uid);
    }
    on_pipeline(arg, pipeline, err);
}

void tide_api_archive(struct tide_call *call)
{
    struct tide_pipeline_ref ref = tide_call_pipeline(call);

    tide_store_pipeline_archive(call->api->options.store, &ref, on_archived, call);
}
