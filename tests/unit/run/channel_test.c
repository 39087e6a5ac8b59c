/*
 * channel_test - batches pass in order, within bounds, and a cancel ends every wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/memory.h"
#include "run/channel.h"

static const struct tide_channel_bounds small = {.parcels = 2, .rows = 100, .bytes = 100};

/* ---- waits, and the time, for as long as a test wants its own ----------------------- */

static struct {
    bool is_fake;
    int64_t now;         /**< microseconds, of each clock */
    int waits;           /**< since it began */
    atomic_bool *cancel; /**< what the first wait sets, or NULL */
} timed;

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);
int __real_pthread_cond_timedwait(pthread_cond_t *changed, pthread_mutex_t *lock,
                                  const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *changed, pthread_mutex_t *lock,
                                  const struct timespec *until);

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
    if (!timed.is_fake) {
        return __real_clock_gettime(id, now);
    }
    now->tv_sec = timed.now / 1000000;
    now->tv_nsec = timed.now % 1000000 * 1000;
    return 0;
}

/* Nothing changes, and so it is the time for which it was to wait. */
int __wrap_pthread_cond_timedwait(pthread_cond_t *changed, pthread_mutex_t *lock,
                                  const struct timespec *until)
{
    if (!timed.is_fake) {
        return __real_pthread_cond_timedwait(changed, lock, until);
    }
    timed.waits++;
    timed.now = (int64_t)until->tv_sec * 1000000 + until->tv_nsec / 1000;
    if (timed.cancel) {
        atomic_store(timed.cancel, true);
    }
    return ETIMEDOUT;
}

static int64_t begin_fake_time(atomic_bool *cancel)
{
    timed.is_fake = true;
    timed.now = INT64_C(7999950000);
    timed.waits = 0;
    timed.cancel = cancel;
    return timed.now;
}

static int end_fake_time(void **unused)
{
    (void)unused;
    timed.is_fake = false;
    return 0;
}

#define FAKE_TIME_TEST(name_) cmocka_unit_test_teardown(name_, end_fake_time)

/* A batch without columns whose first position tells it from others. */
static void make_parcel(struct tide_parcel *parcel, int64_t rows, int64_t number)
{
    memset(parcel, 0, sizeof *parcel);
    assert_int_equal(tide_batch_init(&parcel->batch, 0, rows), TIDE_OK);
    parcel->batch.first_position = number;
    parcel->position = tide_strf("%lld", (long long)number);
}

static void send_one(struct tide_channel *channel, int64_t number)
{
    struct tide_parcel parcel;

    make_parcel(&parcel, 1, number);
    assert_int_equal(tide_channel_send(channel, &parcel, 1), TIDE_OK);
    assert_null(parcel.batch.array.release);
    assert_null(parcel.position);
}

static int receive(struct tide_channel *channel, struct tide_parcel *parcel)
{
    return tide_channel_receive(channel, parcel, TIDE_CHANNEL_FOREVER);
}

static void expect_one(struct tide_channel *channel, int64_t number)
{
    struct tide_parcel parcel = {0};

    assert_int_equal(receive(channel, &parcel), TIDE_OK);
    assert_int_equal(parcel.batch.first_position, number);
    assert_int_equal(strtoll(parcel.position, NULL, 10), number);
    tide_parcel_clear(&parcel);
}

static void test_batches_come_out_in_order_and_then_the_end(void **unused)
{
    struct tide_channel *channel = tide_channel_create(&small, NULL);
    struct tide_parcel parcel = {0};

    (void)unused;
    send_one(channel, 1);
    send_one(channel, 2);
    expect_one(channel, 1);
    send_one(channel, 3);
    tide_channel_finish(channel);
    expect_one(channel, 2);
    expect_one(channel, 3);
    assert_int_equal(receive(channel, &parcel), TIDE_END);
    assert_int_equal(receive(channel, &parcel), TIDE_END);
    tide_channel_destroy(channel);
}

static void test_one_batch_fits_however_large(void **unused)
{
    struct tide_channel *channel = tide_channel_create(&small, NULL);
    struct tide_parcel parcel;

    (void)unused;
    make_parcel(&parcel, 1000000, 1);
    assert_int_equal(tide_channel_send(channel, &parcel, 1 << 30), TIDE_OK);
    tide_channel_destroy(channel);
}

struct sender {
    struct tide_channel *channel;
    int64_t count;
    int rc;
};

static void *send_many(void *arg)
{
    struct sender *sender = arg;

    for (int64_t i = 1; i <= sender->count && sender->rc == TIDE_OK; i++) {
        struct tide_parcel parcel;

        make_parcel(&parcel, 60, i);
        sender->rc = tide_channel_send(sender->channel, &parcel, 60);
        tide_parcel_clear(&parcel);
    }
    if (sender->rc == TIDE_OK) {
        tide_channel_finish(sender->channel);
    }
    return NULL;
}

static void test_a_full_channel_makes_the_sender_wait(void **unused)
{
    struct sender sender = {tide_channel_create(&small, NULL), 500, TIDE_OK};
    struct tide_parcel parcel = {0};
    pthread_t thread;

    (void)unused;
    assert_int_equal(pthread_create(&thread, NULL, send_many, &sender), 0);
    for (int64_t i = 1; i <= 500; i++) {
        expect_one(sender.channel, i);
    }
    assert_int_equal(receive(sender.channel, &parcel), TIDE_END);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sender.rc, TIDE_OK);
    tide_channel_destroy(sender.channel);
}

