/*
 * opinion - a transform for tests that thinks of its options what they tell it to.
 */
#include <signal.h>
#include <stdio.h>
#include <tidemill/plugin.h>
#include <unistd.h>

enum { TAKES, REFUSES, MUTTERS, CRASHES, LEAVES };
static const char *const answers[] = {"takes",   "refuses", "mutters",
                                      "crashes", "leaves",  NULL};

struct opinion {
    int64_t answer;
    const char *path;
};

static const struct tide_option opinion_options[] = {
    {.name = "answer",
     .type = TIDE_OPTION_ENUM,
     .offset = offsetof(struct opinion, answer),
     .default_value = "takes",
     .choices = answers,
     .help = "What to say when asked."},
    {.name = "path",
     .type = TIDE_OPTION_PATH,
     .offset = offsetof(struct opinion, path),
     .help = "What to say it with."},
    {0},
};

static int opinion_check(const void *options, const struct tide_host *host,
                         struct tide_error *err)
{
    const struct opinion *opinion = options;

    host->log(host, TIDE_LOG_INFO, "asked");
    switch (opinion->answer) {
    case REFUSES:
        return tide_error_at(err, TIDE_E_CONFIG, "answer", "not with %s", opinion->path);
    case MUTTERS:
        (void)puts("this is no answer");
        (void)fflush(stdout);
        return TIDE_E_CONFIG;
    case CRASHES:
        (void)signal(SIGSEGV, SIG_DFL);
        return raise(SIGSEGV);
    case LEAVES:
        _exit(3);
    default:
        return TIDE_OK;
    }
}

static int opinion_bind(const void *options, const struct tide_host *host,
                        struct tide_schema *schema, void **state, struct tide_error *err)
{
    (void)options;
    (void)host;
    (void)schema;
    (void)err;
    *state = NULL;
    return TIDE_OK;
}

static int opinion_apply(void *state, struct tide_batch *batch, struct tide_error *err)
{
    (void)state;
    (void)batch;
    (void)err;
    return TIDE_OK;
}

static const struct tide_transform opinion = {
    .size = sizeof opinion, .bind = opinion_bind, .apply = opinion_apply, .close = free};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, "opinion", "1.0", "Has an opinion."),
    .options = opinion_options,
    .options_size = sizeof(struct opinion),
    .transform = &opinion,
    .check = opinion_check,
};
