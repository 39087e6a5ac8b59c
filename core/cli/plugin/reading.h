/*
 * reading - one reading of a source under test: open, batches that keep the rules, close.
 */
#ifndef TIDE_CLI_PLUGIN_READING_H
#define TIDE_CLI_PLUGIN_READING_H

#include "cli/plugin/kit.h"

/** Rows of one reading that are looked at; a source may have no end. */
#define TIDE_READING_ENOUGH 40000

struct tide_reading {
    struct tide_kit *kit;
    const struct tide_source *source;
    struct tide_source_request request; /**< to be changed before it is opened */
    void *state;
    struct tide_schema schema;
    int64_t rows;
    bool has_read; /**< a batch */
    bool sums;     /**< add up the rows */
    uint64_t sum;  /**< of a hash of each row: the same whatever their order */
    bool at_end;
};

/** For batches of so many rows. */
void tide_reading_init(struct tide_reading *reading, struct tide_kit *kit, int64_t rows);
void tide_reading_fini(struct tide_reading *reading);

/** What open itself returns. */
int tide_reading_try(struct tide_reading *reading);
/** Initialise and open; it has to succeed, and to have columns. */
int tide_reading_open(struct tide_reading *reading, struct tide_kit *kit, int64_t rows);
void tide_reading_close(struct tide_reading *reading);

/** One batch, or the end; its rows are counted and looked at. */
int tide_reading_read(struct tide_reading *reading);
/** To the end, or until it is enough. */
int tide_reading_read_all(struct tide_reading *reading);

/** Two promises of a source; see source_resume.c. */
int tide_source_resumes(struct tide_kit *kit);
int tide_source_goes_on(struct tide_kit *kit);

#endif
