/*
 * storage - what a storage promises.
 *
 * The files lie under a folder of the test's own, which is removed, or under the root
 * that --table names: there they stay, as tidemill_plugin_test*.
 */
#define _GNU_SOURCE /* nftw */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/plugin/kit.h"

#define NAME "tidemill_plugin_test.a"
#define PATTERN "tidemill_plugin_test*"
#define LARGE ((size_t)3 << 20)
/* Long enough to be a folder of /tmp. */
#define ROOT "/tmp/tidemill-plugin-test-XXXXXX"

/* ---- the root -----------------------------------------------------------------------*/

struct ground {
    struct tide_kit *kit;
    const struct tide_storage *storage;
    char made[sizeof ROOT]; /**< empty: the root is not ours */
    const char *root;
};

static int ground_init(struct ground *ground, struct tide_kit *kit)
{
    memset(ground, 0, sizeof *ground);
    ground->kit = kit;
    ground->storage = kit->entry->storage;
    ground->root = kit->subject->table;
    if (!ground->root) {
        memcpy(ground->made, ROOT, sizeof ROOT);
        ground->root = mkdtemp(ground->made);
    }
    return ground->root ? TIDE_OK : tide_kit_skip(kit, "no folder can be made in /tmp");
}

static int remove_one(const char *path, const struct stat *status, int kind,
                      struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static void ground_fini(struct ground *ground)
{
    if (ground->made[0]) {
        (void)nftw(ground->made, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
}

/* ---- writing ------------------------------------------------------------------------*/

/* One file in the making. */
struct writing {
    void *file;
    int64_t existing;
};

static int call_write_open(struct ground *ground, const char *name, bool append,
                           struct writing *writing)
{
    struct tide_kit *kit = ground->kit;

    memset(writing, 0, sizeof *writing);
    tide_kit_enter(kit, "write_open");
    return ground->storage->write_open(kit->options, &kit->host.host, ground->root, name,
                                       "1", append, &writing->file, &writing->existing,
                                       &kit->err);
}

static int call_write(struct ground *ground, struct writing *writing, const void *data,
                      size_t length)
{
    tide_kit_enter(ground->kit, "write");
    return tide_kit_success(
        ground->kit,
        ground->storage->write(writing->file, data, length, &ground->kit->err));
}

static int call_publish(struct ground *ground, struct writing *writing)
{
    tide_kit_enter(ground->kit, "publish");
    return tide_kit_success(ground->kit,
                            ground->storage->publish(writing->file, &ground->kit->err));
}

static void call_write_close(struct ground *ground, struct writing *writing)
{
    tide_kit_enter(ground->kit, "write_close");
    ground->storage->write_close(writing->file);
    writing->file = NULL;
}

/* A whole file, published or not, in pieces of some thousand bytes. */
static int put_file(struct ground *ground, const char *name, bool append,
                    const struct tide_text *content, bool publish)
{
    struct writing writing;
    int rc =
        tide_kit_success(ground->kit, call_write_open(ground, name, append, &writing));

    if (rc != TIDE_OK) {
        return rc;
    }
    for (size_t at = 0; rc == TIDE_OK && at < content->length; at += 10007) {
        size_t rest = content->length - at;

        rc =
            call_write(ground, &writing, content->data + at, rest < 10007 ? rest : 10007);
    }
    if (rc == TIDE_OK && publish) {
        rc = call_publish(ground, &writing);
    }
    call_write_close(ground, &writing);
    return rc;
}

static int put_text(struct ground *ground, const char *name, const char *text)
{
    struct tide_text content = {0};
    int rc = TIDE_OK;

    tide_text_append(&content, text);
    rc = put_file(ground, name, false, &content, true);
    tide_text_fini(&content);
    return rc;
}

/* ---- reading ------------------------------------------------------------------------*/

static int call_read_open(struct ground *ground, const char *name, void **file)
{
    struct tide_kit *kit = ground->kit;

    *file = NULL;
    tide_kit_enter(kit, "read_open");
    return ground->storage->read_open(kit->options, &kit->host.host, ground->root, name,
                                      file, &kit->err);
}

static int read_rest(struct ground *ground, void *file, struct tide_text *out)
{
    uint8_t piece[4099];
    size_t length = 1;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && length > 0) {
        length = 0;
        tide_kit_enter(ground->kit, "read");
        rc = tide_kit_success(
            ground->kit,
            ground->storage->read(file, piece, sizeof piece, &length, &ground->kit->err));
        if (rc == TIDE_OK && length > sizeof piece) {
            return tide_kit_broken(ground->kit, "read gave more than there was room for");
        }
        if (rc == TIDE_OK) {
            tide_text_append_n(out, (const char *)piece, length);
        }
    }
    return rc;
}

static void call_read_close(struct ground *ground, void *file)
{
    tide_kit_enter(ground->kit, "read_close");
    ground->storage->read_close(file);
}

/* From some byte on; the storage can seek, or it is 0. */
static int expect_from(struct ground *ground, const char *name, int64_t start,
                       const struct tide_text *content)
{
    struct tide_text read = {0};
    size_t wanted = (size_t)start < content->length ? content->length - (size_t)start : 0;
    void *file = NULL;
    int rc = tide_kit_success(ground->kit, call_read_open(ground, name, &file));

    if (rc != TIDE_OK) {
        return rc;
    }
    if (start > 0) {
        tide_kit_enter(ground->kit, "read_seek");
        rc = tide_kit_success(ground->kit,
                              ground->storage->read_seek(file, start, &ground->kit->err));
    }
    if (rc == TIDE_OK) {
        rc = read_rest(ground, file, &read);
    }
    call_read_close(ground, file);
    if (rc == TIDE_OK &&
        (read.length != wanted ||
         (wanted > 0 && memcmp(read.data, content->data + start, wanted) != 0))) {
        rc = tide_kit_broken(ground->kit,
                             "%zu bytes were published, and from byte %lld on %zu others "
                             "are read",
                             content->length, (long long)start, read.length);
    }
    tide_text_fini(&read);
    return rc;
}

static int expect_text(struct ground *ground, const char *name, const char *text)
{
    struct tide_text content = {0};
    int rc = TIDE_OK;

    tide_text_append(&content, text);
    rc = expect_from(ground, name, 0, &content);
    tide_text_fini(&content);
    return rc;
}

/* ---- listing ------------------------------------------------------------------------*/

static int note_name(void *arg, const char *name, int64_t size)
{
    struct tide_text *names = arg;

    tide_text_appendf(names, "%s %lld\n", name, (long long)size);
    return TIDE_OK;
}

static int expect_list(struct ground *ground, const char *pattern, const char *wanted)
{
    struct tide_kit *kit = ground->kit;
    struct tide_text names = {0};
    int rc = TIDE_OK;

    tide_text_append(&names, "");
    tide_kit_enter(kit, "list");
    rc = tide_kit_success(kit, ground->storage->list(kit->options, &kit->host.host,
                                                     ground->root, pattern, note_name,
                                                     &names, &kit->err));
    if (rc == TIDE_OK && strcmp(names.data ? names.data : "", wanted) != 0) {
        for (size_t i = 0; names.data && i < names.length; i++) {
            names.data[i] = names.data[i] == '\n' ? ';' : names.data[i];
        }
        rc = tide_kit_broken(kit, "the files like %s are listed as \"%.300s\"", pattern,
                             names.data ? names.data : "");
    }
    tide_text_fini(&names);
    return rc;
}

/* Only in a folder of our own is it known what else there is. */
static int expect_no_trace(struct ground *ground)
{
    int rc = expect_list(ground, PATTERN, "");

    if (rc == TIDE_OK && ground->made[0]) {
        rc = expect_list(ground, "*", "");
    }
    return rc == TIDE_OK && ground->made[0] ? expect_list(ground, ".*", "") : rc;
}

static int expect_absent(struct ground *ground, const char *name)
{
    struct tide_kit *kit = ground->kit;
    void *file = NULL;
    int answer = call_read_open(ground, name, &file);
    int rc = tide_kit_answer(kit, answer);

    if (rc == TIDE_OK && answer == TIDE_OK) {
        call_read_close(ground, file);
        rc = tide_kit_broken(kit, "%s can be read, and nobody published it", name);
    }
    return rc;
}

/* ---- promises -----------------------------------------------------------------------*/

typedef int (*trial_fn)(struct ground *ground);

static int on_ground(struct tide_kit *kit, trial_fn trial)
{
    struct ground ground;
    int rc = ground_init(&ground, kit);

    if (rc == TIDE_OK) {
        rc = trial(&ground);
    }
    ground_fini(&ground);
    return rc;
}

/* A root that is not ours may have the file from the test before. */
static bool is_fresh(const struct ground *ground)
{
    return ground->made[0] != '\0';
}

static int try_unpublished(struct ground *ground)
{
    struct tide_text content = {0};
    struct writing writing;
    int rc = TIDE_OK;

    if (!is_fresh(ground)) {
        return tide_kit_skip(ground->kit, "only in a folder of the test's own");
    }
    tide_text_append(&content, "never seen");
    rc = tide_kit_success(ground->kit, call_write_open(ground, NAME, false, &writing));
    if (rc == TIDE_OK) {
        rc = call_write(ground, &writing, content.data, content.length);
        if (rc == TIDE_OK) {
            rc = expect_absent(ground, NAME);
        }
        if (rc == TIDE_OK) {
            rc = expect_list(ground, PATTERN, "");
        }
        call_write_close(ground, &writing);
    }
    if (rc == TIDE_OK) {
        rc = expect_no_trace(ground);
    }
    tide_text_fini(&content);
    return rc;
}

static int try_whole(struct ground *ground)
{
    struct tide_text content = {0};
    int rc = TIDE_OK;

    for (size_t i = 0; i < LARGE; i++) {
        tide_text_append_char(&content, (char)(uint8_t)(i * 31 + i / 4096));
    }
    rc = put_file(ground, NAME, false, &content, true);
    if (rc == TIDE_OK) {
        rc = expect_from(ground, NAME, 0, &content);
    }
    if (rc == TIDE_OK && ground->storage->read_seek) {
        rc = expect_from(ground, NAME, 5000, &content);
    }
    if (rc == TIDE_OK && ground->storage->read_seek) {
        rc = expect_from(ground, NAME, (int64_t)LARGE + 5, &content);
    }
    tide_text_fini(&content);
    return rc == TIDE_OK ? put_text(ground, NAME, "") : rc;
}

static int try_empty(struct ground *ground)
{
    int rc = put_text(ground, NAME, "");

    return rc == TIDE_OK ? expect_text(ground, NAME, "") : rc;
}

static int try_replace(struct ground *ground)
{
    struct writing writing;
    int rc = put_text(ground, NAME, "before");

    if (rc == TIDE_OK) {
        rc =
            tide_kit_success(ground->kit, call_write_open(ground, NAME, false, &writing));
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    rc = call_write(ground, &writing, "after", 5);
    if (rc == TIDE_OK) {
        rc = expect_text(ground, NAME, "before");
    }
    if (rc == TIDE_OK) {
        rc = call_publish(ground, &writing);
    }
    if (rc == TIDE_OK) {
        rc = expect_text(ground, NAME, "after");
    }
    call_write_close(ground, &writing);
    return rc == TIDE_OK ? expect_text(ground, NAME, "after") : rc;
}

static int try_append(struct ground *ground)
{
    struct writing writing;
    int rc = put_text(ground, NAME, "one, ");

    if (rc == TIDE_OK) {
        rc = tide_kit_success(ground->kit, call_write_open(ground, NAME, true, &writing));
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    if (writing.existing != 5) {
        rc = tide_kit_broken(ground->kit, "a file of 5 bytes is said to have %lld",
                             (long long)writing.existing);
    }
    if (rc == TIDE_OK) {
        rc = call_write(ground, &writing, "two", 3);
    }
    if (rc == TIDE_OK) {
        rc = expect_text(ground, NAME, "one, ");
    }
    if (rc == TIDE_OK) {
        rc = call_publish(ground, &writing);
    }
    call_write_close(ground, &writing);
    return rc == TIDE_OK ? expect_text(ground, NAME, "one, two") : rc;
}

static int try_list(struct ground *ground)
{
    static const char *const names[] = {NAME "b", NAME "a", NAME "c.x"};
    int rc = TIDE_OK;

    if (!is_fresh(ground)) {
        return tide_kit_skip(ground->kit, "only in a folder of the test's own");
    }
    for (size_t i = 0; rc == TIDE_OK && i < 3; i++) {
        rc = put_text(ground, names[i], "12345");
    }
    if (rc == TIDE_OK) {
        rc = expect_list(ground, "*", NAME "a 5\n" NAME "b 5\n" NAME "c.x 5\n");
    }
    if (rc == TIDE_OK) {
        rc = expect_list(ground, "*[ab]", NAME "a 5\n" NAME "b 5\n");
    }
    if (rc == TIDE_OK) {
        rc = expect_list(ground, "?", "");
    }
    return rc == TIDE_OK ? expect_list(ground, NAME "c.x", NAME "c.x 5\n") : rc;
}

static int try_remove(struct ground *ground)
{
    struct tide_kit *kit = ground->kit;
    int rc = TIDE_OK;

    if (!ground->storage->remove) {
        return tide_kit_skip(kit, "it has no remove()");
    }
    rc = put_text(ground, NAME, "here");
    for (int i = 0; rc == TIDE_OK && i < 2; i++) {
        tide_kit_enter(kit, i == 0 ? "remove" : "remove of what is not there");
        rc =
            tide_kit_success(kit, ground->storage->remove(kit->options, &kit->host.host,
                                                          ground->root, NAME, &kit->err));
    }
    return rc == TIDE_OK ? expect_absent(ground, NAME) : rc;
}

static int try_absent(struct ground *ground)
{
    return expect_absent(ground, "tidemill_plugin_test.not_there");
}

/* Any answer will do, if it says why. */
static int try_round(struct ground *ground)
{
    struct writing writing;
    uint8_t piece[64];
    size_t length = 0;
    void *file = NULL;
    int answer = call_write_open(ground, NAME, false, &writing);
    int rc = tide_kit_answer(ground->kit, answer);

    if (rc == TIDE_OK && answer == TIDE_OK) {
        tide_kit_enter(ground->kit, "write");
        rc = tide_kit_answer(ground->kit,
                             ground->storage->write(writing.file, (const uint8_t *)"x", 1,
                                                    &ground->kit->err));
        call_write_close(ground, &writing);
    }
    if (rc == TIDE_OK) {
        answer = call_read_open(ground, NAME, &file);
        rc = tide_kit_answer(ground->kit, answer);
    }
    if (rc == TIDE_OK && answer == TIDE_OK) {
        tide_kit_enter(ground->kit, "read");
        rc = tide_kit_answer(
            ground->kit,
            ground->storage->read(file, piece, sizeof piece, &length, &ground->kit->err));
        call_read_close(ground, file);
    }
    return rc;
}

static int shows_nothing_unpublished(struct tide_kit *kit)
{
    return on_ground(kit, try_unpublished);
}

static int gives_back_a_file(struct tide_kit *kit)
{
    return on_ground(kit, try_whole);
}

static int takes_an_empty_file(struct tide_kit *kit)
{
    return on_ground(kit, try_empty);
}

static int replaces_at_once(struct tide_kit *kit)
{
    return on_ground(kit, try_replace);
}

static int appends(struct tide_kit *kit)
{
    return on_ground(kit, try_append);
}

static int lists_in_order(struct tide_kit *kit)
{
    return on_ground(kit, try_list);
}

static int removes(struct tide_kit *kit)
{
    return on_ground(kit, try_remove);
}

static int says_what_is_missing(struct tide_kit *kit)
{
    return on_ground(kit, try_absent);
}

static int one_round(struct tide_kit *kit)
{
    return on_ground(kit, try_round);
}

static int returns_when_cancelled(struct tide_kit *kit)
{
    kit->host.cancelled = true;
    return one_round(kit);
}

static int leaves_nothing(struct tide_kit *kit)
{
    return tide_kit_leaks(kit, one_round);
}

static int bears_failing_allocations(struct tide_kit *kit)
{
    return tide_kit_short_of_memory(kit, one_round);
}

const struct tide_promise tide_storage_promises[] = {
    {"shows nobody a file that is not published", shows_nothing_unpublished},
    {"gives back a file as it was published", gives_back_a_file},
    {"takes an empty file", takes_an_empty_file},
    {"puts a file in the place of another at once", replaces_at_once},
    {"goes on behind what a file has", appends},
    {"lists files by pattern, in order", lists_in_order},
    {"removes a file", removes},
    {"says why it cannot read a file", says_what_is_missing},
    {"returns when the run is cancelled", returns_when_cancelled},
    {"leaves nothing behind when it is closed", leaves_nothing},
    {"bears allocations that fail", bears_failing_allocations},
    {0},
};
