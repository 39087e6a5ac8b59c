/*
 * plan - how a run reads a table, and where it begins.
 *
 * Decided once, from what the table is, what the run asks for and what a former run left.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_PLAN_H
#define TIDE_POSTGRES_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <tidemill/plugin.h>

#include "horizon.h"
#include "members.h"
#include "position.h"
#include "postgres/catalog.h"
#include "relation.h"
#include "stretches.h"

/** A cursor and as many columns as PostgreSQL's keys have. */
#define PG_ORDER_MAX 33

/** Rows behind which the plan begins: values of the first columns of its order. */
struct pg_start {
    size_t count;                     /**< 0: at the start */
    bool inclusive;                   /**< rows with these values are read again */
    const char *values[PG_ORDER_MAX]; /**< borrowed from the position; the cursor may be
                                         NULL, which comes last */
};

/** Zero it; pg_plan_clear() frees it. */
struct pg_plan {
    enum pg_read read;
    const char *table;          /**< oid, borrowed */
    bool has_cursor;            /**< it is the first of the order */
    bool is_total;              /**< no two rows are equal in the order */
    bool by_row;                /**< ordered by ctid */
    bool may_repeat;            /**< a row that comes again does no harm */
    bool exact;                 /**< a deleted row also forbids resuming */
    bool nulls;                 /**< rows without a cursor are read too, at the end */
    bool nothing;               /**< there is nothing new */
    size_t order[PG_ORDER_MAX]; /**< columns of the table */
    size_t order_count;
    struct pg_window window;   /**< of PG_READ_SNAPSHOT */
    struct pg_members members; /**< of PG_READ_SNAPSHOT */
    struct pg_ages ages;       /**< condition on all rows */
    uint64_t mark; /**< of full reads: all that was written before it is seen */
    uint64_t rows; /**< of full reads: read, in front of the start */
    bool again;    /**< in front of the start, `newer` are read first */
    struct pg_ages newer;
    char file[40];                   /**< of by_row */
    char server[PG_SERVER_SIGN_MAX]; /**< which one it reads, or "" */
    uint64_t timeline;               /**< of it; 0: not known */
    struct pg_stretches stretches;
    struct pg_start start;
};

/** How many statements read it, one after the other; at least one. */
uint32_t pg_plan_statements(const struct pg_plan *plan);

/** What the plan is made of; all borrowed. */
struct pg_plan_facts {
    struct tide_pg *pg;
    struct tide_pg_table *table; /**< gets system columns added that the plan orders by */
    const struct pg_relation *relation; /**< zero where it is not needed */
    const struct tide_source_request *request;
    const struct pg_position *position;
    bool by_cursor_alone; /**< as the user wants it */
};

/** Whether the plan depends on the relation at all.  It does not where rows are read as
 * they come, and nobody will go on behind them. */
bool pg_plan_needs_relation(const struct tide_source_request *request);

/**
 * Fill a zeroed plan; it borrows from the position.  TIDE_E_CONFIG: no such cursor, or a
 * position that does not go with what is asked for.  TIDE_E_CONFLICT: the table was
 * changed so that the run cut off cannot be ended.  TIDE_E_TRANSIENT: a standby that has
 * not caught up.
 */
TIDE_MUST_CHECK
int pg_plan_make(const struct pg_plan_facts *facts, struct pg_plan *plan,
                 struct tide_error *err);

void pg_plan_clear(struct pg_plan *plan);

#endif
