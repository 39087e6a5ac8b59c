/*
 * horizon - which row versions a run reads, told by the transactions that wrote them.
 */
#include "horizon.h"

/* An age beyond this is near to the point where age() turns negative. */
#define AGE_LIMIT ((uint64_t)INT32_MAX - 1000000)

struct pg_window pg_window_first(const struct pg_clock *clock)
{
    return (struct pg_window){.whole = true, .to = clock->oldest};
}

/* On one server the oldest open transaction never comes before an earlier one. */
static enum pg_window_verdict check(uint64_t from, uint64_t to,
                                    const struct pg_clock *clock)
{
    if (to > clock->oldest) {
        return PG_WINDOW_AHEAD;
    }
    return clock->next - from > AGE_LIMIT ? PG_WINDOW_TOO_OLD : PG_WINDOW_READ;
}

enum pg_window_verdict pg_window_next(uint64_t from, const struct pg_clock *clock,
                                      bool may_repeat, struct pg_window *window)
{
    enum pg_window_verdict verdict = check(from, from, clock);

    if (verdict != PG_WINDOW_READ) {
        return verdict;
    }
    *window = (struct pg_window){.from = from, .to = clock->oldest};
    return from >= (may_repeat ? clock->end : clock->oldest) ? PG_WINDOW_NOTHING
                                                             : PG_WINDOW_READ;
}

enum pg_window_verdict pg_window_resume(const struct pg_window *window,
                                        const struct pg_clock *clock)
{
    return check(window->whole ? window->to : window->from, window->to, clock);
}

struct pg_ages pg_window_ages(const struct pg_window *window,
                              const struct pg_clock *clock, bool may_repeat)
{
    int64_t behind = may_repeat ? -1 : (int64_t)(clock->next - window->to);

    /* Rows of long ago show any age, also a negative one: a first run takes them all. */
    if (window->whole) {
        return (struct pg_ages){.except = true, .least = 0, .most = behind};
    }
    return (struct pg_ages){.least = behind + 1,
                            .most = (int64_t)(clock->next - window->from)};
}

struct pg_ages pg_ages_since(uint64_t mark, const struct pg_clock *clock)
{
    return (struct pg_ages){.least = 0, .most = (int64_t)(clock->next - mark)};
}

bool pg_ages_are_all(const struct pg_ages *ages)
{
    return ages->except && ages->least > ages->most;
}

bool pg_ages_have(const struct pg_ages *ages, int32_t age)
{
    return (age >= ages->least && age <= ages->most) != ages->except;
}
