/*
 * agenda - what is due when: the pipelines with a next slot, without clock, loop or
 * store.
 */
#include "schedule/agenda.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/memory.h"
#include "schedule/heap.h"

struct entry {
    struct tide_heap_node node; /**< first; key: when to look at it */
    struct entry *next;         /**< in its bucket */
    char *uid;
    int64_t period, due;
    bool taken; /**< in no heap: the store is being asked */
};

struct tide_agenda {
    struct tide_heap heap;
    struct entry **buckets; /**< a power of two of them */
    size_t bucket_count, count;
};

/* ---- finding by uid -----------------------------------------------------------------*/

static size_t hash(const char *uid)
{
    uint64_t value = tide_hash_add(TIDE_HASH_START, uid, strlen(uid));

    return (size_t)(value ^ value >> 32);
}

/* Where the entry is linked, or would be. */
static struct entry **find(const struct tide_agenda *agenda, const char *uid)
{
    struct entry **place = &agenda->buckets[hash(uid) & (agenda->bucket_count - 1)];

    while (*place && strcmp((*place)->uid, uid) != 0) {
        place = &(*place)->next;
    }
    return place;
}

static void grow(struct tide_agenda *agenda)
{
    struct entry **old = agenda->buckets;
    size_t old_count = agenda->bucket_count;

    agenda->bucket_count = old_count * 2;
    agenda->buckets = tide_alloc_array(agenda->bucket_count, sizeof(struct entry *));
    for (size_t i = 0; i < old_count; i++) {
        while (old[i]) {
            struct entry *entry = old[i];
            struct entry **place;

            old[i] = entry->next;
            entry->next = NULL;
            place = find(agenda, entry->uid);
            *place = entry;
        }
    }
    free(old);
}

static struct entry *add(struct tide_agenda *agenda, const char *uid)
{
    struct entry *entry = tide_alloc(sizeof *entry);

    if (agenda->count == agenda->bucket_count) {
        grow(agenda);
    }
    entry->uid = tide_strdup(uid);
    *find(agenda, uid) = entry;
    agenda->count++;
    return entry;
}

static void drop(struct tide_agenda *agenda, struct entry **place)
{
    struct entry *entry = *place;

    *place = entry->next;
    agenda->count--;
    tide_heap_remove(&agenda->heap, &entry->node);
    free(entry->uid);
    free(entry);
}

/* ---- the interface ------------------------------------------------------------------*/

struct tide_agenda *tide_agenda_create(void)
{
    struct tide_agenda *agenda = tide_alloc(sizeof *agenda);

    agenda->bucket_count = 64;
    agenda->buckets = tide_alloc_array(agenda->bucket_count, sizeof(struct entry *));
    return agenda;
}

void tide_agenda_destroy(struct tide_agenda *agenda)
{
    if (!agenda) {
        return;
    }
    for (size_t i = 0; i < agenda->bucket_count; i++) {
        while (agenda->buckets[i]) {
            drop(agenda, &agenda->buckets[i]);
        }
    }
    tide_heap_fini(&agenda->heap);
    free(agenda->buckets);
    free(agenda);
}

static void enter(struct tide_agenda *agenda, struct entry *entry, int64_t now)
{
    bool ahead = entry->due > now + entry->period;

    tide_heap_put(&agenda->heap, &entry->node, ahead ? now : entry->due);
}

void tide_agenda_set(struct tide_agenda *agenda, const char *uid, int64_t period,
                     int64_t due, int64_t now)
{
    struct entry **place = find(agenda, uid);
    struct entry *entry = *place;

    if (due == 0) {
        /* One that is under way goes when it is settled. */
        if (entry && !entry->taken) {
            drop(agenda, place);
        }
        return;
    }
    if (!entry) {
        entry = add(agenda, uid);
    }
    entry->period = period;
    entry->due = due;
    if (!entry->taken) {
        enter(agenda, entry, now);
    }
}

void tide_agenda_turn_back(struct tide_agenda *agenda, int64_t now)
{
    for (size_t i = 0; i < agenda->bucket_count; i++) {
        for (struct entry *entry = agenda->buckets[i]; entry; entry = entry->next) {
            if (!entry->taken) {
                enter(agenda, entry, now);
            }
        }
    }
}

int64_t tide_agenda_next(const struct tide_agenda *agenda)
{
    const struct tide_heap_node *first = tide_heap_first(&agenda->heap);

    return first ? first->key : 0;
}

size_t tide_agenda_size(const struct tide_agenda *agenda)
{
    return agenda->count;
}

bool tide_agenda_take(struct tide_agenda *agenda, int64_t now,
                      struct tide_agenda_item *item)
{
    struct tide_heap_node *first = tide_heap_first(&agenda->heap);
    struct entry *entry = (struct entry *)first;

    if (!first || first->key > now) {
        return false;
    }
    tide_heap_remove(&agenda->heap, first);
    entry->taken = true;
    item->uid = entry->uid;
    item->period = entry->period;
    item->due = entry->due;
    return true;
}

void tide_agenda_settle(struct tide_agenda *agenda, const char *uid, int64_t due,
                        int64_t now)
{
    struct entry **place = find(agenda, uid);

    TIDE_REQUIRE(*place && (*place)->taken);
    (*place)->taken = false;
    (*place)->due = due;
    if (due == 0) {
        drop(agenda, place);
    } else {
        enter(agenda, *place, now);
    }
}

void tide_agenda_retry(struct tide_agenda *agenda, const char *uid, int64_t when)
{
    struct entry *entry = *find(agenda, uid);

    TIDE_REQUIRE(entry && entry->taken);
    entry->taken = false;
    tide_heap_put(&agenda->heap, &entry->node, when);
}
