/*
 * mover_harness - sources and destinations that meet in a folder of their own.
 *
 * On top of plugin_harness: a folder that is the working directory of the test and gone
 * afterwards, files in it, and whole tables as texts, the same form written and read:
 *
 *     "id int64, name string\n" "1|Ann\n" "2|NULL\n"
 */
#ifndef TIDE_TEST_MOVER_HARNESS_H
#define TIDE_TEST_MOVER_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>

#include "support/plugin_harness.h"

struct harness {
    struct plugin_harness plugin; /* the one used last, with its rejects and its error */
    bool is_loaded;
    bool cancelled;
    struct tide_arena *arena;
    char folder[64];
    int home; /* descriptor of the folder the test came from */

    /* What requests are made of; a test changes what it needs. */
    struct tide_source_request source;
    struct tide_destination_request destination;
    size_t max_batches; /* a read stops behind so many; 0: at the end */
    char *position;     /* after a read, or as a destination knew it on open */
};

/** A cmocka set-up and tear-down: *state is a struct harness. */
int harness_setup(void **state);
int harness_teardown(void **state);

/** Load a plugin as harness->plugin, in the place of the one before. */
const struct tide_plugin_entry *harness_load(struct harness *harness, uint32_t kind,
                                             const char *name, const char *options);

/** Put a file into the folder. */
void harness_put(const char *name, const void *data, size_t length);
void harness_put_text(const char *name, const char *text);

/** The contents of a file of the folder, terminated, in the arena; NULL when missing. */
char *harness_get(const struct harness *harness, const char *name);

/** The names in a folder, hidden ones too, sorted, comma separated. */
const char *harness_names(const struct harness *harness, const char *folder);

/** Read a whole table of a source: its text, in the arena; NULL when it failed, with
 * harness->plugin.err. */
const char *harness_read(struct harness *harness, const char *plugin, const char *options,
                         const char *table);

/** Write a table, given as text, and commit it as final with position (may be NULL); the
 * result of the first call that failed.  Values come as the destination accepts them. */
int harness_write(struct harness *harness, const char *plugin, const char *options,
                  int mode, const char *table, const char *rows, const char *position);

/** The same without the commit: the run failed. */
int harness_write_and_fail(struct harness *harness, const char *plugin,
                           const char *options, int mode, const char *table,
                           const char *rows);

/** What discover tells, a line "table(column type, ...)" for each. */
const char *harness_discover(struct harness *harness, uint32_t kind, const char *plugin,
                             const char *options);

#endif
