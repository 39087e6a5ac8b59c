/* Positions, as a destination gives them back: the engine's envelope, and the words of
 * the sources that keep theirs as text.  A source goes on from it, or says why not. */
#include "fuzz.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/memory.h"
#include "plugin/load.h"
#include "plugin/options.h"
#include "run/position.h"

/* ---- the envelope -------------------------------------------------------------------*/

static void unwrap(const char *text)
{
    struct tide_position position, again;
    char *kept = NULL;

    tide_position_parse(text, &position);
    kept = tide_position_format(&position);
    tide_position_parse(kept, &again);
    TIDE_INVARIANT(again.kind == position.kind && again.rows == position.rows &&
                   again.rejected == position.rejected);
    TIDE_INVARIANT(!position.words == !again.words);
    TIDE_INVARIANT(!position.words || strcmp(position.words, again.words) == 0);
    tide_position_clear(&again);
    tide_position_clear(&position);
    free(kept);
}

/* ---- sources ------------------------------------------------------------------------*/

struct subject {
    const char *name;
    const char *options; /**< JSON; @ is the folder */
    const char *table, *cursor;
    const struct tide_plugin_entry *entry; /**< NULL: not built */
    const void *bound;
};

static struct subject subjects[] = {
    {"file", "{\"path\": \"@/in\", \"format\": \"csv\"}", "*.csv", NULL, NULL, NULL},
    {"sqlite", "{\"path\": \"@/a.db\"}", "t", NULL, NULL, NULL},
    {"sqlite", "{\"path\": \"@/a.db\"}", "t", "at", NULL, NULL},
    {"sqlite", "{\"path\": \"@/a.db\"}", "w", NULL, NULL, NULL},
};

#define SUBJECTS (sizeof subjects / sizeof subjects[0])

static char folder[] = "/tmp/tidemill-fuzz-XXXXXX";

static void put_file(const char *name, const char *content)
{
    char *path = tide_path_join(folder, name);

    TIDE_REQUIRE(tide_file_write(path, content, strlen(content), 0600, NULL) == TIDE_OK);
    free(path);
}

static void put_database(void)
{
    char *path = tide_path_join(folder, "a.db");
    sqlite3 *base = NULL;

    TIDE_REQUIRE(sqlite3_open(path, &base) == SQLITE_OK);
    TIDE_REQUIRE(sqlite3_exec(base,
                              "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT);"
                              "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, NULL);"
                              "CREATE TABLE w (a TEXT, b BLOB, c REAL, PRIMARY KEY"
                              " (a, b)) WITHOUT ROWID;"
                              "INSERT INTO w VALUES ('x', x'00ff', 1.5), ('y', 2, NULL)",
                              NULL, NULL, NULL) == SQLITE_OK);
    (void)sqlite3_close(base);
    free(path);
}

static void remove_folder(void)
{
    char *command = tide_strf("rm -rf %s", folder);

    (void)!system(command);
    free(command);
}

/* "@" stands for the folder, which has another name each time. */
static char *with_folder(const void *data, size_t size)
{
    const char *bytes = data;
    char *text = tide_alloc(size * sizeof folder + 1), *at = text;

    for (size_t i = 0; i < size && bytes[i]; i++) {
        if (bytes[i] == '@') {
            at = stpcpy(at, folder);
        } else {
            *at++ = bytes[i];
        }
    }
    return text;
}

static void load(struct subject *subject, const char *plugins, struct tide_arena *arena)
{
    char *text = NULL;
    struct json_object *options = NULL;

    if (tide_plugin_load(plugins, TIDE_KIND_SOURCE, subject->name, &subject->entry,
                         NULL) != TIDE_OK) {
        subject->entry = NULL;
        return;
    }
    text = with_folder(subject->options, strlen(subject->options));
    options = json_tokener_parse(text);
    TIDE_REQUIRE(tide_options_bind(plugins, subject->entry, options, folder, arena,
                                   &subject->bound, NULL) == TIDE_OK);
    json_object_put(options);
    free(text);
}

static void prepare(void)
{
    static struct tide_arena *arena;
    char *plugins = NULL, *in = NULL;

    if (arena) {
        return;
    }
    arena = tide_arena_create();
    TIDE_REQUIRE(mkdtemp(folder));
    (void)atexit(remove_folder);
    in = tide_path_join(folder, "in");
    TIDE_REQUIRE(tide_folder_make(in, 0700, NULL) == TIDE_OK);
    put_file("in/1.csv", "id,name\n1,a\n2,b\n");
    put_file("in/2.csv", "id,name\n3,\"c\nd\"\n4,e\n");
    put_database();
    plugins = tide_plugin_folder();
    for (size_t i = 0; i < SUBJECTS; i++) {
        load(&subjects[i], plugins, arena);
    }
    free(in);
    free(plugins);
}

/* ---- a host -------------------------------------------------------------------------*/

static void host_log(const struct tide_host *host, int level, const char *message)
{
    (void)host;
    (void)level;
    (void)message;
}

static int64_t host_now(const struct tide_host *host)
{
    (void)host;
    return 0;
}

static bool host_cancelled(const struct tide_host *host)
{
    (void)host;
    return false;
}

static const char *host_secret(const struct tide_host *host, const char *name)
{
    (void)host;
    (void)name;
    return NULL;
}

static int host_reject(const struct tide_host *host, const struct tide_reject *reject)
{
    (void)host;
    (void)reject;
    return TIDE_OK;
}

static void *host_allocate(const struct tide_host *host, size_t size)
{
    (void)host;
    return calloc(1, size);
}

static const struct tide_host host = {.abi = TIDE_ABI,
                                      .size = sizeof host,
                                      .log = host_log,
                                      .now = host_now,
                                      .cancelled = host_cancelled,
                                      .secret = host_secret,
                                      .reject = host_reject,
                                      .allocate = host_allocate};

/* ---- going on -----------------------------------------------------------------------*/

static void read_all(const struct tide_source *source, void *state)
{
    struct tide_error err = {0};
    int64_t rows = 0;
    int rc = TIDE_OK;

    while (rc == TIDE_OK) {
        struct tide_batch batch = {0};

        rc = source->read(state, &batch, &err);
        rows += batch.array.length;
        TIDE_INVARIANT(rows <= 4);
        tide_batch_release(&batch);
    }
    TIDE_INVARIANT(rc == TIDE_END || err.message[0] != '\0');
    (void)source->position(state);
}

static void go_on(const struct subject *subject, const char *position)
{
    const struct tide_source *source = subject->entry->source;
    const struct tide_schema declared = {0};
    const struct tide_source_request request = {.size = sizeof request,
                                                .batch_rows = 3,
                                                .batch_bytes = 4096,
                                                .table = subject->table,
                                                .cursor = subject->cursor,
                                                .position = position,
                                                .declared = &declared};
    struct tide_schema schema = {0};
    struct tide_error err = {0};
    void *state = NULL;
    int rc = source->open(subject->bound, &request, &host, &state, &schema, &err);

    if (rc == TIDE_OK) {
        read_all(source, state);
        source->close(state);
    } else {
        TIDE_INVARIANT(rc < 0 && err.message[0] != '\0');
    }
    tide_schema_clear(&schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    prepare();
    text = with_folder(data, size);
    unwrap(text);
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (subjects[i].entry) {
            go_on(&subjects[i], text);
        }
    }
    free(text);
    return 0;
}
