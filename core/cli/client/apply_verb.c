/*
 * apply_verb - `tidemill apply FILE`: create a pipeline in the daemon, or replace its
 * definition.
 *
 * The daemon has no folder that a relative path could start from, so paths are made
 * absolute here, by the tables of the plugins installed here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/client/daemon.h"
#include "cli/client/show.h"
#include "cli/definition.h"
#include "cli/verbs.h"

struct apply_args {
    bool json;
};

static const struct tide_arg apply_args_table[] = {
    {"json", TIDE_ARG_FLAG, NULL, offsetof(struct apply_args, json),
     "print what the daemon answered"},
    {0},
};

static void make_absolute(struct json_object *options, const char *key,
                          const char *folder)
{
    const char *path = tide_json_text(options, key);

    if (path && *path != '/' && strncmp(path, "${", 2) != 0) {
        char *joined = tide_path_join(folder, path),
             *absolute = tide_path_absolute(joined);

        tide_json_set_text(options, key, absolute);
        free(absolute);
        free(joined);
    }
}

static void fix_options(const struct tide_catalog *catalog,
                        const struct tide_plugin_info *info, struct json_object *options,
                        const char *folder)
{
    for (size_t i = 0; info && i < info->option_count; i++) {
        const struct tide_option_info *option = &info->options[i];
        const char *name = tide_json_text(options, option->name);

        if (option->type == TIDE_OPTION_PATH) {
            make_absolute(options, option->name, folder);
        } else if (option->type == TIDE_OPTION_COMPONENT) {
            name = name ? name : option->default_value;
            fix_options(catalog,
                        name ? tide_catalog_find(catalog, option->component_kind, name)
                             : NULL,
                        options, folder);
        }
    }
}

static void fix_connection(const struct tide_catalog *catalog, uint32_t kind,
                           struct json_object *end, const char *folder)
{
    struct json_object *connection = tide_json_member(end, "connection");
    const char *plugin = tide_json_text(connection, "plugin");
    struct json_object *options = tide_json_member(connection, "options");

    if (plugin && options && json_object_is_type(options, json_type_object)) {
        fix_options(catalog, tide_catalog_find(catalog, kind, plugin), options, folder);
    }
}

static int fix_paths(struct json_object *root, const char *file)
{
    struct tide_catalog *catalog = tide_cli_catalog();
    char *folder = tide_path_folder(strcmp(file, "-") == 0 ? "." : file);
    char *absolute = tide_path_absolute(folder);

    if (catalog) {
        fix_connection(catalog, TIDE_KIND_SOURCE, tide_json_member(root, "source"),
                       absolute);
        fix_connection(catalog, TIDE_KIND_DESTINATION,
                       tide_json_member(root, "destination"), absolute);
    }
    free(absolute);
    free(folder);
    tide_catalog_close(catalog);
    return catalog ? TIDE_OK : TIDE_E_CONFIG;
}

/* "tables[1].columns.exclude" in the file's own lines: walk the path down the tree. */
static void find_line(const struct tide_document *document, const char *path,
                      unsigned *line, unsigned *column)
{
    struct json_object *at = tide_document_root(document);

    while (*path && at) {
        char *end;
        unsigned here = 0, across = 0;

        if (*path == '[') {
            size_t index = strtoul(path + 1, &end, 10);

            if (!json_object_is_type(at, json_type_array)) {
                return;
            }
            tide_document_where(document, at, NULL, index, &here, &across);
            at = json_object_array_get_idx(at, index);
            path = *end == ']' ? end + 1 : end;
        } else {
            size_t length = strcspn(path, ".[");
            char *key = tide_strndup(path, length);

            tide_document_where(document, at, key, 0, &here, &across);
            at = tide_json_member(at, key);
            path += length;
            free(key);
        }
        if (here) {
            *line = here;
            *column = across;
        }
        path += *path == '.';
    }
}

static void print_problem(const struct tide_document *document, const char *file,
                          const char *field, const char *message)
{
    unsigned line = 0, column = 0;

    find_line(document, field ? field : "", &line, &column);
    (void)fprintf(stderr, "%s:", file);
    if (line) {
        (void)fprintf(stderr, "%u:%u:", line, column);
    }
    (void)fprintf(stderr, " %s%s%s\n", field ? field : "", field && *field ? ": " : "",
                  message ? message : "refused");
}

