/* bad_batch - a source whose third batch breaks a rule of <tidemill/batch.h>. */
#include "counting_source.h"

struct bad_batch {
    int64_t rule;
};

static const char *const rules[] = {"length",     "offset", "offsets_fall", "offsets_end",
                                    "null_count", "utf8",   "children",     NULL};
enum rule { LENGTH, OFFSET, OFFSETS_FALL, OFFSETS_END, NULL_COUNT, NOT_UTF8, CHILDREN };

static const struct tide_option bad_batch_options[] = {
    {.name = "rule",
     .type = TIDE_OPTION_ENUM,
     .offset = offsetof(struct bad_batch, rule),
     .choices = rules,
     .default_value = "length",
     .help = "The rule to break."},
    {0},
};

/* A buffer that was made here, to be written again. */
static void *writable(const struct ArrowArray *column, int i)
{
    union {
        const void *borrowed;
        void *own;
    } buffer = {column->buffers[i]};

    return buffer.own;
}

static int misbehave(struct counting *counting, struct tide_batch *batch,
                     struct tide_error *err)
{
    const struct bad_batch *options = counting->options;
    struct ArrowArray *text = batch->array.children[1];
    int32_t *offsets = writable(text, 1);

    (void)err;
    switch ((enum rule)options->rule) {
    case LENGTH:
        text->length--;
        break;
    case OFFSET:
        text->offset = 1;
        break;
    case OFFSETS_FALL:
        offsets[5] = 0;
        break;
    case OFFSETS_END:
        offsets[0] = 1;
        break;
    case NULL_COUNT:
        text->null_count = 7;
        break;
    case NOT_UTF8:
        memset(writable(text, 2), 0xff, 1);
        break;
    case CHILDREN:
        tide_batch_drop_column(batch, 0);
        break;
    }
    return TIDE_OK;
}

TIDE_PLUGIN_ENTRY = {TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "bad_batch", "1.0",
                                      "Breaks a rule of batches at its third one."),
                     .options = bad_batch_options,
                     .options_size = sizeof(struct bad_batch),
                     .source = &counting_source};
