/*
 * storing - files of a storage under test: written, read and listed.
 *
 * They lie under a folder of the test's own, which is removed, or under the root that
 * --table names: there they stay, as tidemill_plugin_test*.
 *
 * What has to succeed gives TIDE_OK, or the broken promise.
 *
 * Layer: private to the kit.
 */
#ifndef TIDE_CLI_PLUGIN_STORING_H
#define TIDE_CLI_PLUGIN_STORING_H

#include "base/text.h"
#include "cli/plugin/kit.h"

#define TIDE_STORING_FILE "tidemill_plugin_test.a"
#define TIDE_STORING_FILES "tidemill_plugin_test*"
/** Long enough to be a folder of /tmp. */
#define TIDE_STORING_ROOT "/tmp/tidemill-plugin-test-XXXXXX"

struct tide_storing {
    struct tide_kit *kit;
    const struct tide_storage *storage;
    char made[sizeof TIDE_STORING_ROOT]; /**< empty: the root is not ours */
    const char *root;
};

int tide_storing_init(struct tide_storing *storing, struct tide_kit *kit);
/** Remove the folder, if it is ours. */
void tide_storing_fini(struct tide_storing *storing);

/* ---- writing ------------------------------------------------------------------------*/

/** A file in the making. */
struct tide_storing_file {
    void *file;
    int64_t existing; /**< bytes it had, when it is appended to */
};

/** What write_open itself returns. */
int tide_storing_create(struct tide_storing *storing, const char *name, bool append,
                        struct tide_storing_file *writing);
int tide_storing_write(struct tide_storing *storing, struct tide_storing_file *writing,
                       const void *data, size_t length);
int tide_storing_publish(struct tide_storing *storing, struct tide_storing_file *writing);
/** Close it, published or not. */
void tide_storing_drop(struct tide_storing *storing, struct tide_storing_file *writing);

/** Publish a whole file. */
int tide_storing_put_bytes(struct tide_storing *storing, const char *name,
                           const struct tide_text *content);
int tide_storing_put(struct tide_storing *storing, const char *name, const char *text);

/* ---- reading and listing ------------------------------------------------------------*/

/** What read_open itself returns. */
int tide_storing_open(struct tide_storing *storing, const char *name, void **file);
void tide_storing_close(struct tide_storing *storing, void *file);

/** The file has such bytes from `start` on; it is 0 unless the storage can seek. */
int tide_storing_expect_bytes(struct tide_storing *storing, const char *name,
                              int64_t start, const struct tide_text *content);
int tide_storing_expect(struct tide_storing *storing, const char *name, const char *text);
int tide_storing_expect_absent(struct tide_storing *storing, const char *name);
/** Those like `pattern` are `wanted`: "name size\n" each. */
int tide_storing_expect_list(struct tide_storing *storing, const char *pattern,
                             const char *wanted);
/** No file of the test is there; in a folder of its own, no file at all. */
int tide_storing_expect_no_trace(struct tide_storing *storing);

#endif
