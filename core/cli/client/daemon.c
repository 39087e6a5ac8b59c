/*
 * daemon - requests of the command line to a daemon.
 */
#include "cli/client/daemon.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#define REPLY_MAX (64u << 20)
#define DEFAULT_URL "http://127.0.0.1:8084"

/* The first line of a small file in the state directory, malloc'ed, or NULL. */
static char *state_line(const char *name)
{
    char *folder = tide_state_folder(), *path = tide_path_join(folder, name),
         *line = NULL;
    struct tide_error err;
    size_t length;

    if (tide_file_read(path, 4096, &line, &length, &err) == TIDE_OK) {
        line[strcspn(line, "\r\n")] = '\0';
    }
    free(path);
    free(folder);
    return line;
}

static char *find_url(void)
{
    const char *given = getenv("TIDEMILL_URL");
    char *url, *address;

    if (given && *given) {
        url = tide_strdup(given);
    } else if ((address = state_line("address")) != NULL) {
        url = strstr(address, "://") ? tide_strdup(address)
                                     : tide_strf("http://%s", address);
        free(address);
    } else {
        url = tide_strdup(DEFAULT_URL);
    }
    while (*url && url[strlen(url) - 1] == '/') {
        url[strlen(url) - 1] = '\0';
    }
    return url;
}

static char *find_key(void)
{
    const char *given = getenv("TIDEMILL_KEY");

    return given && *given ? tide_strdup(given) : state_line("api-key");
}

static size_t collect(char *data, size_t size, size_t count, void *arg)
{
    struct tide_text *text = arg;

    if (text->length + size * count > REPLY_MAX) {
        return 0;
    }
    tide_text_append_n(text, data, size * count);
    return size * count;
}

static int code_of(long status)
{
    switch (status) {
    case 401:
    case 403:
        return TIDE_E_AUTH;
    case 404:
        return TIDE_E_NOT_FOUND;
    case 409:
    case 422:
        return TIDE_E_CONFLICT;
    default:
        return status >= 500 ? TIDE_E_TRANSIENT : TIDE_E_CONFIG;
    }
}

static int refused(const struct tide_daemon_reply *reply, struct tide_error *err)
{
    struct json_object *error = tide_json_member(reply->body, "error");
    const char *message = tide_json_text(error, "message");
    int code = code_of(reply->status);

    if (reply->status == 401) {
        return tide_error_set(err, code,
                              "the daemon does not know this key; set TIDEMILL_KEY, or "
                              "TIDEMILL_STATE_DIR to the daemon's state directory");
    }
    if (message) {
        return tide_error_set(err, code, "%s", message);
    }
    return tide_error_set(err, code, "the daemon answered %ld", reply->status);
}

static int finish(long status, const struct tide_text *text,
                  struct tide_daemon_reply *reply, struct tide_error *err)
{
    reply->status = status;
    if (text->length > 0) {
        struct tide_error bad = {0};

        if (tide_json_parse(text->data, text->length, &reply->body, &bad) != TIDE_OK) {
            return tide_error_set(err, TIDE_E_TRANSIENT,
                                  "what answered (%ld) is no Tidemill daemon: %s", status,
                                  bad.message);
        }
    }
    return status >= 400 ? refused(reply, err) : TIDE_OK;
}

static struct curl_slist *headers(const char *key, const struct tide_daemon_body *body)
{
    char *bearer = tide_strf("Authorization: Bearer %s", key ? key : "");
    char *type = tide_strf("Content-Type: %s", body && body->type ? body->type : "");
    struct curl_slist *list = curl_slist_append(NULL, bearer);

    list = curl_slist_append(list, "Accept: application/json");
    if (body && body->type) {
        list = curl_slist_append(list, type);
    }
    free(type);
    free(bearer);
    return list;
}

static int perform(CURL *curl, const char *url, const struct tide_text *text,
                   struct tide_daemon_reply *reply, struct tide_error *err)
{
    CURLcode code = curl_easy_perform(curl);
    long status = 0;

    if (code != CURLE_OK) {
        return tide_error_set(
            err, TIDE_E_TRANSIENT,
            "cannot reach the daemon at %s: %s; start tidemilld, or set "
            "TIDEMILL_URL",
            url, curl_easy_strerror(code));
    }
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return finish(status, text, reply, err);
}

int tide_daemon_send(const char *method, const char *path,
                     const struct tide_daemon_body *body, struct tide_daemon_reply *reply,
                     struct tide_error *err)
{
    char *base = find_url(), *key = find_key(), *url = tide_strf("%s%s", base, path);
    struct curl_slist *list = headers(key, body);
    struct tide_text text = {0};
    CURL *curl = curl_easy_init();
    int rc = TIDE_E_INTERNAL;

    memset(reply, 0, sizeof *reply);
    if (!curl || !list) {
        tide_error_memory(err);
        goto out;
    }
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (body && body->type) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->data);
    }
    rc = perform(curl, base, &text, reply, err);
out:
    curl_easy_cleanup(curl);
    curl_slist_free_all(list);
    tide_text_fini(&text);
    free(url);
    free(key);
    free(base);
    return rc;
}

int tide_daemon_get(const char *path, struct json_object **body, struct tide_error *err)
{
    struct tide_daemon_reply reply;
    int rc = tide_daemon_send("GET", path, NULL, &reply, err);

    if (rc == TIDE_OK) {
        *body = reply.body;
    } else {
        json_object_put(reply.body);
    }
    return rc;
}

static const char *nearest_pipeline(struct json_object *pipelines, const char *name)
{
    size_t count = json_object_array_length(pipelines);
    const char **names = tide_alloc_array(count + 1, sizeof *names);
    const char *nearest;

    for (size_t i = 0; i < count; i++) {
        names[i] = tide_json_text(json_object_array_get_idx(pipelines, i), "name");
    }
    nearest = tide_text_nearest(name, names, count);
    free(names);
    return nearest;
}

int tide_daemon_pipeline_id(const char *name, int64_t *id, struct tide_error *err)
{
    struct json_object *body = NULL, *pipelines;
    const char *nearest;
    int rc = tide_daemon_get("/v1/pipelines", &body, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    pipelines = tide_json_member(body, "pipelines");
    rc = TIDE_E_NOT_FOUND;
    for (size_t i = 0; pipelines && i < json_object_array_length(pipelines); i++) {
        struct json_object *pipeline = json_object_array_get_idx(pipelines, i);
        char digits[24];

        (void)snprintf(digits, sizeof digits, "%" PRId64,
                       tide_json_int(pipeline, "id", 0));
        if (strcmp(tide_json_text(pipeline, "name"), name) == 0 ||
            strcmp(digits, name) == 0) {
            *id = tide_json_int(pipeline, "id", 0);
            rc = TIDE_OK;
        }
    }
    if (rc != TIDE_OK) {
        nearest = pipelines ? nearest_pipeline(pipelines, name) : NULL;
        tide_error_set(err, rc, "no pipeline \"%s\"%s%s%s", name,
                       nearest ? "; did you mean \"" : "; tidemill list shows them",
                       nearest ? nearest : "", nearest ? "\"?" : "");
    }
    json_object_put(body);
    return rc;
}

int tide_daemon_run_id(const char *text, int64_t *id, struct tide_error *err)
{
    char *end;

    *id = strtoll(text, &end, 10);
    if (end == text || *end || *id <= 0) {
        return tide_error_set(
            err, TIDE_E_CONFIG,
            "a run's id is a number, not \"%s\"; tidemill runs lists them", text);
    }
    return TIDE_OK;
}
