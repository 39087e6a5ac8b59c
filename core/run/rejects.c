/*
 * rejects - the rows a run could not take; see rejects.h.
 */
#include "run/rejects.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "run/held.h"
#include "run/ledger.h"
#include "run/redact.h"
#include "run/reject_event.h"

/* From so many rows on a share is judged at once, and not at the end alone. */
#define SHARE_SAMPLE 10000

/* Rows of a parcel that is on its way. */
struct pending {
    int64_t parcel, count;
};

struct tide_rejects {
    struct tide_reject_policy policy;
    pthread_mutex_t lock;
    int64_t count;
    int64_t recalled;        /**< of earlier runs */
    int64_t received_before; /**< by those, of which these were rejected */
    int64_t covered;         /**< of count, those that are not pending */
    struct pending *pending; /**< owned; by parcel */
    size_t pending_count, pending_capacity;
    int64_t kept, kept_bytes;
    struct tide_held held; /**< not told of yet */
};

struct tide_rejects *tide_rejects_create(const struct tide_reject_policy *policy)
{
    struct tide_rejects *rejects = tide_alloc(sizeof *rejects);

    rejects->policy = *policy;
    TIDE_INVARIANT(pthread_mutex_init(&rejects->lock, NULL) == 0);
    return rejects;
}

void tide_rejects_destroy(struct tide_rejects *rejects)
{
    if (rejects) {
        TIDE_INVARIANT(rejects->held.length == 0);
        tide_held_fini(&rejects->held);
        free(rejects->pending);
        (void)pthread_mutex_destroy(&rejects->lock);
        free(rejects);
    }
}

/* ---- counting -----------------------------------------------------------------------*/

static bool has_room(const struct tide_rejects *rejects)
{
    return rejects->kept < rejects->policy.keep_count &&
           rejects->kept_bytes < rejects->policy.keep_bytes;
}

static void tell(void *arg, const struct tide_reject_note *note)
{
    const struct tide_rejects *rejects = arg;
    struct json_object *event = tide_reject_event(note, rejects->policy.secrets);

    rejects->policy.emit(rejects->policy.emit_arg, event);
    json_object_put(event);
}

static void keep(struct tide_rejects *rejects, const struct tide_reject_note *note)
{
    int64_t bytes = tide_reject_event_bytes(note);

    if (rejects->kept_bytes + bytes > rejects->policy.keep_bytes) {
        return;
    }
    if (!note->is_held) {
        tell(rejects, note);
    } else if (!tide_held_add(&rejects->held, note)) {
        return;
    }
    rejects->kept++;
    rejects->kept_bytes += bytes;
}

/* Its place is among the last: few parcels are on their way. */
static void note_pending(struct tide_rejects *rejects, int64_t parcel)
{
    size_t at = rejects->pending_count;

    while (at > 0 && rejects->pending[at - 1].parcel > parcel) {
        at--;
    }
    if (at > 0 && rejects->pending[at - 1].parcel == parcel) {
        rejects->pending[at - 1].count++;
        return;
    }
    if (rejects->pending_count == rejects->pending_capacity) {
        rejects->pending_capacity = 2 * rejects->pending_capacity + 16;
        rejects->pending = tide_realloc(rejects->pending, rejects->pending_capacity *
                                                              sizeof *rejects->pending);
    }
    memmove(rejects->pending + at + 1, rejects->pending + at,
            (rejects->pending_count - at) * sizeof *rejects->pending);
    rejects->pending[at] = (struct pending){parcel, 1};
    rejects->pending_count++;
}

static void count(struct tide_rejects *rejects, int64_t parcel)
{
    rejects->count++;
    if (parcel > 0) {
        note_pending(rejects, parcel);
    } else {
        rejects->covered++;
    }
}

static int64_t rows_received(const struct tide_ledger *ledger)
{
    return tide_ledger_read(&ledger->passed[TIDE_STEP_RECEIVE]) +
           tide_ledger_read(&ledger->failed[TIDE_STEP_RECEIVE]);
}

static const char *recalled_words(const struct tide_rejects *rejects)
{
    return rejects->recalled > 0 ? ", those before the last checkpoint among them" : "";
}

/* Of the whole load, as the count. */
static int judge_share(const struct tide_rejects *rejects, int64_t least,
                       struct tide_error *err)
{
    int64_t received = rejects->received_before + rows_received(rejects->policy.ledger);
    int64_t rejected = rejects->recalled + rejects->count;
    double allowed = rejects->policy.max_share * (double)received;

    if (rejects->policy.max_share < 0 || received <= least ||
        (double)rejected <= allowed) {
        return TIDE_OK;
    }
    return tide_error_set(
        err, TIDE_E_DATA,
        "%" PRId64 " of %" PRId64 " rows were rejected%s, more than the "
        "%g%% of max_rejects",
        rejected, received, recalled_words(rejects), rejects->policy.max_share * 100);
}

