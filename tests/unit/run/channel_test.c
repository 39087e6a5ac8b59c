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

#include "run/channel.h"

static const struct tide_channel_bounds small = {.batches = 2, .rows = 100, .bytes = 100};

/* A batch without columns whose first position tells it from others. */
static void make_batch(struct tide_batch *batch, int64_t rows, int64_t number)
{
    assert_int_equal(tide_batch_init(batch, 0, rows), TIDE_OK);
    batch->first_position = number;
}

static void send_one(struct tide_channel *channel, int64_t number)
{
    struct tide_batch batch;

    make_batch(&batch, 1, number);
    assert_int_equal(tide_channel_send(channel, &batch, 1), TIDE_OK);
    assert_null(batch.array.release);
}

static void expect_one(struct tide_channel *channel, int64_t number)
{
    struct tide_batch batch = {0};

    assert_int_equal(tide_channel_receive(channel, &batch), TIDE_OK);
    assert_int_equal(batch.first_position, number);
    tide_batch_release(&batch);
}

static void test_batches_come_out_in_order_and_then_the_end(void **unused)
{
    struct tide_channel *channel = tide_channel_create(&small, NULL);
    struct tide_batch batch = {0};

    (void)unused;
    send_one(channel, 1);
    send_one(channel, 2);
    expect_one(channel, 1);
    send_one(channel, 3);
    tide_channel_finish(channel);
    expect_one(channel, 2);
    expect_one(channel, 3);
    assert_int_equal(tide_channel_receive(channel, &batch), TIDE_END);
    assert_int_equal(tide_channel_receive(channel, &batch), TIDE_END);
    tide_channel_destroy(channel);
}

static void test_one_batch_fits_however_large(void **unused)
{
    struct tide_channel *channel = tide_channel_create(&small, NULL);
    struct tide_batch batch;

    (void)unused;
    make_batch(&batch, 1000000, 1);
    assert_int_equal(tide_channel_send(channel, &batch, 1 << 30), TIDE_OK);
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
        struct tide_batch batch;

        make_batch(&batch, 60, i);
        sender->rc = tide_channel_send(sender->channel, &batch, 60);
        tide_batch_release(&batch);
    }
    if (sender->rc == TIDE_OK) {
        tide_channel_finish(sender->channel);
    }
    return NULL;
}

static void test_a_full_channel_makes_the_sender_wait(void **unused)
{
    struct sender sender = {tide_channel_create(&small, NULL), 500, TIDE_OK};
    struct tide_batch batch = {0};
    pthread_t thread;

    (void)unused;
    assert_int_equal(pthread_create(&thread, NULL, send_many, &sender), 0);
    for (int64_t i = 1; i <= 500; i++) {
        expect_one(sender.channel, i);
    }
    assert_int_equal(tide_channel_receive(sender.channel, &batch), TIDE_END);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sender.rc, TIDE_OK);
    tide_channel_destroy(sender.channel);
}

static void test_a_cancel_ends_the_wait_of_a_sender(void **unused)
{
    struct sender sender = {tide_channel_create(&small, NULL), 500, TIDE_OK};
    struct tide_batch batch = {0};
    pthread_t thread;

    (void)unused;
    assert_int_equal(pthread_create(&thread, NULL, send_many, &sender), 0);
    expect_one(sender.channel, 1);
    tide_channel_cancel(sender.channel);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sender.rc, TIDE_E_CANCELLED);
    assert_int_equal(tide_channel_receive(sender.channel, &batch), TIDE_E_CANCELLED);
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
    struct tide_batch batch = {0};
    pthread_t thread;

    (void)unused;
    assert_int_equal(pthread_create(&thread, NULL, set_flag, &cancel), 0);
    assert_int_equal(tide_channel_receive(channel, &batch), TIDE_E_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
