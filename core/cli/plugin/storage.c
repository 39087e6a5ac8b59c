/*
 * storage - what a storage promises.
 */
#include "cli/plugin/storing.h"

#define NAME TIDE_STORING_FILE
#define LARGE ((size_t)3 << 20)

/* Each trial has files of its own. */
static int with_files(struct tide_kit *kit, tide_trial_fn trial)
{
    struct tide_storing storing;
    int rc = tide_storing_init(&storing, kit);

    kit->bench = &storing;
    if (rc == TIDE_OK) {
        rc = trial(kit);
    }
    kit->bench = NULL;
    tide_storing_fini(&storing);
    return rc;
}

/* A root that is not ours may have the file from the test before. */
static bool is_fresh(const struct tide_storing *storing)
{
    return storing->made[0] != '\0';
}

static int shows_nothing_unpublished(struct tide_kit *kit)
{
    struct tide_storing *storing = kit->bench;
    struct tide_text content = {0};
    struct tide_storing_file writing;
    int rc = TIDE_OK;

    if (!is_fresh(storing)) {
        return tide_kit_skip(kit, "only in a folder of the test's own");
    }
    tide_text_append(&content, "never seen");
    rc = tide_kit_success(kit, tide_storing_create(storing, NAME, false, &writing));
    if (rc == TIDE_OK) {
        rc = tide_storing_write(storing, &writing, content.data, content.length);
        if (rc == TIDE_OK) {
            rc = tide_storing_expect_absent(storing, NAME);
        }
        if (rc == TIDE_OK) {
            rc = tide_storing_expect_list(storing, TIDE_STORING_FILES, "");
        }
        tide_storing_drop(storing, &writing);
    }
    if (rc == TIDE_OK) {
        rc = tide_storing_expect_no_trace(storing);
    }
    tide_text_fini(&content);
    return rc;
}

static int gives_back_a_file(struct tide_kit *kit)
{
    struct tide_storing *storing = kit->bench;
    struct tide_text content = {0};
    int rc = TIDE_OK;

    for (size_t i = 0; i < LARGE; i++) {
        tide_text_append_char(&content, (char)(uint8_t)(i * 31 + i / 4096));
    }
    rc = tide_storing_put_bytes(storing, NAME, &content);
    if (rc == TIDE_OK) {
        rc = tide_storing_expect_bytes(storing, NAME, 0, &content);
    }
    if (rc == TIDE_OK && storing->storage->read_seek) {
        rc = tide_storing_expect_bytes(storing, NAME, 5000, &content);
    }
    if (rc == TIDE_OK && storing->storage->read_seek) {
        rc = tide_storing_expect_bytes(storing, NAME, (int64_t)LARGE + 5, &content);
    }
    tide_text_fini(&content);
    return rc == TIDE_OK ? tide_storing_put(storing, NAME, "") : rc;
}

static int takes_an_empty_file(struct tide_kit *kit)
{
    struct tide_storing *storing = kit->bench;
    int rc = tide_storing_put(storing, NAME, "");

    return rc == TIDE_OK ? tide_storing_expect(storing, NAME, "") : rc;
}