/* Of the whole load. */
static bool are_too_many(const struct tide_rejects *rejects)
{
    return rejects->policy.max_count >= 0 &&
           rejects->recalled + rejects->count > rejects->policy.max_count;
}

static int judge(const struct tide_rejects *rejects, const struct tide_reject_note *note,
                 struct tide_error *err)
{
    const struct tide_reject_policy *policy = &rejects->policy;

    if (policy->is_first_fatal) {
        return tide_error_set(err, TIDE_E_DATA,
                              "row %" PRId64 "%s%s was rejected at %s: %s: %s; on_error "
                              "is \"fail\"",
                              note->position, note->origin ? " of " : "",
                              note->origin ? note->origin : "",
                              tide_step_name(note->step), note->code, note->message);
    }
    if (are_too_many(rejects)) {
        return tide_error_set(err, TIDE_E_DATA,
                              "more than the %" PRId64
                              " rows of max_rejects were rejected%s; the last one at "
                              "%s: %s",
                              policy->max_count, recalled_words(rejects),
                              tide_step_name(note->step), note->message);
    }
    return judge_share(rejects, SHARE_SAMPLE, err);
}

bool tide_rejects_keeps(struct tide_rejects *rejects)
{
    bool keeps = false;

    (void)pthread_mutex_lock(&rejects->lock);
    keeps = has_room(rejects);
    (void)pthread_mutex_unlock(&rejects->lock);
    return keeps;
}

int tide_rejects_take(struct tide_rejects *rejects, const struct tide_reject_note *note,
                      struct tide_error *err)
{
    struct tide_reject_note clean = *note;
    struct tide_text message = {0};
    int rc = TIDE_OK;

    if (rejects->policy.secrets) {
        tide_text_append(&message, note->message);
        tide_redact_text(rejects->policy.secrets, &message);
        clean.message = message.data ? message.data : "";
    }
    (void)pthread_mutex_lock(&rejects->lock);
    count(rejects, note->parcel);
    if (has_room(rejects)) {
        keep(rejects, &clean);
    }
    rc = judge(rejects, &clean, err);
    (void)pthread_mutex_unlock(&rejects->lock);
    tide_text_fini(&message);
    return rc;
}

size_t tide_rejects_release(struct tide_rejects *rejects, int64_t parcel)
{
    size_t released = 0;

    (void)pthread_mutex_lock(&rejects->lock);
    released = tide_held_tell(&rejects->held, parcel, tell, rejects);
    (void)pthread_mutex_unlock(&rejects->lock);
    return released;
}

int64_t tide_rejects_covered(struct tide_rejects *rejects, int64_t parcel)
{
    size_t done = 0;
    int64_t covered = 0;

    (void)pthread_mutex_lock(&rejects->lock);
    while (done < rejects->pending_count && rejects->pending[done].parcel <= parcel) {
        rejects->covered += rejects->pending[done++].count;
    }
    rejects->pending_count -= done;
    if (done > 0) {
        memmove(rejects->pending, rejects->pending + done,
                rejects->pending_count * sizeof *rejects->pending);
    }
    covered = rejects->covered;
    (void)pthread_mutex_unlock(&rejects->lock);
    return covered;
}

void tide_rejects_recall(struct tide_rejects *rejects, int64_t count, int64_t received)
{
    (void)pthread_mutex_lock(&rejects->lock);
    rejects->recalled += count;
    rejects->received_before += received;
    (void)pthread_mutex_unlock(&rejects->lock);
}

/* The limit may have been lowered since the rows were counted. */
static int judge_recalled(const struct tide_rejects *rejects, struct tide_error *err)
{
    if (rejects->recalled == 0 || !are_too_many(rejects)) {
        return TIDE_OK;
    }
    return tide_error_set(err, TIDE_E_DATA,
                          "%" PRId64 " rows were rejected, %" PRId64
                          " of them before this run resumed an interrupted one: more "
                          "than the %" PRId64 " of max_rejects",
                          rejects->recalled + rejects->count, rejects->recalled,
                          rejects->policy.max_count);
}

int tide_rejects_judge(struct tide_rejects *rejects, struct tide_error *err)
{
    int rc = TIDE_OK;

    (void)pthread_mutex_lock(&rejects->lock);
    rc = judge_share(rejects, 0, err);
    if (rc == TIDE_OK) {
        rc = judge_recalled(rejects, err);
    }
    (void)pthread_mutex_unlock(&rejects->lock);
    return rc;
}

void tide_rejects_counts(struct tide_rejects *rejects, int64_t *kept, int64_t *dropped)
{
    (void)pthread_mutex_lock(&rejects->lock);
    *kept = rejects->kept;
    *dropped = rejects->count - rejects->kept;
    (void)pthread_mutex_unlock(&rejects->lock);
}
