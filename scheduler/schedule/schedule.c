/*
 * schedule - starts the runs of pipelines when their time has come.
 */
#include "schedule/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "base/memory.h"
#include "schedule/agenda.h"

#define SECOND INT64_C(1000000)
/* How often the clocks are compared while anything is scheduled. */
#define LOOK_EVERY SECOND
/* The wall clock has jumped when it and the monotonic one differ by more than before. */
#define JUMP SECOND
#define GRACE (30 * SECOND)
#define RETRY_AFTER SECOND

const int64_t tide_lateness_bounds[TIDE_LATENESS_BUCKETS] = {
    1000, 5000, 10000, 50000, 100000, 500000, 1000000, 10000000};

struct tide_schedule {
    const struct tide_clock *clock;
    struct tide_store *store;
    struct tide_supervise *supervise;
    struct tide_slot_rules rules;
    bool queue_on_overlap;
    struct tide_agenda *agenda;
    uv_timer_t timer;   /**< data: this */
    int64_t started_at; /**< wall: slots before it were missed by a daemon not there */
    int64_t offset;     /**< wall less monotonic, when they were last compared */
    int64_t asked;      /**< commands of the store under way */
    bool ready, closing, timer_closing;
    struct tide_schedule_stats stats;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* A claim under way. */
struct claim {
    struct tide_schedule *schedule;
    char uid[TIDE_UID_SIZE];
    int64_t lateness; /**< of its last slot */
    bool on_time;
};

static int64_t wall(const struct tide_schedule *schedule)
{
    return schedule->clock->wall(schedule->clock);
}

/* ---- the timer ----------------------------------------------------------------------*/

static void on_timer(uv_timer_t *timer);

/* Due times are of the wall clock and the timer is not, so it never sleeps for long. */
static void arm(struct tide_schedule *schedule)
{
    int64_t next = tide_agenda_next(schedule->agenda);
    int64_t wait = next - wall(schedule);

    if (schedule->closing) {
        return;
    }
    if (tide_agenda_size(schedule->agenda) == 0) {
        (void)uv_timer_stop(&schedule->timer);
        return;
    }
    if (next == 0 || wait > LOOK_EVERY) {
        wait = LOOK_EVERY;
    }
    uv_update_time(schedule->timer.loop);
    (void)uv_timer_start(&schedule->timer, on_timer,
                         wait > 0 ? (uint64_t)((wait + 999) / 1000) : 0, 0);
}

static void compare_clocks(struct tide_schedule *schedule)
{
    int64_t now = wall(schedule);
    int64_t offset = now - schedule->clock->monotonic(schedule->clock);
    int64_t jump = offset - schedule->offset;

    schedule->offset = offset;
    if (jump <= JUMP && jump >= -JUMP) {
        return;
    }
    schedule->stats.clock_jumps++;
    TIDE_LOG(TIDE_LOG_WARNING, "the wall clock was set",
             TIDE_KEY_INT("milliseconds", jump / 1000));
    if (jump < 0) {
        tide_agenda_turn_back(schedule->agenda, now);
    }
}

/* ---- claims -------------------------------------------------------------------------*/

static void maybe_close(struct tide_schedule *schedule);

static void count_lateness(struct tide_schedule *schedule, int64_t lateness)
{
    struct tide_schedule_stats *stats = &schedule->stats;
    size_t bucket = 0;

    while (bucket < TIDE_LATENESS_BUCKETS && lateness > tide_lateness_bounds[bucket]) {
        bucket++;
    }
    stats->lateness[bucket]++;
    stats->lateness_sum_us += lateness;
    if (lateness > stats->lateness_max_us) {
        stats->lateness_max_us = lateness;
    }
}

static void take_runs(struct tide_schedule *schedule, const struct claim *claim,
                      const struct tide_slot_claimed *claimed)
{
    for (size_t i = 0; i < claimed->run_count; i++) {
        tide_supervise_submit(schedule->supervise, &claimed->runs[i]);
        schedule->stats.slots_run++;
    }
    if (claimed->run_count > 0 && claim->on_time) {
        count_lateness(schedule, claim->lateness);
    }
}

static void on_claimed(void *arg, const struct tide_slot_claimed *claimed,
                       const struct tide_error *err)
{
    struct claim *claim = arg;
    struct tide_schedule *schedule = claim->schedule;

    schedule->asked--;
    if (err) {
        TIDE_LOG(TIDE_LOG_ERROR, "slot not claimed",
                 TIDE_KEY_TEXT("pipeline", claim->uid),
                 TIDE_KEY_TEXT("error", err->message));
        tide_agenda_retry(schedule->agenda, claim->uid, wall(schedule) + RETRY_AFTER);
    } else {
        take_runs(schedule, claim, claimed);
        tide_agenda_settle(schedule->agenda, claim->uid, claimed->next_due,
                           wall(schedule));
    }
    free(claim);
    arm(schedule);
    maybe_close(schedule);
}

static void send_claim(struct tide_schedule *schedule, struct tide_slot_claim *request,
                       int64_t lateness)
{
    struct claim *claim = tide_alloc(sizeof *claim);

    claim->schedule = schedule;
    memcpy(claim->uid, request->pipeline_uid, strlen(request->pipeline_uid));
    claim->lateness = lateness;
    claim->on_time = lateness <= schedule->rules.grace;
    schedule->asked++;
    tide_store_slot_claim(schedule->store, request, on_claimed, claim);
}

static const char *why_missed(const struct tide_schedule *schedule, int64_t slot)
{
    return slot < schedule->started_at
               ? "missed: no daemon was running"
               : "missed: the system was suspended or its clock was set";
}

static void claim_due(struct tide_schedule *schedule, const struct tide_agenda_item *item,
                      int64_t now)
{
    struct tide_slot_plan plan;
    struct tide_slot_claim request = {.pipeline_uid = item->uid,
                                      .due = item->due,
                                      .queue_on_overlap = schedule->queue_on_overlap};
    struct tide_slot_skip skip;

    TIDE_INVARIANT(
        tide_slot_decide(item->period, item->due, now, &schedule->rules, &plan));
    request.next_due = plan.next_due;
    request.slots = plan.run;
    request.slot_count = plan.run_count;
    if (plan.skip_count > 0) {
        skip.slot = plan.skip_last;
        skip.count = plan.skip_count;
        skip.reason = why_missed(schedule, plan.skip_last);
        request.skips = &skip;
        request.skip_count = 1;
        schedule->stats.slots_skipped += plan.skip_count;
    }
    send_claim(schedule, &request, now - (plan.next_due - item->period));
}

/* The clock was set back: no run, but the first slot after the new now. */
static void claim_anew(struct tide_schedule *schedule,
                       const struct tide_agenda_item *item, int64_t now)
{
    struct tide_slot_claim request = {.pipeline_uid = item->uid,
                                      .due = item->due,
                                      .next_due =
                                          tide_slot_after(item->uid, item->period, now)};

    send_claim(schedule, &request, 0);
}

static void look(struct tide_schedule *schedule)
{
    struct tide_agenda_item item;
    int64_t now;

    compare_clocks(schedule);
    now = wall(schedule);
    while (tide_agenda_take(schedule->agenda, now, &item)) {
        if (item.due > now) {
            claim_anew(schedule, &item, now);
        } else {
            claim_due(schedule, &item, now);
        }
    }
    arm(schedule);
}

static void on_timer(uv_timer_t *timer)
{
    look(timer->data);
}

/* ---- what is scheduled --------------------------------------------------------------*/

static void on_changed(void *arg, const struct tide_pipeline_record *pipeline,
                       bool deleted)
{
    struct tide_schedule *schedule = arg;

    tide_agenda_set(schedule->agenda, pipeline->uid,
                    pipeline->period_minutes * TIDE_MINUTE,
                    deleted ? 0 : pipeline->next_due, wall(schedule));
    arm(schedule);
}

static void load(struct tide_schedule *schedule);

static void on_loaded(void *arg, const struct tide_pipeline_record *pipelines,
                      size_t count, const struct tide_error *err)
{
    struct tide_schedule *schedule = arg;

    schedule->asked--;
    if (err) {
        TIDE_LOG(TIDE_LOG_ERROR, "schedules not loaded",
                 TIDE_KEY_TEXT("error", err->message));
        if (!schedule->closing) {
            load(schedule);
        }
    } else {
        schedule->ready = true;
        for (size_t i = 0; i < count; i++) {
            on_changed(schedule, &pipelines[i], false);
        }
    }
    maybe_close(schedule);
}

static void load(struct tide_schedule *schedule)
{
    schedule->asked++;
    tide_store_pipelines_due(schedule->store, on_loaded, schedule);
}

/* ---- creating and closing -----------------------------------------------------------*/

struct tide_schedule *tide_schedule_create(const struct tide_schedule_options *options)
{
    struct tide_schedule *schedule = tide_alloc(sizeof *schedule);

