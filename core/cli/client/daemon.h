/*
 * daemon - requests of the command line to a daemon.
 *
 * Where it is: --url, else TIDEMILL_URL, else what a daemon of this user left in its
 * state directory.  The key: the variable TIDEMILL_KEY, else the file api-key there.
 *
 * Layer: uses core/base and libcurl.
 */
#ifndef TIDE_CLI_CLIENT_DAEMON_H
#define TIDE_CLI_CLIENT_DAEMON_H

#include <json-c/json.h>
#include <tidemill/error.h>

/** Body of a request: none, or bytes of that media type. */
struct tide_daemon_body {
    const char *type; /**< NULL: no body */
    const char *data;
};

struct tide_daemon_reply {
    long status;
    struct json_object *body; /**< NULL when it is empty; the caller's reference */
};

/** Send a request; path begins with "/".  A reply of 400 and above is TIDE_E_CONFIG (401:
 * TIDE_E_AUTH, 404: TIDE_E_NOT_FOUND, 409 and 422: TIDE_E_CONFLICT, 5xx:
 * TIDE_E_TRANSIENT) with the daemon's message; reply is filled all the same. */
TIDE_MUST_CHECK
int tide_daemon_send(const char *method, const char *path,
                     const struct tide_daemon_body *body, struct tide_daemon_reply *reply,
                     struct tide_error *err);
TIDE_MUST_CHECK
int tide_daemon_get(const char *path, struct json_object **body, struct tide_error *err);

/** The id of a run, as a person writes it. */
TIDE_MUST_CHECK
int tide_daemon_run_id(const char *text, int64_t *id, struct tide_error *err);
/** The id of the pipeline of that name, or of that id written in digits. */
TIDE_MUST_CHECK
int tide_daemon_pipeline_id(const char *name, int64_t *id, struct tide_error *err);

#endif
