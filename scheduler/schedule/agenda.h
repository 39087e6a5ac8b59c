/*
 * agenda - what is due when: the pipelines with a next slot, without clock, loop or
 * store.
 *
 * An entry that was taken is under way until it is settled with the answer of the store;
 * meanwhile it is not taken again.  An entry whose slot is more than a period ahead, as
 * after the wall clock was set back, is taken at once: its slot has to be found anew.
 *
 * Layer: pure; the loop thread.  Times are microseconds UTC.
 */
#ifndef TIDE_SCHEDULE_AGENDA_H
#define TIDE_SCHEDULE_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Opaque; owns its entries. */
struct tide_agenda;

struct tide_agenda_item {
    const char *uid; /**< borrowed until the entry is settled */
    int64_t period;
    int64_t due; /**< after now: the clock was set back, find the slot anew */
};

struct tide_agenda *tide_agenda_create(void);
void tide_agenda_destroy(struct tide_agenda *agenda);

/** Enter a pipeline, or change its entry; due 0 removes it. */
void tide_agenda_set(struct tide_agenda *agenda, const char *uid, int64_t period,
                     int64_t due, int64_t now);
/** The wall clock was set back: see which entries are too far ahead. */
void tide_agenda_turn_back(struct tide_agenda *agenda, int64_t now);

/** When there will be something to take, or 0; the past: at once. */
int64_t tide_agenda_next(const struct tide_agenda *agenda);
size_t tide_agenda_size(const struct tide_agenda *agenda);

/** Take the first entry that has to be looked at by now; false: there is none. */
bool tide_agenda_take(struct tide_agenda *agenda, int64_t now,
                      struct tide_agenda_item *item);
/** The store has answered for an entry that was taken: its next slot; 0 removes it. */
void tide_agenda_settle(struct tide_agenda *agenda, const char *uid, int64_t due,
                        int64_t now);
/** The store could not answer: take it again, but not before `when`. */
void tide_agenda_retry(struct tide_agenda *agenda, const char *uid, int64_t when);

#endif
