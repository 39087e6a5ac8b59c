/*
 * storing - files of a storage under test, written, read and listed; see storing.h.
 */
#define _GNU_SOURCE /* nftw */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/plugin/storing.h"

/* ---- the root -----------------------------------------------------------------------*/

int tide_storing_init(struct tide_storing *storing, struct tide_kit *kit)
{
    memset(storing, 0, sizeof *storing);
    storing->kit = kit;
    storing->storage = kit->entry->storage;
    storing->root = kit->subject->table;
    if (!storing->root) {
        memcpy(storing->made, TIDE_STORING_ROOT, sizeof TIDE_STORING_ROOT);
        storing->root = mkdtemp(storing->made);
    }
    return storing->root ? TIDE_OK : tide_kit_skip(kit, "no folder can be made in /tmp");
}

static int remove_one(const char *path, const struct stat *status, int kind,
                      struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void tide_storing_fini(struct tide_storing *storing)
{
    if (storing->made[0]) {
        (void)nftw(storing->made, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
}

/* ---- writing ------------------------------------------------------------------------*/

int tide_storing_create(struct tide_storing *storing, const char *name, bool append,
                        struct tide_storing_file *writing)
{
    struct tide_kit *kit = storing->kit;

    memset(writing, 0, sizeof *writing);
    tide_kit_enter(kit, "write_open");
    return storing->storage->write_open(kit->options, &kit->host.host, storing->root,
                                        name, "1", append, &writing->file,
                                        &writing->existing, &kit->err);
}

int tide_storing_write(struct tide_storing *storing, struct tide_storing_file *writing,
                       const void *data, size_t length)
{
    tide_kit_enter(storing->kit, "write");
    return tide_kit_success(
        storing->kit,
        storing->storage->write(writing->file, data, length, &storing->kit->err));
}

int tide_storing_publish(struct tide_storing *storing, struct tide_storing_file *writing)
{
    tide_kit_enter(storing->kit, "publish");
    return tide_kit_success(storing->kit,
                            storing->storage->publish(writing->file, &storing->kit->err));
}

void tide_storing_drop(struct tide_storing *storing, struct tide_storing_file *writing)
{
    tide_kit_enter(storing->kit, "write_close");
    storing->storage->write_close(writing->file);
    writing->file = NULL;
}

/* In pieces of some thousand bytes. */
int tide_storing_put_bytes(struct tide_storing *storing, const char *name,
                           const struct tide_text *content)
{
    struct tide_storing_file writing;
    int rc = tide_kit_success(storing->kit,
                              tide_storing_create(storing, name, false, &writing));

    if (rc != TIDE_OK) {
        return rc;
    }
    for (size_t at = 0; rc == TIDE_OK && at < content->length; at += 10007) {
        size_t rest = content->length - at;

        rc = tide_storing_write(storing, &writing, content->data + at,
                                rest < 10007 ? rest : 10007);
    }
    if (rc == TIDE_OK) {
        rc = tide_storing_publish(storing, &writing);
    }
    tide_storing_drop(storing, &writing);
    return rc;
}

int tide_storing_put(struct tide_storing *storing, const char *name, const char *text)
{
    struct tide_text content = {0};
    int rc = TIDE_OK;

    tide_text_append(&content, text);
    rc = tide_storing_put_bytes(storing, name, &content);
    tide_text_fini(&content);
    return rc;
}

/* ---- reading ------------------------------------------------------------------------*/

int tide_storing_open(struct tide_storing *storing, const char *name, void **file)
{
    struct tide_kit *kit = storing->kit;

    *file = NULL;
    tide_kit_enter(kit, "read_open");
    return storing->storage->read_open(kit->options, &kit->host.host, storing->root, name,
                                       file, &kit->err);
}

static int read_rest(struct tide_storing *storing, void *file, struct tide_text *out)
{
    uint8_t piece[4099];
    size_t length = 1;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && length > 0) {
        length = 0;
        tide_kit_enter(storing->kit, "read");
        rc = tide_kit_success(storing->kit,
                              storing->storage->read(file, piece, sizeof piece, &length,
                                                     &storing->kit->err));
        if (rc == TIDE_OK && length > sizeof piece) {
            return tide_kit_broken(storing->kit,
                                   "read gave more than there was room for");
        }
        if (rc == TIDE_OK) {
            tide_text_append_n(out, (const char *)piece, length);
        }
    }
    return rc;
}

void tide_storing_close(struct tide_storing *storing, void *file)
{
    tide_kit_enter(storing->kit, "read_close");
    storing->storage->read_close(file);
}

int tide_storing_expect_bytes(struct tide_storing *storing, const char *name,
                              int64_t start, const struct tide_text *content)
{
    struct tide_text read = {0};
    size_t wanted = (size_t)start < content->length ? content->length - (size_t)start : 0;
    void *file = NULL;
    int rc = tide_kit_success(storing->kit, tide_storing_open(storing, name, &file));

    if (rc != TIDE_OK) {
        return rc;
    }
    if (start > 0) {
        tide_kit_enter(storing->kit, "read_seek");
        rc = tide_kit_success(
            storing->kit, storing->storage->read_seek(file, start, &storing->kit->err));
    }
    if (rc == TIDE_OK) {
        rc = read_rest(storing, file, &read);
    }
    tide_storing_close(storing, file);
    if (rc == TIDE_OK &&
        (read.length != wanted ||
         (wanted > 0 && memcmp(read.data, content->data + start, wanted) != 0))) {
        rc = tide_kit_broken(storing->kit,
                             "%zu bytes were published, and from byte %lld on %zu others "
                             "are read",
                             content->length, (long long)start, read.length);
    }
    tide_text_fini(&read);
    return rc;
}

int tide_storing_expect(struct tide_storing *storing, const char *name, const char *text)
{
    struct tide_text content = {0};
    int rc = TIDE_OK;

    tide_text_append(&content, text);
    rc = tide_storing_expect_bytes(storing, name, 0, &content);
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

int tide_storing_expect_list(struct tide_storing *storing, const char *pattern,
                             const char *wanted)
{
    struct tide_kit *kit = storing->kit;
    struct tide_text names = {0};
    int rc = TIDE_OK;

    tide_text_append(&names, "");
    tide_kit_enter(kit, "list");
    rc = tide_kit_success(kit, storing->storage->list(kit->options, &kit->host.host,
                                                      storing->root, pattern, note_name,
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

int tide_storing_expect_no_trace(struct tide_storing *storing)
{
    int rc = tide_storing_expect_list(storing, TIDE_STORING_FILES, "");

    if (rc == TIDE_OK && storing->made[0]) {
        rc = tide_storing_expect_list(storing, "*", "");
    }
    return rc == TIDE_OK && storing->made[0] ? tide_storing_expect_list(storing, ".*", "")
                                             : rc;
}

int tide_storing_expect_absent(struct tide_storing *storing, const char *name)
{
    struct tide_kit *kit = storing->kit;
    void *file = NULL;
    int answer = tide_storing_open(storing, name, &file);
    int rc = tide_kit_answer(kit, answer);

    if (rc == TIDE_OK && answer == TIDE_OK) {
        tide_storing_close(storing, file);
        rc = tide_kit_broken(kit, "%s can be read, and nobody published it", name);
    }
    return rc;
}