    schedule->clock = options->clock;
    schedule->store = options->store;
    schedule->supervise = options->supervise;
    schedule->rules = options->rules;
    if (schedule->rules.grace == 0) {
        schedule->rules.grace = GRACE;
    }
    if (schedule->rules.most == 0) {
        schedule->rules.most = 1;
    }
    schedule->queue_on_overlap = options->queue_on_overlap;
    schedule->agenda = tide_agenda_create();
    schedule->started_at = wall(schedule);
    schedule->offset = schedule->started_at - options->clock->monotonic(options->clock);
    TIDE_INVARIANT(uv_timer_init(options->loop, &schedule->timer) == 0);
    schedule->timer.data = schedule;
    tide_store_watch(options->store, on_changed, schedule);
    load(schedule);
    return schedule;
}

static void on_closed(uv_handle_t *handle)
{
    struct tide_schedule *schedule = handle->data;
    void (*closed)(void *arg) = schedule->closed;
    void *arg = schedule->closed_arg;

    tide_agenda_destroy(schedule->agenda);
    free(schedule);
    closed(arg);
}

static void maybe_close(struct tide_schedule *schedule)
{
    if (schedule->closing && schedule->asked == 0 && !schedule->timer_closing) {
        schedule->timer_closing = true;
        uv_close((uv_handle_t *)&schedule->timer, on_closed);
    }
}

void tide_schedule_close(struct tide_schedule *schedule, void (*closed)(void *arg),
                         void *arg)
{
    TIDE_REQUIRE(closed && !schedule->closing);
    schedule->closing = true;
    schedule->closed = closed;
    schedule->closed_arg = arg;
    tide_store_watch(schedule->store, NULL, NULL);
    (void)uv_timer_stop(&schedule->timer);
    maybe_close(schedule);
}

bool tide_schedule_is_ready(const struct tide_schedule *schedule)
{
    return schedule->ready;
}

void tide_schedule_stats(const struct tide_schedule *schedule,
                         struct tide_schedule_stats *stats)
{
    *stats = schedule->stats;
    stats->entries = (int64_t)tide_agenda_size(schedule->agenda);
    stats->next_due = tide_agenda_next(schedule->agenda);
}