/* Every problem the daemon found, at its place in the file. */
static void print_problems(const struct tide_document *document, const char *file,
                           struct json_object *body)
{
    struct json_object *errors = tide_json_member(body, "errors");
    struct json_object *error = tide_json_member(body, "error");

    for (size_t i = 0; errors && i < json_object_array_length(errors); i++) {
        struct json_object *problem = json_object_array_get_idx(errors, i);

        print_problem(document, file, tide_json_text(problem, "field"),
                      tide_json_text(problem, "message"));
    }
    if (!errors) {
        print_problem(document, file, tide_json_text(error, "field"),
                      tide_json_text(error, "message"));
    }
}

static int send(struct json_object *root, bool *created, struct tide_daemon_reply *reply,
                struct tide_error *err)
{
    const char *name = tide_json_text(root, "name");
    char *text = tide_json_format(root), path[96] = "/api/public/v1/pipelines";
    struct tide_daemon_body body = {"application/json", text};
    int64_t id = 0;
    int rc = name ? tide_daemon_pipeline_id(name, &id, err) : TIDE_E_NOT_FOUND;

    *created = rc == TIDE_E_NOT_FOUND;
    if (rc == TIDE_OK) {
        (void)snprintf(path, sizeof path,
                       "/api/public/v1/pipelines/%" PRId64 "/definition", id);
    }
    if (rc == TIDE_OK || *created) {
        rc = tide_daemon_send(*created ? "POST" : "PUT", path, &body, reply, err);
    }
    free(text);
    return rc;
}

static int report(const struct apply_args *args, const struct tide_document *document,
                  const char *file, bool created, const struct tide_daemon_reply *reply,
                  const struct tide_error *err)
{
    if (err->code == TIDE_OK) {
        if (args->json) {
            tide_show_json(reply->body);
        } else {
            printf("%s pipeline %" PRId64 " (%s)\n", created ? "created" : "updated",
                   tide_json_int(reply->body, "id", 0),
                   tide_json_text(reply->body, "name"));
        }
        return TIDE_EXIT_OK;
    }
    if (reply->status == 400 || reply->status == 422) {
        print_problems(document, file, reply->body);
        return TIDE_EXIT_USAGE;
    }
    tide_cli_complain(err);
    return TIDE_EXIT_FAILED;
}

static int apply_document(const struct apply_args *args,
                          const struct tide_document *document, const char *file)
{
    struct json_object *root = tide_document_root(document), *copy = NULL;
    struct tide_daemon_reply reply = {0};
    struct tide_error err = {0};
    bool created = false;
    int status = TIDE_EXIT_FAILED;

    if (json_object_deep_copy(root, &copy, NULL) != 0) {
        return TIDE_EXIT_FAILED;
    }
    if (fix_paths(copy, file) == TIDE_OK) {
        err.code = send(copy, &created, &reply, &err);
        status = report(args, document, file, created, &reply, &err);
    }
    json_object_put(reply.body);
    json_object_put(copy);
    return status;
}

static int apply(const void *values, const char *const *operands, size_t count)
{
    const char *file = operands[0];
    struct tide_document *document = NULL;
    struct tide_error err = {0};
    char *text = NULL;
    size_t length;
    int status = TIDE_EXIT_USAGE;

    (void)count;
    if (tide_file_read(file, TIDE_DOCUMENT_MAX, &text, &length, &err) != TIDE_OK ||
        tide_document_parse(text, length,
                            tide_text_ends(file, ".json") ? TIDE_DOCUMENT_JSON
                                                          : TIDE_DOCUMENT_YAML,
                            file, &document, &err) != TIDE_OK) {
        tide_cli_complain(&err);
    } else {
        status = apply_document(values, document, file);
    }
    tide_document_destroy(document);
    free(text);
    return status;
}

const struct tide_verb tide_verb_apply = {
    .name = "apply",
    .operands = "FILE",
    .least = 1,
    .most = 1,
    .summary = "Create the pipeline of a definition file in the daemon, or replace it.",
    .details =
        "A pipeline of the same name is replaced.  Relative paths are made absolute,\n"
        "from the file's folder.  Exit status: 0 done, 1 failed, 2 bad definition.",
    .args = apply_args_table,
    .size = sizeof(struct apply_args),
    .run = apply,
};
