/*
 * horizon - which row versions a run reads, told by the transactions that wrote them.
 *
 * A cursor alone cannot tell what is new: a row may be committed after another one with
 * a greater cursor was read.  Transactions can.  A snapshot knows the oldest transaction
 * that is still open; all before it have ended, so what they wrote is seen by now or
 * never will be.  A run reads the versions written by transactions in [from, to): `to`
 * is that oldest open one, `from` was the `to` of the run before.
 *
 * Nothing is lost: the windows join, so each transaction lies in exactly one, and has
 * ended when its window is read.  A version that is gone by then gave way to one of a
 * later transaction, in the same window or a later one.  Nothing is doubled: a version
 * has one writer.  Clocks, equal cursors and the order of commits do not come into it.
 * A subtransaction has an id of its own, greater than that of its parent: below `to` its
 * parent is as well, and has ended.  An interrupted run keeps its window: what others
 * write meanwhile is of transactions at or behind `to`.
 *
 * Rows show the low 32 bits of their writer; the server's age() counts it back from the
 * next transaction, as a signed number.
 *
 * Layer: the postgres source; libc alone.
 */
#ifndef TIDE_POSTGRES_HORIZON_H
#define TIDE_POSTGRES_HORIZON_H

#include <stdbool.h>
#include <stdint.h>

/** What a snapshot knows of transactions; whole numbers, which never wrap. */
struct pg_clock {
    uint64_t oldest; /**< the oldest one open: all before it have ended */
    uint64_t end;    /**< none from here on is visible */
    uint64_t next;   /**< age() is 0 here; not before `end` */
};

/** The versions of one run: written by transactions in [from, to). */
struct pg_window {
    bool whole;    /**< the first run: there is no `from` */
    uint64_t from; /**< 0 while whole */
    uint64_t to;
};

/** The versions whose age() is within [least, most], or all but these. */
struct pg_ages {
    bool except;
    int64_t least, most; /**< least above most: none */
};

enum pg_window_verdict {
    PG_WINDOW_READ,    /**< there may be something to read */
    PG_WINDOW_NOTHING, /**< nothing was written since */
    PG_WINDOW_AHEAD,   /**< what was left is of a server that is further on: of another
                          one, of a time before a restore, or this standby lags behind */
    PG_WINDOW_TOO_OLD  /**< so many transactions ago that age() has wrapped */
};

/** The window of a first run. */
struct pg_window pg_window_first(const struct pg_clock *clock);

/** The window that follows one that ended at `from`. */
enum pg_window_verdict pg_window_next(uint64_t from, const struct pg_clock *clock,
                                      bool may_repeat, struct pg_window *window);

/** Whether the rest of a window that another run began can be read. */
enum pg_window_verdict pg_window_resume(const struct pg_window *window,
                                        const struct pg_clock *clock);

/**
 * What to read, by age.  With may_repeat, versions of transactions behind `to` that are
 * visible already come along: the next window gives them again.
 */
struct pg_ages pg_window_ages(const struct pg_window *window,
                              const struct pg_clock *clock, bool may_repeat);

/** The versions written since transaction `mark`. */
struct pg_ages pg_ages_since(uint64_t mark, const struct pg_clock *clock);

/** Whether all versions are among them. */
bool pg_ages_are_all(const struct pg_ages *ages);

/** Whether a version of this age is among them: what the statement's condition says. */
bool pg_ages_have(const struct pg_ages *ages, int32_t age);

#endif
