/*
 * auth - whose request it is: the API key, looked up by its hash.
 *
 * A key that was found is believed for a few seconds without asking the store again; one
 * that was not found is asked for each time, so a new key works at once.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include <string.h>
#include <strings.h>

#include "api/call.h"

#include "base/text.h"

#define BELIEVED_US INT64_C(5000000)
#define KEY_MOST 256

static void reply_unauthorized(struct tide_call *call, const char *message)
{
    const struct tide_http_header headers[] = {
        {"WWW-Authenticate", "Bearer realm=\"tidemill\""}, {NULL, NULL}};
    char *body = tide_http_problem_format(tide_http_request_style(call->request),
                                          "unauthorized", message);

    tide_http_reply(call->request, 401, headers, body, strlen(body));
}

/** The key of "Authorization: Bearer api_…", or NULL. */
static const char *bearer(const struct tide_call *call)
{
    const char *header = tide_http_header(call->request, "Authorization");

    if (!header || strncasecmp(header, "Bearer ", 7) != 0) {
        return NULL;
    }
    header += 7;
    header += strspn(header, " ");
    return *header ? header : NULL;
}

static int64_t now(const struct tide_call *call)
{
    const struct tide_clock *clock = call->api->options.clock;

    return clock->monotonic(clock);
}

static struct tide_auth_entry *entry_of(const struct tide_call *call)
{
    return &call->api->keys[call->key_hash[0] % TIDE_AUTH_CACHE];
}

static void admit(struct tide_call *call, const struct tide_auth_entry *entry)
{
    if (!entry->workspace_exists) {
        tide_call_reply_error(call, 404, "not_found", "workspace does not exist");
        return;
    }
    call->workspace = entry->workspace;
    tide_call_admit(call);
}

static void on_key(void *arg, const struct tide_key_record *key,
                   const struct tide_error *err)
{
    struct tide_call *call = arg;
    struct tide_auth_entry *entry = entry_of(call);

    if (err && err->code == TIDE_E_NOT_FOUND) {
        reply_unauthorized(call, "the API key is not valid");
        return;
    }
    if (err) {
        tide_call_reply_failure(call, err);
        return;
    }
    memcpy(entry->hash, call->key_hash, sizeof entry->hash);
    entry->workspace = key->workspace;
    entry->workspace_exists = key->workspace_exists;
    entry->until = now(call) + BELIEVED_US;
    admit(call, entry);
}

void tide_auth_check(struct tide_call *call)
{
    const char *key = bearer(call);
    struct tide_auth_entry *entry;

    if (!key) {
        reply_unauthorized(call, "send an API key as \"Authorization: Bearer api_...\"");
        return;
    }
    if (!tide_text_starts(key, "api_") || strlen(key) > KEY_MOST) {
        reply_unauthorized(call, "the API key is not valid");
        return;
    }
    tide_key_hash(key, strlen(key), call->key_hash);
    entry = entry_of(call);
    if (entry->until > now(call) &&
        memcmp(entry->hash, call->key_hash, sizeof entry->hash) == 0) {
        admit(call, entry);
        return;
    }
    tide_store_key_find(call->api->options.store, call->key_hash, on_key, call);
}
