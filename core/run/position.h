/*
 * position - the place a table was committed with, as a destination keeps it for us.
 *
 * The place itself is the source's own words.  One of a run that came to its end is kept
 * as it is; one of a checkpoint is kept as {"checkpoint": "...", "rows": 7, "rejected":
 * 1, "filtered": 2, "from": "..."}, so that an interrupted table is told from one that
 * was read to its end, and the run that resumes knows what is there.  A source's own
 * words that look like that are kept as
 * {"position": "..."}.  A table that is done, in a run that has other tables to do, is
 * kept as {"done": "RUN", "position": "...", "rows": 7, "rejected": 1, "filtered": 2};
 * see flow_round.c. Numbers that are 0 are left out, and earlier versions kept none.  A
 * checkpoint of a replacing load has a "recipe", too.
 */
#ifndef TIDE_RUN_POSITION_H
#define TIDE_RUN_POSITION_H

#include <stdint.h>

enum tide_position_kind {
    TIDE_POSITION_END,
    TIDE_POSITION_CHECKPOINT,
    TIDE_POSITION_DONE
};

/** A place.  Its texts are owned where it was parsed, and borrowed where it is
 * formatted. */
struct tide_position {
    enum tide_position_kind kind;
    char *words;      /**< the source's own; NULL in TIDE_POSITION_DONE alone: none */
    char *run;        /**< TIDE_POSITION_DONE: the name of that run, else NULL */
    char *from;       /**< TIDE_POSITION_CHECKPOINT: where the load began, or NULL: at the
                         start */
    char *recipe;     /**< TIDE_POSITION_CHECKPOINT: of flow_recipe.c, or NULL */
    int64_t rows;     /**< of the load that are at the destination; 0: not known */
    int64_t rejected; /**< of the load, up to here */
    int64_t filtered; /**< and left out by the table's filter */
};

/** The text to keep; the caller frees. */
char *tide_position_format(const struct tide_position *position);

/** Every text is a position.  tide_position_clear() frees what is in it. */
void tide_position_parse(const char *kept, struct tide_position *position);
void tide_position_clear(struct tide_position *position);

#endif
