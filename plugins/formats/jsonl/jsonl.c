/*
 * jsonl - the format of JSON lines: one object a line.
 *
 * The entry and the options; decode.c reads, encode.c writes.
 */
#include "jsonl.h"

static const struct tide_option jsonl_option_table[] = {
    {.name = "omit_nulls",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct jsonl_options, omit_nulls),
     .default_value = "false",
     .help = "Writing: leave out keys whose value is null."},
    {.name = "max_row_size",
     .type = TIDE_OPTION_SIZE,
     .offset = offsetof(struct jsonl_options, max_row_size),
     .default_value = "256MiB",
     .minimum = 65536,
     .maximum = 1 << 30,
     .help = "Reading: a longer line is rejected."},
    {0}};

static const char *jsonl_line_end(const void *options)
{
    (void)options;
    return "\n";
}

static const struct tide_format jsonl_format = {.size = (uint32_t)sizeof jsonl_format,
                                                .extension = "jsonl",
                                                .decoder_open = jsonl_decoder_open,
                                                .decoder_schema = jsonl_decoder_schema,
                                                .decode = jsonl_decode,
                                                .decoder_close = jsonl_decoder_close,
                                                .encoder_open = jsonl_encoder_open,
                                                .encode = jsonl_encode,
                                                .encoder_begin = jsonl_encoder_begin,
                                                .encoder_close = jsonl_encoder_close,
                                                .decoder_mark = jsonl_decoder_mark,
                                                .decoder_resume = jsonl_decoder_resume,
                                                .line_end = jsonl_line_end};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_FORMAT, "jsonl", "1.0", "JSON lines: one object a line."),
    .options = jsonl_option_table, .options_size = sizeof(struct jsonl_options),
    .format = &jsonl_format};