static int replaces_at_once(struct tide_kit *kit)
{
    struct tide_storing *storing = kit->bench;
    struct tide_storing_file writing;
    int rc = tide_storing_put(storing, NAME, "before");

    if (rc == TIDE_OK) {
        rc = tide_kit_success(kit, tide_storing_create(storing, NAME, false, &writing));
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    rc = tide_storing_write(storing, &writing, "after", 5);
    if (rc == TIDE_OK) {
        rc = tide_storing_expect(storing, NAME, "before");
    }
    if (rc == TIDE_OK) {
        rc = tide_storing_publish(storing, &writing);
    }
    if (rc == TIDE_OK) {
        rc = tide_storing_expect(storing, NAME, "after");
    }
    tide_storing_drop(storing, &writing);
    return rc == TIDE_OK ? tide_storing_expect(storing, NAME, "after") : rc;
}

static int appends(struct tide_kit *kit)
{
    struct tide_storing *storing = kit->bench;
    struct tide_storing_file writing;
    int rc = tide_storing_put(storing, NAME, "one, ");

    if (rc == TIDE_OK) {
        rc = tide_kit_success(kit, tide_storing_create(storing, NAME, true, &writing));
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    if (writing.existing != 5) {
        rc = tide_kit_broken(kit, "a file of 5 bytes is said to have %lld",
                             (long long)writing.existing);
    }
    if (rc == TIDE_OK) {
        rc = tide_storing_write(storing, &writing, "two", 3);
    }
    if (rc == TIDE_OK) {
        rc = tide_storing_expect(storing, NAME, "one, ");
    }
    if (rc == TIDE_OK) {
        rc = tide_storing_publish(storing, &writing);
    }
    tide_storing_drop(storing, &writing);
    return rc == TIDE_OK ? tide_storing_expect(storing, NAME, "one, two") : rc;
}

static int lists_in_order(struct tide_kit *kit)
{
    struct tide_storing *storing = kit->bench;
    static const char *const names[] = {NAME "b", NAME "a", NAME "c.x"};
    int rc = TIDE_OK;

    if (!is_fresh(storing)) {
        return tide_kit_skip(kit, "only in a folder of the test's own");
    }
    for (size_t i = 0; rc == TIDE_OK && i < 3; i++) {
        rc = tide_storing_put(storing, names[i], "12345");
    }
    if (rc == TIDE_OK) {
        rc = tide_storing_expect_list(storing, "*",
                                      NAME "a 5\n" NAME "b 5\n" NAME "c.x 5\n");
    }
    if (rc == TIDE_OK) {
        rc = tide_storing_expect_list(storing, "*[ab]", NAME "a 5\n" NAME "b 5\n");
    }
    if (rc == TIDE_OK) {
        rc = tide_storing_expect_list(storing, "?", "");
    }
    return rc == TIDE_OK ? tide_storing_expect_list(storing, NAME "c.x", NAME "c.x 5\n")
                         : rc;
}

static int removes(struct tide_kit *kit)
{
    struct tide_storing *storing = kit->bench;
    int rc = TIDE_OK;

    if (!storing->storage->remove) {
        return tide_kit_skip(kit, "it has no remove()");
    }
    rc = tide_storing_put(storing, NAME, "here");
    for (int i = 0; rc == TIDE_OK && i < 2; i++) {
        tide_kit_enter(kit, i == 0 ? "remove" : "remove of what is not there");
        rc = tide_kit_success(kit,
                              storing->storage->remove(kit->options, &kit->host.host,
                                                       storing->root, NAME, &kit->err));
    }
    return rc == TIDE_OK ? tide_storing_expect_absent(storing, NAME) : rc;
}

static int says_what_is_missing(struct tide_kit *kit)
{
    struct tide_storing *storing = kit->bench;

    return tide_storing_expect_absent(storing, "tidemill_plugin_test.not_there");
}

/* Any answer will do, if it says why. */
static int write_and_read(struct tide_kit *kit)
{
    struct tide_storing *storing = kit->bench;
    struct tide_storing_file writing;
    uint8_t piece[64];
    size_t length = 0;
    void *file = NULL;
    int answer = tide_storing_create(storing, NAME, false, &writing);
    int rc = tide_kit_answer(kit, answer);

    if (rc == TIDE_OK && answer == TIDE_OK) {
        tide_kit_enter(kit, "write");
        rc = tide_kit_answer(kit, storing->storage->write(
                                      writing.file, (const uint8_t *)"x", 1, &kit->err));
        tide_storing_drop(storing, &writing);
    }
    if (rc == TIDE_OK) {
        answer = tide_storing_open(storing, NAME, &file);
        rc = tide_kit_answer(kit, answer);
    }
    if (rc == TIDE_OK && answer == TIDE_OK) {
        tide_kit_enter(kit, "read");
        rc = tide_kit_answer(
            kit, storing->storage->read(file, piece, sizeof piece, &length, &kit->err));
        tide_storing_close(storing, file);
    }
    return rc;
}

static int one_round(struct tide_kit *kit)
{
    return with_files(kit, write_and_read);
}

const struct tide_promise tide_storage_promises[] = {
    {"shows nobody a file that is not published", shows_nothing_unpublished, with_files},
    {"gives back a file as it was published", gives_back_a_file, with_files},
    {"takes an empty file", takes_an_empty_file, with_files},
    {"puts a file in the place of another at once", replaces_at_once, with_files},
    {"appends to a file that exists", appends, with_files},
    {"lists files by pattern, in order", lists_in_order, with_files},
    {"removes a file", removes, with_files},
    {"says why it cannot read a file", says_what_is_missing, with_files},
    {"returns when the run is cancelled", one_round, tide_kit_cancelled},
    {"leaves nothing behind when it is closed", one_round, tide_kit_leaks},
    {"bears allocations that fail", one_round, tide_kit_short_of_memory},
    {0},
};
