/*
 * channel_test - batches pass in order, within bounds, and a cancel ends every wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <pthread.h>

#include "base/memory.h"
#include "run/channel.h"

static const struct tide_channel_bounds small = {.parcels = 2, .rows = 100, .bytes = 100};

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
        cmocka_unit_test(test_a_cancel_ends_the_wait_of_a_sender),
        cmocka_unit_test(test_the_cancel_flag_ends_the_wait_of_a_receiver),
        cmocka_unit_test(test_a_wait_is_over_when_its_time_has_come),
        cmocka_unit_test(test_a_place_may_go_without_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
