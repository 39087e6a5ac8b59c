/*
 * run_fixture - a run of a definition over the engine's test plugins.
 */
#include "run_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

static const char *const plugins[] = {
    "tests/plugins/script.so",
    "tests/plugins/script_ordered.so",
    "tests/plugins/script_plain.so",
    "tests/plugins/picky.so",
    "tests/plugins/record.so",
    "tests/plugins/record_lent.so",
    "plugins/transforms/rename_fields/rename_fields.so",
    "plugins/transforms/exclude_fields/exclude_fields.so",
};

static void link_plugin(const struct fixture *fixture, const char *plugin)
{
    const char *build = getenv("top_builddir");
    char *built = tide_strf("%s/%s", build ? build : ".", plugin);
    char *from = tide_path_absolute(built);
    char *to = tide_strf("%s%s", fixture->folder, strrchr(plugin, '/'));

    assert_int_equal(symlink(from, to), 0);
    free(built);
    free(from);
    free(to);
}

static void note_event(void *arg, struct json_object *event)
{
    struct fixture *fixture = arg;
    const char *kind = tide_json_text(event, "event");

    if (strcmp(kind, "end") != 0) {
        (void)json_object_array_add(fixture->events, json_object_get(event));
    }
}

int fixture_set_up(void **state)
{
    struct fixture *fixture = tide_alloc(sizeof *fixture);

    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/tidemill-run-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    for (size_t i = 0; i < sizeof plugins / sizeof *plugins; i++) {
        link_plugin(fixture, plugins[i]);
    }
    fixture->catalog = tide_catalog_of_loaded(fixture->folder);
    fixture->events = json_object_new_array();
    fixture->table = "numbers";
    fixture->source = "script";
    fixture->destination = "record";
    fixture->request = (struct tide_run_request){
        .plugin_folder = fixture->folder,
        .pipeline_id = "p",
        .run_id = "1",
        .incremental = -1,
        .reject_count = 1000,
        .reject_bytes = 1 << 20,
        .checkpoint = INT64_MAX,
        .ledger = &fixture->ledger,
        .event = note_event,
        .event_arg = fixture,
        .cancel = &fixture->cancel,
    };
    *state = fixture;
    return 0;
}

static void remove_folder(const char *folder)
{
    DIR *listing = opendir(folder);
    struct dirent *entry = NULL;

    while (listing && (entry = readdir(listing)) != NULL) {
        char *path = tide_path_join(folder, entry->d_name);

        if (entry->d_name[0] != '.') {
            (void)unlink(path);
        }
        free(path);
    }
    if (listing) {
        (void)closedir(listing);
    }
    (void)rmdir(folder);
}

int fixture_tear_down(void **state)
{
    struct fixture *fixture = *state;

    remove_folder(fixture->folder);
    json_object_put(fixture->events);
    json_object_put(fixture->end);
    tide_catalog_close(fixture->catalog);
    free(fixture);
    return 0;
}

struct tide_pipeline *fixture_compile(struct fixture *fixture, const char *source,
                                      const char *destination, const char *table,
                                      const char *more)
{
    const struct tide_pipeline_options options = {.catalog = fixture->catalog,
                                                  .base_folder = fixture->folder};
    struct tide_problems problems = {0};
    struct tide_pipeline *pipeline = NULL;
    char *text = tide_strf(
        "{\"definition_version\": 1, \"name\": \"test\", \"sync\": {\"frequency\": 60},"
        " \"source\": {\"connection\": {\"plugin\": \"%s\", \"options\": {%s}}},"
        " \"destination\": {\"connection\": {\"plugin\": \"%s\","
        "   \"options\": {\"path\": \"%s/rows\"%s%s}}},"
        " \"tables\": [{\"name\": \"%s\"%s%s%s}]%s%s}",
        fixture->source, source, fixture->destination, fixture->folder,
        *destination ? ", " : "", destination, fixture->table,
        strstr(table, "\"mode\"") ? "" : ", \"mode\": \"append\"", *table ? ", " : "",
        table, *more ? ", " : "", more);

    if (tide_pipeline_parse(text, strlen(text), TIDE_DOCUMENT_JSON, &options, &pipeline,
                            &problems) != TIDE_OK) {
        fail_msg("%s", tide_problems_format(&problems, "definition"));
    }
    tide_problems_fini(&problems);
    free(text);
    return pipeline;
}

void fixture_run(struct fixture *fixture, const char *source, const char *destination,
                 const char *table, const char *more)
{
    struct tide_pipeline *pipeline =
        fixture_compile(fixture, source, destination, table, more);

    fixture->request.pipeline = pipeline;
    json_object_put(fixture->end);
    fixture->end = NULL;
    fixture->state = tide_run_execute(&fixture->request, &fixture->end, &fixture->err);
    assert_non_null(fixture->end);
    tide_pipeline_destroy(pipeline);
}

void fixture_forget(struct fixture *fixture)
{
    memset(&fixture->ledger, 0, sizeof fixture->ledger);
    json_object_put(fixture->events);
    fixture->events = json_object_new_array();
}

