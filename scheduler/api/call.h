/*
 * call - one request on its way through the API: who asks, what is asked, and the small
 * steps that all resources share.
 *
 * A call lives as long as its request.  Every handler ends in exactly one reply, at once
 * or in a callback of the store.
 *
 * Layer:   scheduler/api alone includes it.
 * Threads: the loop's.
 */
#ifndef TIDE_API_CALL_H
#define TIDE_API_CALL_H

#include <json-c/json.h>

#include "api/api.h"

/** A catalog and how many use it. */
struct tide_shared_catalog {
    struct tide_catalog *catalog;
    unsigned references;
};

/** Keys found in the store not long ago. */
#define TIDE_AUTH_CACHE 64
struct tide_auth_entry {
    uint8_t hash[TIDE_KEY_HASH_SIZE];
    int64_t workspace;
    bool workspace_exists;
    int64_t until; /**< of the monotonic clock; 0: empty */
};

struct tide_api {
    struct tide_api_options options;
    const struct tide_http_server *server; /**< or NULL before it listens */
    struct tide_shared_catalog *catalog;   /**< or NULL until it was read */
    struct tide_http_route *routes;
    struct tide_auth_entry keys[TIDE_AUTH_CACHE];
    unsigned works;             /**< definition checks on the thread pool */
    unsigned calls;             /**< not answered yet */
    struct tide_call *creating; /**< those that are creating a pipeline */
    void (*closed)(void *arg);
    void *closed_arg;
};

struct tide_call {
    struct tide_api *api;
    struct tide_http_request *request;
    size_t route;
    int64_t workspace;
    int64_t id;               /**< of the path; -1 when no thing can have it */
    struct json_object *body; /**< owned; an object, or NULL when there is none */
    uint8_t key_hash[TIDE_KEY_HASH_SIZE];
    struct tide_definition *definition; /**< owned; definition.h, or NULL */
    int64_t limit, page;                /**< of a list */
    struct tide_call *next_creating;
    bool flag; /**< of the handler: what its callback has to remember */
};

typedef void (*tide_call_fn)(struct tide_call *call);

/* ---- call.c: what is asked ---- */

/** Read the body as a JSON object into call->body; none is an empty one.  False when it
 * was answered (400, 415). */
bool tide_call_read_body(struct tide_call *call);
/** Refuse members that are not in `known` (ended by NULL), naming the nearest.  False
 * when it was answered (400). */
bool tide_call_only_knows(struct tide_call *call, const char *const *known);
/** The same of the parameters of the query. */
bool tide_call_only_asks(struct tide_call *call, const char *const *known);
/** A number of the query within minimum..maximum.  False when it was answered (400). */
bool tide_call_query_int(struct tide_call *call, const char *name, int64_t fallback,
                         int64_t minimum, int64_t maximum, int64_t *value);
/** "true" or "false"; false when absent.  False when it was answered (400). */
bool tide_call_query_bool(struct tide_call *call, const char *name, bool *value);
/** The pipeline of the path, in the caller's workspace. */
struct tide_pipeline_ref tide_call_pipeline(const struct tide_call *call);

/* ---- call.c: what is answered ---- */

/** 200 with an empty body. */
void tide_call_reply_nothing(struct tide_call *call);
void tide_call_reply_json(struct tide_call *call, unsigned status,
                          struct json_object *value);
/** 200 with {name: list}; where it is as long as call->limit there may be more, and
 * "cursor" tells the last one's number. */
void tide_call_reply_list(struct tide_call *call, const char *name,
                          struct json_object *list, int64_t last);
TIDE_PRINTF(4, 5)
void tide_call_reply_error(struct tide_call *call, unsigned status, const char *code,
                           const char *format, ...);
/** The answer to what the store could not do. */
void tide_call_reply_failure(struct tide_call *call, const struct tide_error *err);

/* ---- api.c ---- */

/** A work of the thread pool was answered. */
void tide_api_work_done(struct tide_api *api);
void tide_shared_catalog_unref(struct tide_shared_catalog *shared);

/* ---- auth.c ---- */

/** Find out who asks, then `admit`; or answer 401, or 404 for a workspace that is
 * gone. */
void tide_auth_check(struct tide_call *call);
/** Run the handler of the call's route. */
void tide_call_admit(struct tide_call *call);

/* ---- the resources; one file each ---- */

void tide_api_list_pipelines(struct tide_call *call); /* pipelines.c */
void tide_api_get_pipeline(struct tide_call *call);
void tide_api_put_status(struct tide_call *call);
void tide_api_put_schedule(struct tide_call *call);
void tide_api_delete_pipeline(struct tide_call *call);
void tide_api_get_schedule(struct tide_call *call); /* slots.c */
void tide_api_create_run(struct tide_call *call);   /* runs.c */
void tide_api_list_runs(struct tide_call *call);
void tide_api_get_run(struct tide_call *call);
void tide_api_cancel_run(struct tide_call *call);
void tide_api_list_rejects(struct tide_call *call); /* rejects.c */
void tide_api_replay(struct tide_call *call);
/** Send a run that the store has created on its way: the object to answer with, which has
 * the run's id; owned by the caller.  NULL: it was not created, and the call is
 * answered. */
struct json_object *tide_api_start_run(struct tide_call *call,
                                       enum tide_run_refusal refusal,
                                       const struct tide_run_record *run,
                                       const struct tide_error *err);
void tide_api_create_from_definition(struct tide_call *call); /* definitions.c */
void tide_api_replace_definition(struct tide_call *call);
void tide_api_validate_definition(struct tide_call *call);
void tide_api_list_metadata(struct tide_call *call); /* metadata.c */
void tide_api_get_metadata(struct tide_call *call);
void tide_api_archive(struct tide_call *call);
void tide_api_get_definition(struct tide_call *call); /* document.c */
void tide_api_health(struct tide_call *call);         /* service.c */
void tide_api_ready(struct tide_call *call);
void tide_api_openapi(struct tide_call *call);
void tide_api_metrics(struct tide_call *call); /* metrics.c */

#endif
