/*
 * on_load - a transform that would do nothing, were it not for what happens when it is
 * loaded: the includer defines on_load() and ends with ON_LOAD(name).
 */
#ifndef TIDE_TESTS_ON_LOAD_H
#define TIDE_TESTS_ON_LOAD_H

#include <tidemill/plugin.h>

static void on_load(void) __attribute__((constructor));

static int quiet_bind(const void *options, const struct tide_host *host,
                      struct tide_schema *schema, void **state, struct tide_error *err)
{
    (void)options;
    (void)host;
    (void)schema;
    (void)state;
    (void)err;
    return TIDE_OK;
}

static int quiet_apply(void *state, struct tide_batch *batch, struct tide_error *err)
{
    (void)state;
    (void)batch;
    (void)err;
    return TIDE_OK;
}

static const struct tide_transform quiet = {
    .size = sizeof quiet, .bind = quiet_bind, .apply = quiet_apply, .close = free};

#define ON_LOAD(name_)                                                                   \
    TIDE_PLUGIN_ENTRY = {                                                                \
        TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, name_, "1.0", "Misbehaves on load."),      \
        .transform = &quiet}

#endif
