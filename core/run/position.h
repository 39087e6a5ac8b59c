/*
 * position - the place a table was committed with, as a destination keeps it for us.
 *
 * The place itself is the source's own words.  One of a run that came to its end is kept
 * as it is; one of a checkpoint is kept as {"checkpoint": "..."}, so that a table that
 * was cut off is told from one that was read whole.  Words that would be taken for that
 * are kept as {"position": "..."}.  A table that is done, in a run that has other tables
 * to do, is kept as {"done": "RUN", "position": "..."}; see flow_round.c.
 */
#ifndef TIDE_RUN_POSITION_H
#define TIDE_RUN_POSITION_H

#include <stdbool.h>

/** The text to keep; the caller frees. */
char *tide_position_format(const char *words, bool is_checkpoint);

/** The source's words in a text that was kept, malloc'ed, and whether they are those of a
 * checkpoint.  Every text has words. */
char *tide_position_parse(const char *kept, bool *is_checkpoint);

/** The text to keep of a table that is done in a run of that name; words may be NULL. The
 * caller frees. */
char *tide_position_format_done(const char *words, const char *run);
/** The name of that run, malloc'ed, and *words (malloc'ed, or NULL); NULL: it is the text
 * of no such table, and *words is untouched. */
char *tide_position_parse_done(const char *kept, char **words);

#endif
