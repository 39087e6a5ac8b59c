/*
 * every_option - a plugin with an option of every type, for what checks and binds
 * options.
 */
#ifndef TIDE_TEST_EVERY_OPTION_H
#define TIDE_TEST_EVERY_OPTION_H

#include <stddef.h>
#include <tidemill/plugin.h>

struct every {
    bool flag;
    int64_t count;
    double share;
    const char *text;
    int64_t word;
    struct tide_list names;
    struct tide_map mapping;
    const char *path;
    int64_t wait;
    int64_t room;
    char mark;
    struct tide_component format;
    const char *password;
    int64_t secret_wait;
    int64_t any;
};

static const char *const every_words[] = {"none", "gzip", "zstd", NULL};

#define EVERY_(name_, type_)                                                             \
    .name = #name_, .type = (type_), .help = "Help.",                                    \
    .offset = offsetof(struct every, name_)

static const struct tide_option every_options[] = {
    {EVERY_(flag, TIDE_OPTION_BOOL), .default_value = "true"},
    {EVERY_(count, TIDE_OPTION_INT), .minimum = 1, .maximum = 9, .default_value = "3"},
    {EVERY_(share, TIDE_OPTION_FLOAT), .default_value = "0.5"},
    {EVERY_(text, TIDE_OPTION_STRING)},
    {EVERY_(word, TIDE_OPTION_ENUM), .choices = every_words, .default_value = "gzip"},
    {EVERY_(names, TIDE_OPTION_LIST), .default_value = "[\"a\", \"b\"]"},
    {EVERY_(mapping, TIDE_OPTION_MAP)},
    {EVERY_(path, TIDE_OPTION_PATH), .required = true},
    {EVERY_(wait, TIDE_OPTION_DURATION), .minimum = 1000, .maximum = INT64_C(3600000000),
     .default_value = "30s"},
    {EVERY_(room, TIDE_OPTION_SIZE), .default_value = "4MiB"},
    {EVERY_(mark, TIDE_OPTION_CHAR), .default_value = ","},
    {EVERY_(format, TIDE_OPTION_COMPONENT), .component_kind = TIDE_KIND_FORMAT},
    {EVERY_(password, TIDE_OPTION_STRING), .secret = true},
    {EVERY_(secret_wait, TIDE_OPTION_DURATION), .secret = true},
    {EVERY_(any, TIDE_OPTION_INT)},
    {0},
};

/* The table of a source is not looked at here. */
static const struct tide_source every_source;

static const struct tide_plugin_entry every_entry = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "every", "1.0", "Has every option."),
    .options = every_options,
    .options_size = sizeof(struct every),
    .source = &every_source,
};

#endif
