/*
 * writing - one loading of a destination under test: open, rows, commits, close.
 */
#ifndef TIDE_CLI_PLUGIN_WRITING_H
#define TIDE_CLI_PLUGIN_WRITING_H

#include "cli/plugin/kit.h"

struct tide_writing_mode {
    int mode;
    uint32_t flag;
    const char *name;
};

#define TIDE_WRITING_MODES 3
extern const struct tide_writing_mode tide_writing_modes[TIDE_WRITING_MODES];

/* Batches that are lent at once to a destination that settles. */
#define TIDE_WRITING_LENT 2

/** It must not move while it is open. */
struct tide_writing {
    char table[128];
    const char *key[2]; /**< for merge: the first column that is marked, or the first */
    struct tide_destination_request request;
    void *state;
    struct tide_schema accepted;
    char *position;                            /**< owned; what open gave, or NULL */
    struct tide_batch lent[TIDE_WRITING_LENT]; /**< owned; until it is settled */
    size_t lent_count;
};

/** What open itself returns, for a table of these columns. */
int tide_writing_try(struct tide_kit *kit, struct tide_writing *writing, int mode,
                     const struct tide_schema *schema);
/** Open for the subject's columns; it has to succeed. */
int tide_writing_open(struct tide_kit *kit, struct tide_writing *writing, int mode);
/** The columns accepted are those that were given. */
int tide_writing_check(struct tide_kit *kit, const struct tide_writing *writing);
int tide_writing_rows(struct tide_kit *kit, struct tide_writing *writing, int64_t rows,
                      bool nulls);
/** Have it decide about what it was lent, in front of a commit. */
int tide_writing_settle(struct tide_kit *kit, struct tide_writing *writing);
/** The final commit; it has to succeed. */
int tide_writing_commit(struct tide_kit *kit, struct tide_writing *writing,
                        const char *position);
void tide_writing_close(struct tide_kit *kit, struct tide_writing *writing);
/** After a try that failed. */
void tide_writing_fini(struct tide_writing *writing);

int tide_writing_first_mode(const struct tide_kit *kit);

/** Promises of a destination; see destination_position.c. */
int tide_destination_gives_back(struct tide_kit *kit);
int tide_destination_keeps_checkpoints(struct tide_kit *kit);
int tide_destination_resumes(struct tide_kit *kit);

#endif