void fixture_remove(const struct fixture *fixture, const char *name)
{
    char *path = tide_path_join(fixture->folder, name);

    (void)unlink(path);
    free(path);
}

char *fixture_read(const struct fixture *fixture, const char *name)
{
    char *path = tide_path_join(fixture->folder, name);
    char *data = NULL;
    size_t length = 0;

    if (tide_file_read(path, 1 << 20, &data, &length, NULL) != TIDE_OK) {
        data = tide_strdup("");
    }
    free(path);
    return data;
}

struct json_object *fixture_event(const struct fixture *fixture, const char *kind,
                                  size_t i)
{
    size_t length = json_object_array_length(fixture->events);

    for (size_t at = 0; at < length; at++) {
        struct json_object *event = json_object_array_get_idx(fixture->events, at);

        if (strcmp(tide_json_text(event, "event"), kind) == 0 && i-- == 0) {
            return event;
        }
    }
    return NULL;
}

size_t fixture_count(const struct fixture *fixture, const char *kind)
{
    size_t count = 0;

    while (fixture_event(fixture, kind, count)) {
        count++;
    }
    return count;
}

void fixture_expect_state(const struct fixture *fixture, enum tide_run_state state)
{
    if (fixture->state != state) {
        fail_msg("the run ended %s: %s", tide_run_state_name((int)fixture->state),
                 fixture->err.message);
    }
    assert_string_equal(tide_json_text(fixture->end, "state"),
                        tide_run_state_name((int)state));
}

void fixture_expect_counts(const struct fixture *fixture, const int64_t passed[6],
                           const int64_t failed[6])
{
    struct json_object *steps = tide_json_member(fixture->end, "steps");

    for (int step = 0; step < TIDE_STEPS; step++) {
        struct json_object *counts = tide_json_member(steps, tide_step_name(step));

        if (fixture->ledger.passed[step] != passed[step] ||
            fixture->ledger.failed[step] != failed[step]) {
            fail_msg("%s: %lld passed, %lld failed", tide_step_name(step),
                     (long long)fixture->ledger.passed[step],
                     (long long)fixture->ledger.failed[step]);
        }
        assert_int_equal(tide_json_int(counts, "passed", -1), passed[step]);
        assert_int_equal(tide_json_int(counts, "failed", -1), failed[step]);
    }
}

void fixture_expect_failure(const struct fixture *fixture, int code, const char *message)
{
    char *rows = fixture_read(fixture, "rows");
    struct json_object *error = tide_json_member(fixture->end, "error");

    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    if (fixture->err.code != code || !strstr(fixture->err.message, message)) {
        fail_msg("%d: %s", fixture->err.code, fixture->err.message);
    }
    assert_string_equal(tide_json_text(error, "message"), fixture->err.message);
    assert_string_equal(rows, "");
    assert_int_equal(fixture->ledger.passed[TIDE_STEP_FINALIZE], 0);
    free(rows);
}

/* ---- what the plugin record wrote ---------------------------------------------------*/

void expect_rows(const struct fixture *fixture, int from, int to, int skip_every,
                 const char *commit)
{
    struct tide_text wanted = {0};
    char *rows = fixture_read(fixture, "rows");

    tide_text_append(&wanted, "table numbers mode 1 key\n");
    for (int id = from; id <= to; id++) {
        if (skip_every == 0 || id % skip_every != 0) {
            tide_text_appendf(&wanted, "%d name-%d\n", id, id);
        }
    }
    tide_text_appendf(&wanted, "commit %s final\n", commit);
    assert_string_equal(rows, wanted.data);
    tide_text_fini(&wanted);
    free(rows);
}

void expect_file(const struct fixture *fixture, const char *name, const char *wanted)
{
    char *text = fixture_read(fixture, name);

    assert_string_equal(text, wanted);
    free(text);
}

void expect_ids(const struct fixture *fixture, int64_t from, int64_t to)
{
    char *rows = fixture_read(fixture, "rows");
    char *rest = NULL;
    int64_t next = from;

    for (char *line = strtok_r(rows, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] >= '0' && line[0] <= '9') {
            assert_int_equal(strtoll(line, NULL, 10), next);
            next++;
        }
    }
    assert_int_equal(next, to + 1);
    free(rows);
}

int64_t count_lines(const struct fixture *fixture, const char *name,
                    const char *beginning)
{
    char *text = fixture_read(fixture, name);
    char *rest = NULL;
    int64_t count = 0;

    for (char *line = strtok_r(text, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        count += strncmp(line, beginning, strlen(beginning)) == 0;
    }
    free(text);
    return count;
}

bool is_resumed(const struct fixture *fixture)
{
    struct json_object *tables = tide_json_member(fixture->end, "tables");
    bool told = tide_json_bool(fixture_event(fixture, "table", 0), "resumed", false);

    assert_int_equal(
        tide_json_bool(json_object_array_get_idx(tables, 0), "resumed", !told), told);
    return told;
}