/* Send so many parcels of that size: all but the last one find room at once. */
static void expect_wait(int count, int64_t rows, int64_t bytes)
{
    atomic_bool cancel = false;
    struct tide_channel *channel = tide_channel_create(&small, &cancel);
    struct tide_parcel parcel;

    (void)begin_fake_time(&cancel);
    for (int i = 1; i < count; i++) {
        make_parcel(&parcel, rows, i);
        assert_int_equal(tide_channel_send(channel, &parcel, bytes), TIDE_OK);
    }
    assert_int_equal(timed.waits, 0);
    make_parcel(&parcel, rows, count);
    assert_int_equal(tide_channel_send(channel, &parcel, bytes), TIDE_E_CANCELLED);
    assert_int_equal(timed.waits, 1);
    assert_int_equal(parcel.batch.first_position, count);
    tide_parcel_clear(&parcel);
    tide_channel_destroy(channel);
}

static void test_parcels_rows_and_bytes_are_bounded_each(void **unused)
{
    (void)unused;
    expect_wait(3, 1, 1);
    expect_wait(3, 50, 50);
    expect_wait(2, 60, 1);
    expect_wait(2, 51, 1);
    expect_wait(2, 1, 60);
    expect_wait(2, 1, 51);
}

static void test_a_cancel_ends_the_wait_of_a_sender(void **unused)
{
    struct sender sender = {tide_channel_create(&small, NULL), 500, TIDE_OK};
    struct tide_parcel parcel = {0};
    pthread_t thread;

    (void)unused;
    assert_int_equal(pthread_create(&thread, NULL, send_many, &sender), 0);
    expect_one(sender.channel, 1);
    tide_channel_cancel(sender.channel);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sender.rc, TIDE_E_CANCELLED);
    assert_int_equal(receive(sender.channel, &parcel), TIDE_E_CANCELLED);
    tide_channel_destroy(sender.channel);
}

static void *set_flag(void *flag)
{
    atomic_store((atomic_bool *)flag, true);
    return NULL;
}

static void test_the_cancel_flag_ends_the_wait_of_a_receiver(void **unused)
{
    atomic_bool cancel = false;
    struct tide_channel *channel = tide_channel_create(&small, &cancel);
    struct tide_parcel parcel = {0};
    pthread_t thread;

    (void)unused;
    assert_int_equal(pthread_create(&thread, NULL, set_flag, &cancel), 0);
    assert_int_equal(receive(channel, &parcel), TIDE_E_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    tide_channel_destroy(channel);
}

static void test_a_wait_is_over_when_its_time_has_come(void **unused)
{
    struct tide_channel *channel = tide_channel_create(&small, NULL);
    struct tide_parcel parcel = {0};

    (void)unused;
    assert_int_equal(tide_channel_receive(channel, &parcel, 1), TIDE_MORE);
    send_one(channel, 1);
    assert_int_equal(tide_channel_receive(channel, &parcel, 1), TIDE_OK);
    tide_parcel_clear(&parcel);
    tide_channel_finish(channel);
    assert_int_equal(tide_channel_receive(channel, &parcel, 1), TIDE_END);
    tide_channel_destroy(channel);
}

/* Neither earlier nor later, however often the cancel flag is looked at meanwhile. */
static void test_a_wait_is_as_long_as_was_asked(void **unused)
{
    static const int64_t waits[] = {1, 30000, 99999, 100000, 100001, 250000, 3600000000};
    struct tide_channel *channel = tide_channel_create(&small, NULL);
    struct tide_parcel parcel = {0};

    (void)unused;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        int64_t until = begin_fake_time(NULL) + waits[i];

        assert_int_equal(tide_channel_receive(channel, &parcel, until), TIDE_MORE);
        assert_int_equal(timed.now, until);
        assert_int_equal(timed.waits, (waits[i] + 99999) / 100000);
    }
    tide_channel_destroy(channel);
}

static void test_a_place_may_go_without_rows(void **unused)
{
    struct tide_channel *channel = tide_channel_create(&small, NULL);
    struct tide_parcel parcel = {.position = tide_strdup("7")};

    (void)unused;
    assert_int_equal(tide_channel_send(channel, &parcel, 0), TIDE_OK);
    assert_int_equal(receive(channel, &parcel), TIDE_OK);
    assert_string_equal(parcel.position, "7");
    assert_null(parcel.batch.array.release);
    assert_int_equal(tide_channel_send(channel, &parcel, 0), TIDE_OK);
    tide_channel_destroy(channel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches_come_out_in_order_and_then_the_end),
        cmocka_unit_test(test_one_batch_fits_however_large),
        cmocka_unit_test(test_a_full_channel_makes_the_sender_wait),
        FAKE_TIME_TEST(test_parcels_rows_and_bytes_are_bounded_each),
        cmocka_unit_test(test_a_cancel_ends_the_wait_of_a_sender),
        cmocka_unit_test(test_the_cancel_flag_ends_the_wait_of_a_receiver),
        cmocka_unit_test(test_a_wait_is_over_when_its_time_has_come),
        FAKE_TIME_TEST(test_a_wait_is_as_long_as_was_asked),
        cmocka_unit_test(test_a_place_may_go_without_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
