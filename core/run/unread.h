/*
 * unread - columns of the source that nothing looks at before they are dropped.
 *
 * The first transforms of a table often do no more than rename columns and leave some out
 * (TIDE_TRANSFORM_COLUMNS_ALONE).  What they leave out need not have values at all, and a
 * source with leave_out() is told so: it saves the work, and what is not to be seen does
 * not even leave it.
 *
 * A column is followed through the transforms by a number in its flags, which are the
 * run's own while a transform is bound.
 */
#ifndef TIDE_RUN_UNREAD_H
#define TIDE_RUN_UNREAD_H

#include <stdbool.h>
#include <tidemill/plugin.h>

struct tide_flow;

/** Zero it; tide_unread_fini() frees it. */
struct tide_unread {
    size_t *left;  /**< owned; columns of the source that are left */
    size_t count;  /**< of these */
    bool is_known; /**< no values were looked at so far */
};

/** Begin with the columns that are received: all of the source's but the excluded ones,
 * the last of these first. */
void tide_unread_begin(struct tide_unread *unread, size_t columns, const size_t *excluded,
                       size_t excluded_count);

/** Around the bind of the next transform: schema is what comes in, then what goes out. */
void tide_unread_enter(struct tide_unread *unread, const struct tide_transform *transform,
                       struct tide_schema *schema);
void tide_unread_leave(struct tide_unread *unread, struct tide_schema *schema);

/** Tell the source of an open flow, in front of its first read.  Not where a filter or
 * declared types look at what comes, and not where batches are checked. */
TIDE_MUST_CHECK
int tide_unread_tell(struct tide_flow *flow, struct tide_error *err);

void tide_unread_fini(struct tide_unread *unread);

#endif
